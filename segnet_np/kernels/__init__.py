"""The hot loops, compiled by Numba: contiguous channels-last arrays in, arrays out; no classes, no state.

A layer's kernels stand in the file of the layer's name, an optimizer's in that of the optimizer's: there it
says what is computed and why, here only how it is computed fast. Several of them are made of ``tile``, the
products in registers; ``simd``, the words for vectors, and ``exponential``; ``maps``, maps that are
finished while they are read; ``channel_sum``; and the files of Winograd's algorithm, of which
``winograd_points`` comes first. ``kernel`` says how all of them are compiled and called. The rules that all
of them keep:

- activations are ``(N, H, W, C)`` and C-contiguous, so that the innermost loop runs over neighbours in
  memory;
- the result is written into an array that the caller gives;
- one ``prange`` a function, over cells of which each has exactly one writer. Sums go over a number of chunks
  that follows from the shape and the width of the vectors and are added up in order. So results are the
  same to the last bit for any number of threads;
- nothing assumes that a number is finite: a NaN that comes in, comes out.
"""

from segnet_np.kernels import threads

__all__ = ["threads"]

"""The hot loops, compiled by Numba: contiguous channels-last arrays in, arrays out; no classes, no state.

Every file here has a twin of the same name in :mod:`segnet_np.layers`, which says what is computed and why;
here stands only how it is computed fast. The rules that all of them keep:

- activations are ``(N, H, W, C)`` and C-contiguous, so that the innermost loop runs over neighbours in
  memory;
- the result is written into an array that the caller gives;
- one ``prange`` a function, over cells of which each has exactly one writer. Sums go over a number of chunks
  that follows from the shape alone and are added up in order. So results are the same to the last bit
  for any number of threads;
- nothing assumes that a number is finite: a NaN that comes in, comes out.
"""

import os

# Between two kernels GNU's OpenMP lets its threads spin for some milliseconds, so that they start at once.
# Where another program wants the processors too, they then wait for each other for that long in every kernel:
# a training step of 50 ms was seen to take 1.5 s. A shorter spin costs nothing measurable on an idle machine.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")

"""The two ways between PyTorch's shape and the memory order that is fast here; nobody else transposes.

An activation has the shape (N, C, H, W), as in PyTorch and in the paper, but in memory its channels come
last: all C numbers of a pixel lie side by side. The kernels see it as (N, H, W, C); users get it as a
transposed view, which PyTorch calls ``channels_last``. A view costs nothing; only an array that came in
another order has to be copied.
"""

import numpy as np


def to_nhwc(x: np.ndarray) -> np.ndarray:
    """See x (N, C, H, W) as a contiguous (N, H, W, C); copied if its memory is in another order.

    A read-only array is copied too: for Numba it is another type, for which every kernel would be compiled
    anew.
    """
    return np.require(x.transpose(0, 2, 3, 1), requirements=("C", "A", "W"))


def to_nchw(x: np.ndarray) -> np.ndarray:
    """See x (N, H, W, C) as (N, C, H, W), without copying."""
    return x.transpose(0, 3, 1, 2)

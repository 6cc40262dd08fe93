"""Sums over all pixels, one for each channel: the mean of batch norm, the gradient of a bias.

Each chunk of pixels adds into a row of its own in float64; the caller adds the rows up, in order. So
thousands of float32 numbers are summed without losing digits, and the result is the same for any number of
threads.
"""

import numpy as np
from numba import prange

from segnet_np.kernels.kernel import kernel


def chunks_of(pixels):
    """How many chunks: it follows from the number of pixels alone."""
    return min(pixels, 64)


def partial_sums(pixels, channels):
    """An empty float64 array with one row a chunk."""
    return np.empty((chunks_of(pixels), channels))


@kernel
def channel_sum(x, partial):
    """partial[chunk, c] = sum of x (pixels, C) over the chunk's pixels."""
    pixels, channels = x.shape
    chunks = partial.shape[0]
    for chunk in prange(chunks):
        total = partial[chunk]
        total[:] = 0
        for p in range(chunk * pixels // chunks, (chunk + 1) * pixels // chunks):
            for c in range(channels):
                total[c] += x[p, c]

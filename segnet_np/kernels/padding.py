"""A border of zeros around each map, so that a convolution's inner loop needs to ask nothing about edges."""

from numba import njit, prange

from segnet_np.kernels.flags import FASTMATH


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def pad(x, top, left, padded):
    """Copy x (N, H, W, C) into padded (N, HP, WP, CP) from row `top` and column `left` on, zeros around it.

    Negative `top` or `left` cut instead. CP may exceed C: the channels beyond are zeros too.
    """
    batch, height, width, channels = x.shape
    rows = padded.shape[1]
    columns = padded.shape[2]
    for row in prange(batch * rows):
        n = row // rows
        i = row % rows - top
        padded[n, i + top] = 0
        if 0 <= i < height:
            for j in range(max(0, left), min(columns, width + left)):
                for c in range(channels):
                    padded[n, i + top, j, c] = x[n, i, j - left, c]

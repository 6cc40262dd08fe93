"""Max-pooling over 2x2 windows, which remembers where each maximum stood."""

import numpy as np
from numba import prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.maps import read_row


@kernel
def max_pool(maps, out, offsets):
    """out and offsets (N, PH, PW, C) from maps of (N, H, W, C); the offset is 2 * row + column in the window.

    A window that hangs over the edge (`ceil_mode`) takes the pixels there are.
    """
    height = maps.height
    width = maps.width
    batch, pooled_h, pooled_w, channels = out.shape
    for row in prange(batch * pooled_h):
        n = row // pooled_h
        pi = row % pooled_h
        flat = np.empty(2 * width * channels, out.dtype)
        for i in range(min(2, height - 2 * pi)):
            read_row(maps, n, 2 * pi + i, 0, width, 0, channels, flat, i * width * channels, channels)
        x = flat.reshape(2, width, channels)
        for pj in range(pooled_w):
            best = out[n, pi, pj]
            where = offsets[n, pi, pj]
            for c in range(channels):
                best[c] = x[0, 2 * pj, c]
                where[c] = 0
            for k in range(1, 4):
                i = k // 2
                j = 2 * pj + k % 2
                if 2 * pi + i < height and j < width:
                    for c in range(channels):
                        value = x[i, j, c]
                        # Strictly greater: of equal maxima the first stays. A NaN always gets through.
                        better = value > best[c] or value != value
                        best[c] = value if better else best[c]
                        where[c] = k if better else where[c]

"""Max-pooling over 2x2 windows, which remembers where each maximum stood."""

from numba import njit, prange

from segnet_np.kernels.flags import FASTMATH


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def max_pool(x, out, offsets):
    """out and offsets (N, PH, PW, C) from x (N, H, W, C); the offset is 2 * row + column within the window.

    A window that hangs over the edge (`ceil_mode`) takes the pixels there are.
    """
    _, height, width, channels = x.shape
    batch, pooled_h, pooled_w, _ = out.shape
    for row in prange(batch * pooled_h):
        n = row // pooled_h
        pi = row % pooled_h
        for pj in range(pooled_w):
            best = out[n, pi, pj]
            where = offsets[n, pi, pj]
            for c in range(channels):
                best[c] = x[n, 2 * pi, 2 * pj, c]
                where[c] = 0
            for k in range(1, 4):
                i = 2 * pi + k // 2
                j = 2 * pj + k % 2
                if i < height and j < width:
                    for c in range(channels):
                        value = x[n, i, j, c]
                        # Strictly greater: of equal maxima the first stays. A NaN always gets through.
                        better = value > best[c] or value != value
                        best[c] = value if better else best[c]
                        where[c] = k if better else where[c]

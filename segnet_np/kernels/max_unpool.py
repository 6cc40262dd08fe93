"""The two ways across a 2x2 window: scatter one value to its place, gather it from there.

They are each other's transpose. Unpooling scatters and its backward gathers; pooling's backward scatters.
"""

from numba import njit, prange

from segnet_np.kernels.flags import FASTMATH


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def scatter(values, offsets, out):
    """out (N, H, W, C): values (N, PH, PW, C) each at its offset in its window, zeros everywhere else."""
    batch, height, width, channels = out.shape
    _, pooled_h, pooled_w, _ = values.shape
    for row in prange(batch * height):
        n = row // height
        i = row % height
        for j in range(width):
            if i // 2 < pooled_h and j // 2 < pooled_w:
                k = i % 2 * 2 + j % 2
                value = values[n, i // 2, j // 2]
                where = offsets[n, i // 2, j // 2]
                for c in range(channels):
                    out[n, i, j, c] = value[c] if where[c] == k else 0
            else:
                # Odd sizes: the last row or column that no window covered.
                out[n, i, j] = 0


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def gather(x, offsets, out):
    """out (N, PH, PW, C): of each 2x2 window of x (N, H, W, C) the value at the offset."""
    _, height, width, _ = x.shape
    batch, pooled_h, pooled_w, channels = out.shape
    for row in prange(batch * pooled_h):
        n = row // pooled_h
        pi = row % pooled_h
        for pj in range(pooled_w):
            where = offsets[n, pi, pj]
            place = out[n, pi, pj]
            for c in range(channels):
                place[c] = x[n, 2 * pi, 2 * pj, c] if where[c] == 0 else 0
            for k in range(1, 4):
                i = 2 * pi + k // 2
                j = 2 * pj + k % 2
                if i < height and j < width:
                    for c in range(channels):
                        place[c] = x[n, i, j, c] if where[c] == k else place[c]

"""The way back across a 2x2 window: gather, from the four places, the value of the one that is remembered.

Its transpose, which puts a value back to its place, is :func:`segnet_np.kernels.maps.read_row`: unpooling
scatters and its backward gathers; pooling's backward scatters.
"""

from numba import prange

from segnet_np.kernels.kernel import kernel


@kernel
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

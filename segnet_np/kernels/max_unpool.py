"""The way back across a 2x2 window: gather, from the four places, the value of the one that is remembered.

Its transpose, which puts a value back to its place, is :func:`segnet_np.kernels.maps.read_row`: unpooling
scatters and its backward gathers; pooling's backward scatters.
"""

from numba import prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.simd import lanes_of, load, only_where, spread, store


@kernel
def gather(x, offsets, out):
    """out (N, PH, PW, C): of each 2x2 window of x (N, H, W, C) the value at the offset.

    Of the four sums three are of zeros.
    """
    _, height, width, _ = x.shape
    batch, pooled_h, pooled_w, channels = out.shape
    lanes = lanes_of(x)
    for row in prange(batch * pooled_h):
        n = row // pooled_h
        pi = row % pooled_h
        for pj in range(pooled_w):
            place = (row * pooled_w + pj) * channels
            for c in range(0, channels, lanes):
                some = min(lanes, channels - c)
                found = spread(0, load(x, 0, 0))
                for k in range(4):
                    i = 2 * pi + k // 2
                    j = 2 * pj + k % 2
                    if i < height and j < width:
                        value = load(x, ((n * height + i) * width + j) * channels + c, some)
                        found = found + only_where(value, offsets, place + c, some, k)
                store(found, out, place + c, some)

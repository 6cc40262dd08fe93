"""Between the four numbers that a transposed 2x2 convolution makes of each pixel, and their places.

The products themselves are those of a 1x1 convolution to four times the channels.
"""

from numba import prange

from segnet_np.kernels.kernel import kernel


@kernel
def scatter_blocks(blocks, bias, out):
    """out (N, OH, OW, O) from blocks (N, H, W, 4 * O): block k = 2 * a + b of a pixel to the place (a, b).

    What lies beyond the last window of an odd size gets the bias alone.
    """
    _, height, width, _ = blocks.shape
    batch, out_h, out_w, channels = out.shape
    for row in prange(batch * out_h):
        n = row // out_h
        i = row % out_h
        for j in range(out_w):
            pixel = out[n, i, j]
            if i // 2 < height and j // 2 < width:
                first = (2 * (i % 2) + j % 2) * channels
                block = blocks[n, i // 2, j // 2, first : first + channels]
                for o in range(channels):
                    pixel[o] = bias[o] + block[o]
            else:
                for o in range(channels):
                    pixel[o] = bias[o]


@kernel
def gather_blocks(dout, dblocks):
    """dblocks (N, H, W, 4 * O) from dout (N, OH, OW, O), zeros for places that an odd size cut off."""
    _, out_h, out_w, channels = dout.shape
    batch, height, width, _ = dblocks.shape
    for row in prange(batch * height):
        n = row // height
        i = row % height
        for j in range(width):
            for k in range(4):
                block = dblocks[n, i, j, k * channels : (k + 1) * channels]
                if 2 * i + k // 2 < out_h and 2 * j + k % 2 < out_w:
                    pixel = dout[n, 2 * i + k // 2, 2 * j + k % 2]
                    for o in range(channels):
                        block[o] = pixel[o]
                else:
                    for o in range(channels):
                        block[o] = 0

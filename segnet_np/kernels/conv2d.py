"""Convolution as sums of small matrix products, all of them made by :mod:`segnet_np.kernels.tile`.

With channels last, the KW pixels that one row of the kernel covers lie side by side in memory, KW * C numbers
in one run, and the next output pixel's run starts C numbers further on. So a block of neighbouring output
pixels is a matrix product without any rearranging of x:

    out[pixel, o] = sum over ki of  run[pixel, ki][kj, c] @ weight[ki][kj, c, o]

The weights are copied into panels first, [ki, kj, c, o] with o of one tile's width innermost, because the
tile reads them in exactly this order. The gradient of the input is the same convolution with the kernel
turned by 180 degrees and c and o exchanged (:func:`pack_weights` with ``adjoint=True``).

The gradient of the weights takes the same runs, but sums over the pixels:

    dweight[ki][kj, c, o] = sum over the pixels of  run[pixel, ki][kj, c] * dout[pixel, o]

so there the rows of the tile are [kj, c], and the depth is lines times the pixels of a line.
"""

import numpy as np
from numba import prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.simd import lanes_of, load, store
from segnet_np.kernels.tile import MAX_ROWS, add_product, tile_rows

# A block of x and dout that the weight gradient goes over once for each of its tiles: half a core's L2 cache.
_BLOCK_BYTES = 512 * 1024

# Input channels that `unpack_weight_gradient` turns round at once, in the innermost cache.
_TURNED = 8


def slack(channels):
    """How many numbers must be readable behind a padded array, where the last tile's idle rows read."""
    return (MAX_ROWS - 1) * channels


@kernel
def pack_weights(weight, adjoint, packed):
    """Copy weight (O, C, KH, KW) into panels, packed (P, KH, KW, C, NR) with o = p * NR + column.

    With `adjoint`, the kernel that backward needs: packed is (P, KH, KW, O, NR), its columns are c, and the
    taps run backwards.
    """
    panels, kernel_h, kernel_w, depth, columns = packed.shape
    width = weight.shape[1] if adjoint else weight.shape[0]
    for p in prange(panels):
        for d in range(depth):
            for column in range(columns):
                o = p * columns + column
                for ki in range(kernel_h):
                    for kj in range(kernel_w):
                        if o >= width:
                            value = weight.dtype.type(0)
                        elif adjoint:
                            value = weight[d, o, kernel_h - 1 - ki, kernel_w - 1 - kj]
                        else:
                            value = weight[o, d, ki, kj]
                        packed[p, ki, kj, d, column] = value


@kernel
def conv2d(padded, packed, bias, out):
    """out (N, OH, OW, O) = padded (N, HP, WP, C), with `slack` behind it, times packed, plus bias (O,)."""
    batch, out_h, out_w, out_channels = out.shape
    _, padded_h, padded_w, channels = padded.shape
    panels, kernel_h, kernel_w, _, columns = packed.shape
    lanes = lanes_of(padded)
    vectors = columns // lanes
    rows = tile_rows(vectors)
    run = kernel_w * channels
    a_strides = (channels, padded_w * channels, 1)
    b_strides = (run * columns, columns)
    depth = (kernel_h, run)
    # Panel by panel: while a thread works on one, its weights stay in the cache.
    for unit in prange(panels * batch * out_h):
        p = unit // (batch * out_h)
        n = unit // out_h % batch
        i = unit % out_h
        sums = np.empty(rows * columns, padded.dtype)
        first = p * columns
        wide = min(columns, out_channels - first)
        b = p * kernel_h * run * columns
        for j in range(0, out_w, rows):
            a = ((n * padded_h + i) * padded_w + j) * channels
            add_product(vectors, padded, a, a_strides, packed, b, b_strides, depth, sums, 0, True)
            for o in range(0, wide, lanes):
                some = min(lanes, wide - o)
                bias_o = load(bias, first + o, some)
                for r in range(min(rows, out_w - j)):
                    to = ((n * out_h + i) * out_w + j + r) * out_channels + first + o
                    store(load(sums, r * columns + o, lanes) + bias_o, out, to, some)


def weight_gradient_shape(batch, out_h, channels, out_channels, kernel_h, kernel_w, columns, lanes):
    """Shape of the partial sums of :func:`conv2d_weight_gradient`: (chunks, P, KH, KW * C in tiles, NR).

    Few panels are cut into chunks of image rows, so that every thread has work. The number follows from the
    shape and the width of the vectors, never from the number of threads, and so does the order in which
    numbers are added.
    """
    panels = -(-out_channels // columns)
    chunks = min(batch * out_h, max(1, 8 // panels))
    rows = tile_rows(columns // lanes)
    return chunks, panels, kernel_h, -(-kernel_w * channels // rows) * rows, columns


@kernel
def conv2d_weight_gradient(padded, dout, partial):
    """Sum x[pixel + tap] * dout[pixel] over the pixels of each chunk into partial, in panels.

    padded is (N, HP, WP, C) with `slack` behind it; dout is (N, OH, OW, P * NR), its channels filled up with
    zeros. Each chunk owns its sums. The rows of a tile are numbers of one run, [kj, c], so that three
    channels leave few of them idle; behind the run's end they give sums that nobody reads.
    """
    batch, out_h, out_w, dout_channels = dout.shape
    _, padded_h, padded_w, channels = padded.shape
    chunks, panels, kernel_h, run_rows, columns = partial.shape
    vectors = columns // lanes_of(padded)
    rows = tile_rows(vectors)
    block = max(1, _BLOCK_BYTES // (padded_w * (channels + columns) * padded.itemsize))
    lines = batch * out_h
    a_strides = (1, padded_w * channels, channels)  # to the next number of a run, line, pixel
    b_strides = (out_w * dout_channels, dout_channels)
    for unit in prange(chunks * panels):
        chunk = unit // panels
        p = unit % panels
        start = chunk * lines // chunks
        line = start
        end = (chunk + 1) * lines // chunks
        while line < end:
            n = line // out_h
            i = line % out_h
            count = min(block, end - line, out_h - i)
            depth = (count, out_w)
            b = line * out_w * dout_channels + p * columns
            for ki in range(kernel_h):
                a = (n * padded_h + i + ki) * padded_w * channels
                to = ((chunk * panels + p) * kernel_h + ki) * run_rows * columns
                for r in range(0, run_rows, rows):
                    add_product(
                        vectors, padded, a + r, a_strides, dout, b, b_strides, depth,
                        partial, to + r * columns, line == start,
                    )  # fmt: skip
            line += count


@kernel
def unpack_weight_gradient(partial, dweight):
    """Add the chunks of partial, in order, into dweight (O, C, KH, KW)."""
    out_channels, channels, kernel_h, kernel_w = dweight.shape
    chunks, panels, _, run_rows, columns = partial.shape
    taps = kernel_h * kernel_w
    flat = dweight.reshape(-1)
    flat_partial = partial.reshape(-1)
    # A block of input channels at a time: turned round in the cache, then written in whole runs.
    blocks = -(-channels // _TURNED)
    for unit in prange(panels * blocks):
        p = unit // blocks
        first = p * columns
        first_c = unit % blocks * _TURNED
        here = min(_TURNED, channels - first_c)
        turned = np.zeros((columns, here * taps), partial.dtype)
        for chunk in range(chunks):
            for c in range(here):
                for k in range(taps):
                    ki, kj = k // kernel_w, k % kernel_w
                    in_run = kj * channels + first_c + c
                    at = (((chunk * panels + p) * kernel_h + ki) * run_rows + in_run) * columns
                    for o in range(columns):
                        turned[o, c * taps + k] += flat_partial[at + o]
        for o in range(min(columns, out_channels - first)):
            to = ((first + o) * channels + first_c) * taps
            for k in range(here * taps):
                flat[to + k] = turned[o, k]

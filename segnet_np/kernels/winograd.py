"""Convolution by Winograd's algorithm; :mod:`segnet_np.kernels.winograd_points` says how it works.

The transforms are cheap only while the numbers are in the cache, so nothing of the points is ever written to
memory. Each unit of work makes one panel of output channels for some blocks of tiles. It takes a block
through everything: read the pixels, transform them to V; transform the weights to U, unless those of the
block before serve again; multiply; transform back, write. The products are matrix products over the channels,
one for each point, and go through the same micro-kernel as the direct convolution:

    M[point][tile, o] += sum over c of  V[point][tile, c] * U[point][c, o]

Many channels are taken some at a time, and so are the pieces of kernels larger than 3x3
(:mod:`segnet_np.kernels.winograd_weights`). V and M lie in memory as the micro-kernel takes them, in groups
of as many tiles as it has rows.
"""

from typing import NamedTuple

import numpy as np
from numba import get_thread_id, njit, prange
from numba.extending import register_jitable

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.maps import read_pixels
from segnet_np.kernels.simd import lanes_of, load, spread, store
from segnet_np.kernels.tile import add_product, tile_rows
from segnet_np.kernels.winograd_points import transform_input, transform_output, transform_output_transposed
from segnet_np.kernels.winograd_scratch import Points, clear_idle_rows, place_points, tile_at
from segnet_np.kernels.winograd_weights import piece_of, pieces_of, transform_weights

# Tiles of unpooled maps whose pixels are read at once: they stay in the innermost cache until they are
# transformed.
PATCH_TILES = 6


class Layout(NamedTuple):
    """What lies where in a thread's scratch memory of :func:`winograd`, behind the patch of pixels.

    Attributes
    ----------
    v, u, product : Points
        V and M of a block of tiles, and U, whose "tiles" are the input channels.
    result : int
        Where a tile of the output lies, then the pivot and two sums of each channel; at other times, taps.
    length : int
        Of all.
    """

    v: Points
    u: Points
    product: Points
    result: int
    length: int


@register_jitable
def patch_line(m, lanes):
    """Numbers in a row of the patch of pixels, which has at most m + 2 rows."""
    return (PATCH_TILES * m + 2) * lanes


@register_jitable
def scratch_layout(tiles, m, channel_block, columns, lanes):
    """Make the Layout for blocks of `tiles` tiles."""
    rows = tile_rows(columns // lanes)
    v, end = place_points((m + 2) * patch_line(m, lanes), tiles, m, rows, channel_block, lanes)
    u, end = place_points(end, channel_block, m, channel_block, columns, lanes)
    product, end = place_points(end, tiles, m, rows, columns, lanes)
    return Layout(v, u, product, end, end + max(9 * lanes, (m * m + 3) * columns))


def tile_reader(transform, overlap):
    """Make a function that reads tiles of (m + overlap) x (m + overlap) pixels and transforms them.

    Returns
    -------
    read : njit function
        Reads `tiles` tiles side by side, the first of which has its corner at pixel (i, j), `count` channels
        from `first_c` on, and zeros beyond. What they give goes to `points` in `flat`, where the first of
        them has the number `first`. The patch of pixels at the start of `flat` is overwritten.
    """

    @njit(fastmath=FASTMATH)
    def read(m, maps, n, i, j, tiles, first_c, count, flat, points, first):
        reach = m + overlap
        _, height, width, channels = maps.raw.shape
        raw = maps.raw.reshape(-1)
        lanes = lanes_of(flat)
        line = patch_line(m, lanes)
        pooled = maps.offsets.size > 0
        for c in range(0, points.width, lanes):
            here = min(lanes, count - c)
            finish = (
                load(maps.scale, first_c + c, here),
                load(maps.shift, first_c + c, here),
                load(maps.floor, first_c + c, here),
            )
            nothing_to_do = (spread(1, finish[0]), spread(-0.0, finish[0]), spread(-np.inf, finish[0]))
            whole_rows = not pooled and here == lanes and i >= 0 and i + reach <= height
            t = 0
            while t < tiles:
                left = j + t * m
                some = min(PATCH_TILES, tiles - t) if pooled else 1
                if whole_rows and left >= 0 and left + reach <= width:
                    source, to_do = raw, finish
                    at = ((n * height + i) * width + left) * channels + first_c + c
                    row, column = width * channels, channels
                else:
                    read_pixels(
                        maps, n, i, left, reach, some * m + reach - m, first_c + c, here,
                        flat, 0, line, lanes, lanes,
                    )  # fmt: skip
                    source, to_do, at, row, column = flat, nothing_to_do, 0, line, lanes
                for k in range(some):
                    transform(
                        m, to_do, source, at + k * m * column, row, column,
                        None, flat, tile_at(points, first + t + k) + c, (m + 2) * points.step, points.step,
                    )  # fmt: skip
                t += some

    return read


read_tiles = tile_reader(transform_input, 2)
read_gradient_tiles = tile_reader(transform_output_transposed, 0)


@kernel
def winograd(
    maps, padding, weight, adjoint, bias, m, block, channel_block, columns, shares, scratch, out, moments
):
    """out (N, OH, OW, O) = maps correlated with weight (O, C, K, K), plus bias (O,).

    With `adjoint`, weight is (C, O, K, K) and turned by 180 degrees. The tiles are cut into blocks of (rows,
    columns) tiles, and the blocks of each panel of `columns` output channels into `shares` units of work.
    `channel_block` channels are taken at a time. `scratch` has a row for each thread; :func:`scratch_layout`
    says how long.

    moments (blocks, 3, O), unless it is empty, gets what batch norm wants to know, while the numbers are at
    hand: of each block the number of pixels, their mean, and the sum of squared deviations from it. Both are
    taken about a pivot, the mean of the block's first tile, because the difference of two large sums would
    lose the digits of a small variance; and kept in float64, because so would the mean of a block beside a
    large one.
    """
    batch, out_h, out_w, out_channels = out.shape
    block_rows, block_columns = block
    channels = maps.raw.shape[3]
    size = weight.shape[2]
    lanes = lanes_of(out)
    tile_h = -(-out_h // m)
    tile_w = -(-out_w // m)
    strips = -(-tile_w // block_columns)
    blocks = -(-batch * tile_h // block_rows) * strips
    channel_blocks = -(-channels // channel_block)
    turns = pieces_of(size) * channel_blocks
    panels = -(-out_channels // columns)
    for unit in prange(panels * shares):
        flat = scratch[get_thread_id()]
        # Made in here, because Numba cannot bring a named tuple of the kernel's own into its threads.
        layout = scratch_layout(block_rows * block_columns, m, channel_block, columns, lanes)
        v, u, product = layout.v, layout.u, layout.product
        first_o = unit // shares * columns
        share = unit % shares
        first_block = share * blocks // shares
        for number in range(first_block, (share + 1) * blocks // shares):
            first_row = number // strips * block_rows
            first_tile = number % strips * block_columns
            here_rows = min(block_rows, batch * tile_h - first_row)
            here_columns = min(block_columns, tile_w - first_tile)
            tiles = here_rows * here_columns
            clear_idle_rows(v, tiles, m, flat)
            for turn in range(turns):
                piece = turn // channel_blocks
                top, left, _, _ = piece_of(size, piece)
                first_c = turn % channel_blocks * channel_block
                if turns > 1 or number == first_block:
                    transform_weights(
                        m, weight, adjoint, piece, first_c, channel_block, first_o, columns,
                        layout.result, flat, u.start, u.step,
                    )  # fmt: skip
                for r in range(here_rows):
                    read_tiles(
                        m, maps, (first_row + r) // tile_h, (first_row + r) % tile_h * m + top - padding,
                        first_tile * m + left - padding, here_columns, first_c, channels - first_c,
                        flat, v, r * here_columns,
                    )  # fmt: skip
                for f in range((m + 2) * (m + 2)):  # docs/derivations/winograd.md (13)
                    for group in range(-(-tiles // v.rows)):
                        add_product(
                            columns // lanes, flat, v.start + group * v.group + f * v.step, (v.width, 0, 1),
                            flat, u.start + f * u.step, (0, columns), (1, channel_block),
                            flat, product.start + group * product.group + f * product.step, turn == 0,
                        )  # fmt: skip
            write_tiles(
                m, here_rows, here_columns, first_row, first_tile, tile_h, first_o, bias,
                flat, layout, out, moments, number,
            )  # fmt: skip


@njit(fastmath=FASTMATH)
def write_tiles(
    m, here_rows, here_columns, first_row, first_tile, tile_h, first_o, bias,
    flat, layout, out, moments, number,
):  # fmt: skip
    """y = At M A of a block of tiles, plus bias, into `out`; and its moments, if wanted."""
    _, out_h, out_w, out_channels = out.shape
    lanes = lanes_of(out)
    flat_out = out.reshape(-1)
    product, result = layout.product, layout.result
    columns = product.width
    o_count = min(columns, out_channels - first_o)
    pivot = result + m * m * columns
    total = pivot + columns
    squares = total + columns
    flat[total : squares + columns] = 0
    pixels = 0
    for r in range(here_rows):
        n = (first_row + r) // tile_h
        i = (first_row + r) % tile_h * m
        high = min(m, out_h - i)
        for t in range(here_columns):
            j = (first_tile + t) * m
            wide = min(m, out_w - j)
            first_point = tile_at(product, r * here_columns + t)
            for o in range(0, o_count, lanes):
                some = min(lanes, o_count - o)
                bias_o = load(bias, first_o + o, some)
                corner = ((n * out_h + i) * out_w + j) * out_channels + first_o + o
                row, column = (m + 2) * product.step, product.step
                if high == m and wide == m and some == lanes:
                    to_row, to_column = out_w * out_channels, out_channels
                    transform_output(
                        m, None, flat, first_point + o, row, column,
                        bias_o, flat_out, corner, to_row, to_column,
                    )  # fmt: skip
                else:
                    transform_output(
                        m, None, flat, first_point + o, row, column, bias_o, flat, result, m * lanes, lanes
                    )
                    for ki in range(high):
                        for kj in range(wide):
                            value = load(flat, result + (ki * m + kj) * lanes, lanes)
                            store(value, out, corner + (ki * out_w + kj) * out_channels, some)
                if moments.size == 0:
                    continue
                if pixels == 0:
                    first = spread(0, bias_o)
                    for ki in range(high):
                        for kj in range(wide):
                            first = first + load(out, corner + (ki * out_w + kj) * out_channels, some)
                    store(first * (1 / (high * wide)), flat, pivot + o, lanes)
                pivot_o = load(flat, pivot + o, lanes)
                total_o = spread(0, pivot_o)  # of a tile first, which rounds less than one long sum
                squares_o = spread(0, pivot_o)
                for ki in range(high):
                    for kj in range(wide):
                        deviation = load(out, corner + (ki * out_w + kj) * out_channels, some) - pivot_o
                        total_o = total_o + deviation
                        squares_o = squares_o + deviation * deviation
                store(load(flat, total + o, lanes) + total_o, flat, total + o, lanes)
                store(load(flat, squares + o, lanes) + squares_o, flat, squares + o, lanes)
            pixels += high * wide
    if moments.size:
        for o in range(o_count):
            mean = np.float64(flat[total + o]) / pixels
            moments[number, 0, first_o + o] = pixels
            moments[number, 1, first_o + o] = flat[pivot + o] + mean
            moments[number, 2, first_o + o] = flat[squares + o] - mean * flat[total + o]

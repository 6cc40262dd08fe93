"""Convolution by Winograd's algorithm; :mod:`segnet_np.kernels.winograd_points` says how it works.

The transforms are cheap only while the numbers are in the cache. So each unit of work takes a block of tiles
through everything: read the pixels into a patch, transform them to V, multiply by U for each point, transform
back, write. The products are matrix products over the channels, one for each point, and go through the same
micro-kernel as the direct convolution:

    M[point][tile, o] = sum over c of  V[point][tile, c] * U[point][c, o]

A kernel larger than 3x3 is cut into pieces of 3x3, filled up with zeros: 7x7 into nine. Each piece sees the
input shifted, and what the pieces give is summed at the points, as if they were further input channels.
"""

import numpy as np
from numba import get_thread_id, njit, prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.maps import read_row
from segnet_np.kernels.simd import load, store, transpose
from segnet_np.kernels.tile import MAX_ROWS, VECTOR_BYTES, add_product, tile_rows
from segnet_np.kernels.winograd_points import transform_input, transform_output, transform_weight

# How many input channels a unit of `transform_weights` takes.
_DEPTH_BLOCK = 16


@njit(forceinline=True)
def piece_of(size, piece):
    """Top and left of a piece of 3x3, and in how many runs of how many taps it lies in memory.

    All nine taps of a 3x3 kernel lie in one run, those of a piece of a larger one in runs of up to three.
    """
    along = (size + 2) // 3
    top = piece // along * 3
    left = piece % along * 3
    if size == 3:
        return top, left, 1, 9
    return top, left, min(3, size - top), min(3, size - left)


@kernel
def transform_weights(weight, adjoint, first_panel, depth, out):
    """U = G g Gt of weight (O, C, K, K), with o = (first_panel + p) * NR + column.

    out is (points, panels * pieces * depth + 1, NR), where depth is C rounded up; what is added is zero. The
    last row of each point is not used: without it the points would lie a power of two apart, where a cache
    holds few. With `adjoint` U is of the kernel that backward needs: taps turned round, c and o exchanged.
    """
    points, rows, columns = out.shape
    size = weight.shape[2]
    pieces = ((size + 2) // 3) ** 2
    panels = rows // (pieces * depth)
    m = 4 if points == 36 else 2
    lanes = VECTOR_BYTES // weight.itemsize
    wide = weight.shape[1] if adjoint else weight.shape[0]
    deep = weight.shape[0] if adjoint else weight.shape[1]
    # How far apart in memory the kernels lie that are neighbours in `wide` and in `deep`.
    wide_step = size * size if adjoint else deep * size * size
    deep_step = wide * size * size if adjoint else size * size
    flat = out.reshape(-1)
    flat_weight = weight.reshape(-1)
    step = rows * columns
    blocks = -(-depth // _DEPTH_BLOCK)
    for unit in prange(panels * pieces * blocks):
        p = unit // (pieces * blocks)
        piece = unit // blocks % pieces
        top, left, runs, run = piece_of(size, piece)
        first = (first_panel + p) * columns
        first_d = unit % blocks * _DEPTH_BLOCK
        for o in range(0, columns, lanes):
            here = max(0, min(lanes, wide - first - o))
            taps = np.zeros(9 * lanes, weight.dtype)  # taps[k * lanes + column]
            for d in range(first_d, min(first_d + _DEPTH_BLOCK, depth)):
                if d >= deep:
                    taps[:] = 0
                else:
                    for ki in range(runs):
                        row = size - 1 - top - ki if adjoint and size > 3 else top + ki
                        start = (first + o) * wide_step + d * deep_step + row * size
                        start += size - left - run if adjoint and size > 3 else left
                        for k in range(0, run, lanes):
                            # Turned round, the last tap comes first.
                            to = 3 * ki + (run - 1 - k if adjoint else k)
                            transpose(
                                flat_weight, start + k, wide_step, here, min(lanes, run - k),
                                taps, to * lanes, -lanes if adjoint else lanes,
                            )  # fmt: skip
                to = ((p * pieces + piece) * depth + d) * columns + o
                transform_weight(m, taps, 0, 3 * lanes, lanes, flat, to, (m + 2) * step, step)


@njit
def scratch_layout(block_rows, block_columns, m, size, channels, columns, lanes):
    """Say what lies where in a thread's scratch memory of :func:`winograd`.

    Returns
    -------
    along : int
        Pieces of 3x3 along one side of the kernel.
    width : int
        `channels` in whole vectors.
    line : int
        Length of a row of the patch of pixels, which lies first.
    v, v_step, product, m_step : int
        Where V and M begin, and how far their points lie apart.
    result, sums : int
        Where a tile of the output lies, and the pivot and two sums of each channel.
    length : int
    """
    along = (size + 2) // 3
    width = -(-channels // lanes) * lanes
    depth = along * along * width
    reach = 3 * along - 1
    points = (m + 2) * (m + 2)
    tiles = block_rows * block_columns
    line = (block_columns * m + reach) * width
    # One more vector a point, for the reason given in `transform_weights`.
    room = max(tiles, MAX_ROWS)
    v_step = room * depth + lanes
    m_step = room * columns + lanes
    v = (m + reach) * line
    product = v + points * v_step
    result = product + points * m_step
    sums = result + m * m * columns
    return along, width, line, v, v_step, product, m_step, result, sums, sums + 3 * columns


@kernel
def winograd(maps, padding, weights, size, bias, first_panel, block, splits, scratch, out, moments):
    """out (N, OH, OW, O) = maps correlated with kernels of `size` x `size`, plus bias (O,).

    `weights` come from :func:`transform_weights`, beginning with `first_panel`. The work is cut into blocks
    of (rows, columns) tiles, and the panels of each into `splits` parts. `scratch` has a row for each thread;
    :func:`scratch_layout` says how long.

    moments (blocks, 3, O), unless it is empty, gets what batch norm wants to know, while the numbers are at
    hand: of each block the number of pixels, their mean, and the sum of squared deviations from it. Both are taken about one of
    the values, the pivot, because the difference of two large sums would lose the digits of a small variance.
    The pivot being one of n values, its squared distance from their mean is at most n variances; so in the
    worst case the sum of squares is n times too large before the difference, and n is some hundreds.
    """
    batch, out_h, out_w, out_channels = out.shape
    points, weight_rows, columns = weights.shape
    block_rows, block_columns = block
    channels = maps.raw.shape[3]
    m = 4 if points == 36 else 2
    lanes = VECTOR_BYTES // out.itemsize
    rows = tile_rows(columns // lanes)
    along, width, line, v, v_step, product, m_step, result, sums, _ = scratch_layout(
        block_rows, block_columns, m, size, channels, columns, lanes
    )
    wanted = moments.size > 0
    pivot = sums
    total = pivot + columns
    squares = total + columns
    depth = along * along * width
    panels = weight_rows // depth
    tile_h = -(-out_h // m)
    tile_w = -(-out_w // m)
    bands = -(-batch * tile_h // block_rows)
    strips = -(-tile_w // block_columns)
    flat = scratch.reshape(-1)
    flat_weights = weights.reshape(-1)
    for unit in prange(bands * strips * splits):
        base = get_thread_id() * scratch.shape[1]
        split = unit // (bands * strips)
        first_row = unit // strips % bands * block_rows
        first_tile = unit % strips * block_columns
        here_rows = min(block_rows, batch * tile_h - first_row)
        here_columns = min(block_columns, tile_w - first_tile)
        tiles = here_rows * here_columns
        for r in range(here_rows):
            n = (first_row + r) // tile_h
            i = (first_row + r) % tile_h * m - padding
            j = first_tile * m - padding
            for pi in range(m + 3 * along - 1):
                pixels = here_columns * m + 3 * along - 1
                read_row(maps, n, i + pi, j, pixels, 0, channels, flat, base + pi * line, width)
            for t in range(here_columns):
                for piece in range(along * along):
                    for c in range(0, width, lanes):
                        at = base + piece // along * 3 * line + (t * m + piece % along * 3) * width + c
                        to = base + v + (r * here_columns + t) * depth + piece * width + c
                        transform_input(m, flat, at, line, width, flat, to, (m + 2) * v_step, v_step)
        for f in range(points):  # rows of V without a tile: what was left here may be numbers that are slow
            flat[base + v + f * v_step + tiles * depth : base + v + f * v_step + rows * depth] = 0
        for p in range(split * panels // splits, (split + 1) * panels // splits):
            for f in range(points):
                for step in range(0, tiles, rows):
                    t = max(0, min(step, tiles - rows))  # the last one takes some tiles again
                    add_product(
                        columns // lanes, flat, base + v + f * v_step + t * depth, (depth, 0, 1),
                        flat_weights, (f * weight_rows + p * depth) * columns, (0, columns), (1, depth),
                        flat, base + product + f * m_step + t * columns, True,
                    )  # fmt: skip
            first = (first_panel + p) * columns
            o_count = min(columns, out_channels - first)
            pixels = 0
            flat[base + total : base + squares + columns] = 0
            for r in range(here_rows):
                n = (first_row + r) // tile_h
                i = (first_row + r) % tile_h * m
                for t in range(here_columns):
                    j = (first_tile + t) * m
                    for o in range(0, columns, lanes):
                        at = base + product + (r * here_columns + t) * columns + o
                        to = base + result + o
                        row = (m + 2) * m_step
                        transform_output(m, flat, at, row, m_step, flat, to, m * columns, columns)
                    high = min(m, out_h - i)
                    wide = min(m, out_w - j)
                    for o in range(0, o_count, lanes):
                        some = min(lanes, o_count - o)
                        bias_o = load(bias, first + o, some)
                        at = base + result + o
                        corner = ((n * out_h + i) * out_w + j) * out_channels + first + o
                        for ki in range(high):
                            for kj in range(wide):
                                value = load(flat, at + (ki * m + kj) * columns, lanes) + bias_o
                                store(value, out, corner + (ki * out_w + kj) * out_channels, some)
                        if not wanted:
                            continue
                        if pixels == 0:
                            store(load(flat, at, lanes), flat, base + pivot + o, lanes)
                        pivot_o = load(flat, base + pivot + o, lanes)
                        total_o = load(flat, base + total + o, lanes)
                        squares_o = load(flat, base + squares + o, lanes)
                        for ki in range(high):
                            for kj in range(wide):
                                deviation = load(flat, at + (ki * m + kj) * columns, lanes) - pivot_o
                                total_o = total_o + deviation
                                squares_o = squares_o + deviation * deviation
                        store(total_o, flat, base + total + o, lanes)
                        store(squares_o, flat, base + squares + o, lanes)
                    pixels += high * wide
            if wanted:
                place = moments[unit % (bands * strips)]
                for o in range(o_count):
                    mean = flat[base + total + o] / pixels
                    place[0, first + o] = pixels
                    place[1, first + o] = flat[base + pivot + o] + bias[first + o] + mean
                    place[2, first + o] = flat[base + squares + o] - mean * flat[base + total + o]

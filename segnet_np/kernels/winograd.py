"""3x3 convolution by Winograd's algorithm; :mod:`segnet_np.kernels.winograd_points` says how it works.

The transforms are cheap only while the numbers are in the cache. So each unit of work takes a block of tiles
through everything: read the pixels into a patch, transform them to V, multiply by U for each point, transform
back, write. The products are matrix products over the channels, one for each point, and go through the same
micro-kernel as the direct convolution:

    M[point][tile, o] = sum over c of  V[point][tile, c] * U[point][c, o]
"""

import numpy as np
from numba import get_thread_id, njit, prange

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.maps import read_row
from segnet_np.kernels.simd import load, store
from segnet_np.kernels.tile import MAX_ROWS, VECTOR_BYTES, add_product, tile_rows
from segnet_np.kernels.winograd_points import (
    down_and_along,
    input_2,
    input_4,
    output_2,
    output_4,
    weight_2,
    weight_4,
)

transform_input_4 = down_and_along(input_4, 6)
transform_input_2 = down_and_along(input_2, 4)
_transform_output_4 = down_and_along(output_4, 6)
_transform_output_2 = down_and_along(output_2, 4)
_transform_weight_4 = down_and_along(weight_4, 3)
_transform_weight_2 = down_and_along(weight_2, 3)


# How many input channels a unit of `transform_weights` takes: their taps lie side by side in memory.
_DEPTH_BLOCK = 16


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def transform_weights(weight, adjoint, first_panel, depth, out):
    """U = G g Gt of weight (O, C, 3, 3), with o = (first_panel + p) * NR + column.

    out is (points, panels * depth + 1, NR), where depth is C rounded up; what is added is zero. The last row
    of each point is not used: without it the points would lie a power of two apart, where a cache holds few.
    With `adjoint` U is of the kernel that backward needs: taps turned round, c and o exchanged.
    """
    points, rows, columns = out.shape
    panels = rows // depth
    m = 4 if points == 36 else 2
    lanes = VECTOR_BYTES // weight.itemsize
    wide = weight.shape[1] if adjoint else weight.shape[0]
    deep = weight.shape[0] if adjoint else weight.shape[1]
    flat = out.reshape(-1)
    flat_weight = weight.reshape(-1)
    step = rows * columns
    blocks = -(-depth // _DEPTH_BLOCK)
    for unit in prange(panels * blocks):
        p = unit // blocks
        first = (first_panel + p) * columns
        first_d = unit % blocks * _DEPTH_BLOCK
        taps = np.zeros((_DEPTH_BLOCK, 9, columns), weight.dtype)
        here = min(_DEPTH_BLOCK, deep - first_d)
        for o in range(min(columns, wide - first)):
            for d in range(here):
                if adjoint:
                    at = ((first_d + d) * wide + first + o) * 9
                    for k in range(9):
                        taps[d, 8 - k, o] = flat_weight[at + k]
                else:
                    at = ((first + o) * deep + first_d + d) * 9
                    for k in range(9):
                        taps[d, k, o] = flat_weight[at + k]
        for d in range(min(_DEPTH_BLOCK, depth - first_d)):
            at = d * 9 * columns
            to = (p * depth + first_d + d) * columns
            for o in range(0, columns, lanes):
                # fmt: off
                if m == 4:
                    _transform_weight_4(taps, at + o, 3 * columns, columns, flat, to + o, 6 * step, step)
                else:
                    _transform_weight_2(taps, at + o, 3 * columns, columns, flat, to + o, 4 * step, step)
                # fmt: on


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def winograd(maps, padding, weights, bias, first_panel, block, splits, scratch, out):
    """out (N, OH, OW, O) = maps correlated with the 3x3 kernels."""
    batch, out_h, out_w, out_channels = out.shape
    points, weight_rows, columns = weights.shape
    block_rows, block_columns = block
    channels = maps.raw.shape[3]
    m = 4 if points == 36 else 2
    edge = m + 2
    lanes = VECTOR_BYTES // out.itemsize
    depth = -(-channels // lanes) * lanes
    panels = weight_rows // depth
    vectors = columns // lanes
    rows = tile_rows(vectors)
    tile_h = -(-out_h // m)
    tile_w = -(-out_w // m)
    bands = -(-batch * tile_h // block_rows)
    strips = -(-tile_w // block_columns)
    # The scratch memory of a thread, one behind the other.
    wide = block_columns * m + 2
    most = block_rows * block_columns
    v_step = most * depth + lanes
    m_step = (most + rows) * columns + lanes
    patch = 0
    v = patch + edge * wide * depth
    product = v + points * v_step + MAX_ROWS * depth
    result = product + points * m_step
    flat = scratch.reshape(-1)
    flat_weights = weights.reshape(-1)
    w_step = weight_rows * columns
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
            for pi in range(edge):
                at = base + patch + pi * wide * depth
                j = first_tile * m - padding
                read_row(maps, n, i + pi, j, here_columns * m + 2, 0, channels, flat, at, depth)
            for t in range(here_columns):
                for c in range(0, depth, lanes):
                    at = base + patch + t * m * depth + c
                    to = base + v + (r * here_columns + t) * depth + c
                    # fmt: off
                    if m == 4:
                        transform_input_4(flat, at, wide * depth, depth, flat, to, 6 * v_step, v_step)
                    else:
                        transform_input_2(flat, at, wide * depth, depth, flat, to, 4 * v_step, v_step)
                    # fmt: on
        for p in range(split * panels // splits, (split + 1) * panels // splits):
            for f in range(points):
                for t in range(0, tiles, rows):
                    to = base + product + f * m_step + t * columns
                    add_product(
                        vectors,
                        flat,
                        base + v + f * v_step + t * depth,
                        (depth, 0, 1),
                        flat_weights,
                        f * w_step + p * depth * columns,
                        (0, columns),
                        (1, depth),
                        flat,
                        to,
                        True,
                    )
            first = (first_panel + p) * columns
            o_count = min(columns, out_channels - first)
            for r in range(here_rows):
                n = (first_row + r) // tile_h
                i = (first_row + r) % tile_h * m
                for t in range(here_columns):
                    j = (first_tile + t) * m
                    for o in range(0, columns, lanes):
                        at = base + product + (r * here_columns + t) * columns + o
                        to = base + result + o
                        # fmt: off
                        if m == 4:
                            _transform_output_4(flat, at, 6 * m_step, m_step, flat, to, 4 * columns, columns)
                        else:
                            _transform_output_2(flat, at, 4 * m_step, m_step, flat, to, 2 * columns, columns)
                        # fmt: on
                    for ki in range(min(m, out_h - i)):
                        for kj in range(min(m, out_w - j)):
                            at = base + result + (ki * m + kj) * columns
                            to = ((n * out_h + i + ki) * out_w + j + kj) * out_channels + first
                            for o in range(0, o_count, lanes):
                                some = min(lanes, o_count - o)
                                value = load(flat, at + o, some) + load(bias, first + o, some)
                                store(value, out, to + o, some)

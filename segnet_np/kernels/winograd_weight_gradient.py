"""The gradient of 3x3 weights by Winograd's algorithm: the transpose of what forward did with U.

Forward was, point by point, ``M = V U`` and ``y = At M A``. So backward takes the transposed steps:

    D  = A dy At                          the gradient of M
    dU = sum over the tiles of  Vt D      the gradient of U, point by point
    dw = Gt dU G                          the gradient of the weights

V is transformed again from x, which costs less than keeping it: it is 2.25 times as large as x. Each unit of
work owns dU for a block of input channels and a panel of output channels, small enough to stay in the cache,
and goes over its share of the tiles.
"""

from numba import get_thread_id, njit, prange

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.maps import read_row
from segnet_np.kernels.tile import VECTOR_BYTES, add_product, tile_rows
from segnet_np.kernels.winograd import transform_input_2, transform_input_4
from segnet_np.kernels.winograd_points import (
    down_and_along,
    output_2_transposed,
    output_4_transposed,
    weight_2_transposed,
    weight_4_transposed,
)

_transform_output_4 = down_and_along(output_4_transposed, 4)
_transform_output_2 = down_and_along(output_2_transposed, 2)
_transform_weight_4 = down_and_along(weight_4_transposed, 6)
_transform_weight_2 = down_and_along(weight_2_transposed, 4)


@njit(parallel=True, fastmath=FASTMATH, cache=True)
def winograd_weight_gradient(maps, padding, dmaps, m, block, channel_block, scratch, partial):
    """partial (chunks, P, C, 9, NR): for each chunk of tiles the sum of x[pixel + tap] * dout[pixel]."""
    chunks, panels, channels, _, columns = partial.shape
    block_rows, block_columns = block
    batch, _, _, out_channels = dmaps.raw.shape
    out_h = dmaps.height
    out_w = dmaps.width
    edge = m + 2
    points = edge * edge
    lanes = VECTOR_BYTES // partial.itemsize
    vectors = columns // lanes
    rows = tile_rows(vectors)
    tile_h = -(-out_h // m)
    tile_w = -(-out_w // m)
    lines = batch * tile_h
    strips = -(-tile_w // block_columns)
    channel_blocks = -(-channels // channel_block)
    # The scratch memory of a thread, one behind the other.
    wide = block_columns * m + 2
    most = block_rows * block_columns
    v_step = most * channel_block + lanes
    d_step = most * columns + lanes
    u_step = -(-channel_block // rows) * rows * columns + lanes
    patch = 0
    v = patch + edge * wide * max(channel_block, columns)
    d = v + points * v_step + rows
    u = d + points * d_step
    flat = scratch.reshape(-1)
    flat_partial = partial.reshape(-1)
    for unit in prange(chunks * channel_blocks * panels):
        base = get_thread_id() * scratch.shape[1]
        chunk = unit // (channel_blocks * panels)
        first_c = unit // panels % channel_blocks * channel_block
        c_count = min(channel_block, channels - first_c)
        p = unit % panels
        first_o = p * columns
        o_count = min(columns, out_channels - first_o)
        start = chunk * lines // chunks
        end = (chunk + 1) * lines // chunks
        for first_row in range(start, end, block_rows):
            for strip in range(strips):
                first_tile = strip * block_columns
                here_rows = min(block_rows, end - first_row)
                here_columns = min(block_columns, tile_w - first_tile)
                tiles = here_rows * here_columns
                for r in range(here_rows):
                    n = (first_row + r) // tile_h
                    i = (first_row + r) % tile_h * m
                    j = first_tile * m
                    for pi in range(edge):
                        at = base + patch + pi * wide * channel_block
                        read_row(
                            maps, n, i + pi - padding, j - padding, here_columns * m + 2,
                            first_c, c_count, flat, at, channel_block,
                        )  # fmt: skip
                    for t in range(here_columns):
                        for c in range(0, channel_block, lanes):
                            at = base + patch + t * m * channel_block + c
                            to = base + v + (r * here_columns + t) * channel_block + c
                            row = wide * channel_block
                            if m == 4:
                                transform_input_4(flat, at, row, channel_block, flat, to, 6 * v_step, v_step)
                            else:
                                transform_input_2(flat, at, row, channel_block, flat, to, 4 * v_step, v_step)
                    for pi in range(m):
                        at = base + patch + pi * wide * columns
                        read_row(dmaps, n, i + pi, j, here_columns * m, first_o, o_count, flat, at, columns)
                    for t in range(here_columns):
                        for o in range(0, columns, lanes):
                            at = base + patch + t * m * columns + o
                            to = base + d + (r * here_columns + t) * columns + o
                            if m == 4:
                                _transform_output_4(
                                    flat, at, wide * columns, columns, flat, to, 6 * d_step, d_step
                                )
                            else:
                                _transform_output_2(
                                    flat, at, wide * columns, columns, flat, to, 4 * d_step, d_step
                                )
                fresh = first_row == start and strip == 0
                for f in range(points):
                    for c in range(0, c_count, rows):
                        add_product(
                            vectors, flat, base + v + f * v_step + c, (1, 0, channel_block), flat,
                            base + d + f * d_step, (0, columns), (1, tiles),
                            flat, base + u + f * u_step + c * columns, fresh,
                        )  # fmt: skip
        for c in range(c_count):
            for o in range(0, columns, lanes):
                at = base + u + c * columns + o
                to = ((chunk * panels + p) * channels + first_c + c) * 9 * columns + o
                if m == 4:
                    _transform_weight_4(flat, at, 6 * u_step, u_step, flat_partial, to, 3 * columns, columns)
                else:
                    _transform_weight_2(flat, at, 4 * u_step, u_step, flat_partial, to, 3 * columns, columns)

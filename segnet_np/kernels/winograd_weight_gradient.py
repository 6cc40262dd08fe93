"""The gradient of the weights by Winograd's algorithm: the transpose of what forward did with U.

Forward was, point by point, ``M = V U`` and ``y = At M A``. So backward takes the transposed steps:

    D  = A dy At                          the gradient of M
    dU = sum over the tiles of  Vt D      the gradient of U, point by point
    dw = Gt dU G                          the gradient of the weights

V is transformed again from x, which costs less than keeping it: it is 2.25 times as large as x. Each unit of
work owns dU for one piece of the kernel, a block of input channels and a panel of output channels, small
enough to stay in the cache, and goes over its share of the tiles.
"""

from numba import get_thread_id, njit, prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.maps import read_row
from segnet_np.kernels.simd import transpose
from segnet_np.kernels.tile import MAX_ROWS, VECTOR_BYTES, add_product, tile_rows
from segnet_np.kernels.winograd import piece_of
from segnet_np.kernels.winograd_points import (
    transform_input,
    transform_output_transposed,
    transform_weight_transposed,
)


@njit
def scratch_layout(block_rows, block_columns, m, channel_block, columns, lanes):
    """Say what lies where in a thread's scratch memory of :func:`winograd_weight_gradient`.

    Returns
    -------
    line : int
        Length of a row of the patch of pixels, which lies first.
    v, v_step, d, d_step, u, u_step : int
        Where V, D and dU begin, and how far their points lie apart.
    length : int
    """
    points = (m + 2) * (m + 2)
    tiles = block_rows * block_columns
    line = (block_columns * m + 2) * max(channel_block, columns)
    # One more vector a point keeps the points from lying a power of two apart; idle rows of the micro-kernel
    # read behind V and write behind dU. All are whole vectors, so that none lies across two cache lines.
    v_step = tiles * channel_block + lanes
    d_step = tiles * columns + lanes
    u_step = (channel_block + MAX_ROWS) * columns + lanes
    v = (m + 2) * line
    d = v + points * v_step + -(-MAX_ROWS // lanes) * lanes
    u = d + points * d_step
    return line, v, v_step, d, d_step, u, u_step, u + points * u_step


@kernel
def winograd_weight_gradient(maps, padding, dmaps, m, block, channel_block, columns, scratch, partial):
    """partial (chunks, O, C, K, K): for each chunk of tiles the sum of x[pixel + tap] * dout[pixel].

    `scratch` has a row for each thread; :func:`scratch_layout` says how long.
    """
    chunks, out_channels, channels, _, _ = partial.shape
    block_rows, block_columns = block
    batch = dmaps.raw.shape[0]
    out_h = dmaps.height
    out_w = dmaps.width
    size = partial.shape[3]
    panels = -(-out_channels // columns)
    lanes = VECTOR_BYTES // partial.itemsize
    rows = tile_rows(columns // lanes)
    line, v, v_step, d, d_step, u, u_step, _ = scratch_layout(
        block_rows, block_columns, m, channel_block, columns, lanes
    )
    pieces = ((size + 2) // 3) ** 2
    tile_h = -(-out_h // m)
    tile_w = -(-out_w // m)
    strips = -(-tile_w // block_columns)
    channel_blocks = -(-channels // channel_block)
    flat = scratch.reshape(-1)
    flat_partial = partial.reshape(-1)
    for unit in prange(chunks * pieces * channel_blocks * panels):
        base = get_thread_id() * scratch.shape[1]
        p = unit % panels
        first_c = unit // panels % channel_blocks * channel_block
        piece = unit // (panels * channel_blocks) % pieces
        chunk = unit // (panels * channel_blocks * pieces)
        top, left, runs, run = piece_of(size, piece)
        c_count = min(channel_block, channels - first_c)
        first_o = p * columns
        o_count = min(columns, out_channels - first_o)
        start = chunk * batch * tile_h // chunks
        end = (chunk + 1) * batch * tile_h // chunks
        for first_row in range(start, end, block_rows):
            here_rows = min(block_rows, end - first_row)
            for strip in range(strips):
                first_tile = strip * block_columns
                here_columns = min(block_columns, tile_w - first_tile)
                for r in range(here_rows):
                    n = (first_row + r) // tile_h
                    i = (first_row + r) % tile_h * m
                    j = first_tile * m
                    for pi in range(m + 2):
                        read_row(
                            maps, n, i + pi + top - padding, j + left - padding, here_columns * m + 2,
                            first_c, c_count, flat, base + pi * line, channel_block,
                        )  # fmt: skip
                    for t in range(here_columns):
                        for c in range(0, channel_block, lanes):
                            at = base + t * m * channel_block + c
                            to = base + v + (r * here_columns + t) * channel_block + c
                            transform_input(
                                m, flat, at, line, channel_block, flat, to, (m + 2) * v_step, v_step
                            )
                    for pi in range(m):
                        at = base + pi * line
                        read_row(dmaps, n, i + pi, j, here_columns * m, first_o, o_count, flat, at, columns)
                    for t in range(here_columns):
                        for o in range(0, columns, lanes):
                            at = base + t * m * columns + o
                            to = base + d + (r * here_columns + t) * columns + o
                            transform_output_transposed(
                                m, flat, at, line, columns, flat, to, (m + 2) * d_step, d_step
                            )
                for f in range((m + 2) * (m + 2)):
                    # Behind V, where idle rows of the micro-kernel read: what was left may be numbers that are slow.
                    behind = base + v + f * v_step + here_rows * here_columns * channel_block
                    flat[behind : behind + lanes] = 0
                fresh = first_row == start and strip == 0
                depth = (1, here_rows * here_columns)
                for f in range((m + 2) * (m + 2)):
                    for c in range(0, c_count, rows):
                        add_product(
                            columns // lanes, flat, base + v + f * v_step + c, (1, 0, channel_block),
                            flat, base + d + f * d_step, (0, columns), depth,
                            flat, base + u + f * u_step + c * columns, fresh,
                        )  # fmt: skip
        for c in range(c_count):
            for o in range(0, o_count, lanes):
                # The taps take the place of the first nine points.
                at = base + u + c * columns + o
                row = (m + 2) * u_step
                transform_weight_transposed(m, flat, at, row, u_step, flat, at, 3 * u_step, u_step)
                some = min(lanes, o_count - o)
                kernels_before = (chunk * out_channels + first_o + o) * channels + first_c + c
                for ki in range(runs):
                    to = (kernels_before * size + top + ki) * size + left
                    for k in range(0, run, lanes):
                        transpose(
                            flat, at + (3 * ki + k) * u_step, u_step, min(lanes, run - k), some,
                            flat_partial, to + k, channels * size * size,
                        )  # fmt: skip

"""The gradient of the weights by Winograd's algorithm: the transpose of what forward did with U.

Forward was, point by point, ``M = V U`` and ``y = At M A``. So backward takes the transposed steps:

    D  = A dy At                          the gradient of M
    dU = sum over the tiles of  Vt D      the gradient of U, point by point
    dw = Gt dU G                          the gradient of the weights

V is transformed again from x, which costs less than keeping it: it is 2.25 times as large as x. Each unit of
work owns dU for one piece of the kernel, a block of input channels and a panel of output channels, small
enough to stay in the cache, and goes over its share of the tiles.
"""

from numba import get_thread_id, prange
from numba.extending import register_jitable

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.simd import lanes_of
from segnet_np.kernels.tile import MAX_ROWS, add_product, tile_rows
from segnet_np.kernels.winograd import PATCH_TILES, clear_idle_rows, read_gradient_tiles, read_tiles
from segnet_np.kernels.winograd_weights import piece_of, pieces_of, transform_weight_gradients

# Tiles that lie together in memory, so that the points of one touch few pages.
GROUP = 6

# Weights that a unit of `add_chunks` takes.
_SUMMED = 4096


@register_jitable
def scratch_layout(tiles, m, channel_block, columns, lanes):
    """Say what lies where in a thread's scratch memory of :func:`winograd_weight_gradient`.

    Returns
    -------
    line : int
        Length of a row of the patch of pixels, which lies first.
    v, v_step, v_group, d, d_step, d_group, u, u_step : int
        Where V, D and dU begin, and how far their points and their groups of tiles lie apart.
    length : int
    """
    points = (m + 2) * (m + 2)
    groups = -(-tiles // GROUP)
    line = (PATCH_TILES * m + 2) * lanes
    # One more vector a point keeps the points from lying a power of two apart, and is where idle rows of the
    # micro-kernel read behind V. Those rows are written behind dU.
    v_step = GROUP * channel_block + -(-MAX_ROWS // lanes) * lanes
    d_step = GROUP * columns + lanes
    u_step = (channel_block + MAX_ROWS) * columns + lanes
    v = (m + 2) * line
    d = v + groups * points * v_step
    u = d + groups * points * d_step
    return line, v, v_step, points * v_step, d, d_step, points * d_step, u, u_step, u + points * u_step


@kernel
def winograd_weight_gradient(maps, padding, dmaps, m, block, channel_block, columns, scratch, partial):
    """partial (chunks, O, C, K, K): for each chunk of tiles the sum of x[pixel + tap] * dout[pixel].

    `block` and `channel_block` say how many (rows, columns) of tiles and how many channels are taken at a
    time. `scratch` has a row for each thread; :func:`scratch_layout` says how long.
    """
    chunks, out_channels, channels, size, _ = partial.shape
    block_rows, block_columns = block
    batch = dmaps.raw.shape[0]
    points = (m + 2) * (m + 2)
    panels = -(-out_channels // columns)
    lanes = lanes_of(partial)
    rows = tile_rows(columns // lanes)
    line, v, v_step, v_group, d, d_step, d_group, u, u_step, _ = scratch_layout(
        block_rows * block_columns, m, channel_block, columns, lanes
    )
    tile_h = -(-dmaps.height // m)
    tile_w = -(-dmaps.width // m)
    strips = -(-tile_w // block_columns)
    channel_blocks = -(-channels // channel_block)
    flat = scratch.reshape(-1)
    for unit in prange(chunks * pieces_of(size) * channel_blocks * panels):
        base = get_thread_id() * scratch.shape[1]
        first_o = unit % panels * columns
        first_c = unit // panels % channel_blocks * channel_block
        piece = unit // (panels * channel_blocks) % pieces_of(size)
        chunk = unit // (panels * channel_blocks * pieces_of(size))
        top, left, _, _ = piece_of(size, piece)
        c_count = min(channel_block, channels - first_c)
        start = chunk * batch * tile_h // chunks
        end = (chunk + 1) * batch * tile_h // chunks
        for at in range(base + v, base + d, v_step):  # behind each point, for idle rows
            flat[at + GROUP * channel_block : at + v_step] = 0
        for first_row in range(start, end, block_rows):
            here_rows = min(block_rows, end - first_row)
            for strip in range(strips):
                first_tile = strip * block_columns
                here_columns = min(block_columns, tile_w - first_tile)
                tiles = here_rows * here_columns
                clear_idle_rows(points, tiles, GROUP, channel_block, flat, base + v, v_step)
                clear_idle_rows(points, tiles, GROUP, columns, flat, base + d, d_step)
                for r in range(here_rows):
                    n = (first_row + r) // tile_h
                    i = (first_row + r) % tile_h * m
                    j = first_tile * m
                    read_tiles(
                        m, maps, n, i + top - padding, j + left - padding, here_columns, first_c, c_count,
                        channel_block, flat, base, line, base + v, r * here_columns, v_step, GROUP,
                    )  # fmt: skip
                    read_gradient_tiles(
                        m, dmaps, n, i, j, here_columns, first_o,
                        out_channels - first_o, columns, flat, base, line, base + d, r * here_columns, d_step,
                        GROUP,
                    )  # fmt: skip
                fresh = first_row == start and strip == 0
                depth = (-(-tiles // GROUP), GROUP)
                for f in range(points):
                    for c in range(0, c_count, rows):
                        add_product(
                            columns // lanes, flat, base + v + f * v_step + c, (1, v_group, channel_block),
                            flat, base + d + f * d_step, (d_group, columns), depth,
                            flat, base + u + f * u_step + c * columns, fresh,
                        )  # fmt: skip
        transform_weight_gradients(
            m, flat, base + u, u_step, c_count, columns, piece, partial, chunk, first_c, first_o
        )


@kernel
def add_chunks(partial, dweight):
    """dweight = the sum of partial over its first axis, in order."""
    chunks = partial.shape[0]
    flat, flat_partial = dweight.reshape(-1), partial.reshape(chunks, -1)
    for block in prange(-(-flat.size // _SUMMED)):
        start, stop = block * _SUMMED, min((block + 1) * _SUMMED, flat.size)
        flat[start:stop] = flat_partial[0, start:stop]
        for chunk in range(1, chunks):
            for k in range(start, stop):
                flat[k] += flat_partial[chunk, k]

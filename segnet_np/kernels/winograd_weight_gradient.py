"""The gradient of the weights by Winograd's algorithm: the transpose of what forward did with U.

Forward was, point by point, ``M = V U`` and ``y = At M A``. So backward takes the transposed steps:

    D  = A dy At                          the gradient of M
    dU = sum over the tiles of  Vt D      the gradient of U, point by point
    dw = Gt dU G                          the gradient of the weights

V is transformed again from x, which costs less than keeping it: it is 2.25 times as large as x. Each unit of
work owns dU for one piece of the kernel, a block of input channels and a panel of output channels, small
enough to stay in the cache, and goes over its share of the tiles.
"""

from typing import NamedTuple

from numba import get_thread_id, prange
from numba.extending import register_jitable

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.simd import lanes_of
from segnet_np.kernels.tile import MAX_ROWS, add_product, tile_rows
from segnet_np.kernels.winograd import patch_line, read_gradient_tiles, read_tiles
from segnet_np.kernels.winograd_scratch import Points, clear_idle_rows, place_points
from segnet_np.kernels.winograd_weights import piece_of, pieces_of, transform_weight_gradients

# Tiles that lie together in memory, so that the points of one touch few pages.
GROUP = 6

# Weights that a unit of `add_chunks` takes.
_SUMMED = 4096


class Layout(NamedTuple):
    """What lies where in a thread's scratch memory of :func:`winograd_weight_gradient`, behind the patch.

    Attributes
    ----------
    v, d, u : Points
        V and D of a block of tiles, and dU, whose "tiles" are the input channels.
    length : int
        Of all.
    """

    v: Points
    d: Points
    u: Points
    length: int


@register_jitable
def scratch_layout(tiles, m, channel_block, columns, lanes):
    """Make the Layout for blocks of `tiles` tiles."""
    # Idle rows of the micro-kernel read behind the points of V, and are written behind those of dU.
    v, end = place_points(
        (m + 2) * patch_line(m, lanes), tiles, m, GROUP, channel_block, -(-MAX_ROWS // lanes) * lanes
    )
    d, end = place_points(end, tiles, m, GROUP, columns, lanes)
    u, end = place_points(end, channel_block, m, channel_block, columns, MAX_ROWS * columns + lanes)
    return Layout(v, d, u, end)


@kernel
def winograd_weight_gradient(maps, padding, dmaps, m, block, channel_block, columns, scratch, partial):
    """partial (chunks, O, C, K, K): for each chunk of tiles the sum of x[pixel + tap] * dout[pixel].

    `block` and `channel_block` say how many (rows, columns) of tiles and how many channels are taken at a
    time. `scratch` has a row for each thread; :func:`scratch_layout` says how long.
    """
    chunks, out_channels, channels, size, _ = partial.shape
    block_rows, block_columns = block
    batch = dmaps.raw.shape[0]
    panels = -(-out_channels // columns)
    lanes = lanes_of(partial)
    rows = tile_rows(columns // lanes)
    tile_h = -(-dmaps.height // m)
    tile_w = -(-dmaps.width // m)
    strips = -(-tile_w // block_columns)
    channel_blocks = -(-channels // channel_block)
    for unit in prange(chunks * pieces_of(size) * channel_blocks * panels):
        flat = scratch[get_thread_id()]
        v, d, u, _ = scratch_layout(block_rows * block_columns, m, channel_block, columns, lanes)
        first_o = unit % panels * columns
        first_c = unit // panels % channel_blocks * channel_block
        piece = unit // (panels * channel_blocks) % pieces_of(size)
        chunk = unit // (panels * channel_blocks * pieces_of(size))
        top, left, _, _ = piece_of(size, piece)
        c_count = min(channel_block, channels - first_c)
        start = chunk * batch * tile_h // chunks
        end = (chunk + 1) * batch * tile_h // chunks
        for at in range(v.start, d.start, v.step):  # behind each point, for idle rows
            flat[at + GROUP * channel_block : at + v.step] = 0
        for first_row in range(start, end, block_rows):
            here_rows = min(block_rows, end - first_row)
            for strip in range(strips):
                first_tile = strip * block_columns
                here_columns = min(block_columns, tile_w - first_tile)
                tiles = here_rows * here_columns
                clear_idle_rows(v, tiles, m, flat)
                clear_idle_rows(d, tiles, m, flat)
                for r in range(here_rows):
                    n = (first_row + r) // tile_h
                    i = (first_row + r) % tile_h * m
                    j = first_tile * m
                    read_tiles(
                        m, maps, n, i + top - padding, j + left - padding, here_columns, first_c, c_count,
                        flat, v, r * here_columns,
                    )  # fmt: skip
                    read_gradient_tiles(
                        m, dmaps, n, i, j, here_columns, first_o, out_channels - first_o,
                        flat, d, r * here_columns,
                    )  # fmt: skip
                fresh = first_row == start and strip == 0
                depth = (-(-tiles // GROUP), GROUP)
                for f in range((m + 2) * (m + 2)):  # docs/derivations/winograd.md (15)
                    for c in range(0, c_count, rows):
                        add_product(
                            columns // lanes, flat, v.start + f * v.step + c, (1, v.group, v.width),
                            flat, d.start + f * d.step, (d.group, d.width), depth,
                            flat, u.start + f * u.step + c * u.width, fresh,
                        )  # fmt: skip
        transform_weight_gradients(
            m, flat, u.start, u.step, c_count, columns, piece, partial, chunk, first_c, first_o
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

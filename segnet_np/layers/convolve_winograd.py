"""Winograd convolution: how the work is cut into blocks, and the memory for the kernels."""

from functools import lru_cache

import numpy as np
from numba import get_num_threads

from segnet_np.kernels import winograd as kernels
from segnet_np.kernels import winograd_weight_gradient as gradient_kernels
from segnet_np.kernels.maps import LazyMaps
from segnet_np.kernels.tile import VECTOR_BYTES, panel_width, tile_rows
from segnet_np.kernels.winograd_weights import pieces_of
from segnet_np.layers.lazy import finished, size_of
from segnet_np.layers.workspace import Workspace

# With at most so many channels, and so many tiles to make it worth while, transformed weights are kept in the
# cache for all blocks of tiles. Else they are made anew for each block: then the blocks are larger, and
# channels are taken some at a time.
_KEPT_CHANNELS, _KEPT_TILES = 128, 512
_CHANNELS = 64
_TILES_ANEW, _TILES_GRADIENT = 72, 48

PREPARED = 32
"""Preparing the weights takes about as long as the products of so many tiles, or pixels."""

# Units of work there should be, so that every thread has some until the end; half as many for the gradient of
# the weights, where each unit brings an array of its own that must be added up. Constants, so that the order
# in which numbers are added does not depend on the number of threads.
_UNITS, _UNITS_GRADIENT = 8, 4


def correlate(
    workspace: Workspace,
    maps: LazyMaps,
    weight: np.ndarray,
    bias: np.ndarray,
    padding: int,
    adjoint: bool,
    m: int,
    want_moments: bool,
    leaves: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """See :func:`segnet_np.layers.convolve.correlate`; by tiles of m x m pixels."""
    dtype = weight.dtype
    size = weight.shape[2]
    batch, height, width, channels = size_of(maps)
    out_channels = weight.shape[1 if adjoint else 0]
    grow = 2 * padding - size + 1
    out = workspace.empty((batch, height + grow, width + grow, out_channels), dtype, leaves=leaves)
    columns = panel_width(out_channels, dtype)
    panels = -(-out_channels // columns)
    channel_block = _whole_vectors(channels, dtype)
    tiles = batch * -(-(height + grow) // m) * -(-(width + grow) // m)
    kept = pieces_of(size) == 1 and channels <= _KEPT_CHANNELS and tiles >= _KEPT_TILES
    if kept:
        tiles = min(48, max(24, 1536 // channel_block))  # fewer channels leave room for more tiles
    else:
        tiles, channel_block = _TILES_ANEW, min(_CHANNELS, channel_block)
    group, prepared = tile_rows(columns // _lanes(dtype)), 0 if kept else PREPARED
    block, blocks = _blocks(batch, height + grow, width + grow, m, tiles, group, panels, prepared)
    shares = min(blocks, -(-_UNITS // panels)) if kept else blocks
    layout = kernels.scratch_layout(block[0] * block[1], m, channel_block, columns, _lanes(dtype))
    scratch = workspace.empty((get_num_threads(), layout.length), dtype)
    moments = workspace.empty((blocks if want_moments else 0, 3, out_channels), "float64")
    kernels.winograd(
        maps, padding, weight, adjoint, bias, m, block, channel_block, columns, shares, scratch, out, moments
    )
    return out, moments


def weight_gradient(
    workspace: Workspace, maps: LazyMaps, dout: np.ndarray, padding: int, size: int, m: int
) -> np.ndarray:
    """See :func:`segnet_np.layers.convolve.weight_gradient`; by tiles of m x m pixels."""
    dtype = dout.dtype
    batch, out_h, out_w, out_channels = dout.shape
    channels = maps.raw.shape[3]
    columns = panel_width(out_channels, dtype)
    channel_block = min(_CHANNELS, _whole_vectors(channels, dtype))
    block, _ = _blocks(batch, out_h, out_w, m, _TILES_GRADIENT, gradient_kernels.GROUP, panels=1, prepared=0)
    layout = gradient_kernels.scratch_layout(block[0] * block[1], m, channel_block, columns, _lanes(dtype))
    scratch = workspace.empty((get_num_threads(), layout.length), dtype)
    # Few units of work are cut into chunks of rows.
    units = -(-out_channels // columns) * -(-channels // channel_block) * pieces_of(size)
    chunks = min(batch * -(-out_h // m), max(1, _UNITS_GRADIENT // units))
    partial = workspace.empty((chunks, out_channels, channels, size, size), dtype, leaves=chunks == 1)
    gradient_kernels.winograd_weight_gradient(
        maps, padding, finished(dout), m, block, channel_block, columns, scratch, partial
    )
    if chunks == 1:
        return partial[0]
    dweight = workspace.empty(partial.shape[1:], dtype, leaves=True)
    gradient_kernels.add_chunks(partial, dweight)
    return dweight


def _lanes(dtype: np.dtype) -> int:
    return VECTOR_BYTES // dtype.itemsize


def _whole_vectors(channels: int, dtype: np.dtype) -> int:
    return -(-channels // _lanes(dtype)) * _lanes(dtype)


@lru_cache
def _blocks(
    batch: int, out_h: int, out_w: int, m: int, tiles: int, group: int, panels: int, prepared: int
) -> tuple[tuple[int, int], int]:
    """(Rows, columns) of a block of about `tiles` tiles, and how many blocks there are.

    The rows may run on into the next picture. Taken are those that leave the busier of two threads the least
    to do: full groups of `group` tiles waste no steps; an even number of units of work, a block for each of
    `panels`, keeps both threads busy to the end; and where each block prepares its weights anew, which takes
    as long as `prepared` tiles, fewer blocks are better. In the gradient of the weights a unit goes over all
    blocks of its chunk, so there only the full groups matter.
    """
    lines, tile_w = batch * -(-out_h // m), -(-out_w // m)
    strips = -(-tile_w // tiles)
    columns = -(-tile_w // strips)

    def rows_computed(rows: int) -> int:
        """Rows of the micro-kernel, or what takes as long, of the busier thread."""
        units = -(-lines // rows) * strips * panels
        return -(-units // 2) * (-(-rows * columns // group) * group + prepared)

    most = min(lines, max(1, tiles // columns))
    rows = min(range(most, (most - 1) // 2, -1), key=rows_computed)
    return (rows, columns), -(-lines // rows) * strips

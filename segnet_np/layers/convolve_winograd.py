"""Winograd convolution: how the work is cut into blocks, and the memory for the kernels."""

import numpy as np
from numba import get_num_threads

from segnet_np.kernels import winograd as kernels
from segnet_np.kernels import winograd_weight_gradient as gradient_kernels
from segnet_np.kernels.maps import LazyMaps
from segnet_np.kernels.tile import VECTOR_BYTES, panel_width
from segnet_np.kernels.winograd_weights import pieces_of
from segnet_np.layers.lazy import finished, size_of
from segnet_np.layers.workspace import Workspace

# Up to so many channels, transformed weights stay in the cache for all blocks of tiles; more are taken some at a
# time, transformed anew for each block, and the blocks are larger.
_KEPT_CHANNELS, _CHANNELS_AT_A_TIME = 128, 64
_TILES_KEPT, _TILES_ANEW, _TILES_GRADIENT = 24, 72, 48

# Units of work there should be, so that every thread has some until the end. A constant, so that it never depends
# on the machine in which order numbers are added.
_UNITS = 8


def correlate(
    workspace: Workspace,
    maps: LazyMaps,
    weight: np.ndarray,
    bias: np.ndarray,
    padding: int,
    adjoint: bool,
    m: int,
    want_moments: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """See :func:`segnet_np.layers.convolve.correlate`; by tiles of m x m pixels."""
    dtype = weight.dtype
    size = weight.shape[2]
    batch, height, width, channels = size_of(maps)
    out_channels = weight.shape[1 if adjoint else 0]
    grow = 2 * padding - size + 1
    out = workspace.empty((batch, height + grow, width + grow, out_channels), dtype)
    columns = panel_width(out_channels, dtype)
    panels = -(-out_channels // columns)
    channel_block = _whole_vectors(channels, dtype)
    kept = pieces_of(size) == 1 and channels <= _KEPT_CHANNELS
    if not kept:
        channel_block = min(channel_block, _CHANNELS_AT_A_TIME)
    block, blocks = _blocks(batch, height + grow, width + grow, m, _TILES_KEPT if kept else _TILES_ANEW)
    shares = min(blocks, -(-_UNITS // panels)) if kept else blocks
    *_, length = kernels.scratch_layout(block[0] * block[1], m, channel_block, columns, _lanes(dtype))
    scratch = workspace.empty((get_num_threads(), length), dtype)
    moments = workspace.empty((blocks if want_moments else 0, 3, out_channels), dtype)
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
    channel_block = min(_CHANNELS_AT_A_TIME, _whole_vectors(channels, dtype))
    block, _ = _blocks(batch, out_h, out_w, m, _TILES_GRADIENT)
    *_, length = gradient_kernels.scratch_layout(
        block[0] * block[1], m, channel_block, columns, _lanes(dtype)
    )
    scratch = workspace.empty((get_num_threads(), length), dtype)
    # Few units of work are cut into chunks of rows.
    units = -(-out_channels // columns) * -(-channels // channel_block) * pieces_of(size)
    chunks = min(batch * -(-out_h // m), max(1, _UNITS // units))
    partial = workspace.empty((chunks, out_channels, channels, size, size), dtype)
    gradient_kernels.winograd_weight_gradient(
        maps, padding, finished(dout), m, block, channel_block, columns, scratch, partial
    )
    return partial[0] if chunks == 1 else partial.sum(axis=0)


def _lanes(dtype: np.dtype) -> int:
    return VECTOR_BYTES // dtype.itemsize


def _whole_vectors(channels: int, dtype: np.dtype) -> int:
    return -(-channels // _lanes(dtype)) * _lanes(dtype)


def _blocks(batch: int, out_h: int, out_w: int, m: int, tiles: int) -> tuple[tuple[int, int], int]:
    """(Rows, columns) of a block of about `tiles` tiles, and how many blocks there are.

    The rows may run on into the next picture.
    """
    lines, tile_w = batch * -(-out_h // m), -(-out_w // m)
    strips = -(-tile_w // tiles)
    columns = -(-tile_w // strips)
    bands = -(-lines // max(1, tiles // columns))
    bands += bands % 2  # so that two threads end at the same time
    rows = -(-lines // bands)
    return (rows, columns), -(-lines // rows) * strips

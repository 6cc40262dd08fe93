"""Winograd convolution: how the work is cut into blocks, and the memory for the kernels."""

import numpy as np
from numba import get_num_threads

from segnet_np.kernels.conv2d import unpack_weight_gradient
from segnet_np.kernels.maps import LazyMaps
from segnet_np.kernels.tile import MAX_ROWS, VECTOR_BYTES, panel_width
from segnet_np.kernels.winograd import transform_weights, winograd
from segnet_np.kernels.winograd_weight_gradient import winograd_weight_gradient
from segnet_np.layers.lazy import finished, size_of
from segnet_np.layers.workspace import Workspace

# Transformed weights that are made at once: what stays in a processor's last-level cache.
_WEIGHT_BYTES = 20_000_000


def correlate(
    workspace: Workspace,
    maps: LazyMaps,
    weight: np.ndarray,
    bias: np.ndarray,
    padding: int,
    adjoint: bool,
    m: int,
) -> np.ndarray:
    """See :func:`segnet_np.layers.convolve.correlate`."""
    dtype = weight.dtype
    batch, height, width, channels = size_of(maps)
    out_channels = weight.shape[1 if adjoint else 0]
    out = workspace.empty((batch, height + 2 * padding - 2, width + 2 * padding - 2, out_channels), dtype)
    lanes = VECTOR_BYTES // dtype.itemsize
    columns = panel_width(out_channels, dtype)
    panels = -(-out_channels // columns)
    depth = -(-channels // lanes) * lanes
    points = (m + 2) ** 2
    block = _block(batch, out.shape[1], out.shape[2], m, 24 if depth <= 256 else 36)
    most = block[0] * block[1]
    size = (
        (m + 2) * (block[1] * m + 2) * depth  # the patch of pixels
        + points * (most * depth + lanes)  # V
        + MAX_ROWS * depth
        + points * ((most + MAX_ROWS) * columns + lanes)  # M
        + m * m * columns  # a tile of the output
    )
    scratch = workspace.empty((get_num_threads(), size), dtype)
    # Large weights are transformed group by group, so that they are read while they are in the cache.
    group = max(1, _WEIGHT_BYTES // (points * depth * columns * dtype.itemsize))
    # Few blocks would leave threads idle, so there each takes a part of the panels.
    splits = 1 if _count(out, m, block) >= 4 else 2
    weight = np.ascontiguousarray(weight)
    for first in range(0, panels, group):
        count = min(group, panels - first)
        transformed = workspace.empty((points, count * depth + 1, columns), dtype)
        transform_weights(weight, adjoint, first, depth, transformed)
        winograd(maps, padding, transformed, bias, first, block, min(splits, count), scratch, out)
    return out


def weight_gradient(
    workspace: Workspace, maps: LazyMaps, dout: np.ndarray, padding: int, m: int
) -> np.ndarray:
    """See :func:`segnet_np.layers.convolve.weight_gradient`."""
    dtype = dout.dtype
    batch, out_h, out_w, out_channels = dout.shape
    channels = maps.raw.shape[3]
    lanes = VECTOR_BYTES // dtype.itemsize
    columns = panel_width(out_channels, dtype)
    panels = -(-out_channels // columns)
    channel_block = min(64, -(-channels // lanes) * lanes)
    channel_blocks = -(-channels // channel_block)
    points = (m + 2) ** 2
    block = _block(batch, out_h, out_w, m, 48)
    most = block[0] * block[1]
    size = (
        (m + 2) * (block[1] * m + 2) * max(channel_block, columns)  # the patch of pixels
        + points * (most * channel_block + lanes)  # V
        + MAX_ROWS
        + points * (most * columns + lanes)  # D
        + points * ((channel_block + MAX_ROWS) * columns + lanes)  # dU
    )
    scratch = workspace.empty((get_num_threads(), size), dtype)
    bands = -(-batch * -(-out_h // m) // block[0])
    chunks = min(bands, max(1, 8 // (panels * channel_blocks)))
    partial = workspace.empty((chunks, panels, channels, 9, columns), dtype)
    winograd_weight_gradient(maps, padding, finished(dout), m, block, channel_block, scratch, partial)
    dweight = workspace.empty((out_channels, channels, 3, 3), dtype)
    unpack_weight_gradient(partial, 9 * columns, columns, dweight)
    return dweight


def _block(batch: int, out_h: int, out_w: int, m: int, tiles: int) -> tuple[int, int]:
    """Rows and columns of a block of about `tiles` tiles; the rows may run on into the next picture."""
    lines, tile_w = batch * -(-out_h // m), -(-out_w // m)
    strips = -(-tile_w // tiles)
    columns = -(-tile_w // strips)
    bands = -(-lines // max(1, tiles // columns))
    bands += bands % 2  # so that two threads end at the same time
    return -(-lines // bands), columns


def _count(out: np.ndarray, m: int, block: tuple[int, int]) -> int:
    """How many blocks there are."""
    batch, out_h, out_w, _ = out.shape
    return -(-batch * -(-out_h // m) // block[0]) * -(-(-(-out_w // m)) // block[1])

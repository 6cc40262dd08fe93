"""Winograd convolution: how the work is cut into blocks, and the memory for the kernels."""

import numpy as np
from numba import get_num_threads

from segnet_np.kernels import winograd as kernels
from segnet_np.kernels import winograd_weight_gradient as gradient_kernels
from segnet_np.kernels.maps import LazyMaps
from segnet_np.kernels.tile import VECTOR_BYTES, panel_width
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
    depth = _whole_vectors(channels, dtype)
    rows = ((size + 2) // 3) ** 2 * depth  # of transformed weights in a panel
    block, count = _blocks(batch, height + grow, width + grow, m, 24 if depth <= 256 else 36)
    *_, length = kernels.scratch_layout.py_func(*block, m, size, channels, columns, _lanes(dtype))
    scratch = workspace.empty((get_num_threads(), length), dtype)
    moments = workspace.empty((count if want_moments else 0, 3, out_channels), dtype)
    # Large weights are transformed group by group, so that they are read while they are in the cache.
    points = (m + 2) ** 2
    group = max(1, _WEIGHT_BYTES // (points * rows * columns * dtype.itemsize))
    for first in range(0, panels, group):
        here = min(group, panels - first)
        transformed = workspace.empty((points, here * rows + 1, columns), dtype)
        kernels.transform_weights(weight, adjoint, first, depth, transformed)
        # Few blocks would leave threads idle, so there each takes a part of the panels.
        splits = 1 if count >= 4 else min(2, here)
        kernels.winograd(maps, padding, transformed, size, bias, first, block, splits, scratch, out, moments)
    return out, moments


def weight_gradient(
    workspace: Workspace, maps: LazyMaps, dout: np.ndarray, padding: int, size: int, m: int
) -> np.ndarray:
    """See :func:`segnet_np.layers.convolve.weight_gradient`; by tiles of m x m pixels."""
    dtype = dout.dtype
    batch, out_h, out_w, out_channels = dout.shape
    channels = maps.raw.shape[3]
    columns = panel_width(out_channels, dtype)
    panels = -(-out_channels // columns)
    channel_block = min(64, _whole_vectors(channels, dtype))
    block, _ = _blocks(batch, out_h, out_w, m, 48)
    *_, length = gradient_kernels.scratch_layout.py_func(*block, m, channel_block, columns, _lanes(dtype))
    scratch = workspace.empty((get_num_threads(), length), dtype)
    # Few units of work are cut into chunks of rows, so that every thread has some; how many follows from the
    # shape alone, so that it never depends on the machine in which order numbers are added.
    units = panels * -(-channels // channel_block) * ((size + 2) // 3) ** 2
    chunks = min(batch * -(-out_h // m), max(1, 8 // units))
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

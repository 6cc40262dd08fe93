"""Direct convolution: memory, padding and packed weights for the kernels in ``kernels/conv2d``."""

import numpy as np

from segnet_np.kernels import conv2d as kernels
from segnet_np.kernels.maps import LazyMaps, write
from segnet_np.kernels.tile import VECTOR_BYTES, panel_width
from segnet_np.layers.lazy import finished, size_of
from segnet_np.layers.workspace import Workspace


def correlate(
    workspace: Workspace,
    maps: LazyMaps,
    weight: np.ndarray,
    bias: np.ndarray,
    padding: int,
    adjoint: bool,
    leaves: bool = False,
) -> tuple[np.ndarray, None]:
    """See :func:`segnet_np.layers.convolve.correlate`."""
    batch, height, width, channels = size_of(maps)
    kernel_size = weight.shape[2]
    grow = 2 * padding - kernel_size + 1
    padded = _pad(workspace, maps, padding, kernel_size, height + grow, width + grow)
    out_channels = weight.shape[1 if adjoint else 0]
    columns = panel_width(out_channels, weight.dtype)
    panels = -(-out_channels // columns)
    packed = workspace.empty((panels, kernel_size, kernel_size, channels, columns), weight.dtype)
    kernels.pack_weights(weight, adjoint, packed)
    out = workspace.empty((batch, height + grow, width + grow, out_channels), weight.dtype, leaves=leaves)
    kernels.conv2d(padded, packed, bias, out)
    return out, None


def weight_gradient(
    workspace: Workspace, maps: LazyMaps, dout: np.ndarray, padding: int, kernel_size: int
) -> np.ndarray:
    """See :func:`segnet_np.layers.convolve.weight_gradient`."""
    batch, out_h, out_w, out_channels = dout.shape
    channels = maps.raw.shape[3]
    columns = panel_width(out_channels, dout.dtype)
    lanes = VECTOR_BYTES // dout.itemsize
    partial_shape = kernels.weight_gradient_shape(
        batch, out_h, channels, out_channels, kernel_size, kernel_size, columns, lanes
    )
    padded = _pad(workspace, maps, padding, kernel_size, out_h, out_w)
    panels = partial_shape[1]
    if out_channels < panels * columns:
        filled = workspace.empty((batch, out_h, out_w, panels * columns), dout.dtype)
        write(finished(dout), 0, 0, filled)
        dout = filled
    partial = workspace.empty(partial_shape, dout.dtype)
    kernels.conv2d_weight_gradient(padded, dout, partial)
    dweight = workspace.empty((out_channels, channels, kernel_size, kernel_size), dout.dtype, leaves=True)
    kernels.unpack_weight_gradient(partial, dweight)
    return dweight


def _pad(
    workspace: Workspace, maps: LazyMaps, padding: int, kernel_size: int, out_h: int, out_w: int
) -> np.ndarray:
    """Put zeros around the maps, or cut where `padding` is negative, to yield out_h x out_w pixels."""
    batch, _, _, channels = size_of(maps)
    shape = (batch, out_h + kernel_size - 1, out_w + kernel_size - 1, channels)
    padded = workspace.empty(shape, maps.raw.dtype, kernels.slack(channels))
    write(maps, padding, padding, padded)
    return padded

"""Transposed convolution, 2x2 with stride 2: upsampling that is learned.

Each input pixel becomes a block of 2x2 output pixels, each of them a weighted sum over the channels:

    out[n, o, 2 * i + a, 2 * j + b] = bias[o] + sum over c of  x[n, c, i, j] * weight[c, o, a, b]

The blocks do not overlap. Backward, each gradient is dout times the other factor, summed over all that the
wanted one took part in:

    dbias[o]              = sum over n and all pixels of dout[n, o]
    dweight[c, o, a, b]   = sum over n, i, j of x[n, c, i, j] * dout[n, o, 2 * i + a, 2 * j + b]
    dx[n, c, i, j]        = sum over o, a, b of weight[c, o, a, b] * dout[n, o, 2 * i + a, 2 * j + b]

It is the transpose of a 2x2 convolution with stride 2: what is forward here is there the way back of the
gradient. For odd sizes the last block is cut off, or a last row or column, which no block reaches, gets the
bias alone (PyTorch's ``output_padding``).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.kernels.channel_sum import channel_sum, partial_sums
from segnet_np.kernels.conv_transpose2d import gather_blocks, scatter_blocks
from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer, Parameter
from segnet_np.layers.checks import check_count, check_flag, check_maps, check_replaced, float_dtype
from segnet_np.layers.convolve import correlate, weight_gradient
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished, size_of
from segnet_np.layers.output_size import doubled_size
from segnet_np.layers.pooling_indices import WINDOW


class ConvTranspose2d(Layer):
    """Transposed 2-D convolution with a 2x2 kernel and stride 2.

    Parameters
    ----------
    in_channels, out_channels : int
        Number of channels C and O.
    kernel_size, stride : int, default 2
        Only 2, which doubles the size.
    bias : bool, default True
        Whether a number is added to each output channel.
    dtype : dtype-like, default "float32"
        float32 or float64, of the weights and of x.
    seed : int, SeedSequence or Generator, default 0
        Where the initial weights are drawn from.

    Attributes
    ----------
    weight : Parameter, shape (C, O, 2, 2)
        PyTorch's order. Drawn from a normal distribution with standard deviation ``sqrt(2 / C)``: each output
        is a sum of C products.
    bias : Parameter, shape (O,), or None
        Zeros at first.

    Raises
    ------
    TypeError
        If a size is no whole number or `dtype` is not float32 or float64.
    ValueError
        If a size is too small, or kernel or stride not 2.

    Examples
    --------
    >>> ConvTranspose2d(3, 5)(np.zeros((2, 3, 6, 8), "float32")).shape
    (2, 5, 12, 16)
    """

    parameter_names = ("weight", "bias")

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 2,
        stride: int = 2,
        bias: bool = True,
        *,
        dtype: DTypeLike = "float32",
        seed: int | np.random.SeedSequence | np.random.Generator = 0,
    ) -> None:
        super().__init__()
        self.in_channels = check_count("ConvTranspose2d", "in_channels", in_channels, 1)
        self.out_channels = check_count("ConvTranspose2d", "out_channels", out_channels, 1)
        for name, value in (("kernel_size", kernel_size), ("stride", stride)):
            if check_count("ConvTranspose2d", name, value, 1) != WINDOW:
                raise ValueError(f"ConvTranspose2d: {name} must be {WINDOW}, but {value} was given")
        self.dtype = float_dtype("ConvTranspose2d", dtype)
        shape = (in_channels, out_channels, WINDOW, WINDOW)
        weight = np.random.default_rng(seed).standard_normal(shape) * np.sqrt(2 / in_channels)
        self.weight = Parameter(weight.astype(self.dtype))
        has_bias = check_flag("ConvTranspose2d", "bias", bias)
        self.bias = Parameter(np.zeros(out_channels, self.dtype)) if has_bias else None

    def forward(self, x: np.ndarray, output_size: Sequence[int] | None = None) -> np.ndarray:
        """Turn each pixel into a block.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)
        output_size : tuple of int, optional
            (OH, OW); twice the size of x, if not given.

        Returns
        -------
        out : ndarray, shape (N, O, OH, OW)

        Raises
        ------
        TypeError, ValueError
            If x is no array of the layer's dtype and channels, or the size is more than one away from twice
            its own.
        """
        check_maps("ConvTranspose2d", "x", x, self.in_channels, self.dtype)
        size = doubled_size("ConvTranspose2d", x.shape, output_size)
        return to_nchw(ConvTranspose2d.lazy_forward(self, finished(to_nhwc(x)), size).raw)

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> LazyMaps:
        """Forward inside a net: finish the maps while they are multiplied."""
        (size,) = rest
        nothing = np.zeros(4 * self.out_channels, self.dtype)
        blocks, _ = correlate(self.workspace, maps, self._as_convolution(), nothing, 0, "direct")
        out = self.workspace.empty((maps.raw.shape[0], *size, self.out_channels), self.dtype)
        bias = nothing[: self.out_channels] if self.bias is None else self.bias.data
        scatter_blocks(blocks, bias, out)
        self.remember(to_nchw(out).shape, self.dtype, maps)
        self.show(to_nchw(out))
        return finished(out)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Add to the gradients of weight and bias, and return the gradient of x.

        Parameters
        ----------
        dout : ndarray, shape (N, O, OH, OW)
            Gradient of the loss with respect to what `forward` returned.

        Returns
        -------
        dx : ndarray, shape (N, C, H, W)

        Raises
        ------
        RuntimeError
            If no forward came before.
        TypeError, ValueError
            If dout does not fit what `forward` returned.
        """
        self.check_upstream(dout)
        return to_nchw(ConvTranspose2d.lazy_backward(self, finished(to_nhwc(dout))).raw)

    def lazy_backward(self, dmaps: LazyMaps, *options: Any) -> LazyMaps:
        """Backward for :meth:`lazy_forward`."""
        (x,) = self.recall_inside(dmaps)
        dout = finish(dmaps, self.workspace)
        # forward was: out = bias + ...
        if self.bias is not None:
            pixels = dout.reshape(-1, self.out_channels)
            partial = partial_sums(*pixels.shape)
            channel_sum(pixels, partial)
            self.bias.add_gradient(partial.sum(axis=0).astype(self.dtype))
        # forward was: out[block of a pixel] = x[pixel] @ weight
        batch, height, width, _ = size_of(x)
        dblocks = self.workspace.empty((batch, height, width, 4 * self.out_channels), self.dtype)
        gather_blocks(dout, dblocks)
        dweight = weight_gradient(self.workspace, x, dblocks, 0, 1, "direct")
        shape = (WINDOW, WINDOW, self.out_channels, self.in_channels)
        self.weight.add_gradient(np.ascontiguousarray(dweight.reshape(shape).transpose(3, 2, 0, 1)))
        # The same line, read for x: each pixel received the gradients of its block times their weights.
        nothing = np.zeros(self.in_channels, self.dtype)
        weight = self._as_convolution()
        dx, _ = correlate(self.workspace, finished(dblocks), weight, nothing, 0, "direct", adjoint=True)
        return finished(dx)

    def _as_convolution(self) -> np.ndarray:
        """The weights as those of a 1x1 convolution to the four places of a block, (4 * O, C, 1, 1)."""
        shape = (self.in_channels, self.out_channels, WINDOW, WINDOW)
        check_replaced("ConvTranspose2d", "weight", self.weight.data, shape, self.dtype)
        if self.bias is not None:
            check_replaced("ConvTranspose2d", "bias", self.bias.data, shape[1:2], self.dtype)
        return self.weight.data.transpose(2, 3, 1, 0).reshape(4 * self.out_channels, self.in_channels, 1, 1)

    def __repr__(self) -> str:
        return (
            f"ConvTranspose2d({self.in_channels}, {self.out_channels}, kernel_size={WINDOW}, "
            f"stride={WINDOW}, bias={self.bias is not None})"
        )

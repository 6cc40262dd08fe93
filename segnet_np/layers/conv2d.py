"""Convolution: each output pixel is a weighted sum of the input pixels around it.

Forward, where P is the padding and x counts as zero outside of its edges (deep learning calls it convolution,
though the kernel is not turned round):

    out[n, o, i, j] = bias[o] + sum over c, ki, kj of  weight[o, c, ki, kj] * x[n, c, i + ki - P, j + kj - P]

Backward. `out` is a sum of products, so each gradient is the upstream gradient `dout` times the other factor,
summed over everything that the wanted one took part in:

    dbias[o]              = sum over n, i, j of   dout[n, o, i, j]
    dweight[o, c, ki, kj] = sum over n, i, j of   dout[n, o, i, j] * x[n, c, i + ki - P, j + kj - P]
    dx[n, c, i, j]        = sum over o, ki, kj of weight[o, c, ki, kj] * dout[n, o, i - ki + P, j - kj + P]

The last line is a convolution again: of dout, with the kernel turned by 180 degrees, c and o exchanged, and
the padding ``kernel_size - 1 - P``.

Used in every encoder and decoder of SegNet (Badrinarayanan, Kendall, Cipolla, arXiv 1511.00561, section 3).
"""

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.kernels import conv2d as kernels
from segnet_np.kernels.channel_sum import channel_sum, partial_sums
from segnet_np.kernels.padding import pad
from segnet_np.kernels.tile import panel_width
from segnet_np.layers.base import Layer, Parameter
from segnet_np.layers.checks import check_count, check_maps, float_dtype
from segnet_np.layers.layout import to_nchw, to_nhwc


class Conv2d(Layer):
    """2-D convolution with stride 1.

    Parameters
    ----------
    in_channels, out_channels : int
        Number of channels C and O.
    kernel_size : int
        Rows and columns of the kernel, KH = KW; odd.
    padding : int, default 0
        Rows and columns of zeros around x. ``kernel_size // 2`` keeps the size of the map.
    bias : bool, default True
        Whether a number is added to each output channel.
    dtype : dtype-like, default "float32"
        float32 or float64, of the weights and of x.
    seed : int, SeedSequence or Generator, default 0
        Where the initial weights are drawn from.

    Attributes
    ----------
    weight : Parameter, shape (O, C, KH, KW)
        Drawn from a normal distribution with standard deviation ``sqrt(2 / (C * KH * KW))``, which keeps the
        variance from layer to layer where a ReLU follows (He et al., arXiv 1502.01852, section 2.2; Caffe's
        "msra" filler).
    bias : Parameter, shape (O,), or None
        Zeros at first.

    Raises
    ------
    TypeError
        If a size is no whole number or `dtype` is not float32 or float64.
    ValueError
        If a size is too small or `kernel_size` even.

    Examples
    --------
    >>> conv = Conv2d(3, 5, kernel_size=3, padding=1)
    >>> conv(np.zeros((2, 3, 6, 8), "float32")).shape
    (2, 5, 6, 8)
    """

    parameter_names = ("weight", "bias")

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        padding: int = 0,
        bias: bool = True,
        *,
        dtype: DTypeLike = "float32",
        seed: int | np.random.SeedSequence | np.random.Generator = 0,
    ) -> None:
        super().__init__()
        self.in_channels = check_count("Conv2d", "in_channels", in_channels, 1)
        self.out_channels = check_count("Conv2d", "out_channels", out_channels, 1)
        self.kernel_size = check_count("Conv2d", "kernel_size", kernel_size, 1)
        if kernel_size % 2 == 0:
            raise ValueError(f"Conv2d: kernel_size must be odd, but {kernel_size} was given")
        self.padding = check_count("Conv2d", "padding", padding, 0)
        self.dtype = float_dtype("Conv2d", dtype)
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        spread = np.sqrt(2 / (in_channels * kernel_size**2))
        weight = np.random.default_rng(seed).standard_normal(shape) * spread
        self.weight = Parameter(weight.astype(self.dtype))
        self.bias = Parameter(np.zeros(out_channels, self.dtype)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Correlate x with the weights.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)

        Returns
        -------
        out : ndarray, shape (N, O, OH, OW)
            ``OH = H + 2 * padding - kernel_size + 1``, OW likewise.

        Raises
        ------
        TypeError, ValueError
            If x is no array of the layer's dtype and channels, or smaller than the kernel.
        """
        check_maps("Conv2d", "x", x, self.in_channels, self.dtype)
        batch, _, height, width = x.shape
        grow = 2 * self.padding - self.kernel_size + 1
        if height + grow < 1 or width + grow < 1:
            raise ValueError(
                f"Conv2d: x of {height}x{width} pixels with padding {self.padding} is smaller than "
                f"the kernel of {self.kernel_size}x{self.kernel_size}"
            )
        x = to_nhwc(x)
        shape = (batch, height + grow, width + grow, self.out_channels)
        bias = self.bias.data if self.bias is not None else np.zeros(self.out_channels, self.dtype)
        out = self._correlate(self._pad(x, self.padding, shape[1:3]), bias, shape)
        self.remember(to_nchw(out).shape, self.dtype, x)
        return to_nchw(out)

    def backward(self, dout: np.ndarray, input_grad: bool = True) -> np.ndarray | None:
        """Add to the gradients of weight and bias, and return the gradient of x.

        Parameters
        ----------
        dout : ndarray, shape (N, O, OH, OW)
            Gradient of the loss with respect to what `forward` returned.
        input_grad : bool, default True
            Whether dx is wanted. The first layer of a net that trains has no use for it.

        Returns
        -------
        dx : ndarray, shape (N, C, H, W), or None

        Raises
        ------
        RuntimeError
            If no forward came before.
        TypeError, ValueError
            If dout does not fit what `forward` returned.
        """
        (x,) = self.recall(dout)
        dout = to_nhwc(dout)
        # forward was: out = bias + ...
        if self.bias is not None:
            self.bias.add_gradient(self._sum_pixels(dout))
        # forward was: out[pixel, o] += weight[o, tap] * x[pixel + tap]
        self.weight.add_gradient(self._weight_gradient(x, dout))
        if not input_grad:
            return None
        # The same line, read for x: each x[pixel + tap] received dout[pixel] times the weight of that tap.
        padded = self._pad(dout, self.kernel_size - 1 - self.padding, x.shape[1:3])
        no_bias = np.zeros(self.in_channels, self.dtype)
        return to_nchw(self._correlate(padded, no_bias, x.shape, adjoint=True))

    def _pad(self, x: np.ndarray, padding: int, out_size: tuple[int, int]) -> np.ndarray:
        """Put zeros around x (N, H, W, C), or cut where `padding` is negative, to yield `out_size` pixels."""
        batch, _, _, channels = x.shape
        height, width = (size + self.kernel_size - 1 for size in out_size)
        padded = self.workspace.empty((batch, height, width, channels), self.dtype, kernels.slack(channels))
        pad(x, padding, padding, padded)
        return padded

    def _correlate(
        self, padded: np.ndarray, bias: np.ndarray, shape: tuple[int, ...], adjoint: bool = False
    ) -> np.ndarray:
        """Convolve a padded map into one of `shape`; with `adjoint`, by the kernel that backward needs."""
        channels, out_channels = padded.shape[3], shape[3]
        columns = panel_width(out_channels, self.dtype)
        panels = -(-out_channels // columns)
        size = self.kernel_size
        packed = self.workspace.empty((panels, size, size, channels, columns), self.dtype)
        kernels.pack_weights(np.ascontiguousarray(self.weight.data), adjoint, packed)
        out = self.workspace.empty(shape, self.dtype)
        kernels.conv2d(padded, packed, bias, out)
        return out

    def _weight_gradient(self, x: np.ndarray, dout: np.ndarray) -> np.ndarray:
        batch, out_h, out_w, out_channels = dout.shape
        columns = panel_width(out_channels, self.dtype)
        partial_shape = kernels.weight_gradient_shape(
            batch, out_h, self.in_channels, out_channels, self.kernel_size, self.kernel_size, columns
        )
        padded = self._pad(x, self.padding, (out_h, out_w))
        panels = partial_shape[1]
        if out_channels < panels * columns:
            filled = self.workspace.empty((batch, out_h, out_w, panels * columns), self.dtype)
            pad(dout, 0, 0, filled)
            dout = filled
        partial = self.workspace.empty(partial_shape, self.dtype)
        kernels.conv2d_weight_gradient(padded, dout, partial)
        dweight = self.workspace.empty(self.weight.data.shape, self.dtype)
        kernels.unpack_weight_gradient(partial, dweight)
        return dweight

    def _sum_pixels(self, dout: np.ndarray) -> np.ndarray:
        pixels = dout.reshape(-1, self.out_channels)
        partial = partial_sums(*pixels.shape)
        channel_sum(pixels, partial)
        return partial.sum(axis=0).astype(self.dtype)

    def __repr__(self) -> str:
        return (
            f"Conv2d({self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"padding={self.padding}, bias={self.bias is not None})"
        )

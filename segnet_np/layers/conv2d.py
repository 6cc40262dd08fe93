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

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.kernels.channel_sum import channel_sum, partial_sums
from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer, Parameter
from segnet_np.layers.checks import check_count, check_flag, check_maps, check_replaced, float_dtype
from segnet_np.layers.convolve import ALGORITHMS, correlate, weight_gradient
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished


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
    algorithm : {"auto", "direct", "winograd"}, default "auto"
        How it is computed. Winograd's needs fewer products and, with tiles of 4x4, rounds a little more;
        "auto" takes it where it is faster, never for float64 and 1x1 kernels
        (:mod:`segnet_np.layers.convolve`).

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
        If a size is too small, `kernel_size` even, `algorithm` unknown, or "winograd" with a
        `kernel_size` of 1.

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
        algorithm: str = "auto",
    ) -> None:
        super().__init__()
        self.in_channels = check_count("Conv2d", "in_channels", in_channels, 1)
        self.out_channels = check_count("Conv2d", "out_channels", out_channels, 1)
        self.kernel_size = check_count("Conv2d", "kernel_size", kernel_size, 1)
        if kernel_size % 2 == 0:
            raise ValueError(f"Conv2d: kernel_size must be odd, but {kernel_size} was given")
        self.padding = check_count("Conv2d", "padding", padding, 0)
        if algorithm not in ALGORITHMS:
            raise ValueError(f"Conv2d: algorithm must be one of {ALGORITHMS}, but {algorithm!r} was given")
        if algorithm == "winograd" and kernel_size < 3:
            raise ValueError("Conv2d: winograd is for kernels of 3x3 and more, but kernel_size 1 was given")
        self.algorithm = algorithm
        self.dtype = float_dtype("Conv2d", dtype)
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        spread = np.sqrt(2 / (in_channels * kernel_size**2))
        weight = np.random.default_rng(seed).standard_normal(shape) * spread
        self.weight = Parameter(weight.astype(self.dtype))
        has_bias = check_flag("Conv2d", "bias", bias)
        self.bias = Parameter(np.zeros(out_channels, self.dtype)) if has_bias else None

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
        self.check(x)
        return to_nchw(Conv2d.lazy_forward(self, finished(to_nhwc(x))).raw)

    def check(self, x: np.ndarray) -> None:
        """Raise what :meth:`forward` raises for this x."""
        check_maps("Conv2d", "x", x, self.in_channels, self.dtype)
        height, width = x.shape[2:]
        grow = 2 * self.padding - self.kernel_size + 1
        if height + grow < 1 or width + grow < 1:
            raise ValueError(
                f"Conv2d: x of {height}x{width} pixels with padding {self.padding} is smaller than "
                f"the kernel of {self.kernel_size}x{self.kernel_size}"
            )

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> LazyMaps:
        """Forward inside a net: finish the maps while convolving them."""
        out, _ = self.convolve(maps, leaves=True)  # the last layer of a net, or one alone
        self.remember(to_nchw(out).shape, self.dtype, maps)
        return finished(out)

    def convolve(
        self, maps: LazyMaps, want_moments: bool = False, leaves: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Convolve without remembering: out (N, OH, OW, O) and, if wanted and known, its moments."""
        shape = (self.out_channels, self.in_channels, self.kernel_size, self.kernel_size)
        check_replaced("Conv2d", "weight", self.weight.data, shape, self.dtype)
        if self.bias is not None:
            check_replaced("Conv2d", "bias", self.bias.data, shape[:1], self.dtype)
        bias = self.bias.data if self.bias is not None else np.zeros(self.out_channels, self.dtype)
        out, moments = correlate(
            self.workspace,
            maps,
            self.weight.data,
            bias,
            self.padding,
            self.algorithm,
            want_moments=want_moments,
            leaves=leaves,
        )
        self.show(to_nchw(out))
        return out, moments

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
        self.check_upstream(dout)
        dx = Conv2d.lazy_backward(self, finished(to_nhwc(dout)), input_grad)
        return None if dx is None else to_nchw(dx.raw)

    def lazy_backward(self, dmaps: LazyMaps, input_grad: bool = True) -> LazyMaps | None:
        """Backward for :meth:`lazy_forward`."""
        (x,) = self.recall_inside(dmaps)
        dout = finish(dmaps, self.workspace)
        # forward was: out = bias + ...; docs/derivations/convolution.md (5)
        if self.bias is not None:
            self.bias.add_gradient(self._sum_pixels(dout))
        return self.product_gradients(x, dout, input_grad)

    def product_gradients(self, x: LazyMaps, dout: np.ndarray, input_grad: bool) -> LazyMaps | None:
        """Add to the gradient of the weights, and return that of x, or None if it is not wanted."""
        # forward was: out[pixel, o] += weight[o, tap] * x[pixel + tap]; docs/derivations/convolution.md (7)
        size = self.kernel_size
        self.weight.add_gradient(weight_gradient(self.workspace, x, dout, self.padding, size, self.algorithm))
        if not input_grad:
            return None
        # The same line, read for x: each x[pixel + tap] received dout[pixel] times the weight of that tap;
        # docs/derivations/convolution.md (12)
        no_bias = np.zeros(self.in_channels, self.dtype)
        dx, _ = correlate(
            self.workspace,
            finished(dout),
            self.weight.data,
            no_bias,
            size - 1 - self.padding,
            self.algorithm,
            adjoint=True,
        )
        return finished(dx)

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

"""Convolution, batch norm, ReLU: the brick of which SegNet is built.

    out = relu(batch_norm(conv(x)))

and backward the three backward passes in the other order. The convolution keeps its bias as in the authors'
definition, though batch norm takes any constant away again: the gradient of that bias is zero but for
rounding, and where the three are fused exactly zero. In evaluation mode, with fixed statistics, it counts.

A net would spend more time on writing and reading these maps than on computing them. So the three are fused:
only what the convolution gives is written. Its sums for batch norm are made on the way, and batch norm and
ReLU themselves happen where the next layer reads (:mod:`segnet_np.kernels.maps`). Who wants to see the steps
one by one finds them in the files of the three layers; a test holds both equal.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.kernels.batch_norm_relu import gradient_sums, input_gradient
from segnet_np.kernels.channel_sum import chunks_of
from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer
from segnet_np.layers.batch_norm import BatchNorm2d
from segnet_np.layers.checks import check_flag, check_maps
from segnet_np.layers.conv2d import Conv2d
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished, size_of, unfinished
from segnet_np.layers.relu import ReLU


class ConvBNReLU(Layer):
    """The three layers as one.

    Parameters
    ----------
    in_channels, out_channels : int
        Number of channels C and O.
    kernel_size : int
        Rows and columns of the kernel; odd.
    padding : int
        Rows and columns of zeros around x.
    relu : bool, default True
        False leaves the ReLU out, as SegNet-Basic's decoder does.
    dtype : dtype-like, default "float32"
        float32 or float64.
    seed : int, SeedSequence or Generator, default 0
        Where the initial weights are drawn from.

    Attributes
    ----------
    conv : Conv2d
    bn : BatchNorm2d
    relu : ReLU or None

    Examples
    --------
    >>> ConvBNReLU(3, 5, kernel_size=3, padding=1)(np.zeros((2, 3, 6, 8), "float32")).shape
    (2, 5, 6, 8)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        padding: int,
        relu: bool = True,
        *,
        dtype: DTypeLike = "float32",
        seed: int | np.random.SeedSequence | np.random.Generator = 0,
    ) -> None:
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, kernel_size, padding, dtype=dtype, seed=seed)
        self.bn = BatchNorm2d(out_channels, dtype=dtype)
        self.relu = ReLU() if check_flag("ConvBNReLU", "relu", relu) else None
        self.dtype = self.conv.dtype

    def children(self) -> dict[str, Layer]:
        """``conv``, ``bn`` and, if there is one, ``relu``, in the order of forward."""
        layers: dict[str, Layer] = {"conv": self.conv, "bn": self.bn}
        return layers if self.relu is None else {**layers, "relu": self.relu}

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Convolve, normalise, rectify.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)

        Returns
        -------
        out : ndarray, shape (N, O, OH, OW)

        Raises
        ------
        TypeError, ValueError
            As :class:`Conv2d` and :class:`BatchNorm2d`.
        """
        if self._fuses():
            self.conv.check(x)
        else:
            check_maps("ConvBNReLU", "x", x)  # the layers that stand in for the usual ones check more
        return to_nchw(finish(ConvBNReLU.lazy_forward(self, finished(to_nhwc(x))), self.workspace))

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> LazyMaps:
        """Forward inside a net: leave batch norm and ReLU to the reader."""
        self._remembered = None  # if this pass fails or is interrupted, there is none to go backward from
        if not self._fuses():
            for layer in self.children().values():
                maps = layer.lazy_forward(maps)
            batch, height, width, channels = size_of(maps)
            self.remember((batch, channels, height, width), self.dtype)
            return maps
        y, moments = self.conv.convolve(maps, want_moments=self.bn.training)
        mean, inv_std = self.bn.statistics(y.reshape(-1, y.shape[3]), moments)
        scale = self.bn.weight.data * inv_std
        floor = -np.inf if self.relu is None else 0
        out = unfinished(y, scale, self.bn.bias.data - mean * scale, floor)
        self.remember(to_nchw(y).shape, self.dtype, maps, out, mean, inv_std, self.bn.training)
        if self.bn.observer is not None:
            self.bn.show(out._replace(floor=np.full_like(out.floor, -np.inf)))
        if self.relu is not None:
            self.relu.show(out)
        return out

    def backward(self, dout: np.ndarray, input_grad: bool = True) -> np.ndarray | None:
        """Add to the gradients of all parameters, and return the gradient of x.

        Parameters
        ----------
        dout : ndarray, shape (N, O, OH, OW)
            Gradient of the loss with respect to what `forward` returned.
        input_grad : bool, default True
            Whether dx is wanted.

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
        dx = ConvBNReLU.lazy_backward(self, finished(to_nhwc(dout).copy()), input_grad)
        return None if dx is None else to_nchw(dx.raw)

    def lazy_backward(self, dmaps: LazyMaps, input_grad: bool = True) -> LazyMaps | None:
        """Backward for :meth:`lazy_forward`."""
        values = self.recall_inside(dmaps)
        if not self._fuses():
            d: Any = dmaps if self.relu is None else self.relu.lazy_backward(dmaps)
            d = self.bn.lazy_backward(d)
            return self.conv.lazy_backward(d, input_grad)
        x, out, mean, inv_std, trained = values
        batch, height, width, channels = out.raw.shape
        mean_, inv_std_ = mean.astype(self.dtype), inv_std.astype(self.dtype)

        # forward was: bn = weight * x_hat + bias, out = max(bn, 0)
        sums = np.empty((2, chunks_of(batch * height), channels))
        gradient_sums(out, dmaps, mean_, inv_std_, sums)
        dbias, dweight = sums.sum(axis=1)
        self.bn.bias.add_gradient(dbias.astype(self.dtype))
        self.bn.weight.add_gradient(dweight.astype(self.dtype))

        # forward was: x_hat = (y - mean) * inv_std, where in training mean and inv_std came from y too
        count = batch * height * width if trained else np.inf  # fixed statistics: the two means drop out
        # It takes the place of dout, if that has one.
        dy = self.workspace.empty(out.raw.shape, self.dtype) if dmaps.offsets.size else dmaps.raw
        means = [(total / count).astype(self.dtype) for total in (dbias, dweight)]
        input_gradient(out, dmaps, mean_, inv_std_, *means, dy)

        # forward was: y = conv(x) + bias. In training the mean takes any bias away again.
        if self.conv.bias is not None:
            through = np.zeros(channels) if trained else dbias * self.bn.weight.data * inv_std
            self.conv.bias.add_gradient(through.astype(self.dtype))
        return self.conv.product_gradients(x, dy, input_grad)

    def _fuses(self) -> bool:
        """Whether all three are this package's own; who puts a layer of his own in wants it to be used."""
        return (type(self.conv), type(self.bn)) == (Conv2d, BatchNorm2d) and type(self.relu) in (
            ReLU,
            type(None),
        )

    def __repr__(self) -> str:
        return f"ConvBNReLU({self.conv!r}, relu={self.relu is not None})"

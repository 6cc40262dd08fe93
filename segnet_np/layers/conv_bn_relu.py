"""Convolution, batch norm, ReLU: the brick of which SegNet is built.

    out = relu(batch_norm(conv(x)))

and backward the three backward passes in the other order. The convolution keeps its bias as in the authors'
definition, though batch norm takes any constant away again: the gradient of that bias is zero but for
rounding.
"""

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.layers.base import Layer
from segnet_np.layers.batch_norm import BatchNorm2d
from segnet_np.layers.conv2d import Conv2d
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
        self.relu = ReLU() if relu else None
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
        for layer in self.children().values():
            x = layer(x)
        return x

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
        if self.relu is not None:
            dout = self.relu.backward(dout)
        return self.conv.backward(self.bn.backward(dout), input_grad)

    def __repr__(self) -> str:
        return f"ConvBNReLU({self.conv!r}, relu={self.relu is not None})"

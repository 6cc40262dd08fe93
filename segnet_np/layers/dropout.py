"""Dropout: in training, set numbers to zero at random, so that a net cannot lean on any single one.

With keep 1 where a number is kept, which happens with probability 1 - p, and 0 where it is dropped:

    out = x * keep / (1 - p)
    dx  = dout * keep / (1 - p)

The division makes the mean of out that of x ("inverted" dropout), so that in evaluation mode nothing is left
to do: there out = x, and dx = dout (Srivastava and others, "Dropout: a simple way to prevent neural networks
from overfitting", JMLR 15, 2014). Bayesian SegNet has it in its deeper stages (arXiv 1511.02680).

Which numbers are dropped is drawn from `generator`, and nothing else: who sets it draws the same again.
"""

import numpy as np

from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_maps, check_number
from segnet_np.layers.layout import to_nchw, to_nhwc


class Dropout(Layer):
    """Drop numbers at random in training mode; float32 and float64.

    Parameters
    ----------
    p : float, default 0.5
        The probability that a number is dropped; below 1.
    seed : int, SeedSequence or Generator, default 0
        Where the random numbers come from.

    Raises
    ------
    TypeError
        If `p` is no number.
    ValueError
        If it is not from 0 to below 1.

    Attributes
    ----------
    generator : numpy.random.Generator

    Examples
    --------
    >>> Dropout(0.5)(np.ones((1, 1, 2, 4)))
    array([[[[2., 2., 2., 0.],
             [0., 0., 0., 0.]]]])
    """

    def __init__(
        self, p: float = 0.5, *, seed: int | np.random.SeedSequence | np.random.Generator = 0
    ) -> None:
        super().__init__()
        self.p = check_number("Dropout", "p", p, most=1)
        if self.p == 1:
            raise ValueError("Dropout: p must be below 1, where nothing would be left, but 1 was given")
        self.generator = np.random.default_rng(seed)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Drop numbers in training mode; in evaluation mode return a copy.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)

        Returns
        -------
        out : ndarray, shape (N, C, H, W)

        Raises
        ------
        TypeError, ValueError
            If x is no such array of float32 or float64.
        """
        check_maps("Dropout", "x", x)
        x = to_nhwc(x)
        out = self.workspace.empty(x.shape, x.dtype)
        keep = self.generator.random(x.shape, np.float32) >= self.p if self._drops() else None
        self._apply(x, keep, out)
        self.remember(to_nchw(out).shape, out.dtype, keep)
        return to_nchw(out)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Let the gradient through where the number was kept.

        Parameters
        ----------
        dout : ndarray, shape (N, C, H, W)

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
        (keep,) = self.recall(dout)
        dout = to_nhwc(dout)
        # forward was: out = x * keep / (1 - p)
        dx = self.workspace.empty(dout.shape, dout.dtype)
        self._apply(dout, keep, dx)
        return to_nchw(dx)

    def lazy_forward(self, maps: LazyMaps, *rest: object) -> LazyMaps:
        """Forward inside a net; where nothing is dropped, the maps go on as they came."""
        self._remembered = None
        return super().lazy_forward(maps) if self._drops() else maps

    def lazy_backward(self, dmaps: LazyMaps, *options: object) -> LazyMaps | None:
        """Backward for :meth:`lazy_forward`."""
        return dmaps if self._remembered is None else super().lazy_backward(dmaps)

    def _drops(self) -> bool:
        return self.training and self.p > 0

    def _apply(self, x: np.ndarray, keep: np.ndarray | None, out: np.ndarray) -> None:
        if keep is None:
            np.copyto(out, x)
        else:
            np.multiply(x, x.dtype.type(1 / (1 - self.p)), out=out)
            out[~keep] = 0  # not a product, which would leave NaN and infinity what they are

    def __repr__(self) -> str:
        return f"Dropout(p={self.p})"

"""Concatenation: two batches of maps of one size, the channels of the second behind those of the first.

    out[n, c]           = a[n, c]             for c < A
    out[n, A + c]       = b[n, c]
    da, db              = dout[:, :A], dout[:, A:]

So U-Net hands whole feature maps of the encoder to the decoder, where SegNet hands over the places of the
maxima: all that the encoder knew at that size, at the price of keeping every number of it.
"""

from typing import Any

import numpy as np

from segnet_np.kernels.concatenate import add_maps, put_channels, take_channels
from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished, size_of


class Concatenate(Layer):
    """Join two batches of maps along their channels.

    Examples
    --------
    >>> Concatenate()(np.zeros((2, 3, 6, 8)), np.ones((2, 5, 6, 8))).shape
    (2, 8, 6, 8)
    """

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Join them.

        Parameters
        ----------
        a : ndarray, shape (N, A, H, W)
            float32 or float64.
        b : ndarray, shape (N, B, H, W)
            Of the same dtype.

        Returns
        -------
        out : ndarray, shape (N, A + B, H, W)

        Raises
        ------
        TypeError, ValueError
            If one is no such array, or they differ in dtype, batch or size.
        """
        check_maps("Concatenate", "a", a)
        check_maps("Concatenate", "b", b, dtype=a.dtype)
        if a.shape[:1] + a.shape[2:] != b.shape[:1] + b.shape[2:]:
            raise ValueError(
                f"Concatenate: a of shape {a.shape} and b of shape {b.shape} must agree in N, H and W"
            )
        return to_nchw(Concatenate.lazy_forward(self, finished(to_nhwc(a)), finished(to_nhwc(b))).raw)

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> LazyMaps:
        """Forward inside a net: finish both while joining them."""
        (other,) = rest
        batch, height, width, channels = size_of(maps)
        out = self.workspace.empty((batch, height, width, channels + other.raw.shape[3]), maps.raw.dtype)
        put_channels(maps, 0, out)
        put_channels(other, channels, out)
        self.remember(to_nchw(out).shape, out.dtype, channels)
        self.show(to_nchw(out))
        return finished(out)

    def backward(self, dout: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cut the gradient apart.

        Parameters
        ----------
        dout : ndarray, shape (N, A + B, H, W)
            Gradient of the loss with respect to what `forward` returned.

        Returns
        -------
        da : ndarray, shape (N, A, H, W)
        db : ndarray, shape (N, B, H, W)

        Raises
        ------
        RuntimeError
            If no forward came before.
        TypeError, ValueError
            If dout does not fit what `forward` returned.
        """
        self.check_upstream(dout)
        da, db = self.split(finished(to_nhwc(dout)))
        return to_nchw(da.raw), to_nchw(db.raw)

    def split(self, dmaps: LazyMaps) -> tuple[LazyMaps, LazyMaps]:
        """Backward for :meth:`lazy_forward`: both gradients."""
        (first,) = self.recall_inside(dmaps)
        dout = finish(dmaps, self.workspace)
        # forward was: out[:, :A] = a, out[:, A:] = b
        pixels, channels = dout.shape[:3], dout.shape[3]
        da = self.workspace.empty((*pixels, first), dout.dtype)
        db = self.workspace.empty((*pixels, channels - first), dout.dtype)
        take_channels(dout, 0, da)
        take_channels(dout, first, db)
        return finished(da), finished(db)

    def __repr__(self) -> str:
        return "Concatenate()"


def add_gradients(dmaps: LazyMaps, other: LazyMaps) -> LazyMaps:
    """The sum of two gradients of one map that had two readers; `other`, which is finished, becomes it."""
    add_maps(dmaps, other.raw)
    return other

"""Unpooling at places that nobody remembered: what :class:`FixedUnpool2d` and :class:`RandomUnpool2d` share.

    out[2 * i + a, 2 * j + b] = y[i, j] if (a, b) = places[i, j] else 0
    dy[i, j]                  = dout[2 * i + a, 2 * j + b] where (a, b) = places[i, j]

The same equations as :mod:`segnet_np.layers.max_unpool`; only the places come from a rule instead of from the
encoder, which thus has nothing to keep.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished, gathered, size_of, unpooled
from segnet_np.layers.output_size import doubled_size


class UnpoolByRule(Layer):
    """Base of both. A subclass writes `places`."""

    def places(self, shape: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
        """Choose a place in each window.

        Parameters
        ----------
        shape : tuple of int
            (N, PH, PW, C).
        size : tuple of int
            (H, W) of the result.

        Returns
        -------
        offsets : ndarray of uint8, shape (N, PH, PW, C)
            0 to 3, row-major within each window, and within the plane where a window hangs over its edge.
        """
        raise NotImplementedError

    def forward(self, y: np.ndarray, output_size: Sequence[int] | None = None) -> np.ndarray:
        """Scatter y.

        Parameters
        ----------
        y : ndarray, shape (N, C, PH, PW)
            float32 or float64.
        output_size : tuple of int, optional
            (H, W); twice the size of y, if not given.

        Returns
        -------
        out : ndarray, shape (N, C, H, W)

        Raises
        ------
        TypeError, ValueError
            If y is no such array, or the size is more than one away from twice its own.
        """
        name = type(self).__name__
        check_maps(name, "y", y)
        size = doubled_size(name, y.shape, output_size)
        maps = UnpoolByRule.lazy_forward(self, finished(to_nhwc(y)), size)
        return to_nchw(finish(maps, self.workspace))

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> LazyMaps:
        """Forward inside a net: say where each value goes; the reader of the maps puts it there."""
        (size,) = rest
        batch, height, width, channels = size_of(maps)
        offsets = self.places((batch, height, width, channels), size)
        self.remember((batch, channels, *size), maps.raw.dtype, offsets)
        out = unpooled(maps, offsets, size, self.workspace)
        self.show(out)
        return out

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Gather the gradient from where the values were put.

        Parameters
        ----------
        dout : ndarray, shape (N, C, H, W)
            Gradient of the loss with respect to what `forward` returned.

        Returns
        -------
        dy : ndarray, shape (N, C, PH, PW)

        Raises
        ------
        RuntimeError
            If no forward came before.
        TypeError, ValueError
            If dout does not fit what `forward` returned.
        """
        self.check_upstream(dout)
        return to_nchw(UnpoolByRule.lazy_backward(self, finished(to_nhwc(dout))).raw)

    def lazy_backward(self, dmaps: LazyMaps, *options: Any) -> LazyMaps:
        """Backward for :meth:`lazy_forward`."""
        (offsets,) = self.recall_inside(dmaps)
        # forward was: out[places] = y
        return gathered(dmaps, offsets, self.workspace)

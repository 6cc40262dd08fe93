"""Bilinear upsampling: each output pixel is a mix of the four input pixels around the place where it lies.

Pixel i of OH output rows has its centre at row ``p`` of the H input rows (PyTorch's ``align_corners=False``):

    p = max((i + 0.5) * H / OH - 0.5, 0)

and takes the share 1 - t of row ``floor(p)`` and the share t = p - floor(p) of the row below it, the last row
having none below. Columns likewise. With R the matrix of these shares, two in each of its rows, and S that of
the columns, a whole plane is

    out = R @ x @ S.T

Nothing has to be remembered; edges come back blurred. The operation is linear in x, so backward is its
transpose:

    dx = R.T @ dout @ S
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from segnet_np.kernels.maps import LazyMaps
from segnet_np.kernels.resample import resample
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finished, size_of
from segnet_np.layers.pooling_indices import WINDOW, check_size


class UpsampleBilinear2d(Layer):
    """Bilinear upsampling to twice the size, or to a given one.

    Examples
    --------
    >>> UpsampleBilinear2d()(np.array([[[[0.0, 4.0]]]]))
    array([[[[0., 1., 3., 4.],
             [0., 1., 3., 4.]]]])
    """

    def forward(self, x: np.ndarray, output_size: Sequence[int] | None = None) -> np.ndarray:
        """Interpolate x.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)
            float32 or float64.
        output_size : tuple of int, optional
            (OH, OW), any; twice the size of x, if not given.

        Returns
        -------
        out : ndarray, shape (N, C, OH, OW)

        Raises
        ------
        TypeError, ValueError
            If x is no such array, or `output_size` no pair of whole numbers of at least 1.
        """
        check_maps("UpsampleBilinear2d", "x", x)
        if output_size is None:
            size = WINDOW * x.shape[2], WINDOW * x.shape[3]
        else:
            size = check_size("UpsampleBilinear2d", "output_size", output_size)
        return to_nchw(UpsampleBilinear2d.lazy_forward(self, finished(to_nhwc(x)), size).raw)

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> LazyMaps:
        """Forward inside a net: finish the maps while interpolating them."""
        (size,) = rest
        batch, height, width, channels = size_of(maps)
        out = self.workspace.empty((batch, *size, channels), maps.raw.dtype)
        rows, columns = shares(height, size[0]), shares(width, size[1])
        resample(maps, *_banded(rows, out.dtype), *_banded(columns, out.dtype), out)
        self.remember(to_nchw(out).shape, out.dtype, (batch, height, width, channels))
        out_maps = finished(out)
        self.show(out_maps)
        return out_maps

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Give each pixel its shares of the gradient back.

        Parameters
        ----------
        dout : ndarray, shape (N, C, OH, OW)
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
        return to_nchw(UpsampleBilinear2d.lazy_backward(self, finished(to_nhwc(dout))).raw)

    def lazy_backward(self, dmaps: LazyMaps, *options: Any) -> LazyMaps:
        """Backward for :meth:`lazy_forward`."""
        (shape,) = self.recall_inside(dmaps)
        dx = self.workspace.empty(shape, dmaps.raw.dtype)
        # forward was: out = R @ x @ S.T
        rows, columns = shares(shape[1], dmaps.height).T, shares(shape[2], dmaps.width).T
        resample(dmaps, *_banded(rows, dx.dtype), *_banded(columns, dx.dtype), dx)
        return finished(dx)

    def __repr__(self) -> str:
        return "UpsampleBilinear2d()"


@lru_cache(maxsize=64)
def shares(size: int, out_size: int) -> np.ndarray:
    """The matrix R: what each output row takes of each input row.

    Parameters
    ----------
    size, out_size : int
        H and OH.

    Returns
    -------
    matrix : ndarray of float64, shape (OH, H)
        Each row adds up to 1.

    Examples
    --------
    >>> shares(2, 4)
    array([[1.  , 0.  ],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.  , 1.  ]])
    """
    places = np.maximum((np.arange(out_size) + 0.5) * (size / out_size) - 0.5, 0)
    above = np.minimum(places.astype(int), size - 1)
    below = np.minimum(above + 1, size - 1)
    matrix = np.zeros((out_size, size))
    np.add.at(matrix, (np.arange(out_size), above), 1 - (places - above))
    np.add.at(matrix, (np.arange(out_size), below), places - above)
    matrix.flags.writeable = False  # it is kept and handed out again
    return matrix


def _banded(matrix: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The matrix in `dtype`, and of each row where its numbers begin and end."""
    filled = matrix != 0
    first = filled.argmax(axis=1)
    end = matrix.shape[1] - filled[:, ::-1].argmax(axis=1)
    end[~filled.any(axis=1)] = 0  # a row of zeros, of a pixel that nobody looked at
    return np.array(matrix, dtype, order="C"), np.stack([first, end], axis=1)

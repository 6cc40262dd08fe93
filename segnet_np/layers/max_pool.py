"""Max-pooling with indices: keep the largest value of each 2x2 window, and remember where it stood.

    y[i, j]      = max over a, b in {0, 1} of  x[2 * i + a, 2 * j + b]
    indices[i, j] = the (a, b) where it stood; of equal values the first one, row by row

Backward: y is a copy of one x of each window, so that one gets all of the gradient, and the others nothing:

    dx[2 * i + a, 2 * j + b] = dy[i, j] if (a, b) = indices[i, j] else 0

which is exactly what unpooling does. A NaN in a window wins, so that it shows; of several the last, as in
PyTorch.

SegNet's encoder keeps the indices, not the maps (arXiv 1511.00561, section 3).
"""

from typing import Any

import numpy as np

from segnet_np.kernels import max_pool as kernels
from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_count, check_flag, check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished, size_of, unpooled
from segnet_np.layers.pooling_indices import WINDOW, PoolingIndices, pooled_size


class MaxPool2d(Layer):
    """Max-pooling over 2x2 windows that do not overlap.

    Parameters
    ----------
    kernel_size : int, default 2
        Only 2, the size that SegNet uses throughout.
    ceil_mode : bool, default False
        For odd sizes: leave out the last row or column as PyTorch does by default, or with True give it a
        window of its own that hangs over the edge, as Caffe does (45 rows pool to 23 instead of 22).

    Examples
    --------
    >>> x = np.tile(np.array([[1.0, 2.0], [3.0, 4.0]]), (2, 2)).reshape(1, 1, 4, 4)
    >>> y, indices = MaxPool2d()(x)
    >>> y.ravel(), indices.flat.ravel()
    (array([4., 4., 4., 4.]), array([ 5,  7, 13, 15]))
    """

    def __init__(self, kernel_size: int = 2, ceil_mode: bool = False) -> None:
        super().__init__()
        check_kernel_size("MaxPool2d", kernel_size)
        self.ceil_mode = check_flag("MaxPool2d", "ceil_mode", ceil_mode)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, PoolingIndices]:
        """Pool x.

        Parameters
        ----------
        x : ndarray, shape (N, C, H, W)
            float32 or float64.

        Returns
        -------
        y : ndarray, shape (N, C, PH, PW)
        indices : PoolingIndices

        Raises
        ------
        TypeError, ValueError
            If x is no such array, or so small that no window fits.
        """
        check_maps("MaxPool2d", "x", x)
        pooled_h, pooled_w = pooled_size(x.shape[2:], self.ceil_mode)
        if pooled_h < 1 or pooled_w < 1:
            raise ValueError(f"MaxPool2d: x of {x.shape[2]}x{x.shape[3]} pixels is smaller than a 2x2 window")
        y, indices = MaxPool2d.lazy_forward(self, finished(to_nhwc(x)))
        return to_nchw(y.raw), indices

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> tuple[LazyMaps, PoolingIndices]:
        """Forward inside a net: finish the maps while pooling them."""
        batch, height, width, channels = size_of(maps)
        shape = (batch, *pooled_size((height, width), self.ceil_mode), channels)
        y = self.workspace.empty(shape, maps.raw.dtype)
        offsets = self.workspace.empty(shape, np.uint8)
        kernels.max_pool(maps, y, offsets)
        indices = PoolingIndices(to_nchw(offsets), (height, width))
        self.remember(to_nchw(y).shape, y.dtype, indices)
        self.show((to_nchw(y), indices))
        return finished(y), indices

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Give each gradient to the place where the maximum stood.

        Parameters
        ----------
        dy : ndarray, shape (N, C, PH, PW)
            Gradient of the loss with respect to y.

        Returns
        -------
        dx : ndarray, shape (N, C, H, W)

        Raises
        ------
        RuntimeError
            If no forward came before.
        TypeError, ValueError
            If dy does not fit what `forward` returned.
        """
        self.check_upstream(dy)
        return to_nchw(finish(MaxPool2d.lazy_backward(self, finished(to_nhwc(dy))), self.workspace))

    def lazy_backward(self, dmaps: LazyMaps, *options: Any) -> LazyMaps:
        """Backward for :meth:`lazy_forward`: say where the gradients go; the reader puts them there."""
        (indices,) = self.recall_inside(dmaps)
        # forward was: y = x[indices], so dx[indices] = dy: unpooling;
        # docs/derivations/pooling_and_unpooling.md (6)
        return unpooled(dmaps, to_nhwc(indices.offsets), indices.input_size, self.workspace)

    def __repr__(self) -> str:
        return f"MaxPool2d(kernel_size={WINDOW}, ceil_mode={self.ceil_mode})"


def check_kernel_size(owner: str, kernel_size: int) -> None:
    """Raise ValueError unless the window is 2x2."""
    if check_count(owner, "kernel_size", kernel_size, 1) != WINDOW:
        raise ValueError(f"{owner}: kernel_size must be {WINDOW}, but {kernel_size} was given")

"""Max-unpooling: put each value back where its maximum stood, with zeros around it.

    out[2 * i + a, 2 * j + b] = y[i, j] if (a, b) = indices[i, j] else 0

Three quarters of the result are zeros; the convolutions that follow fill them in. This is how SegNet's
decoder gets back the position of edges, to the pixel, which pooling gave away (arXiv 1511.00561, section 3).
Backward collects what was placed:

    dy[i, j] = dout[2 * i + a, 2 * j + b] where (a, b) = indices[i, j]

Unpooling is linear in y, so backward is its transpose; the indices are no numbers to differentiate.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finish, finished, gathered, unpooled
from segnet_np.layers.max_pool import check_kernel_size
from segnet_np.layers.pooling_indices import WINDOW, PoolingIndices, check_size


class MaxUnpool2d(Layer):
    """The way back from :class:`MaxPool2d`, by the indices that it remembered.

    Parameters
    ----------
    kernel_size : int, default 2
        Only 2, like the pooling.

    Examples
    --------
    >>> y = np.full((1, 1, 1, 1), 4.0)
    >>> MaxUnpool2d()(y, np.array([[[[3]]]]), output_size=(2, 2))
    array([[[[0., 0.],
             [0., 4.]]]])
    """

    def __init__(self, kernel_size: int = 2) -> None:
        super().__init__()
        check_kernel_size("MaxUnpool2d", kernel_size)

    def forward(
        self, y: np.ndarray, indices: PoolingIndices | np.ndarray, output_size: Sequence[int] | None = None
    ) -> np.ndarray:
        """Scatter y.

        Parameters
        ----------
        y : ndarray, shape (N, C, PH, PW)
            float32 or float64.
        indices : PoolingIndices, or ndarray of integers, shape (N, C, PH, PW)
            An array holds flat positions as PyTorch's; each must lie in its own 2x2 window.
        output_size : tuple of int, optional
            (H, W). A PoolingIndices knows it; an array of flat positions means nothing without it. As in
            PyTorch a whole shape (N, C, H, W) is fine too.

        Returns
        -------
        out : ndarray, shape (N, C, H, W)

        Raises
        ------
        TypeError
            If y or the indices are of a wrong kind or dtype.
        ValueError
            If shapes or sizes contradict each other, or an index lies outside of its window.
        """
        check_maps("MaxUnpool2d", "y", y)
        if output_size is not None and np.shape(output_size) == (4,):
            if tuple(output_size[:2]) != y.shape[:2]:
                raise ValueError(
                    f"MaxUnpool2d: output_size {tuple(output_size)} does not fit y of shape {y.shape}"
                )
            output_size = output_size[2:]
        if output_size is not None:
            output_size = check_size("MaxUnpool2d", "output_size", output_size)
        if not isinstance(indices, PoolingIndices):
            if output_size is None:
                raise ValueError("MaxUnpool2d: flat indices need an output_size (H, W), but none was given")
            indices = PoolingIndices.from_flat(indices, output_size)
        elif output_size is not None and output_size != indices.input_size:
            raise ValueError(
                f"MaxUnpool2d: output_size {output_size} contradicts the indices, "
                f"which come from maps of {indices.input_size}"
            )
        if indices.shape != y.shape:
            raise ValueError(f"MaxUnpool2d: indices of shape {indices.shape} do not fit y of shape {y.shape}")
        maps = MaxUnpool2d.lazy_forward(self, finished(to_nhwc(y)), indices)
        return to_nchw(finish(maps, self.workspace))

    def lazy_forward(self, maps: LazyMaps, *rest: Any) -> LazyMaps:
        """Forward inside a net: say where each value goes; the reader of the maps puts it there."""
        (indices,) = rest
        batch, channels, _, _ = indices.shape
        self.remember((batch, channels, *indices.input_size), maps.raw.dtype, indices)
        out = unpooled(maps, to_nhwc(indices.offsets), indices.input_size, self.workspace)
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
        return to_nchw(MaxUnpool2d.lazy_backward(self, finished(to_nhwc(dout))).raw)

    def lazy_backward(self, dmaps: LazyMaps, *options: Any) -> LazyMaps:
        """Backward for :meth:`lazy_forward`."""
        (indices,) = self.recall_inside(dmaps)
        # forward was: out[indices] = y, so dy = dout[indices]; docs/derivations/pooling_and_unpooling.md (8)
        return gathered(dmaps, to_nhwc(indices.offsets), self.workspace)

    def __repr__(self) -> str:
        return f"MaxUnpool2d(kernel_size={WINDOW})"

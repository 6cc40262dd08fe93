"""ReLU, the rectified linear unit: what is negative becomes zero.

    out = max(x, 0)
    dx  = dout where x > 0, else 0

At x = 0 there is no derivative; like everyone, this takes the one from the left, 0. A NaN stays a NaN, so
that it shows.
"""

import numpy as np

from segnet_np.kernels import relu as kernels
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc


class ReLU(Layer):
    """Rectified linear unit; float32 and float64.

    Examples
    --------
    >>> ReLU()(np.array([[[[-1.0, 2.0]]]]))
    array([[[[0., 2.]]]])
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Replace what is negative by zero.

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
        check_maps("ReLU", "x", x)
        x = to_nhwc(x)
        out = self.workspace.empty(x.shape, x.dtype)
        kernels.relu(x.reshape(-1), out.reshape(-1))
        # out tells as well as x where x was positive, and whoever reads it next keeps it anyway.
        self.remember(to_nchw(out).shape, out.dtype, out)
        return to_nchw(out)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Let the gradient through where x was positive.

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
        (out,) = self.recall(dout)
        # forward was: out = max(x, 0)
        dx = self.workspace.empty(out.shape, out.dtype)
        kernels.relu_gradient(out.reshape(-1), to_nhwc(dout).reshape(-1), dx.reshape(-1))
        return to_nchw(dx)

    def __repr__(self) -> str:
        return "ReLU()"

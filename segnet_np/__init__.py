"""SegNet from scratch in NumPy and Numba: every backward pass by hand, every gradient checked."""

from segnet_np import layers
from segnet_np.layers import softmax, softmax_cross_entropy

__version__ = "0.1.0"

__all__ = ["layers", "softmax", "softmax_cross_entropy"]

"""SegNet from scratch in NumPy and Numba: every backward pass by hand, every gradient checked."""

from segnet_np import layers
from segnet_np.layers import softmax, softmax_cross_entropy
from segnet_np.models import SegNet, SegNetBasic, load, save
from segnet_np.training.adamw import AdamW
from segnet_np.training.sgd import SGD
from segnet_np.verify import gradcheck

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "AdamW",
    "SegNet",
    "SegNetBasic",
    "gradcheck",
    "layers",
    "load",
    "save",
    "softmax",
    "softmax_cross_entropy",
]

"""The loss dressed as a layer, so that it can be checked like one."""

from collections.abc import Iterator

import numpy as np

from segnet_np.layers import Layer, softmax_cross_entropy


class CrossEntropy(Layer):
    """Softmax cross-entropy with `forward` and `backward`: its output is the one number, the loss.

    Parameters
    ----------
    class_weights : ndarray, shape (num_classes,), optional
    ignore_index : int, optional
    """

    def __init__(self, class_weights: np.ndarray | None = None, ignore_index: int | None = None) -> None:
        super().__init__()
        self.class_weights = class_weights
        self.ignore_index = ignore_index
        self._dlogits = np.empty(0)

    def forward(self, logits: np.ndarray, labels: np.ndarray) -> float:
        """Return the loss of logits (N, num_classes, H, W) at labels (N, H, W)."""
        loss, self._dlogits = softmax_cross_entropy(logits, labels, self.class_weights, self.ignore_index)
        return loss

    def backward(self, dout: float) -> np.ndarray:
        """Return the gradient of the logits, times that of the loss."""
        return self._dlogits * dout

    def parameters(self) -> Iterator:
        """Yield nothing: a loss has nothing to learn."""
        return iter(())

    def __repr__(self) -> str:
        weights = None if self.class_weights is None else self.class_weights.tolist()
        return f"CrossEntropy(class_weights={weights}, ignore_index={self.ignore_index})"

"""The loss of a segmentation: softmax over the classes of each pixel, then cross-entropy.

For a pixel with logits z and label l, with w the weight of that class:

    p[c]  = exp(z[c]) / sum over k of exp(z[k])          (softmax)
    loss  = -w[l] * log(p[l])                            (cross-entropy)
    total = sum of the losses / sum of the weights w[l], over all pixels that are not ignored

Backward: of ``-log p[l] = log(sum exp z) - z[l]`` the first term has the gradient p, the second -1 at l. So

    dz[c] = w[l] * (p[c] - (1 if c == l else 0)) / sum of the weights

which is why softmax and cross-entropy are one function here: apart, each would divide by p and multiply by it
again. Class weights are how the paper balances rare classes (arXiv 1511.00561, section 3.1).
"""

from typing import Any

import numpy as np

from segnet_np.kernels import softmax_cross_entropy as kernels
from segnet_np.layers.checks import check_array, check_maps
from segnet_np.layers.layout import to_nchw, to_nhwc

_CHUNKS = 64


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities over the classes.

    Parameters
    ----------
    logits : ndarray, shape (N, num_classes, H, W)
        float32 or float64.

    Returns
    -------
    probabilities : ndarray, shape (N, num_classes, H, W)
        Not negative; they sum to 1 over the classes of each pixel.

    Raises
    ------
    TypeError, ValueError
        If `logits` is no such array.

    Examples
    --------
    >>> softmax(np.zeros((2, 4, 6, 8))).sum(axis=1).shape
    (2, 6, 8)
    """
    check_maps("softmax", "logits", logits)
    z = to_nhwc(logits)
    probabilities = np.empty_like(z)
    kernels.softmax(z.reshape(-1, z.shape[3]), probabilities.reshape(-1, z.shape[3]))
    return to_nchw(probabilities)


def softmax_cross_entropy(
    logits: np.ndarray,
    labels: np.ndarray,
    class_weights: np.ndarray | None = None,
    ignore_index: int | None = None,
) -> tuple[float, np.ndarray]:
    """Compute the mean loss over all pixels, and its gradient.

    Equal to PyTorch's ``cross_entropy`` with ``weight``, ``ignore_index`` and ``reduction="mean"``, but for a
    batch whose pixels are all ignored (or have weight 0): there PyTorch gives NaN, and this gives 0 and zero
    gradients.

    Parameters
    ----------
    logits : ndarray, shape (N, num_classes, H, W)
        float32 or float64.
    labels : ndarray of integers, shape (N, H, W)
        Class of each pixel, 0 to num_classes - 1, or `ignore_index`.
    class_weights : ndarray, shape (num_classes,), optional
        Not negative, any float dtype; 1 for each class if not given.
    ignore_index : int, optional
        The label of pixels that do not count; any number, also one that is a class.

    Returns
    -------
    loss : float
        Mean over the pixels, each weighted by its class.
    dlogits : ndarray, shape (N, num_classes, H, W)
        Gradient of the loss with respect to the logits, of their dtype.

    Raises
    ------
    TypeError
        If an array is none, labels are no integers, weights no floats.
    ValueError
        If shapes do not fit, a label is neither a class nor ignored, or a weight is negative or not finite.

    Examples
    --------
    >>> loss, dlogits = softmax_cross_entropy(np.zeros((2, 4, 6, 8)), np.ones((2, 6, 8), int))
    >>> round(loss, 4), dlogits.shape
    (1.3863, (2, 4, 6, 8))
    """
    owner = "softmax_cross_entropy"
    check_maps(owner, "logits", logits)
    z = to_nhwc(logits)
    classes = z.shape[3]
    label_of_pixel = _labels(owner, labels, z.shape[:3], classes, ignore_index)
    weights = _class_weights(owner, class_weights, classes)

    counts = np.bincount(label_of_pixel[label_of_pixel >= 0], minlength=classes)
    # Only ratios of weights matter. With the largest at 1, neither tiny nor huge ones leave the range of
    # float32.
    weights = weights / (weights.max() or 1)
    total_weight = counts @ weights
    dlogits = np.empty_like(z)
    if total_weight == 0:
        dlogits[...] = 0
        return 0.0, to_nchw(dlogits)
    partial_loss = np.empty(min(label_of_pixel.size, _CHUNKS))
    kernels.cross_entropy(
        z.reshape(-1, classes),
        label_of_pixel,
        (weights / total_weight).astype(z.dtype),
        partial_loss,
        dlogits.reshape(-1, classes),
    )
    return float(partial_loss.sum()), to_nchw(dlogits)


def _labels(
    owner: str, labels: Any, shape: tuple[int, ...], classes: int, ignore_index: int | None
) -> np.ndarray:
    """Check the labels; return them flat as int64, with -1 where they are ignored."""
    check_array(owner, "labels", labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{owner}: labels must be integers, but have dtype {labels.dtype}")
    if labels.shape != shape:
        raise ValueError(f"{owner}: labels must have shape (N, H, W) = {shape}, but {labels.shape} was given")
    if ignore_index is not None and (
        isinstance(ignore_index, bool) or not isinstance(ignore_index, int | np.integer)
    ):
        raise TypeError(
            f"{owner}: ignore_index must be a whole number or None, but {ignore_index!r} was given"
        )
    ignored = np.zeros(shape, bool) if ignore_index is None else labels == ignore_index
    wrong = ~ignored & ((labels < 0) | (labels >= classes))
    if wrong.any():
        besides = "" if ignore_index is None else f" or the ignored {ignore_index}"
        values = ", ".join(str(value) for value in np.unique(labels[wrong])[:5])
        raise ValueError(f"{owner}: labels must be 0 to {classes - 1}{besides}, but {values} was given")
    # Signed first: in labels of uint8 a -1 would become 255.
    return np.where(ignored, -1, labels.astype(np.int64)).reshape(-1)


def _class_weights(owner: str, class_weights: Any, classes: int) -> np.ndarray:
    """Check the weights; return them as float64."""
    if class_weights is None:
        return np.ones(classes)
    check_array(owner, "class_weights", class_weights)
    if class_weights.dtype.kind != "f":
        raise TypeError(f"{owner}: class_weights must be floats, but have dtype {class_weights.dtype}")
    if class_weights.shape != (classes,):
        raise ValueError(
            f"{owner}: class_weights must have shape ({classes},), one for each class, "
            f"but {class_weights.shape} was given"
        )
    if not (np.isfinite(class_weights).all() and (class_weights >= 0).all()):
        raise ValueError(
            f"{owner}: class_weights must be finite and not negative, but {class_weights} was given"
        )
    return class_weights.astype(np.float64)

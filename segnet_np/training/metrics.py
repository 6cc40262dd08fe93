"""How good predictions are: the confusion matrix, and what follows from it.

One matrix over a whole set of pictures counts the pixels of each true class that were given each predicted
class. With t(c) = pixels that are c, p(c) = pixels that were predicted as c, h(c) = pixels that are both:

- global accuracy          G      = sum of h(c) / sum of t(c)
- accuracy of a class             = h(c) / t(c)
- class accuracy           C      = its mean over the classes
- intersection over union  IoU(c) = h(c) / (t(c) + p(c) - h(c))
- mean IoU                 mIoU   = its mean over the classes

A class without a true pixel has no accuracy, and one that is neither true nor predicted anywhere has no IoU:
they are NaN and left out of the means. A class that is predicted but never true does have an IoU, 0.

References
----------
Badrinarayanan, Kendall, Cipolla, "SegNet", arXiv 1511.00561, section 4.1 (G, C and mIoU).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from segnet_np.data.classes import check_integers, describe_labels, values_outside


def confusion_matrix(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int | None = None
) -> np.ndarray:
    """Count the pixels of each true class that were given each predicted class.

    Parameters
    ----------
    labels : ndarray of any integer dtype, any shape
        The true classes.
    predictions : ndarray of any integer dtype, the same shape
    num_classes : int
    ignore_index : int, optional
        Pixels with this label are not counted, whatever was predicted there.

    Returns
    -------
    confusion : ndarray of int64, shape (num_classes, num_classes)
        Row: the true class; column: the predicted one. Matrices of several pictures add up.

    Raises
    ------
    TypeError
        When an array is no ndarray or not of integers.
    ValueError
        When the shapes differ, or a value is neither a class nor, among the labels, `ignore_index`.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1, 9]), np.array([0, 1, 1, 1]), num_classes=2, ignore_index=9)
    array([[1, 1],
           [0, 1]])
    """
    check_integers("confusion_matrix: labels", labels)
    check_integers("confusion_matrix: predictions", predictions)
    if labels.shape != predictions.shape:
        raise ValueError(
            f"confusion_matrix: labels of shape {labels.shape} do not go with predictions of shape "
            f"{predictions.shape}"
        )
    counted = np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index
    true, predicted = labels[counted], predictions[counted]
    for name, array in (("labels", true), ("predictions", predicted)):
        if wrong := values_outside(array, num_classes):
            raise ValueError(
                f"confusion_matrix: {name} hold {wrong}, expected {describe_labels(num_classes)}"
            )
    cells = true.astype(np.int64) * num_classes + predicted.astype(np.int64)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


@dataclass(frozen=True, eq=False)
class Metrics:
    """What one confusion matrix says; prints as a table of the classes.

    Parameters
    ----------
    confusion : ndarray of integers, shape (num_classes, num_classes)
        From `confusion_matrix`, or a sum of such.
    class_names : tuple of str, optional
        For the table; without them the classes are called 0, 1, 2, ...

    Raises
    ------
    ValueError
        When the matrix is not square, or the names are not as many as its rows.

    Examples
    --------
    >>> metrics = Metrics(np.array([[3, 1], [0, 4]]), ("road", "car"))
    >>> metrics.global_accuracy, metrics.mean_iou
    (0.875, 0.775)
    """

    confusion: np.ndarray
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = self.confusion.shape
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(f"Metrics: expected a square confusion matrix, got one of shape {shape}")
        if not self.class_names:
            object.__setattr__(self, "class_names", tuple(str(k) for k in range(shape[0])))
        if len(self.class_names) != shape[0]:
            raise ValueError(f"Metrics: {len(self.class_names)} class names for {shape[0]} classes")

    @property
    def global_accuracy(self) -> float:
        """G: the share of all pixels that are right."""
        return float(_ratio(np.trace(self.confusion), self.confusion.sum()))

    @property
    def accuracy_by_class(self) -> np.ndarray:
        """Of each class, the share of its true pixels that are right; shape (num_classes,)."""
        return _ratio(np.diag(self.confusion), self.confusion.sum(1))

    @property
    def class_accuracy(self) -> float:
        """C: the mean of `accuracy_by_class`."""
        return _mean(self.accuracy_by_class)

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union of each class; shape (num_classes,)."""
        hits = np.diag(self.confusion)
        return _ratio(hits, self.confusion.sum(0) + self.confusion.sum(1) - hits)

    @property
    def mean_iou(self) -> float:
        """The mean of `iou`."""
        return _mean(self.iou)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is NaN becomes None."""
        return {
            "global_accuracy": _plain(self.global_accuracy),
            "class_accuracy": _plain(self.class_accuracy),
            "mean_iou": _plain(self.mean_iou),
            "iou": {name: _plain(value) for name, value in zip(self.class_names, self.iou, strict=True)},
        }

    def __str__(self) -> str:
        width = max(len("class"), *(len(name) for name in self.class_names))
        shares = 100 * _ratio(self.confusion.sum(1), self.confusion.sum())
        lines = [f"{'class':<{width}}  {'pixels':>8}  {'accuracy':>8}  {'IoU':>6}"]
        for name, share, accuracy, iou in zip(
            self.class_names, shares, self.accuracy_by_class, self.iou, strict=True
        ):
            lines.append(f"{name:<{width}}  {share:>6.2f} %  {_shown(accuracy):>8}  {_shown(iou):>6}")
        lines.append(
            f"global accuracy {_shown(self.global_accuracy)}   "
            f"class accuracy {_shown(self.class_accuracy)}   "
            f"mean IoU {_shown(self.mean_iou)}"
        )
        return "\n".join(lines)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _shown(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"

"""How good predictions are: the confusion matrix, what follows from it, and how boundaries were met.

One matrix over a whole set of pictures counts the pixels of each true class that were given each predicted
class. With t(c) = pixels that are c, p(c) = pixels that were predicted as c, h(c) = pixels that are both:

- global accuracy          G      = sum of h(c) / sum of t(c)
- accuracy of a class             = h(c) / t(c)
- class accuracy           C      = its mean over the classes
- intersection over union  IoU(c) = h(c) / (t(c) + p(c) - h(c))
- mean IoU                 mIoU   = its mean over the classes

A class without a true pixel has no accuracy, and one that is neither true nor predicted anywhere has no IoU:
they are NaN and left out of the means. A class that is predicted but never true does have an IoU, 0.

The matrix does not know where a pixel lies. Whether boundaries are met is measured picture by picture, as
`segnet_np.training.boundary_f1` says, and averaged here:

- boundary F1              BF     = the mean over the pictures of a picture's mean over its classes
- boundary F1 of a class          = its mean over the pictures where the class has one

BF is not the mean of the classes' boundary F1, as a class that is in few pictures weighs less in it.

References
----------
Badrinarayanan, Kendall, Cipolla, "SegNet", arXiv 1511.00561, section 3.3 (G, C, mIoU and BF).
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
    counted = counted_pixels("confusion_matrix", labels, predictions, num_classes, ignore_index)
    true, predicted = labels[counted], predictions[counted]
    cells = true.astype(np.int64) * num_classes + predicted.astype(np.int64)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def counted_pixels(
    name: str, labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int | None
) -> np.ndarray:
    """Check that labels and predictions belong together, and find the pixels that are not ignored.

    Parameters
    ----------
    name : str
        Who asks, for messages.
    labels, predictions, num_classes, ignore_index
        As for `confusion_matrix`, which says what is refused.

    Returns
    -------
    counted : ndarray of bool, the shape of `labels`
    """
    check_integers(f"{name}: labels", labels)
    check_integers(f"{name}: predictions", predictions)
    if labels.shape != predictions.shape:
        raise ValueError(
            f"{name}: labels of shape {labels.shape} do not go with predictions of shape {predictions.shape}"
        )
    counted = np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index
    for what, array in (("labels", labels), ("predictions", predictions)):
        if wrong := values_outside(array[counted], num_classes):
            raise ValueError(f"{name}: {what} hold {wrong}, expected {describe_labels(num_classes)}")
    return counted


@dataclass(frozen=True, eq=False)
class Metrics:
    """What one confusion matrix and the boundaries of its pictures say; prints as a table of the classes.

    Parameters
    ----------
    confusion : ndarray of integers, shape (num_classes, num_classes)
        From `confusion_matrix`, or a sum of such.
    class_names : tuple of str, optional
        For the table; without them the classes are called 0, 1, 2, ...
    boundary_scores : ndarray of floats, shape (pictures, num_classes), optional
        A row from `boundary_f1` for each picture. Without it the boundary F1 is NaN and not in the table.

    Raises
    ------
    ValueError
        When the matrix is not square, or names or boundary scores are not as many as its rows.

    Examples
    --------
    >>> metrics = Metrics(np.array([[3, 1], [0, 4]]), ("road", "car"))
    >>> metrics.global_accuracy, metrics.mean_iou
    (0.875, 0.775)
    """

    confusion: np.ndarray
    class_names: tuple[str, ...] = ()
    boundary_scores: np.ndarray | None = None

    def __post_init__(self) -> None:
        shape = self.confusion.shape
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(f"Metrics: expected a square confusion matrix, got one of shape {shape}")
        if not self.class_names:
            object.__setattr__(self, "class_names", tuple(str(k) for k in range(shape[0])))
        if len(self.class_names) != shape[0]:
            raise ValueError(f"Metrics: {len(self.class_names)} class names for {shape[0]} classes")
        scores = self.boundary_scores
        if scores is not None and (scores.ndim != 2 or scores.shape[1] != shape[0]):
            raise ValueError(
                f"Metrics: boundary scores of shape {scores.shape}, expected (pictures, {shape[0]})"
            )

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

    @property
    def boundary_f1(self) -> float:
        """BF: the mean over the pictures of the mean over the classes of each; NaN if it was not measured."""
        if self.boundary_scores is None:
            return float("nan")
        return _mean(np.array([_mean(scores) for scores in self.boundary_scores]))

    @property
    def boundary_f1_by_class(self) -> np.ndarray:
        """Of each class, the mean boundary F1 of the pictures where it has one; shape (num_classes,)."""
        if self.boundary_scores is None:
            return np.full(len(self.class_names), np.nan)
        return np.array([_mean(scores) for scores in self.boundary_scores.T])

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is NaN becomes None."""
        return {
            "global_accuracy": _plain(self.global_accuracy),
            "class_accuracy": _plain(self.class_accuracy),
            "mean_iou": _plain(self.mean_iou),
            "boundary_f1": _plain(self.boundary_f1),
            "accuracy": self._by_name(self.accuracy_by_class),
            "iou": self._by_name(self.iou),
            "boundary_f1_by_class": self._by_name(self.boundary_f1_by_class),
        }

    def _by_name(self, values: np.ndarray) -> dict[str, float | None]:
        return {name: _plain(value) for name, value in zip(self.class_names, values, strict=True)}

    def __str__(self) -> str:
        width = max(len("class"), *(len(name) for name in self.class_names))
        shares = 100 * _ratio(self.confusion.sum(1), self.confusion.sum())
        columns = {"accuracy": self.accuracy_by_class, "IoU": self.iou}
        means = {
            "global accuracy": self.global_accuracy,
            "class accuracy": self.class_accuracy,
            "mean IoU": self.mean_iou,
        }
        if self.boundary_scores is not None:
            columns["BF"] = self.boundary_f1_by_class
            means["boundary F1 (BF)"] = self.boundary_f1
        lines = [f"{'class':<{width}}  {'pixels':>8}" + "".join(f"  {title:>8}" for title in columns)]
        for k, name in enumerate(self.class_names):
            scores = "".join(f"  {_shown(values[k]):>8}" for values in columns.values())
            lines.append(f"{name:<{width}}  {_share(shares[k]):>8}{scores}")
        lines.append("   ".join(f"{title} {_shown(value)}" for title, value in means.items()))
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


def _share(percent: float) -> str:
    return "-" if np.isnan(percent) else f"{percent:.2f} %"

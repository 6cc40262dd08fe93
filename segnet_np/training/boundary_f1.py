"""How well predictions follow boundaries: the boundary F1 (BF), class by class, of one picture.

Boundary pixels. Two pixels are neighbours when they share a side. A pixel is a boundary pixel of class c when
it is c itself and has a neighbour of another class. The edge of the picture is no boundary, and neither is
the edge of void: pixels whose true label is the ignored one are taken out of both maps, the true and the
predicted, and are neither boundary pixels nor neighbours of any.

With T(c) and P(c) the true and the predicted boundary pixels of c, d the distance between the centres of two
pixels, and r = `tolerance` times the diagonal of the picture, by default 0.75 % (4.5 pixels at 480x360):

- precision(c) = the share of P(c) that has a pixel of T(c) at d <= r
- recall(c)    = the share of T(c) that has a pixel of P(c) at d <= r
- F1(c)        = 2 precision(c) recall(c) / (precision(c) + recall(c)), 0 where both are 0

Of no pixels there is no share: precision is NaN without predicted boundary pixels, recall without true ones.
F1 exists for classes that are true somewhere in the picture, and is NaN for all others:

- T(c) but no P(c), as when c is predicted nowhere or everywhere: F1 is 0, nothing was found.
- P(c) but no T(c), as when c fills the picture or touches only void: F1 is 0, nothing found is there.
- neither: F1 is NaN, as there is no boundary to be right or wrong about.
- c is predicted but true nowhere: F1 is NaN. The true classes around it pay for the false boundary.

BF of a picture is the mean of F1(c) over the classes that have one, BF of a set the mean over its pictures,
without those where no class has one; `segnet_np.training.metrics.Metrics` takes both means.

The papers give the measure, the tolerance and the means; which pixels make a boundary and what becomes of the
special cases is settled here. MATLAB's bfscore takes the edge of the picture for a boundary too, and asks for
d < r, so its figures differ.

References
----------
Csurka, Larlus, Perronnin, "What is a good evaluation measure for semantic segmentation?", BMVC 2013.
Badrinarayanan, Kendall, Cipolla, "SegNet", arXiv 1511.00561, section 3.3.
"""

import math

import numpy as np
from scipy.ndimage import distance_transform_edt

from segnet_np.training.metrics import counted_pixels

TOLERANCE = 0.0075  # of the diagonal


def boundary_f1(
    labels: np.ndarray,
    predictions: np.ndarray,
    num_classes: int,
    ignore_index: int | None = None,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """Judge the boundaries in one picture, class by class.

    Parameters
    ----------
    labels : ndarray of any integer dtype, shape (H, W)
        The true classes.
    predictions : ndarray of any integer dtype, shape (H, W)
    num_classes : int
    ignore_index : int, optional
        Pixels with this label are not looked at, whatever was predicted there.
    tolerance : float
        How far apart boundaries may be to agree, as a share of the picture's diagonal.

    Returns
    -------
    f1 : ndarray of float64, shape (num_classes,)
        0 to 1; NaN for a class that is true nowhere, or has no boundary in either map.

    Raises
    ------
    TypeError, ValueError
        As `boundary_precision_recall`.

    Examples
    --------
    A vertical edge, predicted one pixel too far to the right. Class 2 is nowhere:

    >>> labels = np.repeat([[0, 0, 1, 1]], 3, axis=0)
    >>> predictions = np.repeat([[0, 0, 0, 1]], 3, axis=0)
    >>> boundary_f1(labels, predictions, num_classes=3, tolerance=0.25)  # 1.25 pixels
    array([ 1.,  1., nan])
    >>> boundary_f1(labels, predictions, num_classes=3)  # 0.04 pixels
    array([ 0.,  0., nan])
    """
    precision, recall = boundary_precision_recall(labels, predictions, num_classes, ignore_index, tolerance)
    # Where one of the two does not exist, the other is 0, and F1 is 0 as well.
    p, r = np.nan_to_num(precision), np.nan_to_num(recall)
    f1 = np.divide(2 * p * r, p + r, out=np.zeros(num_classes), where=p + r > 0)
    f1[np.isnan(precision) & np.isnan(recall)] = np.nan
    true = labels if ignore_index is None else labels[labels != ignore_index]
    f1[~np.isin(np.arange(num_classes), true)] = np.nan
    return f1


def boundary_precision_recall(
    labels: np.ndarray,
    predictions: np.ndarray,
    num_classes: int,
    ignore_index: int | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[np.ndarray, np.ndarray]:
    """How much of the predicted boundary of each class is true, and how much of the true one was predicted.

    Parameters
    ----------
    labels, predictions, num_classes, ignore_index, tolerance
        As for `boundary_f1`.

    Returns
    -------
    precision, recall : ndarrays of float64, shape (num_classes,)
        0 to 1; NaN where the class has no predicted (precision) or no true (recall) boundary pixel.

    Raises
    ------
    TypeError
        When a map is no ndarray or not of integers.
    ValueError
        When a map is not of two dimensions, the shapes differ, a value is neither a class nor, among the
        labels, `ignore_index`, or `tolerance` is negative or not finite.
    """
    counted = counted_pixels("boundary_f1", labels, predictions, num_classes, ignore_index)
    if labels.ndim != 2:
        raise ValueError(f"boundary_f1: expected maps of shape (H, W), got {labels.shape}")
    if not 0 <= tolerance < math.inf:
        raise ValueError(f"boundary_f1: tolerance {tolerance}, expected a share of the diagonal, at least 0")
    # The rounding of a square root must not decide whether a distance equal to the radius is within it.
    radius = tolerance * math.hypot(*labels.shape) * (1 + 1e-12)
    true_edges, predicted_edges = _edges(labels, counted), _edges(predictions, counted)
    precision, recall = np.empty(num_classes), np.empty(num_classes)
    for k in range(num_classes):
        true, predicted = true_edges & (labels == k), predicted_edges & (predictions == k)
        precision[k] = _share_near(predicted, true, radius)
        recall[k] = _share_near(true, predicted, radius)
    return precision, recall


def _edges(classes: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """The counted pixels with a counted neighbour of another class; each is a boundary pixel of its own."""
    edges = np.zeros(classes.shape, bool)
    for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = (classes[here] != classes[there]) & counted[here] & counted[there]
        edges[here] |= differ
        edges[there] |= differ
    return edges


def _share_near(pixels: np.ndarray, targets: np.ndarray, radius: float) -> float:
    """Of the pixels set in one mask, the share within `radius` of a pixel set in the other; NaN of none."""
    if not pixels.any():
        return math.nan
    if not targets.any():
        return 0.0
    # No distance between the two leaves the box around both, so none is computed outside it.
    either = pixels | targets
    rows, columns = np.flatnonzero(either.any(1)), np.flatnonzero(either.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    distances = distance_transform_edt(~targets[box])
    return float(np.mean(distances[pixels[box]] <= radius))

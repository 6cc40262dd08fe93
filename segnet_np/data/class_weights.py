"""Class weights for the loss, so that poles and cyclists count although road and buildings fill the pixels.

Median-frequency balancing: weight(c) = median of the class frequencies / frequency(c), and

    frequency(c) = pixels of c / pixels of the images in which c appears.

References
----------
Badrinarayanan, Kendall, Cipolla, "SegNet", arXiv 1511.00561, section 4.1; after Eigen and Fergus, "Predicting
depth, surface normals and semantic labels", arXiv 1411.4734, section 6.3.2.
"""

from collections.abc import Iterable

import numpy as np

from segnet_np.data.classes import describe_labels, values_outside

# The weights of the authors' released training files, in the order of CAMVID. The recomputed ones come within
# 11 % of them, but for SignSymbol, whose 9.6446 the labels do not give (3.53).
PUBLISHED_CAMVID = (
    0.2595,
    0.1826,
    4.5640,
    0.1417,
    0.9051,
    0.3826,
    9.6446,
    1.8418,
    0.6823,
    6.2478,
    7.3614,
)

# What `--class-weights` and the like may name.
PUBLISHED = {"camvid-published": PUBLISHED_CAMVID}


def median_frequency_weights(
    label_maps: Iterable[np.ndarray], num_classes: int, ignore_index: int | None = None
) -> np.ndarray:
    """Compute the weights from all label maps of a training set.

    Ignored pixels count among the pixels of an image, and where they appear their label is one of the
    classes that the median is taken over, because the published weights come out that way: with CamVid's
    void left out of the median, all of them would be 9 % larger. A common factor matters little, as the
    weighted mean of the loss divides by it.

    Parameters
    ----------
    label_maps : iterable of ndarrays of any integer dtype, shape (H, W)
        Gone through once, so a generator will do.
    num_classes : int
    ignore_index : int, optional
        The label of pixels without a class, above the classes.

    Returns
    -------
    weights : ndarray of float64, shape (num_classes,)

    Raises
    ------
    TypeError
        When a label map is no ndarray of integers.
    ValueError
        When there is no label map, a value is outside the classes, or a class appears nowhere: no weight
        follows from no pixels.

    Examples
    --------
    >>> median_frequency_weights([np.array([[0, 0, 0], [0, 1, 2]])], num_classes=3)
    array([0.25, 1.  , 1.  ])
    """
    counts = np.array([count_labels(labels, num_classes, ignore_index) for labels in label_maps])
    return weights_of_label_maps(counts, num_classes)


def weights_of_label_maps(counts: np.ndarray, num_classes: int) -> np.ndarray:
    """Compute the weights when the labels of each map have been counted.

    Parameters
    ----------
    counts : ndarray of integers, shape (label maps, labels)
        What `count_labels` says of each map.
    num_classes : int

    Returns
    -------
    weights : ndarray of float64, shape (num_classes,)

    Raises
    ------
    ValueError
        As `median_frequency_weights`.
    """
    if not len(counts):
        raise ValueError("median_frequency_weights: no label map given, expected at least one")
    pixels, pixels_around = counts.sum(0), counts.sum(1) @ (counts > 0)
    absent = np.flatnonzero(pixels[:num_classes] == 0).tolist()
    if absent:
        raise ValueError(
            f"median_frequency_weights: classes {absent} appear in none of the {len(counts)} label maps, "
            "so there is no frequency to weigh them by"
        )
    present = pixels > 0
    return weights_of_counts(pixels[present], pixels_around[present])[:num_classes]


def weights_of_counts(pixels: np.ndarray, pixels_around: np.ndarray) -> np.ndarray:
    """Compute the weights of labels from their counts, when these are known.

    Parameters
    ----------
    pixels : ndarray of integers, shape (labels,)
        How many pixels have each label; none is 0.
    pixels_around : ndarray of integers, shape (labels,)
        How many pixels the images have in which it appears.

    Returns
    -------
    weights : ndarray of float64, shape (labels,)
        One for each label, also for void where that is among them.
    """
    frequencies = pixels / pixels_around
    return np.median(frequencies) / frequencies


def count_labels(labels: np.ndarray, num_classes: int, ignore_index: int | None = None) -> np.ndarray:
    """Count the pixels of each label.

    Parameters
    ----------
    labels : ndarray of any integer dtype, any shape
    num_classes : int
    ignore_index : int, optional

    Returns
    -------
    counts : ndarray of int64, one for each label up to `num_classes` and `ignore_index`

    Raises
    ------
    TypeError
        When `labels` is no ndarray of integers.
    ValueError
        When a value is neither a class nor `ignore_index`.
    """
    if outside := values_outside(labels, num_classes, ignore_index):
        raise ValueError(f"labels: values {outside}, expected {describe_labels(num_classes, ignore_index)}")
    last = num_classes if ignore_index is None else max(num_classes, ignore_index + 1)
    return np.bincount(labels.ravel(), minlength=last)

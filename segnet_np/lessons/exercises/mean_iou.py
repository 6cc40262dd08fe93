"""Exercise: mean intersection over union, from a confusion matrix."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(confusion: np.ndarray) -> float:
    """Of each class that appears: pixels that are both, over pixels that are either."""
    ious = []
    for c in range(len(confusion)):
        both = confusion[c, c]
        either = confusion[c].sum() + confusion[:, c].sum() - both
        if either > 0:  # neither true nor predicted anywhere: nothing to say about this class
            ious.append(both / either)
    return float(np.mean(ious))


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(8)
    full = rng.integers(1, 90, (4, 4))
    return [
        Case("two classes", (np.array([[3, 1], [0, 4]]),)),
        Case("four classes, all of them mixed up", (full,)),
        Case("a class that is neither true nor predicted", (np.array([[6, 2, 0], [1, 3, 0], [0, 0, 0]]),)),
        Case("a class that is predicted but never true", (np.array([[6, 2, 1], [1, 3, 0], [0, 0, 0]]),)),
        Case("a class that is true but never predicted", (np.array([[6, 2, 0], [1, 3, 0], [2, 1, 0]]),)),
        Case("large counts, of a whole data set", (np.array([[9_000_000, 7], [1_000, 20]]),)),
    ]


def _absent_is_zero(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    either = confusion.sum(0) + confusion.sum(1) - both
    return float(np.mean(both / np.maximum(either, 1)))


def _absent_is_one(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    either = confusion.sum(0) + confusion.sum(1) - both
    return float(np.mean(np.where(either > 0, both / np.maximum(either, 1), 1)))


def _only_true_classes(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    either = confusion.sum(0) + confusion.sum(1) - both
    true = confusion.sum(1) > 0
    return float(np.mean(both[true] / either[true]))


def _only_predicted_classes(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    either = confusion.sum(0) + confusion.sum(1) - both
    predicted = confusion.sum(0) > 0
    return float(np.mean(both[predicted] / either[predicted]))


def _only_hit_classes(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    either = confusion.sum(0) + confusion.sum(1) - both
    return float(np.mean((both / np.maximum(either, 1))[both > 0]))


def _nan_for_absent(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    either = confusion.sum(0) + confusion.sum(1) - both
    with np.errstate(all="ignore"):
        return float(np.mean(both / either))


def _class_accuracy(confusion: np.ndarray) -> float:
    true = confusion.sum(1)
    return float(np.mean(np.diag(confusion)[true > 0] / true[true > 0]))


def _precision(confusion: np.ndarray) -> float:
    predicted = confusion.sum(0)
    return float(np.mean(np.diag(confusion)[predicted > 0] / predicted[predicted > 0]))


def _both_counted_twice(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    total = confusion.sum(0) + confusion.sum(1)
    return float(np.mean(both[total > 0] / total[total > 0]))


def _dice(confusion: np.ndarray) -> float:
    return 2 * _both_counted_twice(confusion)


def _global_accuracy(confusion: np.ndarray) -> float:
    return float(np.trace(confusion) / confusion.sum())


def _sums_first(confusion: np.ndarray) -> float:
    both = np.trace(confusion)
    return float(both / (2 * confusion.sum() - both))


def _weighted(confusion: np.ndarray) -> float:
    both = np.diag(confusion).astype(float)
    either = confusion.sum(0) + confusion.sum(1) - both
    return float((both / np.maximum(either, 1) * confusion.sum(1)).sum() / confusion.sum())


EXERCISE = Exercise(
    name="mean_iou",
    lesson="08",
    task="""Write `mean_iou(confusion)`. `confusion` has one row for each true class and one column for each
predicted one: `confusion[t, p]` pixels of class t were predicted as p. Of each class, the intersection over
union is the number of pixels that are this class **and** were predicted so, divided by the number that are
this class **or** were predicted so. Return the mean over the classes. A class that is neither true nor
predicted anywhere has no IoU and is left out of the mean; a class that appears in only one of the two has the
IoU 0 and counts.""",
    outputs=("mean_iou",),
    solution=solution,
    cases=cases,
    hints=(
        "Where in the matrix are the pixels that are class c, where those that were predicted as c, and "
        "which cell do both have in common?",
        "True pixels of class c: `confusion[c].sum()`. Predicted as c: `confusion[:, c].sum()`. Both: "
        "`confusion[c, c]`, and it is in both sums.",
        "`either = row + column - both`; the IoU is `both / either` where either > 0, and only these "
        "classes are in the mean.",
    ),
    mistakes=(
        Mistake(
            _absent_is_zero,
            "A class that appears neither in the truth nor in the prediction counts as 0. Nobody got it "
            "wrong: leave it out of the mean.",
        ),
        Mistake(
            _absent_is_one,
            "A class that appears neither in the truth nor in the prediction counts as 1. Nobody got it "
            "right either: leave it out of the mean.",
        ),
        Mistake(
            _only_true_classes,
            "A class that is predicted but never true was left out. It was predicted wrongly somewhere, so "
            "its IoU is 0 and belongs to the mean.",
        ),
        Mistake(
            _only_predicted_classes,
            "A class that is true but never predicted was left out: exactly the rare class that a net "
            "overlooks. Its IoU is 0 and belongs to the mean.",
        ),
        Mistake(
            _only_hit_classes,
            "Only classes that were hit somewhere are in the mean. A class that was missed everywhere, or "
            "only made up, has the IoU 0, and it counts.",
        ),
        Mistake(
            _nan_for_absent,
            "An absent class gives 0 / 0, which is NaN, and makes the mean NaN. Leave it out: with "
            "`np.nanmean`, or take only classes whose union is above 0.",
        ),
        Mistake(
            _class_accuracy,
            "This is the class accuracy C: hits over the true pixels alone. The union also has the pixels "
            "that were predicted as the class and are not.",
        ),
        Mistake(
            _precision,
            "This divides by the predicted pixels alone (precision). The union also has the true pixels "
            "that were missed.",
        ),
        Mistake(
            _both_counted_twice,
            "The union is too large: row sum plus column sum counts the cell on the diagonal twice.",
        ),
        Mistake(
            _dice,
            "This is the Dice coefficient (F1), twice the hits over row sum plus column sum. IoU divides "
            "the hits by the union.",
        ),
        Mistake(
            _global_accuracy,
            "This is the global accuracy G: large classes drown the small ones in it. Divide class by "
            "class, then take the mean.",
        ),
        Mistake(
            _sums_first,
            "Hits and unions were summed over the classes before dividing, so large classes drown the small "
            "ones. Divide class by class, then take the mean.",
        ),
        Mistake(
            _weighted,
            "The classes are weighted by their pixels (frequency-weighted IoU). In the mean IoU each class "
            "counts the same.",
        ),
    ),
    see="segnet_np/training/metrics.py, Metrics.mean_iou",
    other_ways=(
        "true + predicted - hits",
        "confusion.sum(1) + confusion.sum(0) - ",
        "confusion.sum(axis=1) + confusion.sum(axis=0) - ",
    ),
)

"""Exercise: the share of pixels that got the right class."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

VOID = 11


def solution(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    """Of the pixels whose class is known: how many are right."""
    known = labels != void
    right = (prediction == labels) & known
    return float(right.sum() / known.sum())


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, (6, 8))
    prediction = np.where(rng.random((6, 8)) < 0.7, labels, rng.integers(0, 5, (6, 8)))
    partly = np.where(rng.random((6, 8)) < 0.2, VOID, labels)
    says_void = np.where(rng.random((6, 8)) < 0.3, VOID, prediction)
    small = np.array([[3, 3], [3, 0]]), np.array([[3, 3], [0, 0]])
    return [
        Case("four pixels, all of a known class", (*small, VOID)),
        Case(
            "two pixels that nobody labelled",
            (np.array([[3, 3], [0, 1]]), np.array([[3, 0], [11, 11]]), VOID),
        ),
        Case("a larger picture", (prediction, partly, VOID)),
        Case(
            "a class that fills most of the picture", (np.zeros((5, 7), int), np.eye(5, 7, dtype=int), VOID)
        ),
        Case("a prediction that has void in it too", (says_void, partly, VOID)),
        Case("another number for void", (prediction, np.where(partly == VOID, 255, partly), 255)),
        Case(
            "void is 0, and the classes begin at 1",
            (prediction + 1, np.where(partly == VOID, 0, partly + 1), 0),
        ),
    ]


def _void_in_the_total(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    return float(((prediction == labels) & (labels != void)).sum() / labels.size)


def _void_in_the_total_and_right(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    return float((prediction == labels).mean())


def _void_is_right(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    return float(((prediction == labels) | (labels == void)).mean())


def _void_of_the_prediction(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    known = (labels != void) & (prediction != void)
    return float((prediction == labels)[known].mean())


def _void_is_eleven(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    known = labels != VOID
    return float((prediction == labels)[known].mean())


def _beyond_the_classes(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    return float((prediction == labels)[labels < VOID].mean())


def _percent(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    return 100 * solution(prediction, labels, void)


def _count(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    return float(((prediction == labels) & (labels != void)).sum())


def _error(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    return 1 - solution(prediction, labels, void)


def _class_by_class(prediction: np.ndarray, labels: np.ndarray, void: int) -> float:
    present = [c for c in np.unique(labels) if c != void]
    return float(np.mean([(prediction[labels == c] == c).mean() for c in present]))


EXERCISE = Exercise(
    name="pixel_accuracy",
    lesson="00",
    task="""Write `pixel_accuracy(prediction, labels, void)`. Both arrays have the shape (H, W) and hold one
class number for each pixel. Pixels whose label is `void` were never labelled: they count neither as right
nor as wrong. Return the share of the other pixels that were predicted right, from 0 to 1.""",
    see="segnet_np/training/metrics.py, global_accuracy, from a confusion matrix",
    other_ways=(
        "(prediction == labels)[labels != void]",
        "prediction[labels != void] == labels[labels != void]",
    ),
    outputs=("accuracy",),
    solution=solution,
    cases=cases,
    hints=(
        "Two questions to each pixel: is its class known, and is the prediction the same as the label?",
        "`labels != void` is an array of True and False, one for each pixel, and so is `prediction == "
        "labels`; `&` joins them, `.sum()` counts the True.",
        "Divide the number of pixels that are known and right by the number of pixels that are known.",
    ),
    rtol=1e-6,  # a share that was computed in float32 is right too
    mistakes=(
        Mistake(
            _void_in_the_total,
            "Right pixels are divided by all pixels. Those that nobody labelled cannot be right, so they "
            "count as wrong here: leave them out of both numbers.",
        ),
        Mistake(
            _void_in_the_total_and_right,
            "All pixels count here, also those that nobody labelled. Leave them out of both numbers, the "
            "right ones and all.",
        ),
        Mistake(
            _void_is_right,
            "Pixels that nobody labelled count as right. They are neither right nor wrong: leave them out.",
        ),
        Mistake(
            _void_of_the_prediction,
            "Pixels that were **predicted** as void were left out. Only the label says whether the truth is "
            "known; who predicts void where it is known is wrong.",
        ),
        Mistake(
            _void_is_eleven,
            "Void is 11 here whatever the argument says. Use `void`.",
        ),
        Mistake(
            _beyond_the_classes,
            "Everything beyond the last class was left out. Ask for the label that is given as `void`.",
        ),
        Mistake(_percent, "This is in percent. A share is from 0 to 1."),
        Mistake(_count, "This is how many pixels are right. A share divides by how many there are."),
        Mistake(_error, "This is the share of wrong pixels, one minus what is asked for."),
        Mistake(
            _class_by_class,
            "This takes the accuracy of each class and then the mean over the classes. That is a good "
            "number too (class accuracy, C), but here each pixel counts the same.",
        ),
    ),
)

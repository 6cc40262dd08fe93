"""Exercise: the confusion matrix, pixel by pixel."""

from collections.abc import Callable, Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int) -> np.ndarray:
    """Count each pair of true and predicted class."""
    confusion = np.zeros((num_classes, num_classes), np.int64)
    for true, predicted in zip(labels.ravel(), predictions.ravel(), strict=True):
        if true != ignore_index:
            confusion[true, predicted] += 1
    return confusion


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(8)
    many_labels = rng.integers(0, 20, (9, 11)).astype(np.uint8)
    many_labels[0] = 255
    return [
        Case(
            "four pixels of two classes",
            (np.array([[0, 0], [1, 1]]), np.array([[0, 1], [1, 1]]), 2, 255),
        ),
        Case(
            "void pixels",
            (np.array([[0, 2, 1], [3, 3, 2]]), np.array([[0, 1, 1], [0, 2, 2]]), 3, 3),
        ),
        Case(
            "a class that is never true",
            (rng.integers(0, 2, (4, 6)), rng.integers(0, 4, (4, 6)), 4, 255),
        ),
        Case(
            "labels of uint8 and twenty classes, where 19 * 20 does not fit into a byte",
            (many_labels, rng.integers(0, 20, (9, 11)), 20, 255),
        ),
        Case(
            "the ignored label is one of the classes, 0",
            (rng.integers(0, 3, (4, 5)), rng.integers(0, 3, (4, 5)), 3, 0),
        ),
        Case(
            "classes that are neither true nor predicted, 1 and 3",
            (np.array([[0, 2, 2], [0, 0, 2]]), np.array([[0, 2, 0], [2, 0, 2]]), 4, 255),
        ),
        Case(
            "400 pixels in a single cell",
            (np.ones((20, 20), int), np.ones((20, 20), int), 2, 255),
        ),
    ]


def _transposed(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    return solution(labels, predictions, num_classes, ignore_index).T


def _void_as_last(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    return solution(np.minimum(labels, num_classes - 1), predictions, num_classes, -1)


def _void_as_first(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    return solution(np.where(labels == ignore_index, 0, labels), predictions, num_classes, -1)


def _void_as_index(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    confusion = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(confusion, (labels, predictions), 1)  # an IndexError where a label is void
    return confusion


def _beyond_the_classes(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    return solution(np.minimum(labels, num_classes), predictions, num_classes, num_classes)


def _once(labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int) -> np.ndarray:
    confusion = np.zeros((num_classes, num_classes), np.int64)
    counted = labels != ignore_index
    confusion[labels[counted], predictions[counted]] += 1
    return confusion


def _shares(labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int) -> np.ndarray:
    confusion = solution(labels, predictions, num_classes, ignore_index)
    return confusion / np.maximum(confusion.sum(1, keepdims=True), 1)


def _of_all(labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int) -> np.ndarray:
    confusion = solution(labels, predictions, num_classes, ignore_index)
    return confusion / confusion.sum()


def _hits_only(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    return np.diag(np.diag(solution(labels, predictions, num_classes, ignore_index)))


def _wrapped(labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int) -> np.ndarray:
    counted = labels != ignore_index
    cells = labels[counted] * labels.dtype.type(num_classes) + predictions[counted].astype(labels.dtype)
    return np.bincount(cells, minlength=num_classes**2)[: num_classes**2].reshape(num_classes, num_classes)


def _classes_found(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    counted = labels != ignore_index
    found = np.unique([labels[counted], predictions[counted]])
    return solution(labels, predictions, num_classes, ignore_index)[np.ix_(found, found)]


def _counted_in(dtype: str) -> Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]:
    def answer(
        labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
    ) -> np.ndarray:
        return solution(labels, predictions, num_classes, ignore_index).astype(dtype)

    return answer


def _too_short(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore_index: int
) -> np.ndarray:
    counted = labels != ignore_index
    cells = labels[counted].astype(int) * num_classes + predictions[counted]
    return np.bincount(cells).reshape(num_classes, num_classes)


EXERCISE = Exercise(
    name="confusion_matrix",
    lesson="08",
    task="""Write `confusion_matrix(labels, predictions, num_classes, ignore_index)`. `labels` and
`predictions` are integer arrays of one shape (H, W). Return an integer array of shape (num_classes,
num_classes): in row t and column p, how many pixels of the true class t were predicted as p. Pixels whose
label is `ignore_index` (void) are not counted, whatever was predicted there.""",
    outputs=("confusion",),
    solution=solution,
    cases=cases,
    hints=(
        "Start with a matrix of zeros. What does one pixel change in it?",
        "`for true, predicted in zip(labels.ravel(), predictions.ravel())`: add one to a single cell, "
        "unless `true` is `ignore_index`.",
        "Add 1 to `confusion[...]` with the true class as the row. Without a loop, `np.bincount` "
        "counts the numbers `true * num_classes + predicted`, which must not be computed in uint8.",
    ),
    mistakes=(
        Mistake(
            _transposed,
            "Rows and columns have changed places: the true class says the row, the predicted one the "
            "column.",
        ),
        Mistake(
            _void_as_last,
            "Void pixels were counted as the last class. Nobody knows what is there, so they count nowhere.",
        ),
        Mistake(
            _void_as_first,
            "Void pixels were counted as class 0. Nobody knows what is there, so they count nowhere.",
        ),
        Mistake(
            _void_as_index,
            "A void label is used as an index: `ignore_index` is larger than the last class, so there is no "
            "such row. Skip these pixels.",
        ),
        Mistake(
            _beyond_the_classes,
            "Everything beyond the last class was left out. Ask for the label that is given as "
            "`ignore_index`.",
        ),
        Mistake(
            _once,
            "Every cell is 0 or 1: `confusion[labels, predictions] += 1` with arrays adds only once to a "
            "cell, however often the pair appears. Loop over the pixels, or use np.add.at or np.bincount.",
        ),
        Mistake(
            _shares,
            "The rows were divided by their sums. Counts were asked for: only these can be added up over "
            "pictures.",
        ),
        Mistake(
            _of_all,
            "These are shares of all pixels. Counts were asked for: only these can be added up over "
            "pictures.",
        ),
        Mistake(
            _hits_only,
            "Only the diagonal is filled: the pixels that were predicted wrongly are missing, which are the "
            "interesting ones.",
        ),
        Mistake(
            _wrapped,
            "With labels of uint8, `labels * num_classes` is computed in a byte and wraps around at 256. "
            "Convert the labels to int64 before multiplying.",
        ),
        Mistake(
            _classes_found,
            "The matrix has only the classes that appear in this picture. It has `num_classes` rows and "
            "columns always, so that matrices of several pictures can be added up.",
        ),
        *(
            Mistake(
                _counted_in(dtype),
                f"The counts are {dtype}, and a cell above {np.iinfo(dtype).max} wraps around. A picture has "
                "many more pixels: count in int64.",
            )
            for dtype in ("uint8", "int8")
        ),
        Mistake(
            _too_short,
            "`np.bincount` ends at the largest number that appears. Where the last cells are empty, it is "
            "too short for the matrix: say `minlength=num_classes**2`.",
        ),
    ),
    see="segnet_np/training/metrics.py, confusion_matrix",
    other_ways=("np.add.at(confusion, ", "* num_classes + predict"),
)

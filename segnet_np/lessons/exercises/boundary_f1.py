"""Exercise: the boundary F1 of one class."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    """Precision, recall, and what lies between them."""
    true_places, predicted_places = np.argwhere(true), np.argwhere(predicted)
    if len(true_places) == len(predicted_places) == 0:
        return np.nan
    if len(true_places) == 0 or len(predicted_places) == 0:
        return 0.0
    apart = predicted_places[:, None] - true_places[None]  # (predicted, true, 2)
    near = np.sqrt((apart**2).sum(axis=2)) <= radius
    precision = near.any(axis=1).mean()  # of the predicted pixels, those with a true one nearby
    recall = near.any(axis=0).mean()  # of the true pixels, those with a predicted one nearby
    if precision + recall == 0:
        return 0.0
    return float(2 * precision * recall / (precision + recall))


def _line(column: int, rows: slice = slice(None)) -> np.ndarray:
    edges = np.zeros((8, 10), bool)
    edges[rows, column] = True
    return edges


def cases() -> Sequence[Case]:
    """The calls, the easiest first."""
    rng = np.random.default_rng(6)
    nothing = np.zeros((8, 10), bool)
    return [
        Case("a line that was met", (_line(3), _line(3), 1.5)),
        Case("a line that is one pixel off", (_line(3), _line(4), 1.5)),
        Case("a line that is too far off", (_line(3), _line(6), 1.5)),
        Case("half of a line, and no more", (_line(3), _line(3, slice(0, 4)), 1.0)),
        Case("a line, and a second one that is not there", (_line(3), _line(3) | _line(8), 1.0)),
        Case("a distance that equals the radius", (_line(3), _line(5), 2.0)),
        Case(
            "pixels that are apart along the diagonal",
            (np.eye(8, 10, dtype=bool), np.eye(8, 10, 2, dtype=bool), 1.2),
        ),
        Case("no boundary predicted", (_line(3), nothing, 1.5)),
        Case("no boundary in truth", (nothing, _line(3), 1.5)),
        Case("no boundary in either map", (nothing, nothing, 1.5)),
        Case("pixels here and there", (rng.random((8, 10)) < 0.2, rng.random((8, 10)) < 0.3, 1.0)),
        Case(
            "pixels here and there, a radius between",
            (rng.random((8, 10)) < 0.1, rng.random((8, 10)) < 0.1, 1.6),
        ),
        Case(
            "one pixel in each map, two rows and two columns apart",
            (_line(3, slice(1, 2)), _line(5, slice(3, 4)), 3.7),
        ),
    ]


def _shares(
    true: np.ndarray, predicted: np.ndarray, radius: float, distance: str = "euclid", strict: bool = False
) -> tuple[float, float]:
    a, b = np.argwhere(true), np.argwhere(predicted)
    if not len(a) or not len(b):
        return 0.0, 0.0
    apart = np.abs(b[:, None] - a[None])
    far = {"euclid": np.sqrt((apart**2).sum(2)), "city": apart.sum(2), "chess": apart.max(2)}[distance]
    near = far < radius if strict else far <= radius
    return float(near.any(1).mean()), float(near.any(0).mean())


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _f1_of(true: np.ndarray, predicted: np.ndarray, radius: float, **how: Any) -> float:
    if not true.any() and not predicted.any():
        return np.nan
    return _f1(*_shares(true, predicted, radius, **how))


def _precision(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return _shares(true, predicted, radius)[0] + 0 * solution(true, predicted, radius)


def _recall(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return _shares(true, predicted, radius)[1] + 0 * solution(true, predicted, radius)


def _plain_mean(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return sum(_shares(true, predicted, radius)) / 2 + 0 * solution(true, predicted, radius)


def _half(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return solution(true, predicted, radius) / 2


def _exact(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return solution(true, predicted, 0)


def _strictly(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return _f1_of(true, predicted, radius, strict=True)


def _city(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return _f1_of(true, predicted, radius, distance="city")


def _chess(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return _f1_of(true, predicted, radius, distance="chess")


def _squared(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return solution(true, predicted, np.sqrt(radius))


def _iou(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    either = (true | predicted).sum()
    return float((true & predicted).sum() / either) if either else np.nan


def _nothing_is_fine(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return 1.0 if not true.any() or not predicted.any() else solution(true, predicted, radius)


def _nothing_is_nan(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return np.nan if not true.any() or not predicted.any() else solution(true, predicted, radius)


def _neither_is_zero(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return solution(true, predicted, radius) if true.any() or predicted.any() else 0.0


def _neither_is_one(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return solution(true, predicted, radius) if true.any() or predicted.any() else 1.0


def _whole_radius(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
    return solution(true, predicted, int(radius))


def _nan_or_zero(answer: Callable[[np.ndarray, np.ndarray, float], float], cause: str) -> Sequence[Mistake]:
    """A mistake, and the same with 0 where neither map has a boundary."""

    def zero(true: np.ndarray, predicted: np.ndarray, radius: float) -> float:
        return answer(true, predicted, radius) if true.any() or predicted.any() else 0.0

    return Mistake(answer, cause), Mistake(zero, f"{cause} (And where neither map has a boundary: NaN.)")


EXERCISE = Exercise(
    name="boundary_f1",
    lesson="09",
    task="""Write `boundary_f1(true, predicted, radius)`. Both maps are bool, shape (H, W): the boundary
pixels of one class, as they are and as they were predicted. **Precision** is the share of the predicted
ones that have a true one at a distance of at most `radius`; **recall** the share of the true ones that
have a predicted one so near. Distances are those of the centres of pixels, in a straight line. Return F1
= 2 * precision * recall / (precision + recall). It is 0 where both shares are 0, or where only one of the
maps has boundary pixels. Where neither map has one there is nothing to judge: return NaN (`np.nan`).""",
    outputs=("f1",),
    solution=solution,
    cases=cases,
    hints=(
        "Do not look for pixels that are in both maps: a boundary that is one pixel off shall count. What "
        "do you need to know of each predicted pixel?",
        "`np.argwhere(true)` lists the places, (K, 2). `a[:, None] - b[None]` has all differences between "
        "two lists; squared, summed and with the root taken it is the table of distances.",
        "`near = distances <= radius`, with a row for each predicted pixel. Precision is "
        "`near.any(axis=1).mean()`; and recall?",
    ),
    mistakes=(
        *_nan_or_zero(
            _precision,
            "This is the precision alone: a net that draws one sure pixel would be perfect. Recall is "
            "missing.",
        ),
        *_nan_or_zero(
            _recall,
            "This is the recall alone: a net that draws boundaries everywhere would be perfect. Precision "
            "is missing.",
        ),
        *_nan_or_zero(
            _plain_mean,
            "This is the plain mean of precision and recall. F1 is their harmonic mean, which is low as "
            "soon as one of them is.",
        ),
        *_nan_or_zero(_half, "Half of what it should be: there is a 2 in F1."),
        *_nan_or_zero(_exact, "Only pixels that are in both maps count, as if the radius were 0."),
        *_nan_or_zero(_strictly, "A distance that equals the radius counts as near: at **most** the radius."),
        *_nan_or_zero(
            _city, "The distance was measured along rows and columns. It is the straight line: Pythagoras."
        ),
        *_nan_or_zero(
            _chess,
            "The larger of the two differences was taken for the distance. It is the straight line: "
            "Pythagoras.",
        ),
        *_nan_or_zero(
            _squared,
            "The **squared** distance was compared with the radius. Take the root, or square the radius too.",
        ),
        *_nan_or_zero(
            _iou,
            "This is the intersection over union of the two maps. It forgives no shift at all; F1 within "
            "the radius does.",
        ),
        Mistake(
            _nothing_is_fine,
            "Where one of the maps has no boundary, this gives 1. Nothing was met there: 0.",
        ),
        Mistake(
            _nothing_is_nan,
            "Where only one of the maps has a boundary, this gives NaN. A boundary was missed or made up "
            "there: 0. NaN is for maps that both have none.",
        ),
        Mistake(
            _neither_is_zero,
            "Where neither map has a boundary, this gives 0, as if something were wrong. There is nothing to "
            "judge: NaN.",
        ),
        Mistake(
            _neither_is_one,
            "Where neither map has a boundary, this gives 1, as if something had been met. There is nothing "
            "to judge: NaN.",
        ),
        *_nan_or_zero(
            _whole_radius,
            "The radius was cut to a whole number. Compare the distances with `radius` as it is given.",
        ),
    ),
    see="segnet_np/training/boundary_f1.py, which also says what happens at void and with absent classes",
)

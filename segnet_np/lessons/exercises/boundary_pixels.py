"""Exercise: which pixels of a label map lie at a boundary."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(labels: np.ndarray) -> np.ndarray:
    """Ask the four neighbours of each pixel, those that there are."""
    height, width = labels.shape
    edges = np.zeros(labels.shape, bool)
    for i, j in np.ndindex(labels.shape):
        for row, column in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            inside = 0 <= row < height and 0 <= column < width
            if inside and labels[row, column] != labels[i, j]:
                edges[i, j] = True
    return edges


def cases() -> Sequence[Case]:
    """The calls, the easiest first."""
    halves = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]])
    post = np.zeros((5, 6), int)
    post[1:4, 3] = 2
    sides = np.zeros((4, 5), int)
    sides[:, 4] = 7
    blocks = np.random.default_rng(3).integers(0, 3, (3, 4)).repeat(3, axis=0).repeat(3, axis=1)
    return [
        Case("two halves", (halves,)),
        Case("two halves, one above the other", (halves.T,)),
        Case("a post of one pixel's width", (post,)),
        Case("a single class", (np.full((4, 5), 6),)),
        Case("other classes at the left and the right side", (sides,)),
        Case("a diagonal", (np.tri(5, 6, dtype=int),)),
        Case("three classes in blocks", (blocks,)),
        Case("labels of uint8, where 0 - 1 is 255", (blocks.astype(np.uint8),)),
    ]


def _shifted(labels: np.ndarray, *steps: tuple[int, int], outside: bool = False) -> np.ndarray:
    """Where the label differs from one of those at these steps; `outside` says what the rim counts as."""
    height, width = labels.shape
    edges = np.zeros(labels.shape, bool)
    for i, j in np.ndindex(labels.shape):
        for down, right in steps:
            row, column = i + down, j + right
            inside = 0 <= row < height and 0 <= column < width
            edges[i, j] |= bool(labels[row, column] != labels[i, j]) if inside else outside
    return edges


_SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def _one_side(labels: np.ndarray) -> np.ndarray:
    return _shifted(labels, (1, 0), (0, 1))


def _other_side(labels: np.ndarray) -> np.ndarray:
    return _shifted(labels, (-1, 0), (0, -1))


def _corners_too(labels: np.ndarray) -> np.ndarray:
    return _shifted(labels, *_SIDES, (-1, -1), (-1, 1), (1, -1), (1, 1))


def _rim(labels: np.ndarray) -> np.ndarray:
    return _shifted(labels, *_SIDES, outside=True)


def _wrapped(labels: np.ndarray) -> np.ndarray:
    edges = [labels != np.roll(labels, step, axis) for axis in (0, 1) for step in (-1, 1)]
    return np.asarray(np.logical_or.reduce(edges))


def _wrapped_at_the_start(labels: np.ndarray) -> np.ndarray:
    edges = _shifted(labels, (1, 0), (0, 1))
    return np.asarray(edges | (labels != np.roll(labels, 1, 0)) | (labels != np.roll(labels, 1, 1)))


def _zeros_around(labels: np.ndarray) -> np.ndarray:
    padded = np.pad(labels, 1)
    return _shifted(padded, *_SIDES)[1:-1, 1:-1]


def _no_rim(labels: np.ndarray) -> np.ndarray:
    edges = np.zeros(labels.shape, bool)
    edges[1:-1, 1:-1] = solution(labels)[1:-1, 1:-1]
    return edges


def _rows_only(labels: np.ndarray) -> np.ndarray:
    return _shifted(labels, (-1, 0), (1, 0))


def _columns_only(labels: np.ndarray) -> np.ndarray:
    return _shifted(labels, (0, -1), (0, 1))


def _inside(labels: np.ndarray) -> np.ndarray:
    return ~solution(labels)


def _all_differ(labels: np.ndarray) -> np.ndarray:
    height, width = labels.shape
    edges = np.zeros(labels.shape, bool)
    for i, j in np.ndindex(labels.shape):
        around = [(i + a, j + b) for a, b in _SIDES if 0 <= i + a < height and 0 <= j + b < width]
        edges[i, j] = all(labels[place] != labels[i, j] for place in around)
    return edges


EXERCISE = Exercise(
    name="boundary_pixels",
    lesson="09",
    task="""Write `boundary_pixels(labels)`. `labels` of shape (H, W) holds whole numbers, one class
each. Return an array of bool of the same shape: True where a pixel has a neighbour of **another class**.
Neighbours share a side, so a pixel has up to four; the edge of the picture is no boundary.""",
    outputs=("edges",),
    solution=solution,
    cases=cases,
    hints=(
        "Two pixels side by side with different labels: which of the two is at the boundary?",
        "Both are. `labels[1:] != labels[:-1]` compares each pixel with the one above it, for all of them "
        "at once, and is one row shorter than the picture.",
        "`differ = labels[1:] != labels[:-1]`, then `edges[1:] |= differ` and `edges[:-1] |= differ`; the "
        "same with columns.",
    ),
    mistakes=(
        Mistake(
            _one_side,
            "Each boundary is only one pixel wide: the pixels above and to the left of it are marked, "
            "their partners below and to the right are not. Both have a neighbour of another class.",
        ),
        Mistake(
            _other_side,
            "Each boundary is only one pixel wide: the pixels below and to the right of it are marked, "
            "their partners above and to the left are not. Both have a neighbour of another class.",
        ),
        Mistake(
            _corners_too,
            "Pixels that touch only at a corner were taken for neighbours. Neighbours share a side.",
        ),
        Mistake(
            _rim,
            "The edge of the picture was taken for a boundary. Beyond it there is no class that could "
            "differ.",
        ),
        Mistake(
            _wrapped,
            "The last column was compared with the first one, or the last row with the first: `np.roll` "
            "goes round the picture.",
        ),
        Mistake(
            _wrapped_at_the_start,
            "The first row was compared with the last one, or the first column with the last: the index -1 "
            "is the last place in Python. Ask whether there is a neighbour.",
        ),
        Mistake(
            _zeros_around,
            "Zeros stand around the picture, as if class 0 were there. Beyond the edge there is no class "
            "that could differ.",
        ),
        Mistake(
            _no_rim,
            "The pixels at the edge of the picture were left out. They have neighbours too, only fewer.",
        ),
        Mistake(_rows_only, "Only neighbours above and below were asked. There are two more at the sides."),
        Mistake(
            _columns_only, "Only neighbours at the sides were asked. There are two more, above and below."
        ),
        Mistake(_inside, "True and False are exchanged: this marks what lies **inside** of the classes."),
        Mistake(_all_differ, "A pixel was marked only if **all** of its neighbours differ. One is enough."),
    ),
    see="segnet_np/training/boundary_f1.py, _edges",
    other_ways=("edges[1:] |= ",),
)

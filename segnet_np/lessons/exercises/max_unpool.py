"""Exercise: put each number back where its maximum stood."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

Size = tuple[int, int]


def solution(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    """Zeros everywhere, then each number to its place."""
    out = np.zeros(size, y.dtype)
    for i, j in np.ndindex(y.shape):
        out[2 * i + offsets[i, j] // 2, 2 * j + offsets[i, j] % 2] = y[i, j]
    return out


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(2)
    y, offsets = np.array([[5.0, 7.0], [9.0, 8.0]]), np.array([[1, 3], [0, 2]])
    wide = rng.permutation(12).reshape(3, 4) + 1.0, rng.integers(0, 4, (3, 4))
    return [
        Case("back to a 4x4 map", (y, offsets, (4, 4))),
        Case("other offsets", (y, offsets.T.copy(), (4, 4))),
        Case("a map that is wider than high", (*wide, (6, 8))),
        Case("negative numbers, and none that is whole", (wide[0] - 7.5, wide[1], (6, 8))),
        Case("an odd height", (*wide, (7, 8))),
        Case("an odd width", (*wide, (6, 9))),
        Case("windows that hang over the edge of an odd map", (y, np.array([[3, 2], [1, 0]]), (3, 3))),
    ]


def _all_four(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return _on(size, y.repeat(2, axis=0).repeat(2, axis=1))


def _spread(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return _all_four(y, offsets, size) / 4


def _first_place(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return solution(y, np.zeros_like(offsets), size)


def _column_first(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    wide = np.zeros((size[0] + 1, size[1] + 1), y.dtype)
    return solution(y, offsets % 2 * 2 + offsets // 2, wide.shape)[: size[0], : size[1]]


def _offsets_in_the_plane(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    out = np.zeros(size, y.dtype)
    out.flat[offsets] = y
    return out


def _flat(y: np.ndarray, offsets: np.ndarray, size: Size, width: int) -> np.ndarray:
    i, j = np.indices(y.shape)
    out = np.zeros(size[0] * size[1] * 4, y.dtype)
    out[(2 * i + offsets // 2) * width + 2 * j + offsets % 2] = y
    return out[: size[0] * size[1]].reshape(size)


def _width_of_the_windows(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return _flat(y, offsets, size, 2 * y.shape[1])


def _height_for_width(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return _flat(y, offsets, size, size[0])


def _twice_the_windows(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return solution(y, offsets, (2 * y.shape[0], 2 * y.shape[1]))


def _only_positive(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return solution(np.maximum(y, 0), offsets, size)


def _ones(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    return solution(np.ones_like(y), offsets, size)


def _next_window(y: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    out = np.zeros((size[0] + 3, size[1] + 3), y.dtype)
    for i, j in np.ndindex(y.shape):
        out[i + offsets[i, j] // 2, j + offsets[i, j] % 2] = y[i, j]
    return out[: size[0], : size[1]]


def _on(size: Size, values: np.ndarray) -> np.ndarray:
    """The values on a map of that size: cut off, or with zeros at the end."""
    out = np.zeros(size, values.dtype)
    part = values[: size[0], : size[1]]
    out[: part.shape[0], : part.shape[1]] = part
    return out


EXERCISE = Exercise(
    name="max_unpool",
    lesson="01",
    task="""Write `max_unpool(y, offsets, size)`. `y` and `offsets` have the shape (PH, PW), as pooling made
them, and `size` is (H, W), what the map measured before. Return a map of that size in which each number of y
stands where its offset says in its own window, and all other places hold zero.""",
    see="segnet_np/reference.py, max_unpool2d",
    other_ways=("out[2 * i + offsets // 2, 2 * j + offsets % 2] = y",),
    outputs=("out",),
    solution=solution,
    cases=cases,
    hints=(
        "Begin with a map of zeros. It has a size of its own: an odd map is larger than twice its windows.",
        "Window (i, j) begins at row 2 * i and column 2 * j; the offset says how far to go from there: 0 "
        "and 1 are in the upper row, 2 and 3 in the lower one.",
        "`offset // 2` is the row within the window, `offset % 2` the column. Loop over the windows and set "
        "`out[row, column] = y[i, j]`.",
    ),
    mistakes=(
        Mistake(
            _all_four,
            "Each number stands in all four places of its window. That is upsampling by the nearest "
            "neighbour; unpooling puts it in one place only.",
        ),
        Mistake(
            _spread,
            "Each number is spread over its window, a quarter to each place. Unpooling puts all of it in "
            "one place.",
        ),
        Mistake(
            _first_place,
            "Each number stands in the first place of its window: the offsets are not used.",
        ),
        Mistake(
            _column_first,
            "The places 1 and 2 have changed: 1 is to the right of 0, and 2 below it. Which of `offset // "
            "2` and `offset % 2` is the row?",
        ),
        Mistake(
            _offsets_in_the_plane,
            "The offsets were taken for positions in the whole map, so everything ended up in its first "
            "four places. They count from where their own window begins.",
        ),
        Mistake(
            _width_of_the_windows,
            "An odd map came out slanted: a row has W numbers, which is one more than twice the windows.",
        ),
        Mistake(
            _height_for_width,
            "A map that is not square came out wrong: the position of a row is row * W, not row * H.",
        ),
        Mistake(
            _twice_the_windows,
            "The map has twice the size of y. That is not the size it had: use `size`, which an odd map "
            "needs.",
        ),
        Mistake(
            _only_positive,
            "Negative numbers were lost. Unpooling only moves numbers; it does not look at them.",
        ),
        Mistake(_ones, "The places are right, but there are ones instead of the numbers of y."),
        Mistake(
            _next_window,
            "The windows lie on top of each other: window (i, j) begins at row 2 * i and column 2 * j, not "
            "at (i, j).",
        ),
    ),
)

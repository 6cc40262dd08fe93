"""Exercise: max-pooling that remembers where each maximum stood."""

from collections.abc import Callable, Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

Pooled = tuple[np.ndarray, np.ndarray]

#: What a search for a maximum is begun with by those who take it for smaller than any number.
MADE_UP = (
    *(-1, -10, -99, -100, -128, -255, -256, -999, -1000, -9999, -10000, -99999, -100000),
    *(-999999, -1000000, -999999999, -1000000000, -(2**31), -(2**63)),
)


def solution(x: np.ndarray) -> Pooled:
    """Look at the four places of each window in turn; only a larger number takes the lead."""
    height, width = x.shape
    y = np.zeros((height // 2, width // 2), x.dtype)
    offsets = np.zeros(y.shape, int)
    for i, j in np.ndindex(y.shape):
        best, where = x[2 * i, 2 * j], 0
        for offset in (1, 2, 3):
            value = x[2 * i + offset // 2, 2 * j + offset % 2]
            if value > best:
                best, where = value, offset
        y[i, j], offsets[i, j] = best, where
    return y, offsets


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(1)
    easy = np.array([[1, 5, 2, 0], [3, 2, 1, 7], [9, 4, 3, 6], [8, 0, 8, 5]], float)
    odd_height = np.vstack([easy, [20, 21, 22, 23]])
    odd_width = np.hstack([easy, [[31], [30], [33], [32]]])
    ties = np.array([[4, 4, 1, 6], [2, 4, 6, 6], [0, 3, 5, 2], [3, 3, 5, 5]], float)
    return [
        Case("a 4x4 map", (easy,)),
        Case("negative numbers", (easy - 12,)),
        Case("equal maxima in a window", (ties,)),
        Case("windows full of zeros", (np.zeros((4, 6)),)),
        Case("an odd height", (odd_height,)),
        Case("an odd width", (odd_width,)),
        Case("numbers far below zero", ((easy - 12) * 1e20,)),
        Case("a larger map of 7x10", (rng.permutation(70).reshape(7, 10) / 8 - 4,)),
    ]


def _windows(x: np.ndarray) -> np.ndarray:
    """The four numbers of each window, in the order of their offsets, shape (PH, PW, 4)."""
    rows, columns = x.shape[0] // 2, x.shape[1] // 2
    whole = x[: 2 * rows, : 2 * columns]
    return whole.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)


def _last_of_equals(x: np.ndarray) -> Pooled:
    windows = _windows(x)
    return windows.max(-1), 3 - windows[..., ::-1].argmax(-1)


def _starts_at_zero(x: np.ndarray) -> Pooled:
    windows = _windows(x)
    y = np.maximum(windows.max(-1), 0)
    return y, np.where(windows.max(-1) > 0, windows.argmax(-1), 0)


def _starts_at(number: float) -> Callable[[np.ndarray], Pooled]:
    def answer(x: np.ndarray) -> Pooled:
        windows = _windows(x)
        found = windows.max(-1) > number
        return np.maximum(windows.max(-1), number), np.where(found, windows.argmax(-1), 0)

    return answer


def _in_the_plane(x: np.ndarray) -> Pooled:
    y, offsets = solution(x)
    i, j = np.indices(y.shape)
    return y, (2 * i + offsets // 2) * x.shape[1] + 2 * j + offsets % 2


def _column_first(x: np.ndarray) -> Pooled:
    y, offsets = solution(x)
    return y, offsets % 2 * 2 + offsets // 2


def _column_first_ties_too(x: np.ndarray) -> Pooled:
    windows = _windows(x)[..., [0, 2, 1, 3]]
    return windows.max(-1), windows.argmax(-1)


def _first_by_columns(x: np.ndarray) -> Pooled:
    windows = _windows(x)[..., [0, 2, 1, 3]]
    return windows.max(-1), np.array([0, 2, 1, 3])[windows.argmax(-1)]


def _from_one(x: np.ndarray) -> Pooled:
    y, offsets = solution(x)
    return y, offsets + 1


def _swapped(x: np.ndarray) -> Pooled:
    return solution(x)[::-1]


def _pairs(x: np.ndarray) -> Pooled:
    y, offsets = solution(x)
    return y, np.stack(np.divmod(offsets, 2), axis=-1)


def _rounds_up(x: np.ndarray) -> Pooled:
    height, width = x.shape
    return solution(np.pad(x, ((0, height % 2), (0, width % 2)), constant_values=-np.inf))


def _rounds_up_with_zeros(x: np.ndarray) -> Pooled:
    height, width = x.shape
    return solution(np.pad(x, ((0, height % 2), (0, width % 2))))


def _stride_one(x: np.ndarray) -> Pooled:
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2)).reshape(x.shape[0] - 1, x.shape[1] - 1, 4)
    return windows.max(-1), windows.argmax(-1)


def _four_in_a_row(x: np.ndarray) -> Pooled:
    rows, columns = x.shape[0] // 2, x.shape[1] // 2
    windows = x[: 2 * rows, : 2 * columns].reshape(rows, columns, 4)
    return windows.max(-1), windows.argmax(-1)


def _mean(x: np.ndarray) -> Pooled:
    windows = _windows(x)
    return windows.mean(-1), windows.argmax(-1)


def _smallest(x: np.ndarray) -> Pooled:
    windows = _windows(x)
    return windows.min(-1), windows.argmin(-1)


def _largest_size(x: np.ndarray) -> Pooled:
    windows = _windows(x)
    offsets = np.abs(windows).argmax(-1)
    return np.take_along_axis(windows, offsets[..., None], -1)[..., 0], offsets


EXERCISE = Exercise(
    name="max_pool",
    lesson="01",
    task="""Write `max_pool(x)` for one map `x` of shape (H, W). Cut it into windows of 2x2 that do not
overlap; of an odd map the last row or column is left out. Return two arrays of shape (H // 2, W // 2): `y`,
the largest number of each window, and `offsets`, where in its window that stood: 0 and 1 in the upper row, 2
and 3 in the lower one. Of equal maxima take the first one, in the order of the offsets.""",
    see="segnet_np/reference.py, max_pool2d, and fast in segnet_np/kernels/max_pool.py",
    other_ways=("windows.argmax(axis=0)", "windows.argmax(0)"),
    outputs=("y", "offsets"),
    solution=solution,
    cases=cases,
    hints=(
        "Window (i, j) begins at row 2 * i and column 2 * j of x. Loop over the windows, and in each over "
        "its four places.",
        "The place with the number `offset` lies `offset // 2` rows below and `offset % 2` columns to the "
        "right of where its window begins. Let the first place lead, and compare the others with the leader.",
        "Begin with `best, where = x[2 * i, 2 * j], 0`; then for the offsets 1, 2, 3: where the value is "
        "**larger** than best, it becomes best and its offset becomes where. Larger, not equal: so the "
        "first of equals stays.",
    ),
    mistakes=(
        Mistake(
            _last_of_equals,
            "Where a window has equal maxima, the last one was taken. The first one counts: which "
            "comparison lets an equal number take the lead?",
        ),
        Mistake(
            _starts_at_zero,
            "A window of negative numbers gave 0. What does the search begin with? It must begin with a "
            "number of the window, or below all numbers.",
        ),
        *(
            Mistake(
                _starts_at(number),
                f"The search begins at a made-up small number, {number}, and a window may lie below it. "
                "Begin with a number of the window, or with -inf.",
            )
            for number in MADE_UP
        ),
        Mistake(
            _in_the_plane,
            "The offsets are positions in the whole map (row * W + column), as PyTorch gives them. Here "
            "they say where in its own window the maximum stood, 0 to 3.",
        ),
        Mistake(
            _column_first,
            "The offsets 1 and 2 have changed places: 1 is to the right of 0, and 2 below it. Is it "
            "2 * row + column, or the other way round?",
        ),
        Mistake(
            _column_first_ties_too,
            "The windows are read column by column. Read them row by row: 1 is to the right of 0, and 2 "
            "below it.",
        ),
        Mistake(
            _first_by_columns,
            "Of equal maxima the first one **row by row** counts; here it is the first one column by "
            "column. Which of your two loops over the window is the outer one?",
        ),
        Mistake(_from_one, "The offsets count from 1. The first place is 0."),
        Mistake(_swapped, "The two results are in the other order: first y, then the offsets."),
        Mistake(
            _pairs,
            "The offsets are pairs of row and column. One number for each window is enough: 2 * row + "
            "column.",
        ),
        Mistake(
            _rounds_up,
            "Of an odd map the last row or column has got windows of its own (that is ceil mode). Here it "
            "is left out: H // 2 rows.",
        ),
        Mistake(
            _rounds_up_with_zeros,
            "An odd map was filled up with zeros, so that it has more windows. Here its last row or column "
            "is left out: H // 2 rows.",
        ),
        Mistake(
            _stride_one,
            "The windows overlap: each begins one place after the last one. They should begin two places "
            "apart, at row 2 * i and column 2 * j.",
        ),
        Mistake(
            _four_in_a_row,
            "Each window holds four neighbours of one row: `reshape` cuts the numbers as they follow each "
            "other in memory. A window has two rows and two columns.",
        ),
        Mistake(_mean, "y holds the mean of each window. It should be the largest number."),
        Mistake(_smallest, "y holds the smallest number of each window. It should be the largest."),
        Mistake(
            _largest_size,
            "A number far below zero beat a positive one: the sizes without the sign were compared. -5 is "
            "smaller than 1.",
        ),
    ),
)

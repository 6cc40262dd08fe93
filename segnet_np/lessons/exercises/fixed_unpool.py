"""Exercise: unpooling without indices."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    """Zeros, and each value at the top left of its window."""
    out = np.zeros(output_size, y.dtype)
    for i, j in np.ndindex(y.shape):
        out[2 * i, 2 * j] = y[i, j]
    return out


def cases() -> Sequence[Case]:
    """The calls, the easiest first."""
    rng = np.random.default_rng(9)

    def numbers(*shape: int) -> np.ndarray:
        return np.round(rng.uniform(0.5, 9.5, shape), 1)

    return [
        Case("a 2x2 map", (np.array([[1.0, 2.0], [3.0, 4.0]]), (4, 4))),
        Case("a map that is wider than high", (numbers(2, 4), (4, 8))),
        Case("negative values", (-numbers(3, 2), (6, 4))),
        Case("a map that came from an odd height", (numbers(3, 4), (7, 8))),
        Case("a map that came from odd sides", (numbers(3, 4), (7, 9))),
        Case("windows that hang over the edge", (numbers(3, 4), (5, 7))),
        Case("float32", (numbers(3, 4).astype("float32"), (6, 8))),
    ]


WITHOUT_DTYPE = "The numbers are right, but the result is {}: make the zeros with y's dtype."


def _also(function: Callable[..., Any]) -> str | None:
    y, output_size = cases()[-1].arguments
    dtype = getattr(function(y.copy(), output_size), "dtype", y.dtype)  # lists have none
    return None if dtype == y.dtype else WITHOUT_DTYPE.format(dtype)


def _without_dtype(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return solution(y.astype("float64"), output_size)


def _padded(y: np.ndarray, output_size: tuple[int, int], large: np.ndarray) -> np.ndarray:
    """Bring a map of twice the size to the wanted one."""
    out = np.zeros(output_size, y.dtype)
    rows, columns = min(out.shape[0], large.shape[0]), min(out.shape[1], large.shape[1])
    out[:rows, :columns] = large[:rows, :columns]
    return out


def _repeated(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _padded(y, output_size, y.repeat(2, axis=0).repeat(2, axis=1))


def _at(y: np.ndarray, output_size: tuple[int, int], a: int, b: int, factor: float = 1) -> np.ndarray:
    large = np.zeros((2 * y.shape[0], 2 * y.shape[1]), y.dtype)
    large[a::2, b::2] = y * y.dtype.type(factor)
    return _padded(y, output_size, large)


def _bottom_right(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _at(y, output_size, 1, 1)


def _top_right(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _at(y, output_size, 0, 1)


def _bottom_left(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _at(y, output_size, 1, 0)


def _shared_out(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _repeated(y / y.dtype.type(4), output_size)


def _quarter(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _at(y, output_size, 0, 0, 0.25)


def _times_four(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _at(y, output_size, 0, 0, 4)


def _corner(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _padded(y, output_size, y)


def _always_twice(y: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    return _at(y, (2 * y.shape[0], 2 * y.shape[1]), 0, 0)


EXERCISE = Exercise(
    name="fixed_unpool",
    lesson="09",
    task="""Write `fixed_unpool(y, output_size)`. `y` has shape (PH, PW), `output_size` is (H, W): the
size before pooling, twice that of y or, where it was odd, one more or one less. Return a map of that size
and of y's dtype with each value of y at the **top left** of its 2x2 window, and zeros everywhere else. No
indices: nobody remembered any.""",
    outputs=("out",),
    solution=solution,
    cases=cases,
    hints=(
        "Where does window (i, j) of a map begin?",
        "Zeros of `output_size`; then value (i, j) of y goes to row 2 * i and column 2 * j.",
        "In one line without a loop: `out[: 2 * y.shape[0] : 2, : 2 * y.shape[1] : 2] = y`.",
    ),
    mistakes=(
        Mistake(
            _repeated,
            "Each value fills its whole window: upsampling by the nearest neighbour. Three places stay 0.",
        ),
        Mistake(
            _bottom_right, "The values are at the bottom right of their windows. Where does a window begin?"
        ),
        Mistake(_top_right, "The values are at the top **right** of their windows."),
        Mistake(_bottom_left, "The values are at the **bottom** left of their windows."),
        Mistake(_shared_out, "Each value was shared out over its window, a quarter to each place."),
        Mistake(_quarter, "The places are right, the values a quarter of what they should be."),
        Mistake(_times_four, "The places are right, the values four times what they should be."),
        Mistake(
            _corner,
            "The small map lies as it is in the corner of the large one. Its values are two pixels apart.",
        ),
        Mistake(
            _always_twice,
            "The result is always twice as large as y. A map of 45 rows pools to 22, and 44 is not 45: "
            "take `output_size`.",
        ),
        Mistake(_without_dtype, WITHOUT_DTYPE.format("float64")),
    ),
    also=_also,
    see="segnet_np/reference_decoders.py, unpool_at, and segnet_np/layers/fixed_unpool.py",
    other_ways=("out[::2, ::2] = y", "out[: 2 * y.shape[0] : 2"),
)

"""Exercise: the backward pass of unpooling."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Collect the gradient from the place where each number was put."""
    dy = np.zeros(offsets.shape, dout.dtype)
    for i, j in np.ndindex(dy.shape):
        # forward was: out[2 * i + offset // 2, 2 * j + offset % 2] = y[i, j]
        dy[i, j] = dout[2 * i + offsets[i, j] // 2, 2 * j + offsets[i, j] % 2]
    return dy


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(4)

    def gradient(*shape: int) -> np.ndarray:
        return np.round(rng.standard_normal(shape), 2)

    offsets = rng.integers(0, 4, (3, 4))
    return [
        Case("a 4x4 map", (gradient(4, 4), np.array([[1, 3], [0, 2]]))),
        Case("a map that is wider than high", (gradient(6, 8), offsets)),
        Case("all gradients negative", (-np.abs(gradient(6, 8)) - 0.1, offsets)),
        Case("all gradients positive", (np.abs(gradient(6, 8)) + 0.1, offsets)),
        Case("an odd height", (gradient(7, 8), offsets)),
        Case("an odd width", (gradient(6, 9), offsets)),
        Case("windows that hang over the edge of an odd map", (gradient(3, 3), np.array([[3, 2], [1, 0]]))),
    ]


def _windows(dout: np.ndarray, offsets: np.ndarray, fill: float = 0.0) -> np.ndarray:
    """The four gradients of each window, shape (PH, PW, 4); `fill` where a window hangs over the edge."""
    rows, columns = offsets.shape
    padded = np.full((max(dout.shape[0], 2 * rows), max(dout.shape[1], 2 * columns)), fill)
    padded[: dout.shape[0], : dout.shape[1]] = dout
    whole = padded[: 2 * rows, : 2 * columns]
    return whole.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)


def _pools_the_gradient(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return np.asarray(_windows(dout, offsets, -np.inf).max(-1))


def _largest_size(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    windows = _windows(dout, offsets)
    return np.take_along_axis(windows, np.abs(windows).argmax(-1)[..., None], -1)[..., 0]


def _sum(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return np.asarray(_windows(dout, offsets).sum(-1))


def _mean(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return np.asarray(_windows(dout, offsets).mean(-1))


def _first_place(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return solution(dout, np.zeros_like(offsets))


def _column_first(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    padded = np.pad(dout, ((0, 1), (0, 1)))
    return solution(padded, offsets % 2 * 2 + offsets // 2)


def _offsets_in_the_plane(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return np.asarray(dout.ravel()[offsets])


def _width_of_the_windows(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    i, j = np.indices(offsets.shape)
    flat = (2 * i + offsets // 2) * (2 * offsets.shape[1]) + 2 * j + offsets % 2
    return np.asarray(np.pad(dout.ravel(), (0, 4 * offsets.size))[flat])


def _scattered(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(dout)
    for i, j in np.ndindex(offsets.shape):
        place = 2 * i + offsets[i, j] // 2, 2 * j + offsets[i, j] % 2
        kept[place] = dout[place]
    return kept


def _only_positive(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return np.maximum(solution(dout, offsets), 0)


EXERCISE = Exercise(
    name="max_unpool_backward",
    lesson="01",
    task="""Write `max_unpool_backward(dout, offsets)`. Unpooling put each number of y, shape (PH, PW), into
a map of shape (H, W), where `offsets` says. `dout` of shape (H, W) is the gradient of the loss with respect
to that map. Return `dy` of the shape of `offsets`, the gradient with respect to y.""",
    see="segnet_np/reference.py, max_unpool2d_backward, and fast in segnet_np/kernels/max_unpool.py, gather",
    other_ways=("dout[2 * i + offsets // 2, 2 * j + offsets % 2]",),
    outputs=("dy",),
    solution=solution,
    cases=cases,
    hints=(
        "Take one number of y. On how many numbers of the map has it an influence, and on which?",
        "y[i, j] was copied to one place. Raise it by a little, and that place rises by as much: so its "
        "gradient is the gradient at that place. The zeros around it are constants.",
        "Zeros of the shape of offsets; then for each window `dy[i, j] = dout[2 * i + offset // 2, 2 * j + "
        "offset % 2]`: the line of the forward pass, read from right to left.",
    ),
    mistakes=(
        Mistake(
            _pools_the_gradient,
            "This takes the **largest** gradient of each window: it pools again. Nothing is compared on the "
            "way back; the place is known from forward.",
        ),
        Mistake(
            _largest_size,
            "This takes the gradient of the largest size in each window. Nothing is compared on the way "
            "back; the place is known from forward.",
        ),
        Mistake(
            _sum,
            "This adds up the gradients of each window: the backward pass of upsampling by the nearest "
            "neighbour. Three of the four places hold a constant zero.",
        ),
        Mistake(
            _mean,
            "This takes the mean over each window. Three of the four places hold a constant zero and have "
            "no say.",
        ),
        Mistake(
            _first_place,
            "Each gradient was taken from the first place of its window: the offsets are not used.",
        ),
        Mistake(
            _column_first,
            "The places 1 and 2 have changed: 1 is to the right of 0, and 2 below it. Which of `offset // "
            "2` and `offset % 2` is the row?",
        ),
        Mistake(
            _offsets_in_the_plane,
            "The offsets were taken for positions in the whole map. They count from where their own window "
            "begins.",
        ),
        Mistake(
            _width_of_the_windows,
            "With an odd width the wrong places were read: a row of dout has W numbers, which is one more "
            "than twice the windows.",
        ),
        Mistake(
            _scattered,
            "The gradients still lie in the large map. dy has the shape of y: one number for each window.",
        ),
        Mistake(
            _only_positive,
            "Negative gradients were lost. A gradient may have either sign, and unpooling passes on both.",
        ),
    ),
)

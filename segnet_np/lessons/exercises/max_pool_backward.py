"""Exercise: the backward pass of max-pooling."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake
from segnet_np.lessons.exercises.max_pool import solution as max_pool


def solution(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Each y is a copy of one x, and that one gets all of its gradient."""
    dx = np.zeros(x.shape, dy.dtype)
    for i, j in np.ndindex(dy.shape):
        # forward was: y[i, j] = x[2 * i + offset // 2, 2 * j + offset % 2]
        dx[2 * i + offsets[i, j] // 2, 2 * j + offsets[i, j] % 2] = dy[i, j]
    return dx


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(3)

    def case(what: str, x: np.ndarray) -> Case:
        y, offsets = max_pool(x)
        return Case(what, (np.round(rng.standard_normal(y.shape), 2), offsets, x))

    easy = np.array([[1, 5, 2, 0], [3, 2, 1, 7], [9, 4, 3, 6], [8, 0, 8, 5]], float)
    ties = np.array([[4, 4, 1, 6], [2, 4, 6, 6], [0, 3, 5, 2], [3, 3, 5, 5]], float)
    return [
        case("a 4x4 map", easy),
        case("negative numbers in x", easy - 12),
        case("equal maxima in a window", ties),
        Case(
            "equal maxima in a window, of which the pooling took the last",
            (np.array([[0.5, -1.25], [2.0, 0.75]]), np.array([[1, 3], [3, 3]]), ties),
        ),
        case("windows full of zeros, as ReLU leaves them", np.zeros((4, 6))),
        case("an odd height", rng.permutation(30).reshape(5, 6) - 15.0),
        case("an odd width", rng.permutation(28).reshape(4, 7) / 4),
        case("a map of 7x9", rng.permutation(63).reshape(7, 9) / 8 - 4),
    ]


def _over(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A number of each window in all four of its places; zeros in the row or column that is left out."""
    out = np.zeros(x.shape, values.dtype)
    out[: 2 * values.shape[0], : 2 * values.shape[1]] = values.repeat(2, axis=0).repeat(2, axis=1)
    return out


def _is_maximum(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    whole = x[: 2 * dy.shape[0], : 2 * dy.shape[1]]
    y = whole.reshape(dy.shape[0], 2, dy.shape[1], 2).max(axis=(1, 3))
    equal = np.zeros(x.shape, bool)
    equal[: whole.shape[0], : whole.shape[1]] = whole == y.repeat(2, axis=0).repeat(2, axis=1)
    return equal


def _all_ties(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _over(dy, x) * _is_maximum(dy, x)


def _shared_by_ties(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    equal = _is_maximum(dy, x)
    count = (
        equal[: 2 * dy.shape[0], : 2 * dy.shape[1]].reshape(dy.shape[0], 2, dy.shape[1], 2).sum(axis=(1, 3))
    )
    return _over(dy / count, x) * equal


def _all_four(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _over(dy, x)


def _averaged(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _over(dy, x) / 4


def _times_x(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(dy, offsets, x) * x


def _values(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(max_pool(x)[0], offsets, x)


def _ones(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(np.ones_like(dy), offsets, x)


def _first_place(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(dy, np.zeros_like(offsets), x)


def _looked_for_again(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(dy, max_pool(x)[1], x)


def _column_first(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(dy, offsets % 2 * 2 + offsets // 2, x)


def _twice_the_windows(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(dy, offsets, x)[: 2 * dy.shape[0], : 2 * dy.shape[1]]


def _like_relu(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    return solution(dy, offsets, x) * (x > 0)


def _width_of_the_windows(dy: np.ndarray, offsets: np.ndarray, x: np.ndarray) -> np.ndarray:
    i, j = np.indices(dy.shape)
    dx = np.zeros(x.size, dy.dtype)
    dx[(2 * i + offsets // 2) * (2 * dy.shape[1]) + 2 * j + offsets % 2] = dy
    return dx.reshape(x.shape)


EXERCISE = Exercise(
    name="max_pool_backward",
    lesson="01",
    task="""Write `max_pool_backward(dy, offsets, x)`. `x` of shape (H, W) was pooled, which gave y and
`offsets`; `dy` of shape (H // 2, W // 2) is the gradient of the loss with respect to y. Return `dx`, the
gradient with respect to x, of the shape of x. (Do you need the numbers in x, or only its shape?)""",
    see="segnet_np/reference.py, max_pool2d_backward, which is a single call of max_unpool2d",
    other_ways=("dx[2 * i + offsets // 2, 2 * j + offsets % 2] = dy",),
    outputs=("dx",),
    solution=solution,
    cases=cases,
    hints=(
        "Take one window. If you raise the largest of its four numbers by a little, how much does y rise? "
        "And if you raise another one?",
        "y[i, j] is a copy of one number of x, so this one has the derivative 1, and the other three 0. You "
        "wrote a function that puts one number into each window, with zeros around it.",
        "Zeros of the shape of x; then for each window `dx[2 * i + offset // 2, 2 * j + offset % 2] = dy[i, "
        "j]`. It is unpooling, applied to dy.",
    ),
    mistakes=(
        Mistake(
            _all_ties,
            "In a window with equal maxima each of them got the whole gradient, so it was counted twice or "
            "more. Forward copied one of them: the one that the offset names.",
        ),
        Mistake(
            _shared_by_ties,
            "In a window with equal maxima the gradient was shared among them. Forward copied only one, the "
            "one that the offset names, so that one gets all of it.",
        ),
        Mistake(
            _all_four,
            "All four places of a window got the gradient. Three of them had no part in y: their gradient "
            "is zero.",
        ),
        Mistake(
            _averaged,
            "Each place of a window got a quarter of the gradient. That is the backward pass of average "
            "pooling; here one place gets all of it.",
        ),
        Mistake(
            _times_x,
            "The gradient was multiplied by x. y is a copy of x, y = 1 * x, so the factor is 1.",
        ),
        Mistake(
            _values,
            "The places are right, but they hold the maxima of x. What flows back is dy.",
        ),
        Mistake(
            _ones,
            "The places are right, but they hold ones. That is the derivative of y alone; times dy it is "
            "the gradient of the loss.",
        ),
        Mistake(
            _first_place,
            "Each gradient went to the first place of its window: the offsets are not used.",
        ),
        Mistake(
            _looked_for_again,
            "The maximum was looked for again in x. Of equal ones x cannot tell which was taken; `offsets` "
            "remembers it.",
        ),
        Mistake(
            _column_first,
            "The places 1 and 2 have changed: 1 is to the right of 0, and 2 below it. Which of `offset // "
            "2` and `offset % 2` is the row?",
        ),
        Mistake(
            _twice_the_windows,
            "dx is smaller than x. The row or column that pooling left out had no part in y, and its "
            "gradient is zero; but it is there.",
        ),
        Mistake(
            _like_relu,
            "Where x is negative the gradient was lost. Pooling also copies negative numbers; it is ReLU "
            "that stops them.",
        ),
        Mistake(
            _width_of_the_windows,
            "An odd map came out slanted: a row of x has W numbers, which is one more than twice the "
            "windows.",
        ),
    ),
)

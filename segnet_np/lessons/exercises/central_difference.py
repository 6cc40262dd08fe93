"""Lesson 02: the derivative by trying, one element after the other."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def central_difference(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        right, left = x.copy(), x.copy()
        right[index] += h
        left[index] -= h
        gradient[index] = (f(right) - f(left)) / (2 * h)
    return gradient


def square(x):
    return float(np.sum(np.square(x)))


def cubic(x):
    return float(np.sum(x**3) - 2 * np.sum(x))


def neighbours(x):
    return float(np.sum(x[:-1] * x[1:]) + np.sum(np.sin(x[:, 0])))


def bowl(x):
    return float(np.sum(x * x * np.arange(1, x.size + 1)))


def cases() -> list[Case]:
    rng = np.random.default_rng(2)
    return [
        Case("a parabola, three numbers", (square, np.array([1.0, -2.0, 0.5]), 0.1)),
        Case(
            "a cubic with a large step, where one-sided differences go wrong",
            (cubic, rng.normal(size=4), 0.5),
        ),
        Case("a matrix whose elements act on each other", (neighbours, rng.normal(size=(3, 4)), 0.01)),
        Case("another step", (cubic, rng.normal(size=(2, 3)), 0.25)),
        Case("each element with a weight of its own", (bowl, rng.normal(size=5), 0.125)),
    ]


def _forward_only(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        right = x.copy()
        right[index] += h
        gradient[index] = (f(right) - f(x)) / h
    return gradient


def _backward_only(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        left = x.copy()
        left[index] -= h
        gradient[index] = (f(x) - f(left)) / h
    return gradient


def _divided_by_h(f, x, h):
    return 2 * central_difference(f, x, h)


def _not_divided(f, x, h):
    return 2 * h * central_difference(f, x, h)


def _times_half_h(f, x, h):
    # (f(right) - f(left)) / 2 * h: multiplies by h.
    return h * h * central_difference(f, x, h)


def _all_at_once(f, x, h):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def _not_put_back(f, x, h):
    gradient, moving = np.zeros(x.shape), x.copy()
    for index in np.ndindex(x.shape):
        moving[index] += h
        right = f(moving)
        moving[index] -= 2 * h
        gradient[index] = (right - f(moving)) / (2 * h)
    return gradient


def _back_to_x_only(f, x, h):
    return _forward_only(f, x, h) / 2


def _left_moved(f, x, h):
    gradient, moving = np.zeros(x.shape), x.copy()
    for index in np.ndindex(x.shape):
        moving[index] += h
        right = f(moving)
        moving[index] -= h
        gradient[index] = (right - f(moving)) / (2 * h)
        moving[index] += h
    return gradient


def _views(f, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        right = left = x.copy()
        right[index] += h
        left[index] -= h
        gradient[index] = (f(right) - f(left)) / (2 * h)
    return gradient


EXERCISE = Exercise(
    name="central_difference",
    lesson="02",
    task=(
        "`central_difference(f, x, h)`: `f` takes an array like `x` and gives one number. Return its "
        "gradient, an array of the shape of `x`: for each element, move it alone by `h` to both sides, "
        "and divide what `f` changes by the distance."
    ),
    outputs=("gradient",),
    solution=central_difference,
    cases=cases,
    hints=(
        "One element at a time: all the others must stand at their own places while you move it. "
        "`np.ndindex(x.shape)` gives the index of each, for any number of axes.",
        "For each index make two copies of `x`. Add h to that one element in the first, take h away in "
        "the second.",
        "Ask `f` for both copies. The two points lie 2 h apart, so the difference of the answers is "
        "divided by that, and written into an array of zeros of the shape of `x`, at the same index.",
    ),
    mistakes=(
        Mistake(
            _forward_only,
            "a one-sided difference: it moves only forward, from x to x + h. Its error shrinks with h; "
            "that of the central difference, with a step to both sides, with h squared.",
        ),
        Mistake(
            _backward_only,
            "a one-sided difference: it moves only backward, from x - h to x. The central difference "
            "goes to both sides, and its error shrinks with h squared.",
        ),
        Mistake(_divided_by_h, "divided by h; how far apart are the two points at which you asked f?"),
        Mistake(_not_divided, "this is only how much f changes; a derivative is that per distance."),
        Mistake(
            _times_half_h,
            "Python reads `a / 2 * h` from left to right: it divides by 2 and then multiplies by h. Put "
            "brackets around the distance.",
        ),
        Mistake(
            _all_at_once,
            "all elements are moved at once (`x + h`), so every element gets the sum of all derivatives. "
            "Move one and leave the others alone.",
        ),
        Mistake(
            _not_put_back,
            "an element that was moved is not put back before the next one moves, so later elements are "
            "differentiated at another point.",
        ),
        Mistake(
            _back_to_x_only,
            "the second step goes back by `h`, so only to x itself: half of a one-sided difference is left. "
            "From x + h it takes 2 h to come to x - h, and one more to put the element back.",
        ),
        Mistake(
            _left_moved,
            "the second step goes back by `h`, so only to x itself, and the last one moves the element away "
            "again. From x + h it takes 2 h to come to x - h, and one h more to put it back.",
        ),
        Mistake(
            _views,
            "both names stand for one array: what is added through one is taken away through the other, "
            "and f sees twice the same. Two copies are needed.",
        ),
    ),
    see="segnet_np/verify/finite_differences.py, each_entry",
)

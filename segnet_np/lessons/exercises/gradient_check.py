"""Lesson 02: check a backward pass along one direction, two evaluations in all."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def gradient_check(forward, backward, x, dout, v, h):
    analytic = np.sum(backward(dout, x) * v)
    change = forward(x + h * v) - forward(x - h * v)
    numeric = np.sum(dout * change) / (2 * h)
    return analytic, numeric


def cube(x):
    return x**3


def cube_backward(dout, x):
    return dout * 3 * x**2


def cube_backward_wrong(dout, x):
    return dout * x**2


def relu(x):
    return np.maximum(x, 0)


def relu_backward(dout, x):
    return dout * (x > 0)


def row_sums(x):
    return x.sum(axis=1) ** 2


def row_sums_backward(dout, x):
    return np.repeat((dout * 2 * x.sum(axis=1))[:, None], x.shape[1], axis=1)


def cases() -> list[Case]:
    rng = np.random.default_rng(24)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=shape)

    return [
        Case("the cube of three numbers", (cube, cube_backward, draw(3), draw(3), draw(3), 0.01)),
        Case(
            "a large step, where central and one-sided differences part",
            (cube, cube_backward, draw(2, 3), draw(2, 3), draw(2, 3), 0.5),
        ),
        Case(
            "a wrong backward: the two numbers must differ",
            (cube, cube_backward_wrong, draw(4), draw(4), draw(4), 0.01),
        ),
        Case(
            "an output of another shape than the input",
            (row_sums, row_sums_backward, draw(3, 4), draw(3), draw(3, 4), 0.1),
        ),
        Case(
            "ReLU on maps", (relu, relu_backward, draw(2, 3, 4, 5), draw(2, 3, 4, 5), draw(2, 3, 4, 5), 1e-3)
        ),
    ]


def _one_sided(forward, backward, x, dout, v, h):
    return np.sum(backward(dout, x) * v), np.sum(dout * (forward(x + h * v) - forward(x))) / h


def _no_dout(forward, backward, x, dout, v, h):
    return np.sum(backward(dout, x) * v), np.sum(forward(x + h * v) - forward(x - h * v)) / (2 * h)


def _ones(forward, backward, x, dout, v, h):
    return gradient_check(forward, backward, x, np.ones_like(dout), v, h)


def _no_v(forward, backward, x, dout, v, h):
    return np.sum(backward(dout, x)), gradient_check(forward, backward, x, dout, v, h)[1]


def _all_alike(forward, backward, x, dout, v, h):
    return gradient_check(forward, backward, x, dout, np.ones_like(v), h)


def _divided_by_h(forward, backward, x, dout, v, h):
    analytic, numeric = gradient_check(forward, backward, x, dout, v, h)
    return analytic, 2 * numeric


def _not_divided(forward, backward, x, dout, v, h):
    analytic, numeric = gradient_check(forward, backward, x, dout, v, h)
    return analytic, 2 * h * numeric


def _times_half_h(forward, backward, x, dout, v, h):
    # change / 2 * h: multiplies by h.
    analytic, numeric = gradient_check(forward, backward, x, dout, v, h)
    return analytic, h * h * numeric


def _means(forward, backward, x, dout, v, h):
    analytic, numeric = gradient_check(forward, backward, x, dout, v, h)
    return analytic / x.size, numeric / dout.size


def _moved_in_place(forward, backward, x, dout, v, h):
    moving = x.copy()
    moving += h * v
    right = forward(moving)
    moving -= h * v * 2
    numeric = np.sum(dout * (right - forward(moving))) / (2 * h)
    return np.sum(backward(dout, moving) * v), numeric


def _unit_length(forward, backward, x, dout, v, h):
    return gradient_check(forward, backward, x, dout, v / np.linalg.norm(v), h)


EXERCISE = Exercise(
    name="gradient_check",
    lesson="02",
    task=(
        "`gradient_check(forward, backward, x, dout, v, h)`: two numbers that agree if `backward` is "
        "right. `forward(x)` gives the output, `backward(dout, x)` gives dx. Return `analytic`, the "
        "derivative along the direction `v` according to backward, that is dx times v, summed; and "
        "`numeric`, how fast the output, weighed by `dout` and summed, changes between `x - h * v` and `x "
        "+ h * v`."
    ),
    outputs=("analytic", "numeric"),
    solution=gradient_check,
    cases=cases,
    hints=(
        "Each of the two numbers is the sum of the elements of a product of two arrays. For `analytic` "
        "they have the shape of x, for `numeric` that of the output.",
        "`analytic`: run backward at x, multiply the result by v, add everything up. For `numeric` you "
        "need forward at two points.",
        "`numeric`: take the difference of forward at x + h v and at x - h v, weigh it with dout, add "
        "everything up, and divide by how far apart the two points are, counted in v.",
    ),
    mistakes=(
        Mistake(
            _one_sided,
            "the numeric derivative is one-sided, from x to x + h v. Go to both sides: the error falls "
            "from about h to about h squared.",
        ),
        Mistake(
            _no_dout,
            "`numeric` does not weigh the output with dout. Both numbers must speak of the same thing: "
            "the sum of dout times the output.",
        ),
        Mistake(
            _ones,
            "dout is replaced by ones. A check with ones is blind: the dx of batch norm is then zero, "
            "whatever backward forgets. Use the dout that is given.",
        ),
        Mistake(
            _no_v, "`analytic` adds up dx itself. Along a direction v each of its elements counts v times."
        ),
        Mistake(
            _all_alike,
            "all elements are moved by the same h. Along v each moves by its own part of it; a random v "
            "is what keeps errors of opposite signs from cancelling.",
        ),
        Mistake(_divided_by_h, "`numeric` is divided by h; from x - h v to x + h v it is twice as far."),
        Mistake(
            _not_divided,
            "`numeric` is only how much the weighed sum changes. How fast is that divided by how far apart "
            "the two points are, counted in v.",
        ),
        Mistake(
            _times_half_h,
            "Python reads `a / 2 * h` from left to right: `numeric` is divided by 2 and then multiplied by "
            "h. Put brackets around the distance.",
        ),
        Mistake(_means, "means where sums belong: the derivative of a sum is the sum of all parts."),
        Mistake(
            _moved_in_place,
            "backward is run at a point that was moved (x - h v), because an array was changed in "
            "place and not put back. The derivative is wanted at x.",
        ),
        Mistake(
            _unit_length,
            "v is brought to length 1. That is a derivative too, but of another direction than the one "
            "asked for: leave v as it is.",
        ),
    ),
    see="segnet_np/verify/finite_differences.py, along",
)

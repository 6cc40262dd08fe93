"""Winograd's short cut along a line: two results of a filter of three with four products."""

import numpy as np

from segnet_np.lessons.counted import products
from segnet_np.lessons.exercise import Case, Exercise, Mistake
from segnet_np.lessons.pictures.winograd import AT, BT, G


def winograd_1d(d, g):
    """y (2,) with y[i] = d[i] * g[0] + d[i + 1] * g[1] + d[i + 2] * g[2]."""
    m0 = (d[0] - d[2]) * g[0]
    m1 = (d[1] + d[2]) * ((g[0] + g[1] + g[2]) / 2)
    m2 = (d[2] - d[1]) * ((g[0] - g[1] + g[2]) / 2)
    m3 = (d[1] - d[3]) * g[2]
    return np.array([m0 + m1 + m2, m1 - m2 - m3])


def _cases():
    rng = np.random.default_rng(62)
    return [
        Case("d = 1 2 3 4 and g = 1 2 3", (np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0]))),
        Case(
            "only the last number of d is not 0", (np.array([0.0, 0.0, 0.0, 5.0]), np.array([1.0, 2.0, 3.0]))
        ),
        Case("a g that takes the middle", (np.array([4.0, -1.0, 2.0, 7.0]), np.array([0.0, 1.0, 0.0]))),
        Case("random numbers", (rng.normal(size=4), rng.normal(size=3))),
    ]


def _also(function):
    count = products(function, *_cases()[3].arguments)
    if count is None:
        return (
            "The two numbers are right. How many products it took could not be counted: leave out "
            "conversions such as `float(...)` or `.astype(float)`, and check again."
        )
    if count > 4:
        return (
            f"The two numbers are right, but it took {count} products of a number made from d with one made "
            "from g. The point of it is to need only 4."
        )
    return None


def _by(bt, g_matrix, at):
    bt, g_matrix, at = (np.array(matrix, float) for matrix in (bt, g_matrix, at))
    return lambda d, g: at @ ((g_matrix @ g) * (bt @ d))


def _turned(d, g):
    return winograd_1d(d, g[::-1])


EXERCISE = Exercise(
    name="winograd_1d",
    lesson="06",
    task=(
        "Write `winograd_1d(d, g)`. `d` has 4 numbers, `g` has 3. Return the two numbers `y[i] = d[i] * g[0] "
        "+ d[i + 1] * g[1] + d[i + 2] * g[2]` for i = 0 and 1, but with only 4 products of something made "
        "from d with something made from g. Sums, differences and halving cost nothing here."
    ),
    outputs=("y",),
    solution=winograd_1d,
    cases=_cases,
    hints=(
        "There are four products, one for each row of the matrices of the lesson: (row of Bt times d) times "
        "(row of G times g). y adds and subtracts them.",
        "Two of them are (d0 - d2) g0 and (d1 - d3) g2. The other two hold d1 + d2 and d2 - d1; their "
        "factors are half the sum of all of g, with a plus or a minus before g1.",
        "m0 = (d0 - d2) g0, m1 = (d1 + d2) (g0 + g1 + g2) / 2, m2 = (d2 - d1) (g0 - g1 + g2) / 2, m3 = (d1 "
        "- d3) g2. Then y0 = m0 + m1 + m2, and y1 = m1 - m2 - m3.",
    ),
    mistakes=(
        Mistake(
            _turned,
            "The filter is turned round: g[2] belongs to the number furthest to the right. What nets call a "
            "convolution does not turn its kernel.",
        ),
        Mistake(
            _by(BT, G, [[1, 1, 1, 0], [0, 1, -1, 1]]),
            "The last product has the wrong sign in y1. With d1 - d3 in it, it is taken off; with d3 - d1 "
            "it would be added.",
        ),
        Mistake(
            _by(BT, [[1, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 1]], AT),
            "The halves are missing: in the two middle products the sums of g are divided by 2.",
        ),
        Mistake(
            _by(BT, [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, -0.5], [0, 0, 1]], AT),
            "The minus in the third row is at the wrong place: it stands before g1, the middle one.",
        ),
        Mistake(
            _by(BT, [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0, 0, 1]], AT),
            "The two middle products have the same factor. In the third one g1 has a minus.",
        ),
        Mistake(
            _by([*BT[:2], [0, 1, -1, 0], BT[3]], G, AT),
            "The third product holds d1 - d2. It is d2 - d1.",
        ),
        Mistake(
            _by(BT, G, [[1, 1, 1, 0], [0, 1, 1, -1]]),
            "In y1 the third product has the wrong sign: it is taken off.",
        ),
        Mistake(
            _by([[1, 0, 1, 0], *BT[1:]], G, AT),
            "The first product holds d0 + d2. It is d0 - d2.",
        ),
        Mistake(
            _by(BT, G, [[0, 1, 1, 0], AT[1]]),
            "The first product is missing in y0.",
        ),
        Mistake(
            _by(BT, G, [AT[0], [0, 1, -1, 0]]),
            "The last product is missing in y1: without it d3 is nowhere.",
        ),
    ),
    also=_also,
    see="segnet_np/kernels/winograd_points.py, input_2, weight_2 and output_2",
)

"""A small exercise to try `check` on: two outputs, one known mistake; and wrong answers to it."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(x, gain):
    """Each picture's numbers times its channel's gain; and the sums over the pixels."""
    scaled = x * gain[:, None, None]
    return scaled, scaled.sum(axis=(2, 3))


def _cases():
    rng = np.random.default_rng(3)
    return [
        Case("one picture", (rng.normal(size=(1, 2, 3, 4)), np.array([0.5, -2.0]))),
        Case("an odd height", (rng.normal(size=(2, 3, 5, 4)), np.array([1.5, 2.0, -1.0]))),
        Case(
            "a row of zeros", (rng.normal(size=(2, 2, 3, 3)) * [[1.0], [0.0], [1.0]], np.array([3.0, 0.25]))
        ),
    ]


SCALE = Exercise(
    name="scale",
    lesson="09",
    task="`scale(x, gain)` ...",
    outputs=("scaled", "sums"),
    solution=solution,
    cases=_cases,
    hints=("one", "two", "three"),
    mistakes=(Mistake(lambda x, gain: solution(x, gain**2), "the gain is squared."),),
    see="segnet_np/nowhere.py, scale",
)


def with_scaled(change):
    """An answer whose first output is changed, the second one right."""

    def answer(x, gain):
        scaled, sums = solution(x, gain)
        return change(scaled), sums

    return answer


def late(x, gain):
    if x.shape[0] > 1:
        x = x[:, :, :4]
        return x @ np.ones((3, 4))
    return solution(x, gain)


def keeps_state(x, gain, seen=[]):  # noqa: B006
    seen.append(1)
    scaled, sums = solution(x, gain)
    return scaled * len(seen), sums


def in_place(x, gain):
    x *= gain[:, None, None]
    return x, x.sum(axis=(2, 3))


def zero_last(axis):
    def change(y):
        y = y.copy()
        np.moveaxis(y, axis, 0)[-1] = 7
        return y

    return change


def first_picture_only(y):
    y = y.copy()
    y[1:] = 0.125
    return y


WRONG = [
    ("nothing returned", lambda x, gain: None, "returned None", "no `return`"),
    ("not a function", 3, "not callable", "without brackets"),
    ("None given", None, "not callable", "without brackets"),
    ("other parameters", lambda x: x, "parameters", "`def`"),
    ("one output", lambda x, gain: x, "number of outputs", "`return scaled, sums`"),
    ("one output of two rows", lambda x, gain: x[0, :2], "number of outputs", "`return scaled, sums`"),
    ("three outputs", lambda x, gain: (x, x, x), "number of outputs", "`return scaled, sums`"),
    ("swapped", lambda x, gain: solution(x, gain)[::-1], "swapped outputs", "swapped"),
    ("an exception", late, "raised", "inner sizes of a matrix product"),
    ("a typing error", lambda x, gain: solution(x, gian), "raised", "typing error"),  # noqa: F821
    ("an endless index", lambda x, gain: x[99], "raised", "past the end"),
    ("state", keeps_state, "between calls", "default argument"),
    ("written to", in_place, "input written", "`.copy()`"),
    ("words", with_scaled(lambda y: "large"), "type", "that is text"),
    ("None in it", with_scaled(lambda y: None), "type", "nothing was ever put there"),
    ("a function in it", with_scaled(lambda y: y.sum), "type", "that is a function itself"),
    ("complex", with_scaled(lambda y: np.sqrt(y.astype(complex))), "type", "complex numbers"),
    ("an object", with_scaled(lambda y: object()), "type", "a number or an array"),
    ("ragged", with_scaled(lambda y: [[1], [1, 2]]), "structure", "different lengths"),
    ("transposed", with_scaled(lambda y: y.swapaxes(2, 3)), "shape", "axes are swapped"),
    ("no batch axis", with_scaled(lambda y: y[0]), "shape", "right numbers in another shape"),
    ("summed", with_scaled(lambda y: y.sum(axis=0)), "shape", "right numbers in another shape"),
    ("sum missing", lambda x, gain: (solution(x, gain)[0],) * 2, "shape", "summed over axes 2, 3"),
    ("one row less", with_scaled(lambda y: y[:, :, :-1]), "shape", "one too few along axis 2"),
    (
        "one column more",
        with_scaled(lambda y: np.pad(y, ((0, 0),) * 3 + ((0, 1),))),
        "shape",
        "one too many along axis 3",
    ),
    ("twice", with_scaled(lambda y: 2 * y), "factor", "2 times the expected one: something is added twice"),
    ("a mean", with_scaled(lambda y: y / y[0, 0].size), "factor", "a mean where a sum belongs"),
    ("log2", with_scaled(lambda y: y / np.log(2)), "factor", "np.log2"),
    ("sign", with_scaled(np.negative), "sign", "sign"),
    ("one more", with_scaled(lambda y: y + 1), "offset", "1 too large"),
    ("flipped", with_scaled(lambda y: y[:, :, ::-1]), "moved", "flipped along axis 2"),
    ("turned", with_scaled(lambda y: y[:, :, ::-1, ::-1]), "moved", "turned by 180 degrees"),
    ("shifted", with_scaled(lambda y: np.roll(y, 1, 3)), "moved", "shifted by one along axis 3"),
    ("shuffled", with_scaled(lambda y: np.sort(y, axis=None).reshape(y.shape)), "moved", "in wrong places"),
    ("zeros", with_scaled(np.zeros_like), "zeros", "never filled"),
    ("constant", with_scaled(lambda y: np.full_like(y, y.max())), "constant", "the same number"),
    ("whole numbers", with_scaled(lambda y: y.astype(int)), "dtype", "whole numbers only"),
    ("rounded", with_scaled(np.trunc), "dtype", "cut off"),
    ("float32", with_scaled(lambda y: y.astype("float32")), "precision", "float32"),
    ("NaN", with_scaled(lambda y: y / (y > y.min())), "not finite", "division by zero"),
    ("absolute", with_scaled(np.abs), "negatives", "came out positive"),
    ("negatives lost", with_scaled(lambda y: np.maximum(y, 0)), "negatives", "came out as 0"),
    (
        "the input",
        with_scaled(lambda y: y) and (lambda x, gain: (x.copy(), solution(x, gain)[1])),
        "input returned",
        "`x`, unchanged",
    ),
    ("last row", with_scaled(zero_last(2)), "values", "last row"),
    ("last column", with_scaled(zero_last(3)), "values", "last column"),
    ("first picture", with_scaled(first_picture_only), "values", "first picture"),
    ("no sign", lambda x, gain: solution(x, np.abs(gain)), "as if", "`gain` is taken without its sign."),
    (
        "one gain for all",
        lambda x, gain: solution(x, np.full_like(gain, gain[0])),
        "as if",
        "all of `gain` are its first element.",
    ),
    ("the mistake", lambda x, gain: solution(x, np.square(gain)), "as if", "the gain is squared."),
]

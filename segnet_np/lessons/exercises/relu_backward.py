"""Exercise: the backward pass of ReLU, from what it returned."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Let the gradient through where the input was positive, which is where the output is."""
    dx = np.zeros(dout.shape)
    for place in np.ndindex(dout.shape):
        # forward was: out = max(x, 0)
        if out[place] > 0:
            dx[place] = dout[place]
    return dx


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    rng = np.random.default_rng(5)
    out = np.maximum(rng.standard_normal((2, 3, 4, 5)), 0)
    dout = rng.standard_normal(out.shape)
    whole = np.maximum(rng.integers(-2, 3, (1, 2, 3, 4)), 0).astype(float)
    return [
        Case(
            "out 0 5 2 0, dout 1 2 3 4", (np.array([[[[1.0, 2], [3, 4]]]]), np.array([[[[0.0, 5], [2, 0]]]]))
        ),
        Case(
            "a dout with negative numbers",
            (np.array([[[[-1.0, -2], [3, 4]]]]), np.array([[[[0.0, 5], [2, 0]]]])),
        ),
        Case("two pictures, three channels", (dout, out)),
        Case("many zeros", (rng.integers(-3, 4, whole.shape).astype(float), whole)),
        Case("nothing got through", (dout[:1], np.zeros((1, 3, 4, 5)))),
        Case(
            "a very small number got through",
            (np.array([[[[1.0, 2], [3, 4]]]]), np.array([[[[0.0, 1e-12], [2, 0]]]])),
        ),
        Case("everything got through", (dout[:1], 1 + out[:1])),
    ]


def _everything(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return dout * (out >= 0)


def _sign_of_dout(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return np.maximum(dout, 0)


def _both_signs(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return np.maximum(dout, 0) * (out > 0)


def _mask_alone(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return np.asarray((out > 0) * 1.0)


def _times_out(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return dout * out


def _reversed(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return dout * (out <= 0)


def _half_at_zero(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return np.asarray(dout * (1 + np.sign(out)) / 2)


def _above_one(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return dout * (out > 1)


def _not_quite_zero(dout: np.ndarray, out: np.ndarray) -> np.ndarray:
    return dout * (out > 1e-6)


EXERCISE = Exercise(
    name="relu_backward",
    lesson="04",
    task="""Write `relu_backward(dout, out)`. `out` is what ReLU returned, max(x, 0); `dout`, of the same
shape, is the gradient of the loss with respect to it. Return `dx`, the gradient with respect to x. Note
that x itself is not given: `out` says enough. Where x was exactly 0 there is no derivative; take 0.""",
    outputs=("dx",),
    solution=solution,
    cases=cases,
    hints=(
        "Where x was positive, out moves with it, one to one. Where x was negative, out stays 0 whatever x "
        "does. How does `out` tell you which it was?",
        "`out > 0` is True exactly where x was positive. There dx is dout; elsewhere it is 0.",
        "`dx = dout * (out > 0)`, or `np.where(out > 0, dout, 0)`.",
    ),
    mistakes=(
        Mistake(
            _everything,
            "The mask is `out >= 0`, and out is never negative: everything gets through. It has to be `out "
            "> 0`.",
        ),
        Mistake(
            _sign_of_dout,
            "This applies ReLU to the gradient. A negative gradient passes too: what decides is where x was "
            "positive.",
        ),
        Mistake(
            _both_signs,
            "Negative gradients are cut off. What decides is only where x was positive; there dout passes "
            "as it is.",
        ),
        Mistake(
            _mask_alone,
            "This is the mask alone. It has to be multiplied by the upstream gradient dout.",
        ),
        Mistake(
            _times_out,
            "dout is multiplied by out. The slope of ReLU is 1 where x is positive, however large x is.",
        ),
        Mistake(_reversed, "The mask is the wrong way round: this lets through where ReLU gave 0."),
        Mistake(_half_at_zero, "Where out is 0 this passes half of dout. It passes nothing there."),
        Mistake(
            _not_quite_zero,
            "The mask starts a little above 0. `out` does not miss 0 by a rounding: it is x itself or "
            "exactly 0, so ask for `> 0`.",
        ),
        Mistake(_above_one, "The mask starts at 1. Everything above 0 was let through forward."),
    ),
    see="segnet_np/layers/relu.py, which remembers only what it returned",
    other_ways=("dout * (out > 0)", "(out > 0) * dout", "np.where(out > 0, dout, 0"),
)

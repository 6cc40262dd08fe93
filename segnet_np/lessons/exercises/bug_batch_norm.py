"""Lesson 02: a backward of batch norm with a bug that an upstream gradient of ones hides."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

_AXES = (0, 2, 3)


def bug_batch_norm(dout, x, weight, eps):
    axes = (0, 2, 3)
    mean = x.mean(axis=axes, keepdims=True)
    std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    x_hat = (x - mean) / std
    dx_hat = dout * weight[:, None, None]
    through_mean = dx_hat.mean(axis=axes, keepdims=True)
    through_var = x_hat * (dx_hat * x_hat).mean(axis=axes, keepdims=True)
    return (dx_hat - through_mean - through_var) / std


def given(dout, x, weight, eps):
    axes = (0, 2, 3)
    std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    dx_hat = dout * weight[:, None, None]
    # forward was: x_hat = (x - mean) / std, and x acts on the mean as well
    through_mean = dx_hat.mean(axis=axes, keepdims=True)
    return (dx_hat - through_mean) / std


def cases() -> list[Case]:
    rng = np.random.default_rng(23)
    x = rng.normal(1.0, 2.0, size=(2, 3, 4, 5))
    weight = np.array([0.5, 2.0, -1.5])
    return [
        Case("dout of ones: dx is zero but for rounding", (np.ones_like(x), x, weight, 1e-5)),
        Case(
            "a random dout, one channel of six values",
            (rng.normal(size=(1, 1, 2, 3)), rng.normal(size=(1, 1, 2, 3)), np.array([1.0]), 1e-5),
        ),
        Case("a batch, three channels", (rng.normal(size=x.shape), x, weight, 1e-5)),
        Case("a large eps", (rng.normal(size=x.shape), x, weight, 0.5)),
        Case("values far from zero", (rng.normal(size=x.shape), x + 30, weight, 1e-5)),
    ]


def _parts(dout, x, weight, eps):
    mean = x.mean(axis=_AXES, keepdims=True)
    std = np.sqrt(x.var(axis=_AXES, keepdims=True) + eps)
    dx_hat = dout * weight[:, None, None]
    return (x - mean) / std, dx_hat, std, dx_hat.mean(axis=_AXES, keepdims=True)


def _plus(dout, x, weight, eps):
    x_hat, dx_hat, std, mean = _parts(dout, x, weight, eps)
    return (dx_hat - mean + x_hat * (dx_hat * x_hat).mean(axis=_AXES, keepdims=True)) / std


def _sum(dout, x, weight, eps):
    x_hat, dx_hat, std, mean = _parts(dout, x, weight, eps)
    return (dx_hat - mean - x_hat * (dx_hat * x_hat).sum(axis=_AXES, keepdims=True)) / std


def _no_mean(dout, x, weight, eps):
    x_hat, dx_hat, std, _ = _parts(dout, x, weight, eps)
    return (dx_hat - x_hat * (dx_hat * x_hat).mean(axis=_AXES, keepdims=True)) / std


def _over_pictures(dout, x, weight, eps):
    x_hat, dx_hat, std, mean = _parts(dout, x, weight, eps)
    return (dx_hat - mean - x_hat * (dx_hat * x_hat).mean(axis=0, keepdims=True)) / std


def _no_weight(dout, x, weight, eps):
    x_hat, dx_hat, std, mean = _parts(dout, x, weight, eps)
    return (dx_hat - mean - x_hat * (dout * x_hat).mean(axis=_AXES, keepdims=True)) / std


def _x_for_x_hat(dout, x, weight, eps):
    _, dx_hat, std, mean = _parts(dout, x, weight, eps)
    return (dx_hat - mean - x * (dx_hat * x).mean(axis=_AXES, keepdims=True)) / std


def _not_times_x_hat(dout, x, weight, eps):
    x_hat, dx_hat, std, mean = _parts(dout, x, weight, eps)
    return (dx_hat - mean - (dx_hat * x_hat).mean(axis=_AXES, keepdims=True)) / std


EXERCISE = Exercise(
    name="bug_batch_norm",
    lesson="02",
    task=(
        "`bug_batch_norm(dout, x, weight, eps)`: mend dx of batch norm in training. `dout` and `x` have "
        "shape (N, C, H, W), `weight` has (C,), and `eps` is added to the variance. Return `dx`."
    ),
    outputs=("dx",),
    solution=bug_batch_norm,
    starts_from=given,
    cases=cases,
    hints=(
        "The report says what the error is proportional to. Forward divides by std: does std stay as it "
        "is when one x moves?",
        "x acts in three ways: directly, through the mean, through the variance. Two of them are there. "
        "The third has a form like the second: a mean over the channel that is taken away, but not the "
        "same for every pixel.",
        "What is missing is x_hat times a mean over the channel: the mean of dx_hat times x_hat. It is "
        "taken away inside the brackets, like the other one, before the division by std.",
    ),
    mistakes=(
        Mistake(
            _plus, "the part through the variance has the wrong sign: a larger spread makes x_hat smaller."
        ),
        Mistake(
            _sum,
            "the part through the variance is a sum over the channel; the variance is a mean, so divide.",
        ),
        Mistake(
            _no_mean, "the part through the variance is there, but the one through the mean is gone now."
        ),
        Mistake(
            _over_pictures,
            "the new mean runs over axis 0 only. The statistics of a channel come from all its pixels in "
            "the batch: axes 0, 2 and 3.",
        ),
        Mistake(
            _no_weight,
            "in the new mean stands dout, without the channel's weight. What arrives at x_hat is dout "
            "times weight.",
        ),
        Mistake(_x_for_x_hat, "in the new part stands x where x_hat belongs: normalise first."),
        Mistake(
            _not_times_x_hat,
            "the mean of dx_hat times x_hat is taken away as it is, from all pixels alike. The variance "
            "moves each pixel in proportion to how far it lies from the mean.",
        ),
    ),
    see="segnet_np/layers/batch_norm.py, in the docstring's last formula",
)

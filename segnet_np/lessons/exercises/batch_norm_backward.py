"""Exercise: the whole backward pass of batch norm."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]
AXES = (0, 2, 3)


def solution(
    dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Go back step by step: x acts directly, through the variance and through the mean."""
    dx = np.zeros(x.shape)
    dweight = np.zeros(x.shape[1])
    dbias = np.zeros(x.shape[1])
    for c in range(x.shape[1]):
        values = x[:, c]
        count = values.size
        mean = np.mean(values)
        var = np.mean((values - mean) ** 2)
        std = np.sqrt(var + eps)
        x_hat = (values - mean) / std
        # forward was: out = weight * x_hat + bias
        dbias[c] = np.sum(dout[:, c])
        dweight[c] = np.sum(dout[:, c] * x_hat)
        dx_hat = dout[:, c] * weight[c]
        # forward was: x_hat = (x - mean) / std
        direct = dx_hat / std
        dmean = -np.sum(dx_hat) / std
        dstd = -np.sum(dx_hat * x_hat) / std
        # forward was: std = sqrt(var + eps), var = mean of (x - mean)**2, mean = mean of x
        dvar = dstd / (2 * std)
        dx[:, c] = direct + dmean / count + dvar * 2 * (values - mean) / count
    return dx, dweight, dbias


def example(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make dout, x and weight; channels and pictures differ in mean and spread."""
    rng = np.random.default_rng(seed)
    spread = rng.uniform(0.5, 3, (1, shape[1], 1, 1))
    x = rng.normal(0, 3, (shape[0], shape[1], 1, 1)) + spread * rng.standard_normal(shape)
    dout = rng.standard_normal(shape) + rng.normal(0, 1, (shape[0], shape[1], 1, 1))
    return dout, x, rng.uniform(0.5, 2, shape[1]) * rng.choice([-1, 1], shape[1])


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    x = np.array([[[[1.0, 2.0], [3.0, 6.0]]]])
    dout = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    return [
        Case("four numbers, 1 2 3 6, and dout 1 0 0 0", (dout, x, np.ones(1), 1e-5)),
        Case("the same with weight 3", (dout, x, np.full(1, 3.0), 1e-5)),
        Case("two pictures, three channels", (*example((2, 3, 4, 5), 1), 1e-5)),
        Case("an eps of 0.5, that shows where it stands", (*example((2, 3, 4, 5), 2), 0.5)),
        Case("as many pictures as channels", (*example((3, 3, 2, 4), 3), 1e-3)),
        Case(
            "a dout of ones, for which dx is zero",
            (np.ones((2, 3, 4, 5)), *example((2, 3, 4, 5), 4)[1:], 1e-5),
        ),
    ]


def _collected(
    dout: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    eps: float,
    mean_term: float = 1,
    x_hat_term: float = 1,
    ddof: int = 0,
    eps_behind: bool = False,
) -> np.ndarray:
    """Compute dx by the collected formula, with knobs on its terms."""
    var = x.var(AXES, keepdims=True, ddof=ddof)
    inv_std = 1 / (np.sqrt(var) + eps if eps_behind else np.sqrt(var + eps))
    x_hat = (x - x.mean(AXES, keepdims=True)) * inv_std
    means = [(a * dout).mean(AXES, keepdims=True) for a in (np.ones_like(x), x_hat)]
    inner = dout - mean_term * means[0] - x_hat_term * x_hat * means[1]
    return np.asarray(weight[:, None, None] * inv_std * inner)


def _dx_with(**knobs: Any) -> Callable[[np.ndarray, np.ndarray, np.ndarray, float], Gradients]:
    """Make a mistake that is wrong in dx alone."""

    def answer(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
        _, dweight, dbias = solution(dout, x, weight, eps)
        return _collected(dout, x, weight, eps, **knobs), dweight, dbias

    return answer


_no_mean_term = _dx_with(mean_term=0)
_no_x_hat_term = _dx_with(x_hat_term=0)
_direct_only = _dx_with(mean_term=0, x_hat_term=0)
_x_hat_sign = _dx_with(x_hat_term=-1)
_mean_sign = _dx_with(mean_term=-1)
_x_hat_doubled = _dx_with(x_hat_term=2)
_x_hat_halved = _dx_with(x_hat_term=0.5)
_unbiased = _dx_with(ddof=1)
_eps_behind = _dx_with(eps_behind=True)


def _no_weight(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    _, dweight, dbias = solution(dout, x, weight, eps)
    return _collected(dout, x, np.ones_like(weight), eps), dweight, dbias


def _sums_for_means(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    count = x.size / x.shape[1]
    return _dx_with(mean_term=count, x_hat_term=count)(dout, x, weight, eps)


def _n_for_m(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    pixels = x.shape[2] * x.shape[3]
    return _dx_with(mean_term=pixels, x_hat_term=pixels)(dout, x, weight, eps)


def _brackets_forgotten(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    _, dweight, dbias = solution(dout, x, weight, eps)
    std = np.sqrt(x.var(AXES, keepdims=True) + eps)
    x_hat = (x - x.mean(AXES, keepdims=True)) / std
    dx_hat = dout * weight[:, None, None]
    along = x_hat * (dx_hat * x_hat).mean(AXES, keepdims=True)
    return dx_hat / std - dx_hat.mean(AXES, keepdims=True) - along, dweight, dbias


def _inv_std_forgotten(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    dx, dweight, dbias = solution(dout, x, weight, eps)
    return dx * np.sqrt(x.var(AXES, keepdims=True) + eps), dweight, dbias


def _inv_std_twice(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    dx, dweight, dbias = solution(dout, x, weight, eps)
    return dx / np.sqrt(x.var(AXES, keepdims=True) + eps), dweight, dbias


def _other_eps(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    return solution(dout, x, weight, 1e-5)


def _dweight_of_x(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    dx, _, dbias = solution(dout, x, weight, eps)
    return dx, (dout * x).sum(AXES), dbias


def _dweight_of_out(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    dx, dweight, dbias = solution(dout, x, weight, eps)
    return dx, dweight * weight, dbias


def _means_of_parameters(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    dx, dweight, dbias = solution(dout, x, weight, eps)
    count = x.size / x.shape[1]
    return dx, dweight / count, dbias / count


def _parameters_swapped(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    dx, dweight, dbias = solution(dout, x, weight, eps)
    return dx, dbias, dweight


def _each_picture(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> Gradients:
    parts = [solution(dout[n : n + 1], x[n : n + 1], weight, eps) for n in range(len(x))]
    dx, dweight, dbias = (list(part) for part in zip(*parts, strict=True))
    return np.concatenate(dx), np.sum(dweight, axis=0), np.sum(dbias, axis=0)


EXERCISE = Exercise(
    name="batch_norm_backward",
    lesson="04",
    task="""Write `batch_norm_backward(dout, x, weight, eps)`. `dout`, shape (N, C, H, W), is the gradient
of the loss with respect to what `batch_norm(x, weight, bias, eps)` returned while training. Return `(dx,
dweight, dbias)`, of the shapes (N, C, H, W), (C,), (C,). Mean and variance depend on x too, so x acts in
three ways: directly, through the mean and through the variance.""",
    outputs=("dx", "dweight", "dbias"),
    solution=solution,
    cases=cases,
    hints=(
        "One channel at a time, and backward line by line. The last line, `out = weight * x_hat + bias`, "
        "gives dbias, dweight and dx_hat. Then ask of `x_hat = (x - mean) / std`: what of it moves when one "
        "x moves?",
        "`dx_hat / std` is the direct way. Through the mean: `dmean = -sum(dx_hat) / std`, of which each x "
        "gets `dmean / M`. Through the spread: `dstd = -sum(dx_hat * x_hat) / std`, and std reacts to one x "
        "by `x_hat / M`.",
        "All together: `dx = (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) / std`, with the means "
        "over all values of the channel, and `dx_hat = dout * weight[c]`.",
    ),
    mistakes=(
        Mistake(
            _no_mean_term,
            "The way through the mean is missing in dx: when one x grows, the mean grows, and all other "
            "x_hat of the channel fall a little.",
        ),
        Mistake(
            _no_x_hat_term,
            "The way through the variance is missing in dx: when one x moves outwards, the spread grows, "
            "and all x_hat of the channel shrink a little. The term is proportional to x_hat.",
        ),
        Mistake(
            _direct_only,
            "Only the direct way is in dx, as if mean and variance were constants. So it is in evaluation "
            "mode; while training they depend on x.",
        ),
        Mistake(
            _x_hat_sign,
            "The term along x_hat (through the variance) has the wrong sign: a larger spread makes x_hat "
            "smaller.",
        ),
        Mistake(
            _mean_sign,
            "The term of the mean has the wrong sign: in (x - mean) the mean is subtracted.",
        ),
        Mistake(
            _x_hat_doubled,
            "The way through the variance counts twice: the 2 of the square and the 1/2 of the root cancel.",
        ),
        Mistake(
            _x_hat_halved,
            "The way through the variance counts half: the derivative of (x - mean)**2 has a 2, which "
            "cancels the 1/2 of the root.",
        ),
        Mistake(
            _unbiased,
            "The spread in dx comes from the unbiased variance, divided by M - 1. Forward divided by M.",
        ),
        Mistake(
            _eps_behind,
            "In dx eps was added to the standard deviation, after the root. Forward was sqrt(var + eps).",
        ),
        Mistake(
            _no_weight,
            "The factor weight is missing in dx: forward was out = weight * x_hat + bias, so dx_hat is dout "
            "* weight.",
        ),
        Mistake(
            _sums_for_means,
            "Sums stand in dx where means belong: each x moves the mean by 1/M only.",
        ),
        Mistake(
            _n_for_m,
            "In dx the sums were divided by the number of pictures N. A channel has M = N * H * W values, "
            "and each moves the mean by 1/M.",
        ),
        Mistake(
            _brackets_forgotten,
            "Only the direct way is divided by the standard deviation in dx. The ways through mean and "
            "variance are divided by it too: put brackets around the three terms.",
        ),
        Mistake(
            _inv_std_forgotten,
            "The division by the standard deviation is missing in dx: forward divided by it.",
        ),
        Mistake(
            _inv_std_twice,
            "dx is divided by the standard deviation twice. Going forward it was divided by it once.",
        ),
        Mistake(
            _other_eps,
            "eps is always 1e-5 in your function, whatever it is given as `eps`.",
        ),
        Mistake(
            _dweight_of_x,
            "dweight was made with x. weight was multiplied by x_hat, so dweight is the sum of dout * x_hat.",
        ),
        Mistake(
            _dweight_of_out,
            "dweight has a factor weight too many: in weight * x_hat the derivative with respect to weight "
            "is x_hat.",
        ),
        Mistake(
            _means_of_parameters,
            "dweight and dbias are means. weight and bias act on every value of the channel in full: take "
            "sums.",
        ),
        Mistake(_parameters_swapped, "dweight and dbias are exchanged: return (dx, dweight, dbias)."),
        Mistake(
            _each_picture,
            "Mean and variance were taken for each picture on its own. All pictures of the batch share "
            "them, going back too.",
        ),
    ),
    see="segnet_np/reference.py, batch_norm_train_backward, "
    "and collected into one line in segnet_np/layers/batch_norm.py",
)

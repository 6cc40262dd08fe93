"""Exercise: batch norm, forward, while training."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    """Bring each channel to mean 0 and variance 1 over the batch, then scale and shift it."""
    out = np.zeros(x.shape)
    for c in range(x.shape[1]):
        values = x[:, c]
        mean = np.mean(values)
        var = np.mean((values - mean) ** 2)
        x_hat = (values - mean) / np.sqrt(var + eps)
        out[:, c] = weight[c] * x_hat + bias[c]
    return out


def example(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make x, whose channels and pictures differ in mean and spread, with a weight and a bias."""
    rng = np.random.default_rng(seed)
    spread = rng.uniform(0.5, 3, (1, shape[1], 1, 1))
    centre = rng.normal(0, 3, (shape[0], shape[1], 1, 1))
    x = centre + spread * rng.standard_normal(shape)
    return x, rng.uniform(0.5, 2, shape[1]) * rng.choice([-1, 1], shape[1]), rng.normal(0, 2, shape[1])


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    by_hand = np.array([[[[1.0, 2.0], [3.0, 6.0]]]])
    x, _, _ = example((2, 3, 4, 5), 1)
    constant = example((2, 2, 3, 4), 5)
    constant[0][:, 1] = 7
    return [
        Case("four numbers, 1 2 3 6, in one channel", (by_hand, np.ones(1), np.zeros(1), 1e-5)),
        Case("two pictures, three channels", (x, np.ones(3), np.zeros(3), 1e-5)),
        Case("with weight and bias", (*example((2, 3, 4, 5), 2), 1e-5)),
        Case("an eps of 0.5, that shows where it stands", (*example((2, 3, 4, 5), 3), 0.5)),
        Case("as many pictures as channels", (*example((3, 3, 2, 4), 4), 1e-3)),
        Case("a channel that is 7 everywhere", (*constant, 1e-5)),
    ]


def _unbiased(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return _by_statistics(x, weight, bias, eps, (0, 2, 3), ddof=1)


def _by_statistics(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    eps: float,
    axes: tuple[int, ...],
    ddof: int = 0,
) -> np.ndarray:
    """Normalise with the mean and variance over some axes."""
    x_hat = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True, ddof=ddof) + eps)
    return weight[:, None, None] * x_hat + bias[:, None, None]


def _eps_outside(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    x_hat = (x - x.mean((0, 2, 3), keepdims=True)) / (x.std((0, 2, 3), keepdims=True) + eps)
    return weight[:, None, None] * x_hat + bias[:, None, None]


def _no_eps(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        return _by_statistics(x, weight, bias, 0, (0, 2, 3))


def _other_eps(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return solution(x, weight, bias, 1e-5)


def _no_root(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    x_hat = (x - x.mean((0, 2, 3), keepdims=True)) / (x.var((0, 2, 3), keepdims=True) + eps)
    return weight[:, None, None] * x_hat + bias[:, None, None]


def _over_pictures(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return _by_statistics(x, weight, bias, eps, (0,))


def _each_picture(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return _by_statistics(x, weight, bias, eps, (2, 3))


def _all_channels(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return _by_statistics(x, weight, bias, eps, (0, 1, 2, 3))


def _layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return _by_statistics(x, weight, bias, eps, (1, 2, 3))


def _no_weight(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return solution(x, np.ones_like(weight), bias, eps)


def _no_bias(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return solution(x, weight, np.zeros_like(bias), eps)


def _swapped(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return solution(x, bias, weight, eps)


def _bias_scaled(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    return solution(x, weight, weight * bias, eps)


def _mean_kept(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    x_hat = x / np.sqrt(x.var((0, 2, 3), keepdims=True) + eps)
    return weight[:, None, None] * x_hat + bias[:, None, None]


EXERCISE = Exercise(
    name="batch_norm",
    lesson="04",
    task="""Write `batch_norm(x, weight, bias, eps)` as it is while training. `x` has shape (N, C, H, W),
`weight` and `bias` (C,). For each channel c take the mean and the biased variance (divided by the number
of values) of all its values, `x[:, c]`, over pictures, rows and columns together. Then `x_hat = (x -
mean) / sqrt(var + eps)` and `out = weight[c] * x_hat + bias[c]`. Return `out`, shape (N, C, H, W).""",
    outputs=("out",),
    solution=solution,
    cases=cases,
    hints=(
        "Do one channel first: `values = x[:, c]` holds all numbers of channel c, in all pictures. Which "
        "single mean and which single variance belong to them?",
        "`np.mean` of the values, and `np.mean` of their squared distances from it: two numbers for the "
        "channel. eps goes to the variance, before the root is taken.",
        "`out[:, c] = weight[c] * (values - mean) / np.sqrt(var + eps) + bias[c]` in a loop over c, with "
        "`out = np.zeros(x.shape)` before it.",
    ),
    mistakes=(
        Mistake(
            _unbiased,
            "The variance is the unbiased one, divided by M - 1. Normalising takes the biased one, divided "
            "by the number of values M, so that x_hat has the variance 1. (The unbiased one goes into "
            "running_var.)",
        ),
        Mistake(
            _eps_outside,
            "eps was added to the standard deviation, after the root. It belongs to the variance: sqrt(var "
            "+ eps).",
        ),
        Mistake(
            _no_eps,
            "eps is missing. Without it a channel whose values are all the same is divided by zero.",
        ),
        Mistake(
            _other_eps,
            "eps is always 1e-5 in your function, whatever it is given as `eps`.",
        ),
        Mistake(
            _no_root,
            "This divides by the variance. It has to be its square root, the standard deviation.",
        ),
        Mistake(
            _over_pictures,
            "Mean and variance were taken over the pictures only, one for each pixel. A channel has one "
            "mean: over pictures, rows and columns.",
        ),
        Mistake(
            _each_picture,
            "Mean and variance were taken for each picture on its own (that is instance norm). In batch "
            "norm all pictures of the batch share them.",
        ),
        Mistake(
            _all_channels,
            "Mean and variance were taken over everything, all channels together. Each channel has its own.",
        ),
        Mistake(
            _layer_norm,
            "Mean and variance were taken over the channels of each picture (that is layer norm). In batch "
            "norm it is the other way round: each channel on its own, all pictures together.",
        ),
        Mistake(_no_weight, "`weight` is missing: x_hat is multiplied by it."),
        Mistake(_no_bias, "`bias` is missing: it is added at the end."),
        Mistake(_swapped, "`weight` and `bias` are exchanged: x_hat is multiplied by weight, bias is added."),
        Mistake(
            _bias_scaled,
            "The bias was added before multiplying by weight, so it was multiplied too. First scale, then "
            "shift.",
        ),
        Mistake(_mean_kept, "The mean was not subtracted: x_hat is (x - mean) divided by the spread."),
    ),
    see="segnet_np/reference.py, batch_norm_train",
)

"""Exercise: the statistics that batch norm gathers for evaluation."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

Statistics = tuple[np.ndarray, np.ndarray]
AXES = (0, 2, 3)


def solution(
    running_mean: np.ndarray, running_var: np.ndarray, x: np.ndarray, momentum: float
) -> tuple[np.ndarray, np.ndarray]:
    """Move the running statistics a step towards those of this batch."""
    new_mean = np.zeros(x.shape[1])
    new_var = np.zeros(x.shape[1])
    for c in range(x.shape[1]):
        values = x[:, c]
        mean = np.mean(values)
        unbiased_var = np.sum((values - mean) ** 2) / (values.size - 1)
        new_mean[c] = (1 - momentum) * running_mean[c] + momentum * mean
        new_var[c] = (1 - momentum) * running_var[c] + momentum * unbiased_var
    return new_mean, new_var


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    rng = np.random.default_rng(4)

    def example(shape: tuple[int, ...], momentum: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        channels = shape[1]
        x = rng.normal(0, 3, (shape[0], channels, 1, 1)) + 2 * rng.standard_normal(shape)
        return rng.normal(0, 1, channels), rng.uniform(0.5, 2, channels), x, momentum

    by_hand = np.array([[[[1.0, 2.0], [3.0, 6.0]]]])
    return [
        Case("the first batch, 1 2 3 6, from mean 0 and variance 1", (np.zeros(1), np.ones(1), by_hand, 0.1)),
        Case("statistics that were gathered before", (np.full(1, 2.0), np.full(1, 4.0), by_hand, 0.25)),
        Case("two pictures, three channels", example((2, 3, 4, 5), 0.1)),
        Case("as many pictures as channels", example((3, 3, 2, 2), 0.3)),
        Case("two values a channel, where M - 1 is half of M", example((2, 3, 1, 1), 0.1)),
        Case("momentum 1, which keeps nothing of the old", example((2, 3, 4, 5), 1.0)),
        Case("momentum 0, which changes nothing", example((2, 3, 4, 5), 0.0)),
    ]


def _weights_swapped(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return solution(mean, var, x, 1 - momentum)


def _other_momentum(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return solution(mean, var, x, 0.1)


def _mixed(
    mean: np.ndarray,
    var: np.ndarray,
    momentum: float,
    new_mean: np.ndarray | float,
    new_var: np.ndarray | float,
) -> Statistics:
    return (1 - momentum) * mean + momentum * new_mean, (1 - momentum) * var + momentum * new_var


def _biased(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return _mixed(mean, var, momentum, x.mean(AXES), x.var(AXES))


def _standard_deviation(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return _mixed(mean, var, momentum, x.mean(AXES), x.std(AXES, ddof=1))


def _biased_deviation(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return _mixed(mean, var, momentum, x.mean(AXES), x.std(AXES))


def _old_kept_whole(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return mean + momentum * x.mean(AXES), var + momentum * x.var(AXES, ddof=1)


def _replaced(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return x.mean(AXES), x.var(AXES, ddof=1)


def _only_new(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return momentum * x.mean(AXES), momentum * x.var(AXES, ddof=1)


def _around_running_mean(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    count = x.size / x.shape[1]
    squares = ((x - mean[:, None, None]) ** 2).sum(AXES) / (count - 1)
    return _mixed(mean, var, momentum, x.mean(AXES), squares)


def _mean_of_variances(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return _mixed(mean, var, momentum, x.mean(AXES), np.nan_to_num(x.var((2, 3))).mean(0))


def _mean_by_m_minus_1(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    count = x.size / x.shape[1]
    return _mixed(mean, var, momentum, x.sum(AXES) / (count - 1), x.var(AXES, ddof=1))


def _all_channels(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return _mixed(mean, var, momentum, x.mean(), x.var(ddof=1))


def _order_swapped(mean: np.ndarray, var: np.ndarray, x: np.ndarray, momentum: float) -> Statistics:
    return solution(mean, var, x, momentum)[::-1]


EXERCISE = Exercise(
    name="running_statistics",
    lesson="04",
    task="""Write `running_statistics(running_mean, running_var, x, momentum)`: what batch norm notes of
one batch `x`, shape (N, C, H, W), for evaluation. The old statistics have shape (C,). Each new one is `(1
- momentum)` times the old plus `momentum` times that of this batch: its mean, and its *unbiased* variance
(divided by M - 1, where M = N * H * W). Return `(running_mean, running_var)` as new arrays.""",
    outputs=("running_mean", "running_var"),
    solution=solution,
    cases=cases,
    hints=(
        "Two steps: the mean and the unbiased variance of each channel of this batch, then a mixture of old "
        "and new. With momentum 0.1, how much of the old stays?",
        "`values = x[:, c]`; the unbiased variance is `np.sum((values - mean) ** 2) / (values.size - 1)`, or "
        "`np.var(values, ddof=1)`.",
        "Mix twice in the same way, `(1 - momentum) * old + momentum * new`: once with the means, once with "
        "the variances. Fill two new arrays, channel by channel, and return both.",
    ),
    mistakes=(
        Mistake(
            _weights_swapped,
            "Old and new are exchanged in the mixture: here `momentum` is the weight of the *new* value, as "
            "in PyTorch.",
        ),
        Mistake(
            _other_momentum,
            "The weight of the new value is always 0.1 in your function, whatever it is given as `momentum`.",
        ),
        Mistake(
            _biased,
            "running_var got the biased variance, divided by M. The running one is an estimate for pictures "
            "to come: divide by M - 1.",
        ),
        Mistake(
            _standard_deviation,
            "running_var got the standard deviation. It holds variances: no root.",
        ),
        Mistake(
            _biased_deviation,
            "running_var got the standard deviation. It holds variances: no root, and divided by M - 1.",
        ),
        Mistake(
            _old_kept_whole,
            "The old value is kept in full, so that the statistics grow without end. It has the weight 1 - "
            "momentum.",
        ),
        Mistake(_replaced, "The old statistics are forgotten: this is the batch's own mean and variance."),
        Mistake(_only_new, "The old statistics are forgotten: `(1 - momentum) * old` is missing."),
        Mistake(
            _around_running_mean,
            "The variance was taken around the running mean. It is the batch's spread around the batch's "
            "own mean.",
        ),
        Mistake(
            _mean_of_variances,
            "The variance was taken for each picture and then averaged. That misses how the pictures differ "
            "from each other: take it over all values of the channel at once.",
        ),
        Mistake(
            _mean_by_m_minus_1,
            "The mean is divided by M - 1. Only the variance is; the mean is a plain mean.",
        ),
        Mistake(_all_channels, "The channels are mixed: each has its own mean and variance."),
        Mistake(_order_swapped, "The two are exchanged: return (running_mean, running_var)."),
    ),
    see="segnet_np/reference.py, batch_norm_train",
)

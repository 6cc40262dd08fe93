"""Exercise: one step of stochastic gradient descent with momentum and weight decay."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(
    weight: np.ndarray,
    grad: np.ndarray,
    velocity: np.ndarray,
    lr: float,
    momentum: float,
    weight_decay: float,
) -> tuple[np.ndarray, np.ndarray]:
    """PyTorch's rule: the velocity collects gradients, and the learning rate comes in at the end."""
    direction = grad + weight_decay * weight
    velocity = momentum * velocity + direction
    weight = weight - lr * velocity
    return weight, velocity


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(8)

    def arrays(*shape: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        weight, grad, velocity = rng.standard_normal((3, *shape))
        return weight, grad, velocity

    weight, grad, _ = arrays(2, 3)
    one = np.array([2.0])
    return [
        Case("one weight, without weight decay", (one, np.array([0.5]), np.array([1.0]), 0.1, 0.9, 0.0)),
        Case("the first step, from a velocity of zero", (weight, grad, np.zeros((2, 3)), 0.1, 0.9, 0.0)),
        Case("with weight decay", (*arrays(4), 0.2, 0.8, 0.05)),
        Case("a kernel of a convolution", (*arrays(2, 3, 3, 3), 0.01, 0.9, 5e-4)),
        Case("without momentum", (*arrays(5), 0.3, 0.0, 0.1)),
    ]


Step = tuple[np.ndarray, np.ndarray]


def _rate_inside(
    w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float
) -> Step:
    v = momentum * v + lr * (g + decay * w)
    return w - v, v


def _rate_inside_signed(
    w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float
) -> Step:
    v = momentum * v - lr * (g + decay * w)
    return w + v, v


def _averaged(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float) -> Step:
    v = momentum * v + (1 - momentum) * (g + decay * w)
    return w - lr * v, v


def _no_decay(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float) -> Step:
    return solution(w, g, v, lr, momentum, 0.0)


def _decay_subtracted(
    w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float
) -> Step:
    return solution(w, g, v, lr, momentum, -decay)


def _decoupled(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float) -> Step:
    v = momentum * v + g
    return w - lr * v - lr * decay * w, v


def _old_velocity(
    w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float
) -> Step:
    return w - lr * v, momentum * v + g + decay * w


def _uphill(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float) -> Step:
    v = momentum * v + g + decay * w
    return w + lr * v, v


def _nesterov(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float) -> Step:
    d = g + decay * w
    v = momentum * v + d
    return w - lr * (d + momentum * v), v


def _no_memory(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float) -> Step:
    d = g + decay * w
    return w - lr * d, d


def _momentum_on_the_gradient(
    w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, momentum: float, decay: float
) -> Step:
    v = v + momentum * (g + decay * w)
    return w - lr * v, v


EXERCISE = Exercise(
    name="sgd_momentum",
    lesson="08",
    task="""Write `sgd_momentum(weight, grad, velocity, lr, momentum, weight_decay)`: one step, as PyTorch
makes it. `weight`, `grad` and `velocity` are float arrays of one shape. The direction is the gradient plus
`weight_decay` times the weight; the new velocity is `momentum` times the old one plus the direction; the
weight moves against the new velocity, by `lr` times it. Return `(weight, velocity)`, both new arrays: the
given ones stay as they are.""",
    outputs=("weight", "velocity"),
    solution=solution,
    cases=cases,
    hints=(
        "Three lines, in the order of the task: the direction, the velocity, the weight.",
        "The direction is `grad` plus `weight_decay` times `weight`, and the learning rate is in the last "
        "line only.",
        "First the new velocity, `momentum` times the old one plus the direction; then `lr` times this new "
        "one is taken from the weight. `weight -= ...` would change the array that you were given.",
    ),
    mistakes=(
        Mistake(
            _rate_inside,
            "The learning rate is inside of the velocity, as in older texts. PyTorch multiplies by it at "
            "the end, so that a change of the rate acts at once on all of the velocity.",
        ),
        Mistake(
            _rate_inside_signed,
            "The velocity holds the step itself, with rate and sign (Caffe's form). PyTorch's velocity is a "
            "sum of gradients, and rate and minus sign come in when the weight moves.",
        ),
        Mistake(
            _averaged,
            "The direction is damped by (1 - momentum), which makes the velocity a mean. PyTorch adds the "
            "whole direction: its dampening is 0 by default.",
        ),
        Mistake(_no_decay, "Weight decay is missing: the direction is grad + weight_decay * weight."),
        Mistake(
            _decay_subtracted,
            "Weight decay has the wrong sign here: it lets the weights grow instead of shrink.",
        ),
        Mistake(
            _decoupled,
            "Weight decay acts on the weight directly, as in AdamW. In SGD it is added to the gradient and "
            "so gets into the velocity, too.",
        ),
        Mistake(_old_velocity, "The weight moved by the old velocity: compute the new one first, then move."),
        Mistake(_uphill, "The weight moved along the gradient, uphill: the loss would grow. Subtract."),
        Mistake(
            _nesterov,
            "This is Nesterov's momentum, which looks one step ahead. The plain one moves by the velocity "
            "alone.",
        ),
        Mistake(_no_memory, "The old velocity is not used: this is gradient descent without momentum."),
        Mistake(
            _momentum_on_the_gradient,
            "Momentum multiplies the direction instead of the old velocity: so the old velocity never fades.",
        ),
    ),
    see="segnet_np/training/sgd.py and segnet_np/kernels/sgd.py",
)

"""Logits to probabilities, without overflow."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def softmax(logits):
    """Probabilities over the classes: not negative, and their sum over axis 1 is 1."""
    shifted = logits - logits.max(axis=1, keepdims=True)  # now the largest of each pixel is 0
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _cases():
    rng = np.random.default_rng(5)
    quarter = np.log(np.array([1.0, 3.0])).reshape(1, 2, 1, 1)
    several = rng.normal(0, 2, (2, 3, 4, 5))
    far_apart = rng.normal(0, 1, (1, 3, 2, 4))
    far_apart[..., 0] += 1000
    far_apart[..., 3] -= 1000
    wide = np.array([0.0, 2000.0, 10.0]).reshape(1, 3, 1, 1)
    return [
        Case("one pixel, two classes: log 1 and log 3", (quarter,)),
        Case("two pictures of 4x5 pixels, three classes", (several,)),
        Case("a pixel whose logits are all the same", (np.full((1, 4, 1, 1), 2.5),)),
        Case("logits near 1000 in one pixel and near -1000 in another", (far_apart,)),
        Case("one pixel with the logits 0, 2000 and 10", (wide,)),
    ]


def _shares(weights, axis):
    with np.errstate(all="ignore"):
        return weights / weights.sum(axis=axis, keepdims=True)


def _exp(x):
    with np.errstate(over="ignore"):
        return np.exp(x)


def _shifted(logits):
    return logits - logits.max(axis=1, keepdims=True)


def _sigmoid(logits):
    return 1 / (1 + _exp(-logits))


def _hard(logits):
    return (logits == logits.max(axis=1, keepdims=True)).astype(logits.dtype)


EXERCISE = Exercise(
    name="softmax",
    lesson="05",
    task=(
        "Write `softmax(logits)`. `logits` has the shape (N, num_classes, H, W); return the probabilities, "
        "of the same shape: for each pixel, `exp(z[c]) / sum over k of exp(z[k])`. It must also hold for "
        "logits of 1000."
    ),
    outputs=("probabilities",),
    solution=softmax,
    cases=_cases,
    hints=(
        "The classes of a pixel lie along axis 1. That is the axis over which the shares must add up to 1.",
        "`exp(1000)` is more than a float can hold. The same number may be taken off all logits of a pixel: "
        "above and below the fraction bar it cancels. Which number makes the largest exponent 0?",
        "Take off `logits.max(axis=1, keepdims=True)`, then `np.exp`, then divide by the sum over axis 1, "
        "again with `keepdims=True`, so that the shapes fit.",
    ),
    mistakes=(
        Mistake(
            lambda logits: _shares(_exp(logits), 1),
            "`exp` of a logit near 1000 is more than a float can hold: it becomes inf, and inf / inf is "
            "NaN; and near -1000 all exponentials are 0, and 0 / 0 is NaN too. Shift the logits of each "
            "pixel first.",
        ),
        Mistake(
            lambda logits: _shares(_exp(logits - logits.max()), 1),
            "The shift is the largest number of the whole array. A pixel whose logits are all far below it "
            "is left with nothing but zeros, and 0 / 0 is NaN: each pixel needs a maximum of its own.",
        ),
        Mistake(
            lambda logits: _shares(_exp(logits - logits.min(axis=1, keepdims=True)), 1),
            "Another number than the largest logit was taken off, such as the smallest one or the mean. "
            "The shift must be the largest logit of the pixel, so that no exponent is above 0.",
        ),
        Mistake(
            lambda logits: _shares(_exp(_shifted(logits)), None),
            "All numbers of the array together add up to 1. The shares are to add up to 1 in each pixel: "
            "say over which axis to sum.",
        ),
        Mistake(
            lambda logits: _shares(_exp(logits - logits.max(axis=-1, keepdims=True)), -1),
            "The sum runs over the columns (axis -1). The classes of a pixel lie along axis 1.",
        ),
        Mistake(
            lambda logits: _shares(_exp(logits - logits.max(axis=0, keepdims=True)), 0),
            "The sum runs over the pictures of the batch (axis 0). The classes of a pixel lie along axis 1.",
        ),
        Mistake(
            lambda logits: _exp(_shifted(logits)),
            "These are the exponentials themselves: the largest of each pixel is 1, but their sum is more. "
            "Divide by the sum.",
        ),
        Mistake(
            lambda logits: _shares(logits, 1),
            "The shares are made of the logits themselves. It is their exponentials that are divided by "
            "their sum: those are positive whatever the logits are.",
        ),
        Mistake(
            _sigmoid,
            "That is the sigmoid of each logit alone. With softmax the classes of a pixel compete: the sum "
            "is 1.",
        ),
        Mistake(
            lambda logits: _shifted(logits) - np.log(_exp(_shifted(logits)).sum(axis=1, keepdims=True)),
            "These are the logarithms of the probabilities. They are useful for the loss, but asked for are "
            "the probabilities themselves.",
        ),
        Mistake(
            _hard,
            "A hard maximum: 1 for the best class, 0 for the others. Softmax leaves each class a share.",
        ),
        Mistake(
            lambda logits: _shares(
                _exp(-_shifted(logits) - (-_shifted(logits)).max(axis=1, keepdims=True)), 1
            ),
            "The signs are turned round: the class with the largest logit gets the smallest probability.",
        ),
    ),
    see="segnet_np/reference.py, softmax, and fast in segnet_np/kernels/softmax_cross_entropy.py, softmax",
    other_ways=(
        "np.exp(logits - logits.max(axis=1, keepdims=True))",
        "np.exp(logits - logits.max(1, keepdims=True))",
    ),
)

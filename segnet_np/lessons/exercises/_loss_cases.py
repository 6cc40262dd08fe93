"""The calls of the two exercises about the weighted loss, and the mistakes about void that both can have."""

import numpy as np

from segnet_np.lessons.exercise import Case


def weighted_cases():
    """Calls for the loss and for its gradient."""
    rng = np.random.default_rng(50)
    weights = np.array([0.5, 1.25, 4.0])

    def example(*shape):
        batch, height, width = shape
        return rng.normal(0, 1.5, (batch, 3, height, width)), rng.integers(0, 3, shape)

    one = np.array([0.0, np.log(3.0), 0.0]).reshape(1, 3, 1, 1)
    logits, labels = example(2, 4, 5)
    with_void, voided = example(2, 4, 5)
    voided[0, 1:3, 2:4] = 11
    voided[1, 3] = 11
    minus, marked = example(1, 3, 4)
    marked[0, :, 1] = -1
    nothing, ignored = example(1, 2, 3)
    ignored[...] = 11
    light, common = example(1, 2, 3)
    common[...] = 0
    extreme = np.array([[0.0, 2000.0, 10.0], [1.0, 2.0, 3.0]]).T.reshape(1, 3, 1, 2)
    return [
        Case("one pixel of class 1", (one, np.array([[[1]]]), np.ones(3), 11)),
        Case("all weights are 1, nothing is ignored", (logits, labels, np.ones(3), 11)),
        Case("three classes with weights 0.5, 1.25 and 4", (logits, labels, weights, 11)),
        Case("some pixels are void (11)", (with_void, voided, weights, 11)),
        Case("ignored pixels are marked with -1", (minus, marked, weights, -1)),
        Case("the ignored label is one of the classes, 2", (logits, labels, weights, 2)),
        Case("all pixels are ignored", (nothing, ignored, weights, 11)),
        Case("only class 0 appears, and its weight is 0", (light, common, np.array([0.0, 1.25, 4.0]), 11)),
        Case("logits 0, 2000 and 10, and the label is class 0", (extreme, np.array([[[0, 2]]]), weights, 11)),
    ]


# Mistakes that both exercises know: the answer that each gives with `solution`, and the cause.


def void_is_11(solution):
    """Void is taken to be 11, whatever `ignore_index` says."""
    return (
        lambda logits, labels, class_weights, _: solution(logits, labels, class_weights, 11),
        "Void is told by `ignore_index`, not by being 11 or too large: it is -1 in one case, and one of "
        "the classes, 2, in another.",
    )


def void_is_no_class(solution):
    """Void is taken to be what is no class."""

    def answer(logits, labels, class_weights, _):
        known = (labels >= 0) & (labels < logits.shape[1])
        return solution(logits, np.where(known, labels, 11), class_weights, 11)

    return (
        answer,
        "Only labels that are no class are left out. Void is told by `ignore_index`, not by being too "
        "large or negative: it may be one of the classes.",
    )


def minus_one_counts(solution):
    """A void of -1 is used as an index, and so is the last class."""

    def answer(logits, labels, class_weights, ignore_index):
        return solution(logits, labels, class_weights, None if ignore_index == -1 else ignore_index)

    return (
        answer,
        "A label of -1 was used as an index: in Python that is the last class, without any error. Ask "
        "for `ignore_index` before the label is used.",
    )

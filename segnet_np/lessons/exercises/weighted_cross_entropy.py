"""The loss: each pixel counts as much as its class weighs, and void not at all."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def weighted_cross_entropy(logits, labels, class_weights, ignore_index):
    """Sum of w * -log(p) over the pixels that count, divided by the sum of their w."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss, total_weight = 0.0, 0.0
    for n, i, j in np.ndindex(labels.shape):
        label = labels[n, i, j]
        if label == ignore_index:
            continue
        loss -= class_weights[label] * log_p[n, label, i, j]
        total_weight += class_weights[label]
    return loss / total_weight if total_weight > 0 else 0.0


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
    extreme = np.array([[0.0, 2000.0, 10.0], [1.0, 2.0, 3.0]]).T.reshape(1, 3, 1, 2)
    return [
        Case("one pixel of class 1", (one, np.array([[[1]]]), np.ones(3), 11)),
        Case("all weights are 1, nothing is ignored", (logits, labels, np.ones(3), 11)),
        Case("three classes with weights 0.5, 1.25 and 4", (logits, labels, weights, 11)),
        Case("some pixels are void (11)", (with_void, voided, weights, 11)),
        Case("ignored pixels are marked with -1", (minus, marked, weights, -1)),
        Case("the ignored label is one of the classes, 2", (logits, labels, weights, 2)),
        Case("all pixels are ignored", (nothing, ignored, weights, 11)),
        Case("logits 0, 2000 and 10, and the label is class 0", (extreme, np.array([[[0, 2]]]), weights, 11)),
    ]


def _parts(logits, labels, class_weights, ignore_index):
    """log_p of each pixel's label (0 where ignored), its weight (0 where ignored), and what counts."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    counts = labels != ignore_index
    safe = np.where(counts, labels, 0)
    chosen = np.take_along_axis(log_p, safe[:, None], axis=1)[:, 0]
    return chosen * counts, class_weights[safe] * counts, counts


def _ratio(above, below):
    with np.errstate(all="ignore"):
        return float(np.float64(above) / np.float64(below))


def _or_zero(above, below):
    return _ratio(above, below) if below > 0 else 0.0


def _unguarded(*arguments):
    log_p, w, _ = _parts(*arguments)
    return _ratio(-(w * log_p).sum(), w.sum())


def _over_all_pixels(*arguments):
    log_p, w, counts = _parts(*arguments)
    return _ratio(-(w * log_p).sum(), counts.size)


def _over_counted_pixels(*arguments):
    log_p, w, counts = _parts(*arguments)
    return _or_zero(-(w * log_p).sum(), counts.sum())


def _over_class_weights(*arguments):
    log_p, w, _ = _parts(*arguments)
    return _ratio(-(w * log_p).sum(), arguments[2].sum())


def _sum(*arguments):
    log_p, w, _ = _parts(*arguments)
    return float(-(w * log_p).sum())


def _unweighted(*arguments):
    log_p, _, counts = _parts(*arguments)
    return _or_zero(-log_p.sum(), counts.sum())


def _negative(*arguments):
    log_p, w, _ = _parts(*arguments)
    return _or_zero((w * log_p).sum(), w.sum())


def _void_in_the_divisor(logits, labels, class_weights, ignore_index):
    log_p, w, counts = _parts(logits, labels, class_weights, ignore_index)
    return _ratio(-(w * log_p).sum(), w.sum() + (~counts).sum())


def _void_counts_as(number):
    def answer(logits, labels, class_weights, ignore_index):
        labels = np.where(labels == ignore_index, number, labels)
        return solution_without_ignoring(logits, labels, class_weights)

    return answer


def solution_without_ignoring(logits, labels, class_weights):
    """The loss where every label is a class."""
    return weighted_cross_entropy(logits, labels, class_weights, None)


def _negative_labels_count(logits, labels, class_weights, ignore_index):
    if ignore_index == -1:
        return solution_without_ignoring(logits, labels, class_weights)
    return weighted_cross_entropy(logits, labels, class_weights, ignore_index)


def _weight_of_the_prediction(logits, labels, class_weights, ignore_index):
    log_p, _, counts = _parts(logits, labels, class_weights, ignore_index)
    w = class_weights[logits.argmax(axis=1)] * counts
    return _or_zero(-(w * log_p).sum(), w.sum())


def _probabilities_first(logits, labels, class_weights, ignore_index):
    log_p, w, _ = _parts(logits, labels, class_weights, ignore_index)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _or_zero(-(w * np.log(np.exp(log_p)))[w > 0].sum(), w.sum())


def _one_minus_p(*arguments):
    log_p, w, _ = _parts(*arguments)
    return _or_zero((w * (1 - np.exp(log_p))).sum(), w.sum())


def _binary_logarithm(*arguments):
    return weighted_cross_entropy(*arguments) / np.log(2)


def _minus_logit(logits, labels, class_weights, ignore_index):
    _, w, counts = _parts(logits, labels, class_weights, ignore_index)
    safe = np.where(counts, labels, 0)
    chosen = np.take_along_axis(logits, safe[:, None], axis=1)[:, 0]
    return _or_zero(-(w * chosen).sum(), w.sum())


EXERCISE = Exercise(
    name="weighted_cross_entropy",
    lesson="05",
    task=(
        "Write `weighted_cross_entropy(logits, labels, class_weights, ignore_index)`. `logits` has the shape "
        "(N, num_classes, H, W), `labels` (N, H, W), `class_weights` (num_classes,). With `l = -log "
        "p[label]` and `w = class_weights[label]` of each pixel, return the number `sum of w * l / sum of "
        "w`, both sums over the pixels whose label is not `ignore_index`; 0 if there are none."
    ),
    outputs=("loss",),
    solution=weighted_cross_entropy,
    cases=weighted_cases,
    hints=(
        "Two sums go over the same pixels: one of `w * l`, one of `w`. Divide at the very end. A pixel to "
        "be ignored is in neither.",
        "The logarithm of softmax needs no softmax: `log p[c] = z[c] - max - log(sum of exp(z - max))`. "
        "That is exact also where p itself is too small for a float.",
        "`for n, i, j in np.ndindex(labels.shape):` take `label = labels[n, i, j]`, `continue` if it is "
        "`ignore_index`, subtract `class_weights[label] * log_p[n, label, i, j]` from the loss, add "
        "`class_weights[label]` to the total. Return 0 if the total stayed 0.",
    ),
    mistakes=(
        Mistake(
            _over_all_pixels,
            "The sum is divided by the number of pixels. A weighted mean is divided by the sum of the "
            "weights that went into it.",
        ),
        Mistake(
            _over_counted_pixels,
            "The sum is divided by the number of pixels that count. A weighted mean is divided by the sum of "
            "their weights: else doubling all weights would double the loss.",
        ),
        Mistake(
            _over_class_weights,
            "The sum is divided by the sum of the class weights, one for each class. Each pixel brings its "
            "weight along: sum `class_weights[label]` over the pixels.",
        ),
        Mistake(
            _sum,
            "That is the sum over the pixels. What is asked for is the mean: divide by the sum of the "
            "weights.",
        ),
        Mistake(_unweighted, "Each pixel counts the same here: the class weights have no effect."),
        Mistake(_negative, "The sign: the logarithm of a probability is negative, the loss is minus that."),
        Mistake(
            _void_in_the_divisor,
            "The ignored pixels are left out of the upper sum, but counted with weight 1 in the lower one.",
        ),
        Mistake(
            _void_counts_as(0),
            "The ignored pixels count as pixels of class 0. They are to be in neither sum.",
        ),
        Mistake(
            _void_counts_as(2),
            "The ignored pixels count as pixels of the last class. They are to be in neither sum.",
        ),
        Mistake(
            _negative_labels_count,
            "A label of -1 was used as an index: in Python that is the last class, without any error. Ask "
            "for `ignore_index` before the label is used.",
        ),
        Mistake(
            _weight_of_the_prediction,
            "Each pixel is weighed by the class that is predicted. It is the label's weight that counts: "
            "else a net could make its loss small by predicting common classes.",
        ),
        Mistake(
            _probabilities_first,
            "In the last case the probability is so small that it is stored as 0, and log(0) is minus "
            "infinity. The logarithm can be had without the probability: `z[label] - max - log(sum of exp(z "
            "- max))`.",
        ),
        Mistake(
            _unguarded,
            "Where all pixels are ignored this divides 0 by 0. PyTorch gives NaN there too; here it is to "
            "be 0.",
        ),
        Mistake(
            _one_minus_p, "That is 1 - p. Cross-entropy is -log p, which grows without bound as p goes to 0."
        ),
        Mistake(_binary_logarithm, "The logarithm is to base 2. The natural one is meant: `np.log`."),
        Mistake(
            _minus_logit,
            "That is minus the logit of the label. What is missing is log(sum of exp(z)), by which the "
            "other classes pull the probability down.",
        ),
    ),
)

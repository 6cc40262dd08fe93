"""The loss: each pixel counts as much as its class weighs, and void not at all."""

import numpy as np

from segnet_np.lessons.exercise import Exercise, Mistake
from segnet_np.lessons.exercises._loss_cases import (
    minus_one_counts,
    void_is_11,
    void_is_no_class,
    weighted_cases,
)
from segnet_np.reference import softmax


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


def _guarded_by_count(*arguments):
    log_p, w, counts = _parts(*arguments)
    return _ratio(-(w * log_p).sum(), w.sum()) if counts.any() else 0.0


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


def _void_as(stand_in, labels, num_classes, ignore_index):
    """Labels in which a class stands for void: this one, or the nearest one."""
    if stand_in == "nearest":
        return np.clip(labels, 0, num_classes - 1)
    return np.where(labels == ignore_index, stand_in, labels)


def _void_counts_as(stand_in):
    def answer(logits, labels, class_weights, ignore_index):
        labels = _void_as(stand_in, labels, logits.shape[1], ignore_index)
        return solution_without_ignoring(logits, labels, class_weights)

    return answer


def _void_weight_in_the_divisor(stand_in):
    def answer(logits, labels, class_weights, ignore_index):
        log_p, w, _ = _parts(logits, labels, class_weights, ignore_index)
        labels = _void_as(stand_in, labels, logits.shape[1], ignore_index)
        return _or_zero(-(w * log_p).sum(), class_weights[labels].sum())

    return answer


def _guarded_or_not(answer, cause):
    """A mistake, and the same where nobody asks whether the divisor is 0."""
    return (
        Mistake(answer, cause),
        Mistake(
            lambda *arguments: answer(*arguments) or np.nan,
            f"{cause} (And if the sum of w is 0, the loss is to be 0.)",
        ),
    )


def solution_without_ignoring(logits, labels, class_weights):
    """The loss where every label is a class."""
    return weighted_cross_entropy(logits, labels, class_weights, None)


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


def _each_pixel(through_p):
    def answer(*arguments):
        log_p, w, _ = _parts(*arguments)
        with np.errstate(divide="ignore"):
            return w * -(np.log(np.exp(log_p)) if through_p else log_p)

    return answer


def _void_as_index(weight_first, through_p):
    """Void is nowhere asked for: its label is used as an index, of the weights or of the classes."""

    def answer(logits, labels, class_weights, ignore_index):
        p = softmax(logits)
        loss, total_weight = 0.0, 0.0
        for n, i, j in np.ndindex(labels.shape):
            label = labels[n, i, j]
            w = class_weights[label] if weight_first else None
            z = logits[n, :, i, j]
            with np.errstate(divide="ignore"):
                log_p = np.log(p[n, label, i, j])
            if not through_p:
                log_p = z[label] - z.max() - np.log(np.exp(z - z.max()).sum())
            w = class_weights[label] if w is None else w
            loss -= w * log_p
            total_weight += w
        return loss / total_weight

    return answer


def _kept_finite(keep):
    def answer(*arguments):
        log_p, w, _ = _parts(*arguments)
        return _or_zero(-(w * np.log(keep(np.exp(log_p)))).sum(), w.sum())

    return answer


_STAND_INS = ((0, "class 0"), (2, "the last class"), ("nearest", "the class that is nearest in number"))
_THROUGH_P = (
    (False, ""),
    (True, " (And the last case wants the logarithm without p: there p is stored as 0.)"),
)

EXERCISE = Exercise(
    name="weighted_cross_entropy",
    lesson="05",
    task=(
        "Write `weighted_cross_entropy(logits, labels, class_weights, ignore_index)`. `logits` has the shape "
        "(N, num_classes, H, W), `labels` (N, H, W), `class_weights` (num_classes,). With `l = -log "
        "p[label]` and `w = class_weights[label]` of each pixel, return the number `sum of w * l / sum of "
        "w`, both sums over the pixels whose label is not `ignore_index`; 0 if the sum of w is 0."
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
        *_guarded_or_not(_unweighted, "Each pixel counts the same here: the class weights have no effect."),
        *_guarded_or_not(
            _negative, "The sign: the logarithm of a probability is negative, the loss is minus that."
        ),
        Mistake(
            _void_in_the_divisor,
            "The ignored pixels are left out of the upper sum, but counted with weight 1 in the lower one.",
        ),
        *(
            mistake
            for stand_in, words in _STAND_INS
            for answer, said in (
                (
                    _void_counts_as,
                    "The ignored pixels count as pixels of {}. They are to be in neither sum.",
                ),
                (
                    _void_weight_in_the_divisor,
                    "The ignored pixels are left out of the upper sum, but in the lower one they have the "
                    "weight of {}. They are to be in neither sum.",
                ),
            )
            for mistake in _guarded_or_not(answer(stand_in), said.format(words))
        ),
        *_guarded_or_not(*void_is_11(weighted_cross_entropy)),
        *_guarded_or_not(*void_is_no_class(weighted_cross_entropy)),
        Mistake(*minus_one_counts(weighted_cross_entropy)),
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
            _guarded_by_count,
            "Where all pixels that count weigh 0 this divides 0 by 0. Ask whether the sum of the weights is "
            "0, not whether there are pixels.",
        ),
        *(
            Mistake(
                _each_pixel(through_p),
                "These are the losses of the single pixels, weighed. Add them up, and divide by the sum of "
                f"the weights.{besides}",
            )
            for through_p, besides in _THROUGH_P
        ),
        *(
            Mistake(
                _void_as_index(weight_first, through_p),
                f"The label of a void pixel was used as an index, and {missing}. Ask for `ignore_index` "
                f"before the label is used.{besides}",
            )
            for weight_first, missing in (
                (True, "`class_weights` has no entry for it"),
                (False, "there is no such class among the logits"),
            )
            for through_p, besides in _THROUGH_P
        ),
        *(
            Mistake(
                _kept_finite(keep),
                f"`log(0)` is kept away with a small number: {words}. So no pixel's loss exceeds "
                f"{-np.log(eps):.0f}, and where p is that small nothing is learned. Take the logarithm "
                "without p: `z[label] - max - log(sum of exp(z - max))`.",
            )
            for eps in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7)
            for keep, words in (
                (lambda p, eps=eps: np.maximum(p, eps), f"p is at least {eps:g}"),
                (lambda p, eps=eps: p + eps, f"{eps:g} is added to p"),
            )
            if eps > 1e-11 or words.startswith("p is")
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
    see="segnet_np/reference.py, softmax_cross_entropy, "
    "and fast in segnet_np/kernels/softmax_cross_entropy.py, cross_entropy",
)

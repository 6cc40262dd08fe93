"""The gradient of the weighted loss: softmax less one-hot, weighed."""

import numpy as np

from segnet_np.lessons.exercise import Exercise, Mistake
from segnet_np.lessons.exercises._loss_cases import (
    minus_one_counts,
    void_is_11,
    void_is_no_class,
    weighted_cases,
)
from segnet_np.reference import softmax


def weighted_cross_entropy_backward(logits, labels, class_weights, ignore_index):
    """w[label] * (p - one_hot) / sum of the w, and 0 in all classes of an ignored pixel."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    dlogits = np.zeros_like(logits)
    total_weight = 0.0
    for n, i, j in np.ndindex(labels.shape):
        label = labels[n, i, j]
        if label == ignore_index:
            continue
        w = class_weights[label]
        # loss was: w * (log(sum of exp(z)) - z[label])
        dlogits[n, :, i, j] = w * p[n, :, i, j]
        dlogits[n, label, i, j] -= w
        total_weight += w
    return dlogits / total_weight if total_weight > 0 else dlogits


def _parts(logits, labels, class_weights, ignore_index):
    """p and one_hot (N, C, H, W); weight of each pixel (N, 1, H, W), 0 where ignored; what counts."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    counts = (labels != ignore_index)[:, None]
    safe = np.where(counts[:, 0], labels, 0)
    one_hot = (np.arange(logits.shape[1])[None, :, None, None] == safe[:, None]) * counts
    return p, one_hot.astype(logits.dtype), class_weights[safe][:, None] * counts, counts


def _ratio(above, below):
    with np.errstate(all="ignore"):
        return above / np.float64(below)


def _or_zero(above, below):
    return _ratio(above, below) if below > 0 else np.zeros_like(above)


def _undivided(*arguments):
    p, one_hot, w, _ = _parts(*arguments)
    return w * (p - one_hot)


def _over_all_pixels(*arguments):
    p, one_hot, w, counts = _parts(*arguments)
    return w * (p - one_hot) / counts.size


def _over_counted_pixels(*arguments):
    p, one_hot, w, counts = _parts(*arguments)
    return _or_zero(w * (p - one_hot), counts.sum())


def _void_keeps_p(*arguments):
    p, one_hot, w, counts = _parts(*arguments)
    return _ratio(np.where(counts, w, 1) * (p - one_hot), w.sum())


def _void_keeps_w_times_p(stand_in, counted):
    """The one-hot part is 0 in void pixels, and w that of a class that stands for void."""

    def answer(logits, labels, class_weights, ignore_index):
        p, one_hot, right_w, _ = _parts(logits, labels, class_weights, ignore_index)
        w = class_weights[np.where(labels == ignore_index, stand_in, labels)][:, None]
        return _or_zero(w * (p - one_hot), right_w.sum() if counted else w.sum())

    return answer


def _void_in_the_divisor(stand_in):
    def answer(logits, labels, class_weights, ignore_index):
        p, one_hot, w, _ = _parts(logits, labels, class_weights, ignore_index)
        labels = np.where(labels == ignore_index, stand_in, labels)
        return _or_zero(w * (p - one_hot), class_weights[labels].sum())

    return answer


def _void_as_class_0(logits, labels, class_weights, ignore_index):
    labels = np.where(labels == ignore_index, 0, labels)
    return weighted_cross_entropy_backward(logits, labels, class_weights, None)


def _sign(*arguments):
    return -weighted_cross_entropy_backward(*arguments)


def _no_one_hot(*arguments):
    p, _, w, _ = _parts(*arguments)
    return _or_zero(w * p, w.sum())


def _weight_on_one_hot_only(*arguments):
    p, one_hot, w, counts = _parts(*arguments)
    return _or_zero(counts * p - w * one_hot, w.sum())


def _weight_of_each_channel(logits, labels, class_weights, ignore_index):
    p, one_hot, w, counts = _parts(logits, labels, class_weights, ignore_index)
    return _or_zero(class_weights[None, :, None, None] * counts * (p - one_hot), w.sum())


def _minus_one_everywhere(*arguments):
    p, _, w, _ = _parts(*arguments)
    return _or_zero(w * (p - 1), w.sum())


def _only_the_label(*arguments):
    p, one_hot, w, _ = _parts(*arguments)
    return _or_zero(w * (p - 1) * one_hot, w.sum())


def _unweighted(*arguments):
    p, one_hot, _, counts = _parts(*arguments)
    return _or_zero(counts * (p - one_hot), counts.sum())


def _with_respect_to_p(*arguments):
    p, one_hot, w, _ = _parts(*arguments)
    with np.errstate(all="ignore"):
        return _or_zero(np.where(one_hot > 0, -w / p, 0.0), w.sum())


def _unguarded(*arguments):
    p, one_hot, w, _ = _parts(*arguments)
    return _ratio(w * (p - one_hot), w.sum())


def _guarded_by_count(*arguments):
    p, one_hot, w, counts = _parts(*arguments)
    return _ratio(w * (p - one_hot), w.sum() if counts.any() else 1.0)


def _without_shift(logits, labels, class_weights, ignore_index):
    _, one_hot, w, _ = _parts(logits, labels, class_weights, ignore_index)
    with np.errstate(all="ignore"):
        exponentials = np.exp(logits)
        p = exponentials / exponentials.sum(axis=1, keepdims=True)
        return _or_zero(w * (p - one_hot), w.sum())


def _void_as_index(weight_first):
    """Void is nowhere asked for: its label is used as an index, of the weights or of the classes."""

    def answer(logits, labels, class_weights, ignore_index):
        dlogits, total_weight = softmax(logits), 0.0
        for n, i, j in np.ndindex(labels.shape):
            label = labels[n, i, j]
            w = class_weights[label] if weight_first else None
            dlogits[n, label, i, j] -= 1
            w = class_weights[label] if w is None else w
            dlogits[n, :, i, j] *= w
            total_weight += w
        return dlogits / total_weight

    return answer


EXERCISE = Exercise(
    name="weighted_cross_entropy_backward",
    lesson="05",
    task=(
        "Write `weighted_cross_entropy_backward(logits, labels, class_weights, ignore_index)`: the gradient "
        "of the weighted loss with respect to the logits, of their shape (N, num_classes, H, W). In the "
        "pixels that count it is `w * (p - one_hot) / sum of w`, with `w = class_weights[label]`; in ignored "
        "pixels it is 0, and so it is everywhere if the sum of w is 0."
    ),
    outputs=("dlogits",),
    solution=weighted_cross_entropy_backward,
    cases=weighted_cases,
    hints=(
        "First without weights and void: softmax of the logits, less 1 at the class of the label, divided "
        "by how many pixels there are.",
        "A pixel has one weight, its label's. It multiplies all classes of that pixel. The divisor is the "
        "same as in the loss: the sum of the weights of all pixels that count.",
        "Begin with zeros like the logits, and with a total of 0. In each pixel that counts, write `w` "
        "times all of its probabilities, then take `w` off at the label alone, and add `w` to the total. At "
        "the end divide everything by the total, unless it is 0.",
    ),
    mistakes=(
        Mistake(
            _undivided,
            "The gradient is not divided: the loss was a mean, so divide by the sum of the weights.",
        ),
        Mistake(
            _over_all_pixels,
            "The gradient is divided by the number of pixels. The loss was divided by the sum of the "
            "weights of the pixels that count: the same number belongs here.",
        ),
        Mistake(
            _over_counted_pixels,
            "The gradient is divided by the number of pixels that count. The loss was divided by the sum of "
            "their weights: the same number belongs here.",
        ),
        Mistake(
            _void_keeps_p,
            "In ignored pixels the softmax is left over. Nobody says what should be there, so all classes "
            "of an ignored pixel get 0.",
        ),
        *(
            Mistake(
                _void_keeps_w_times_p(stand_in, counted),
                f"In ignored pixels `w * p` is left over, with the weight of {words}{besides}. All classes "
                "of an ignored pixel get 0.",
            )
            for stand_in, words in ((0, "class 0"), (2, "the last class"))
            for counted, besides in ((True, ""), (False, ", which is in the divisor too"))
        ),
        *(
            Mistake(
                _void_in_the_divisor(stand_in),
                f"The ignored pixels get 0, but in the divisor they have the weight of {words}. The sum of w "
                "is over the pixels that count.",
            )
            for stand_in, words in ((0, "class 0"), (2, "the last class"))
        ),
        Mistake(*void_is_11(weighted_cross_entropy_backward)),
        Mistake(*void_is_no_class(weighted_cross_entropy_backward)),
        Mistake(
            _void_as_class_0,
            "The ignored pixels are treated as pixels of class 0. They get 0 in all classes.",
        ),
        Mistake(*minus_one_counts(weighted_cross_entropy_backward)),
        Mistake(
            _sign,
            "The sign is turned round: that is one_hot - p. Raising the label's logit must lower the loss, "
            "so the gradient is negative there.",
        ),
        Mistake(_no_one_hot, "The one-hot part is missing: the gradient of -z[label] is -1 at the label."),
        Mistake(
            _weight_on_one_hot_only,
            "The weight is on the one-hot part only. It multiplies the whole of the pixel's loss, so p gets "
            "it too; then the classes of each pixel add up to 0 again.",
        ),
        Mistake(
            _weight_of_each_channel,
            "Each class is multiplied by its own weight. A pixel has a single weight, that of its label, "
            "for all of its classes: index `class_weights` with the labels.",
        ),
        Mistake(
            _minus_one_everywhere,
            "1 is taken off in all classes. One-hot means: only at the class of the label.",
        ),
        Mistake(
            _only_the_label,
            "Only the label's class has a gradient. The other logits are in the sum of softmax, so they "
            "have one too: w * p.",
        ),
        Mistake(_unweighted, "The class weights have no effect: each pixel counts the same."),
        Mistake(
            _with_respect_to_p,
            "That is the gradient with respect to the probability, -1 / p. Going on through softmax to the "
            "logits, it becomes p - one_hot.",
        ),
        Mistake(
            _unguarded,
            "Where all pixels are ignored this divides 0 by 0 and gives NaN, which one step later is in all "
            "weights of the net. It is to be 0.",
        ),
        Mistake(
            _guarded_by_count,
            "Where all pixels that count weigh 0 this divides 0 by 0. Ask whether the sum of the weights is "
            "0, not whether there are pixels.",
        ),
        *(
            Mistake(
                _void_as_index(weight_first),
                f"The label of a void pixel was used as an index, and {missing}. Ask for `ignore_index` "
                "before the label is used.",
            )
            for weight_first, missing in (
                (True, "`class_weights` has no entry for it"),
                (False, "there is no such class among the logits"),
            )
        ),
        Mistake(
            _without_shift,
            "`exp(2000)` is more than a float can hold. Shift the logits of each pixel by their maximum "
            "before `exp`.",
        ),
    ),
    see="segnet_np/reference.py, softmax_cross_entropy, "
    "and fast in segnet_np/kernels/softmax_cross_entropy.py, cross_entropy",
)

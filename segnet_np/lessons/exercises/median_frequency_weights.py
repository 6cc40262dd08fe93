"""Class weights from counted pixels, as the paper balances its classes."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def median_frequency_weights(label_maps, num_classes, ignore_index):
    """The median of the frequencies / each class's own."""
    labels_to_count = [*range(num_classes), ignore_index]
    frequencies = []
    for label in labels_to_count:
        pixels = sum((labels == label).sum() for labels in label_maps)
        pixels_around = sum(labels.size for labels in label_maps if (labels == label).any())
        if pixels > 0:  # void may be nowhere
            frequencies.append(pixels / pixels_around)
    median = np.median(frequencies)
    return np.array([median / frequency for frequency in frequencies[:num_classes]])


def _cases():
    rng = np.random.default_rng(54)
    hand = [np.array([[0, 0, 0], [0, 1, 2]])]
    two = [np.array([[0, 0, 0, 1], [0, 0, 0, 1]]), np.array([[0, 0, 2]])]
    void = [np.array([[0, 0, 0, 3], [0, 1, 1, 3]]), np.array([[2, 0, 0, 3], [0, 0, 0, 3], [1, 0, 0, 3]])]
    street = [
        np.repeat([0, 1, 11], [30, 8, 4]).reshape(6, 7),
        np.repeat([0, 2, 3], [20, 3, 7]).reshape(5, 6),
        rng.permutation(np.repeat([0, 1, 4, 11], [9, 16, 1, 2])).reshape(4, 7),
    ]
    return [
        Case("one map of 6 pixels", (hand, 3, 11)),
        Case("class 2 is only in the second, smaller map", (two, 3, 11)),
        Case("both maps hold void (3)", (void, 3, 3)),
        Case("three maps, five classes, void (11) in two of them", (street, 5, 11)),
    ]


def _counts(label_maps, num_classes, ignore_index):
    """Pixels (maps, labels) of the classes and, last, of void."""
    labels = [*range(num_classes), ignore_index]
    return np.array([[(one == label).sum() for label in labels] for one in label_maps])


def _weights(frequencies, num_classes, middle=np.median):
    present = frequencies[frequencies > 0]
    return middle(present) / frequencies[:num_classes]


def _whole_set(label_maps, num_classes, ignore_index):
    counts = _counts(label_maps, num_classes, ignore_index)
    return _weights(counts.sum(0) / counts.sum(), num_classes)


def _frequencies(label_maps, num_classes, ignore_index):
    counts = _counts(label_maps, num_classes, ignore_index)
    around = counts.sum(1) @ (counts > 0)
    return counts.sum(0) / np.maximum(around, 1)


def _upside_down(*arguments):
    return 1 / median_frequency_weights(*arguments)


def _mean(*arguments):
    return _weights(_frequencies(*arguments), arguments[1], np.mean)


def _without_median(*arguments):
    return 1 / _frequencies(*arguments)[: arguments[1]]


def _frequencies_themselves(*arguments):
    return _frequencies(*arguments)[: arguments[1]]


def _median_of_classes(*arguments):
    frequencies = _frequencies(*arguments)[: arguments[1]]
    return np.median(frequencies) / frequencies


def _void_not_around(label_maps, num_classes, ignore_index):
    counts = _counts(label_maps, num_classes, ignore_index)[:, :num_classes]
    frequencies = counts.sum(0) / (counts.sum(1) @ (counts > 0))
    return np.median(frequencies) / frequencies


def _void_not_in_the_size(label_maps, num_classes, ignore_index):
    counts = _counts(label_maps, num_classes, ignore_index)
    around = counts[:, :num_classes].sum(1) @ (counts > 0)
    return _weights(counts.sum(0) / np.maximum(around, 1), num_classes)


def _void_only_in_its_own(label_maps, num_classes, ignore_index):
    counts = _counts(label_maps, num_classes, ignore_index)
    around = counts[:, :num_classes].sum(1) @ (counts > 0)
    around[-1] = counts.sum(1) @ (counts[:, -1] > 0)
    return _weights(counts.sum(0) / np.maximum(around, 1), num_classes)


def _mean_of_shares(label_maps, num_classes, ignore_index):
    counts = _counts(label_maps, num_classes, ignore_index)
    shares = counts / counts.sum(1, keepdims=True)
    return _weights(shares.sum(0) / np.maximum((counts > 0).sum(0), 1), num_classes)


def _absent_void(*arguments):
    frequencies = _frequencies(*arguments)
    return np.median(frequencies) / frequencies[: arguments[1]]


def _normalised(*arguments):
    weights = median_frequency_weights(*arguments)
    return weights / weights.sum()


EXERCISE = Exercise(
    name="median_frequency_weights",
    lesson="05",
    task=(
        "Write `median_frequency_weights(label_maps, num_classes, ignore_index)`. `label_maps` is a list of "
        "integer arrays of any (H, W). The frequency of a label is: its pixels in all maps / all pixels of "
        "those maps in which it appears. The weight of a class is: the median of the frequencies / its "
        "frequency. Void (`ignore_index`) is counted like a class: its pixels are pixels of their map, and "
        "its frequency, if it appears at all, is one of those that the median is taken of. Return the "
        "weights of the classes alone, shape (num_classes,). Each class appears somewhere."
    ),
    outputs=("weights",),
    solution=median_frequency_weights,
    cases=_cases,
    hints=(
        "Count two things for each label: its own pixels, and the pixels of all maps that hold at least one "
        "of its own.",
        "For one label: `pixels = sum((m == label).sum() for m in label_maps)`. The second sum takes "
        "`m.size`, but only of maps with `(m == label).any()`.",
        "Make the list of frequencies for `[*range(num_classes), ignore_index]`, leave out a label without "
        "pixels, take `np.median` of the list, and return the median divided by each of the first "
        "`num_classes`.",
    ),
    mistakes=(
        Mistake(
            _whole_set,
            "The pixels of a class are divided by all pixels of all maps, or by nothing. Only the maps in "
            "which the class appears count: so a class is not called rare only because few pictures have "
            "it.",
        ),
        Mistake(
            _upside_down,
            "Upside down: common classes get the large weights. It is the median divided by the frequency.",
        ),
        Mistake(
            _mean,
            "That is the mean of the frequencies. A few very common classes pull it up; the median does not "
            "move.",
        ),
        Mistake(
            _without_median,
            "That is 1 / frequency, without the median above. The ratios are right, but a class of middling "
            "frequency should weigh 1.",
        ),
        Mistake(
            _frequencies_themselves,
            "These are the frequencies themselves. Divide their median by each of them.",
        ),
        Mistake(
            _median_of_classes,
            "Void is missing in the median. The published weights come out only if it is one of the labels "
            "that the median is taken of.",
        ),
        Mistake(
            _void_not_around,
            "Void is left out altogether. Its pixels are pixels of their map, and its frequency belongs to "
            "those of which the median is taken.",
        ),
        *(
            Mistake(
                answer,
                f"Void is left out of the pixels of its map{besides}. All pixels of a map count there, "
                "labelled or not: its `size`.",
            )
            for answer, besides in (
                (_void_not_in_the_size, ""),
                (_void_only_in_its_own, ", but for its own frequency"),
            )
        ),
        Mistake(
            _mean_of_shares,
            "The frequency is the mean of the shares in the single maps, so a small map counts as much as a "
            "large one. Add up the pixels first, then divide.",
        ),
        Mistake(
            _absent_void,
            "Void appears in none of these maps, but its frequency of 0 is in the median. Leave out a label "
            "without pixels.",
        ),
        Mistake(
            _normalised,
            "The weights are scaled to a sum of 1. They are left as they come: a class of median frequency "
            "weighs 1.",
        ),
    ),
    see="segnet_np/data/class_weights.py, median_frequency_weights",
)

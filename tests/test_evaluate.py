"""A net judged by whole pictures of any size: what counts, and what is refused, with the picture's name."""

import numpy as np
import pytest

import segnet_np as snp
from segnet_np.data.classes import CAMVID
from segnet_np.data.scenes import street_scene
from segnet_np.training.boundary_f1 import boundary_f1
from segnet_np.training.evaluate import evaluate

SIZES = [(45, 61), (64, 48), (33, 90)]


class Pictures:
    """Street scenes of three sizes, or whatever else is put in their place."""

    classes = CAMVID

    def __init__(self):
        self.pairs = [street_scene(k, size) for k, size in enumerate(SIZES)]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]

    def name(self, index):
        return f"picture {index}"


@pytest.fixture(scope="module")
def net():
    return snp.SegNet(width=2)


def test_counts_all_pixels_of_pictures_of_any_size_but_void(net):
    pictures = Pictures()
    metrics = evaluate(net, pictures)
    predictions = [net.predict(image)[0] for image, _ in pictures.pairs]
    assert [p.shape for p in predictions] == SIZES
    true = np.concatenate([labels.ravel() for _, labels in pictures.pairs])
    predicted = np.concatenate([p.ravel() for p in predictions])
    for k in range(11):
        np.testing.assert_array_equal(
            metrics.confusion[k], np.bincount(predicted[true == k], minlength=11), err_msg=CAMVID.names[k]
        )
    assert (true == 11).any()
    assert metrics.class_names == CAMVID.names


def test_judges_the_boundaries_of_each_picture_unless_told_not_to(net):
    pictures = Pictures()
    metrics = evaluate(net, pictures)
    expected = [boundary_f1(labels, net.predict(image)[0], 11, 11) for image, labels in pictures.pairs]
    np.testing.assert_array_equal(metrics.boundary_scores, expected)
    assert 0 < metrics.boundary_f1 < 1
    without = evaluate(net, pictures, boundaries=False)
    assert without.boundary_scores is None
    np.testing.assert_array_equal(without.confusion, metrics.confusion)


def test_perfect_predictions_have_perfect_scores(net, monkeypatch):
    pictures = Pictures()
    truths = iter([np.minimum(labels, 10).astype(np.int64) for _, labels in pictures.pairs])
    monkeypatch.setattr(net, "predict", lambda image: (next(truths), None))
    metrics = evaluate(net, pictures)
    assert metrics.global_accuracy == metrics.class_accuracy == metrics.mean_iou == metrics.boundary_f1 == 1


def test_classes_of_other_names_are_refused():
    net, names = snp.SegNet(width=1), Pictures.classes.names
    for known in (None, names):
        net.class_names = known
        evaluate(net, Pictures(), boundaries=False)
    net.class_names = names[::-1]
    with pytest.raises(
        ValueError, match=f"of the classes {names[-1]}, .* does not go with data of {names[0]}"
    ):
        evaluate(net, Pictures())


def test_what_cannot_be_judged_is_refused(net):
    with pytest.raises(ValueError, match="a net of 4 classes does not go with data of 11"):
        evaluate(snp.SegNet(width=2, num_classes=4), Pictures())
    image, labels = street_scene(5, (40, 50))
    for pair, message in (
        ((image[:31], labels[:31]), "picture 1: .*31"),
        ((image, labels[1:]), r"picture 1: .*labels of shape \(39, 50\) .* \(40, 50\)"),
        ((image, labels + np.uint8(20)), r"picture 1: .*labels hold \[20"),
    ):
        pictures = Pictures()
        pictures.pairs[1] = pair
        with pytest.raises(ValueError, match=message):
            evaluate(net, pictures)

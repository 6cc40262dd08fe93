"""Metrics against scikit-learn, by hand, and what they refuse."""

import json

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from segnet_np.training.metrics import Metrics, confusion_matrix

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 6, size=(4, 30, 50)).astype(np.uint8)  # 0..4 are classes, 5 is void
PREDICTIONS = np.where(
    RNG.random(LABELS.shape) < 0.6, np.minimum(LABELS, 4), RNG.integers(0, 5, LABELS.shape)
)


def test_confusion_matrix_equals_scikit_learn():
    counted = LABELS != 5
    expected = sklearn_metrics.confusion_matrix(LABELS[counted], PREDICTIONS[counted], labels=range(5))
    got = confusion_matrix(LABELS, PREDICTIONS, num_classes=5, ignore_index=5)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, expected)


def test_scores_equal_scikit_learn():
    counted = LABELS != 5
    true, predicted = LABELS[counted], PREDICTIONS[counted]
    metrics = Metrics(confusion_matrix(LABELS, PREDICTIONS, 5, ignore_index=5))
    assert metrics.global_accuracy == pytest.approx(
        sklearn_metrics.accuracy_score(true, predicted), rel=1e-12
    )
    assert metrics.class_accuracy == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(true, predicted), rel=1e-12
    )
    np.testing.assert_allclose(
        metrics.accuracy_by_class, sklearn_metrics.recall_score(true, predicted, average=None), rtol=1e-12
    )
    np.testing.assert_allclose(
        metrics.iou, sklearn_metrics.jaccard_score(true, predicted, average=None), rtol=1e-12
    )
    assert metrics.mean_iou == pytest.approx(
        sklearn_metrics.jaccard_score(true, predicted, average="macro"), rel=1e-12
    )


@pytest.mark.parametrize("seed", range(3))
def test_scores_equal_scikit_learn_where_classes_are_absent(seed):
    """Class 1 is never true, class 3 never predicted, class 4 neither; void is out, whatever is predicted."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 2, 3, 5, 9], (20, 30))
    predictions = np.where(rng.random(labels.shape) < 0.5, labels, rng.choice([0, 1, 2, 5], labels.shape))
    predictions[labels == 3] = 1
    predictions[labels == 9] = rng.choice([1, 4, 77], (labels == 9).sum())
    true, predicted = labels[labels != 9], predictions[labels != 9]
    metrics = Metrics(confusion_matrix(labels, predictions, 6, ignore_index=9))
    np.testing.assert_array_equal(
        metrics.confusion, sklearn_metrics.confusion_matrix(true, predicted, labels=range(6))
    )
    np.testing.assert_allclose(
        metrics.accuracy_by_class,
        sklearn_metrics.recall_score(true, predicted, labels=range(6), average=None, zero_division=np.nan),
        rtol=1e-12,
    )
    # jaccard_score has no NaN: of class 4, which is in neither, it is asked for another number.
    iou = sklearn_metrics.jaccard_score(true, predicted, labels=range(6), average=None, zero_division=1)
    assert iou[4] == 1
    iou[4] = np.nan
    np.testing.assert_allclose(metrics.iou, iou, rtol=1e-12)
    assert metrics.global_accuracy == pytest.approx(
        sklearn_metrics.accuracy_score(true, predicted), rel=1e-12
    )
    assert metrics.class_accuracy == pytest.approx(
        sklearn_metrics.recall_score(true, predicted, labels=[0, 2, 3, 5], average="macro"), rel=1e-12
    )
    assert metrics.mean_iou == pytest.approx(
        sklearn_metrics.jaccard_score(true, predicted, labels=[0, 1, 2, 3, 5], average="macro"), rel=1e-12
    )


def test_absent_classes_are_nan_and_left_out():
    # Class 1 is predicted but never true, class 2 is neither.
    metrics = Metrics(np.array([[6, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 3]]))
    np.testing.assert_allclose(metrics.accuracy_by_class, [6 / 8, np.nan, np.nan, 3 / 4])
    np.testing.assert_allclose(metrics.iou, [6 / 9, 0, np.nan, 3 / 4])
    assert metrics.class_accuracy == pytest.approx((6 / 8 + 3 / 4) / 2)
    assert metrics.mean_iou == pytest.approx((6 / 9 + 0 + 3 / 4) / 3)
    assert metrics.global_accuracy == pytest.approx(9 / 12)


def test_nothing_counted_is_nan_without_a_warning():
    metrics = Metrics(confusion_matrix(np.full((2, 3), 7), np.zeros((2, 3), int), 3, ignore_index=7))
    assert np.isnan([metrics.global_accuracy, metrics.class_accuracy, metrics.mean_iou]).all()
    assert json.loads(json.dumps(metrics.as_dict(), allow_nan=False))["mean_iou"] is None
    assert str(metrics).splitlines()[1].split() == ["0", "-", "-", "-"]


def test_the_table_names_every_class_and_score():
    text = str(Metrics(np.array([[3, 1], [0, 4]]), ("road", "bicyclist")))
    assert text.splitlines()[1].split() == ["road", "50.00", "%", "0.750", "0.750"]
    assert text.splitlines()[2].split() == ["bicyclist", "50.00", "%", "1.000", "0.800"]
    assert "global accuracy 0.875   class accuracy 0.875   mean IoU 0.775" in text
    assert "BF" not in text


# Four pictures; class 1 has a boundary in the first two, class 2 in none; the last picture has none at all.
BOUNDARY_SCORES = np.array([[0.2, 0.8, np.nan], [0.6, 0.0, np.nan], [1.0, np.nan, np.nan], [np.nan] * 3])


def test_boundary_f1_is_the_mean_over_pictures_of_their_means_over_classes():
    metrics = Metrics(np.eye(3, dtype=int), boundary_scores=BOUNDARY_SCORES)
    assert metrics.boundary_f1 == pytest.approx((0.5 + 0.3 + 1) / 3)
    np.testing.assert_allclose(metrics.boundary_f1_by_class, [0.6, 0.4, np.nan])


def test_boundary_f1_that_was_not_measured_is_nan_without_a_warning():
    for scores in (None, np.full((2, 3), np.nan), np.empty((0, 3))):
        metrics = Metrics(np.eye(3, dtype=int), boundary_scores=scores)
        assert np.isnan(metrics.boundary_f1)
        assert np.isnan(metrics.boundary_f1_by_class).all()
        assert metrics.boundary_f1_by_class.shape == (3,)


def test_the_table_has_boundary_f1_where_it_was_measured():
    lines = str(Metrics(np.eye(3, dtype=int), ("a", "b", "c"), BOUNDARY_SCORES)).splitlines()
    assert lines[0].split() == ["class", "pixels", "accuracy", "IoU", "BF"]
    assert [line.split()[-1] for line in lines[1:4]] == ["0.600", "0.400", "-"]
    assert lines[4].endswith("mean IoU 1.000   boundary F1 (BF) 0.600")


def test_as_dict_is_plain():
    metrics = Metrics(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]]), ("a", "b", "c"), BOUNDARY_SCORES)
    assert json.loads(json.dumps(metrics.as_dict(), allow_nan=False)) == {
        "global_accuracy": 0.875,
        "class_accuracy": 0.875,
        "mean_iou": 0.775,
        "boundary_f1": pytest.approx(0.6),
        "accuracy": {"a": 0.75, "b": 1, "c": None},
        "iou": {"a": 0.75, "b": 0.8, "c": None},
        "boundary_f1_by_class": {"a": pytest.approx(0.6), "b": 0.4, "c": None},
    }
    assert Metrics(metrics.confusion).as_dict()["boundary_f1"] is None


def test_bad_input_is_refused():
    ok = np.zeros((2, 3), int)
    with pytest.raises(TypeError, match="labels must be an ndarray of integers, got float64"):
        confusion_matrix(ok.astype(float), ok, 3)
    with pytest.raises(TypeError, match="predictions must be an ndarray of integers, got list"):
        confusion_matrix(ok, [[0, 0, 0], [0, 0, 0]], 3)
    with pytest.raises(ValueError, match=r"shape \(2, 3\) do not go with predictions of shape \(3, 2\)"):
        confusion_matrix(ok, ok.T, 3)
    with pytest.raises(ValueError, match=r"labels hold \[-1, 3\], expected 0..2"):
        confusion_matrix(np.array([0, 3, -1]), np.array([0, 0, 0]), 3)
    with pytest.raises(ValueError, match=r"predictions hold \[7\], expected 0..2"):
        confusion_matrix(np.array([0, 1]), np.array([7, 0]), 3)
    with pytest.raises(ValueError, match="square"):
        Metrics(np.zeros((2, 3), int))
    with pytest.raises(ValueError, match="3 class names for 2"):
        Metrics(np.zeros((2, 2), int), ("a", "b", "c"))
    with pytest.raises(ValueError, match=r"boundary scores of shape \(2, 3\), expected \(pictures, 2\)"):
        Metrics(np.zeros((2, 2), int), boundary_scores=np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"boundary scores of shape \(2,\), expected \(pictures, 2\)"):
        Metrics(np.zeros((2, 2), int), boundary_scores=np.zeros(2))

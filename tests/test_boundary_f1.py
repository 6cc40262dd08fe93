"""Boundary F1 by hand, against plain loops, and what it refuses."""

import math

import numpy as np
import pytest

from segnet_np.training.boundary_f1 import boundary_f1, boundary_precision_recall

NAN = float("nan")
VOID = 9


def grid(*rows):
    """A label map written as strings of digits."""
    return np.array([[int(digit) for digit in row] for row in rows])


def edge_at(column, shape):
    """Class 0 to the left of a column, class 1 from there on."""
    return np.broadcast_to(np.arange(shape[1]) >= column, shape).astype(np.uint8)


def dot_at(row, column, shape):
    """One pixel of class 1 in class 0."""
    labels = np.zeros(shape, np.uint8)
    labels[row, column] = 1
    return labels


def blobs(seed, shape, num_classes, void=0.0):
    """Random maps of blocks of three by two pixels with single pixels strewn in."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, num_classes, (shape[0] // 3 + 1, shape[1] // 2 + 1))
    labels = blocks.repeat(3, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]
    labels = np.where(rng.random(shape) < 0.1, rng.integers(0, num_classes, shape), labels)
    return np.where(rng.random(shape) < void, VOID, labels)


def in_plain_loops(labels, predictions, num_classes, ignore_index, tolerance):
    """Precision, recall and F1 of each class, pixel by pixel, as the module's docstring says them."""
    height, width = labels.shape
    radius = tolerance * math.sqrt(height**2 + width**2)

    def boundary(classes, k):
        found = []
        for i in range(height):
            for j in range(width):
                if classes[i, j] != k or labels[i, j] == ignore_index:
                    continue
                for y, x in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                    inside = 0 <= y < height and 0 <= x < width
                    if inside and labels[y, x] != ignore_index and classes[y, x] != k:
                        found.append((i, j))
                        break
        return found

    def share(pixels, targets):
        near = [any(math.dist(pixel, target) <= radius for target in targets) for pixel in pixels]
        return sum(near) / len(near) if near else NAN

    scores = []
    for k in range(num_classes):
        true, predicted = boundary(labels, k), boundary(predictions, k)
        precision, recall = share(predicted, true), share(true, predicted)
        if not (labels == k).any() or not (true or predicted):
            f1 = NAN
        elif not true or not predicted or precision + recall == 0:
            f1 = 0.0
        else:
            f1 = 2 * precision * recall / (precision + recall)
        scores.append((precision, recall, f1))
    return np.array(scores).T


@pytest.mark.parametrize(
    ("shape", "within"), [((360, 480), 4), ((480, 360), 4), ((240, 320), 3), ((128, 96), 1), ((100, 20), 0)]
)
def test_an_edge_within_the_tolerance_and_just_beyond(shape, within):
    """The tolerance is 4.5, 4.5, 3, 1.2 and 0.8 pixels."""
    truth = edge_at(10, shape)
    np.testing.assert_array_equal(boundary_f1(truth, edge_at(10 + within, shape), 2), [1, 1])
    np.testing.assert_array_equal(boundary_f1(truth, edge_at(10 - within, shape), 2), [1, 1])
    np.testing.assert_array_equal(boundary_f1(truth, edge_at(11 + within, shape), 2), [0, 0])
    np.testing.assert_array_equal(boundary_f1(truth, edge_at(9 - within, shape), 2), [0, 0])


def test_distance_is_euclidean_and_equality_is_within():
    shape = (400, 400)  # r is the square root of 18: three rows and three columns
    assert boundary_f1(dot_at(10, 10, shape), dot_at(13, 13, shape), 2)[1] == 1
    assert boundary_f1(dot_at(10, 10, shape), dot_at(10, 14, shape), 2)[1] == 1
    assert boundary_f1(dot_at(10, 10, shape), dot_at(12, 14, shape), 2)[1] == 0  # 20
    assert 0.29 * math.hypot(60, 80) < 29  # but for rounding it is 29
    np.testing.assert_array_equal(
        boundary_f1(edge_at(30, (60, 80)), edge_at(59, (60, 80)), 2, tolerance=0.29), [1, 1]
    )


def test_precision_and_recall_by_hand():
    labels = grid("0000", "0110", "0000")
    predictions = grid("0000", "0100", "0000")
    precision, recall = boundary_precision_recall(labels, predictions, 2, tolerance=0)
    # Class 0 has six true boundary pixels and four predicted ones, three of them in common; its corners touch
    # class 1 with a corner only and are none. Class 1 has two, one and one.
    np.testing.assert_allclose(precision, [3 / 4, 1])
    np.testing.assert_allclose(recall, [3 / 6, 1 / 2])
    np.testing.assert_allclose(boundary_f1(labels, predictions, 2, tolerance=0), [0.6, 2 / 3])


def test_a_class_that_is_not_true_has_none_but_spoils_its_neighbours():
    labels = grid("0011", "0011", "0011")
    predictions = grid("0011", "2011", "0011")
    precision, recall = boundary_precision_recall(labels, predictions, 3, tolerance=0)
    np.testing.assert_array_equal(precision, [3 / 5, 1, 0])  # (0, 0) and (2, 0) lie beside the false 2
    np.testing.assert_array_equal(recall, [1, 1, NAN])
    np.testing.assert_allclose(boundary_f1(labels, predictions, 3, tolerance=0), [0.75, 1, NAN])


def test_a_class_that_is_not_predicted_has_zero():
    labels, predictions = grid("0011", "0211", "0011"), grid("0011", "0011", "0011")
    precision, recall = boundary_precision_recall(labels, predictions, 3, tolerance=0)
    np.testing.assert_array_equal(precision, [2 / 3, 1, NAN])
    np.testing.assert_array_equal(recall, [2 / 3, 1, 0])
    np.testing.assert_allclose(boundary_f1(labels, predictions, 3, tolerance=0), [2 / 3, 1, 0])


def test_a_picture_of_one_class_has_no_boundary_to_find():
    one, other, two = np.zeros((3, 4), int), np.ones((3, 4), int), edge_at(2, (3, 4))
    np.testing.assert_array_equal(boundary_f1(one, one, 2), [NAN, NAN])
    np.testing.assert_array_equal(boundary_f1(one, other, 2), [NAN, NAN])
    np.testing.assert_array_equal(boundary_f1(one, two, 2), [0, NAN])  # a boundary where there is none
    np.testing.assert_array_equal(boundary_f1(two, one, 2), [0, 0])  # none where there is one


def test_the_edge_of_void_is_no_boundary():
    np.testing.assert_array_equal(boundary_f1(grid("00911"), grid("01111"), 2, VOID), [0, 0])
    for guess in "0123":
        predictions = grid(f"00{guess}11")
        np.testing.assert_array_equal(boundary_f1(grid("00911"), predictions, 2, VOID), [NAN, NAN])
    np.testing.assert_array_equal(boundary_f1(grid("99999"), grid("01111"), 2, VOID), [NAN, NAN])


def test_what_is_predicted_in_void_does_not_count():
    labels = blobs(0, (20, 30), 4, void=0.2)
    predictions = blobs(1, labels.shape, 4)
    elsewhere = np.where(labels == VOID, blobs(2, labels.shape, 4), predictions)
    nonsense = np.where(labels == VOID, 77, predictions)
    expected = boundary_f1(labels, predictions, 4, VOID, tolerance=0.03)
    assert (elsewhere != predictions).any()
    np.testing.assert_array_equal(boundary_f1(labels, elsewhere, 4, VOID, tolerance=0.03), expected)
    np.testing.assert_array_equal(boundary_f1(labels, nonsense, 4, VOID, tolerance=0.03), expected)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("shape", "void", "tolerance"),
    [
        ((13, 17), 0, 0.06),
        ((17, 11), 0.1, 0.04),
        ((9, 12), 0.3, 0.1),
        ((8, 15), 0.1, 0),
        ((1, 30), 0.1, 0.05),
    ],
)
def test_equals_plain_loops(shape, void, tolerance, seed):
    labels = blobs(10 + seed, shape, 4, void).astype(np.uint8)
    # Mostly right, and class 4 is predicted, but never true.
    wrong = np.random.default_rng(seed).random(shape) < 0.3
    predictions = np.where(wrong | (labels == VOID), blobs(20 + seed, shape, 5), labels)
    precision, recall, f1 = in_plain_loops(labels, predictions, 6, VOID, tolerance)
    assert 0 < np.nanmean(f1) < 1
    got = boundary_precision_recall(labels, predictions, 6, VOID, tolerance)
    np.testing.assert_allclose(got, (precision, recall), rtol=1e-15)
    np.testing.assert_allclose(boundary_f1(labels, predictions, 6, VOID, tolerance), f1, rtol=1e-15)


def test_true_and_predicted_changed_over_change_precision_and_recall_over():
    labels = blobs(3, (24, 31), 5, void=0.1)
    predictions = np.where(labels == VOID, VOID, blobs(4, labels.shape, 6))
    precision, recall = boundary_precision_recall(labels, predictions, 6, VOID, tolerance=0.03)
    precision_back, recall_back = boundary_precision_recall(predictions, labels, 6, VOID, tolerance=0.03)
    assert not np.allclose(precision, recall, equal_nan=True)
    np.testing.assert_array_equal(precision_back, recall)
    np.testing.assert_array_equal(recall_back, precision)


@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, np.transpose, np.rot90])
def test_turned_pictures_have_the_same_scores(turn):
    labels, predictions = blobs(5, (24, 31), 4, void=0.1), blobs(6, (24, 31), 4)
    expected = boundary_f1(labels, predictions, 4, VOID, tolerance=0.03)
    assert ((expected > 0) & (expected < 1)).all()
    np.testing.assert_array_equal(
        boundary_f1(turn(labels), turn(predictions), 4, VOID, tolerance=0.03), expected
    )


def test_bad_input_is_refused():
    ok = np.zeros((2, 3), int)
    with pytest.raises(TypeError, match="boundary_f1: labels must be an ndarray of integers, got float64"):
        boundary_f1(ok.astype(float), ok, 3)
    with pytest.raises(TypeError, match="boundary_f1: predictions must be an ndarray of integers, got list"):
        boundary_f1(ok, ok.tolist(), 3)
    with pytest.raises(ValueError, match=r"shape \(2, 3\) do not go with predictions of shape \(3, 2\)"):
        boundary_f1(ok, ok.T, 3)
    with pytest.raises(ValueError, match=r"expected maps of shape \(H, W\), got \(1, 2, 3\)"):
        boundary_f1(ok[None], ok[None], 3)
    with pytest.raises(ValueError, match=r"boundary_f1: labels hold \[9\], expected 0..2"):
        boundary_f1(ok + 9, ok, 3)
    with pytest.raises(ValueError, match=r"boundary_f1: predictions hold \[-1\], expected 0..2"):
        boundary_f1(ok, ok - 1, 3)
    for tolerance in (-0.1, NAN, math.inf):
        with pytest.raises(ValueError, match=f"tolerance {tolerance}, expected a share"):
            boundary_f1(ok, ok, 3, tolerance=tolerance)


def test_an_ignored_class_is_not_in_the_truth():
    labels, predictions = (np.tile(row, (5, 1)) for row in ([0, 1, 1, 2, 2], [1, 1, 0, 0, 2]))
    scores = boundary_f1(labels, predictions, num_classes=3, ignore_index=0, tolerance=0.2)
    np.testing.assert_array_equal(scores, [np.nan, 1, 1])

"""Median-frequency weights: by hand, on CamVid's labels, on input that gives none."""

from pathlib import Path

import numpy as np
import pytest

from segnet_np.data import PUBLISHED, PUBLISHED_CAMVID, Folder, median_frequency_weights, read_labels

SHARED = Path(__file__).parents[1].parent / "shared" / "camvid"


def test_by_hand():
    one = np.array([[0, 0, 0, 0], [0, 0, 1, 1]])  # 8 pixels
    two = np.array([[0, 2], [2, 2]])  # 4 pixels
    # frequencies: 7 of 12, 2 of 8, 3 of 4; their median is 7/12
    expected = np.array([1, (7 / 12) / (2 / 8), (7 / 12) / (3 / 4)])
    got = median_frequency_weights([one, two], num_classes=3)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_void_counts_among_the_pixels_and_in_the_median():
    one = np.array([[0, 0, 0, 0, 0], [1, 1, 1, 9, 9]], np.uint8)  # 10 pixels
    two = np.array([[0, 9], [9, 9]], np.uint8)  # 4 pixels
    # frequencies: 6 of 14, 3 of 10, void 5 of 14, which is their median
    expected = [(5 / 14) / (6 / 14), (5 / 14) / (3 / 10)]
    np.testing.assert_allclose(median_frequency_weights([one, two], 2, ignore_index=9), expected, rtol=1e-14)


def test_takes_a_generator_and_the_order_does_not_matter():
    maps = [np.random.default_rng(k).integers(0, 4, (5, 7)) for k in range(6)]
    np.testing.assert_array_equal(
        median_frequency_weights((labels for labels in maps), 4), median_frequency_weights(maps[::-1], 4)
    )


def test_a_class_without_pixels_is_named():
    with pytest.raises(ValueError, match=r"classes \[1, 3\] appear in none of the 1 label maps"):
        median_frequency_weights([np.array([[0, 2]])], num_classes=4)


def test_no_label_maps():
    with pytest.raises(ValueError, match="no label map"):
        median_frequency_weights([], num_classes=2)


def test_values_outside_and_wrong_types():
    with pytest.raises(ValueError, match=r"\[3, 7\], expected 0..2"):
        median_frequency_weights([np.array([[0, 3, 7]])], num_classes=3)
    with pytest.raises(ValueError, match=r"\[-1\], expected 0..2 or 11"):
        median_frequency_weights([np.array([[0, -1, 11]])], num_classes=3, ignore_index=11)
    with pytest.raises(TypeError, match="float64"):
        median_frequency_weights([np.zeros((2, 2))], num_classes=3)
    with pytest.raises(TypeError, match="list"):
        median_frequency_weights([[[0, 1]]], num_classes=3)


def test_published_by_name():
    assert PUBLISHED["camvid-published"] == PUBLISHED_CAMVID
    assert len(PUBLISHED_CAMVID) == 11
    assert PUBLISHED_CAMVID[3] == 0.1417


@pytest.mark.skipif(not SHARED.is_dir(), reason="the CamVid photographs are not here")
def test_camvid_gives_the_published_weights():
    train = Folder(SHARED, "train")
    got = median_frequency_weights((read_labels(path) for _, path in train.pairs), 11, ignore_index=11)
    ratio = got / PUBLISHED_CAMVID
    sign = train.classes.names.index("SignSymbol")
    assert got[sign] == pytest.approx(3.533, abs=0.001)  # published as 9.6446, which no count gives
    rest = np.delete(ratio, sign)
    assert abs(rest - 1).max() < 0.11
    assert abs(np.log(rest)).mean() < 0.04

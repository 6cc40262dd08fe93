"""Median-frequency weights: by hand, of CamVid's counts, on input that gives none."""

import numpy as np
import pytest

from segnet_np.data import CAMVID, PUBLISHED, PUBLISHED_CAMVID, median_frequency_weights
from segnet_np.data.class_weights import weights_of_counts


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


def test_the_counts_of_camvid_give_the_published_weights():
    """The 367 training images of 360x480: pixels of each label, void last, and images with that label."""
    pixels = np.array(
        [
            10682767,
            14750079,
            623349,
            20076880,
            2845085,
            6166762,
            743859,
            714595,
            3719877,
            405385,
            184967,
            2503995,
        ]
    )
    images = np.array([366, 365, 366, 367, 349, 319, 351, 173, 360, 317, 201, 367])
    assert pixels.sum() == 367 * 360 * 480
    got = weights_of_counts(pixels, images * 360 * 480)[:11]
    ratio = got / PUBLISHED_CAMVID
    sign = CAMVID.names.index("SignSymbol")
    assert got[sign] == pytest.approx(3.533, abs=0.001)  # published as 9.6446, which no count gives
    rest = np.delete(ratio, sign)
    assert abs(rest - 1).max() < 0.11
    assert abs(np.log(rest)).mean() < 0.04

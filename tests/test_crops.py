"""Random windows: inside, the same for image and labels, everywhere possible."""

import numpy as np
import pytest

from segnet_np.data import random_crop


def numbered(height, width):
    labels = np.arange(height * width).reshape(height, width)
    return np.stack([labels, labels + 1, labels + 2], axis=-1), labels


def test_image_and_labels_are_cut_at_the_same_place():
    image, labels = numbered(9, 13)
    rng = np.random.default_rng(0)
    for _ in range(50):
        window, truth = random_crop(image, labels, (4, 7), rng)
        assert window.shape == (4, 7, 3)
        assert truth.shape == (4, 7)
        assert np.array_equal(window[..., 0], truth)
        assert (np.diff(truth, axis=0) == 13).all()
        assert (np.diff(truth, axis=1) == 1).all()


def test_every_place_is_drawn():
    image, labels = numbered(6, 8)
    rng = np.random.default_rng(1)
    corners = {int(random_crop(image, labels, 4, rng)[1][0, 0]) for _ in range(500)}
    assert corners == {row * 8 + column for row in range(3) for column in range(5)}


def test_the_whole_image_is_a_window():
    image, labels = numbered(5, 6)
    assert np.array_equal(random_crop(image, labels, (5, 6), np.random.default_rng(0))[1], labels)


@pytest.mark.parametrize("size", [7, (7, 3), (3, 7)])
def test_too_small_an_image_is_named_with_the_window(size):
    image, labels = numbered(6, 5)
    with pytest.raises(ValueError, match=r"6x5 is smaller than the window of [37]x[37]"):
        random_crop(image, labels, size, np.random.default_rng(0))


def test_nonsense_is_refused():
    image, labels = numbered(6, 5)
    with pytest.raises(ValueError, match="window of 0x0"):
        random_crop(image, labels, 0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="6x5 does not go with labels of 5x5"):
        random_crop(image, labels[:5], 3, np.random.default_rng(0))

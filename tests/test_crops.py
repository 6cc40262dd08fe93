"""Random windows: inside, the same for image and labels, everywhere possible."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from segnet_np.data import random_crop, random_zoomed_crop


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


def blocks(height, width, side):
    """Labels in blocks of `side` pixels, all different, and an image with the labels in its channels."""
    rows, columns = np.indices((height, width)) // side
    labels = (rows * (width // side) + columns).astype(np.uint8)
    return np.repeat(labels[..., None], 3, axis=2), labels


def test_zoomed_image_and_labels_stay_together():
    image, labels = blocks(96, 128, 16)
    rng = np.random.default_rng(0)
    for _ in range(40):
        window, truth = random_zoomed_crop(image, labels, (40, 48), 0.75, 1.6, 1.3, rng)
        assert (window.shape, truth.shape) == ((40, 48, 3), (40, 48))
        assert set(np.unique(truth)) <= set(np.unique(labels))
        # Away from the edges of blocks and of the window, where pixels of the image are means of two, both
        # show the same block.
        edges = np.zeros(truth.shape, bool)
        edges[:, 1:] |= truth[:, 1:] != truth[:, :-1]
        edges[1:] |= truth[1:] != truth[:-1]
        inside = ~binary_dilation(edges, np.ones((3, 3)), iterations=2, border_value=1)
        assert inside.mean() > 0.1
        np.testing.assert_array_equal(window[inside][:, 0], truth[inside])


def test_zoom_and_stretch_stay_within_their_bounds():
    class Spy:
        """A generator whose draws are noted: the window's place tells the size that the picture got."""

        def __init__(self, seed):
            self.rng, self.sizes = np.random.default_rng(seed), []

        def uniform(self, *bounds):
            return self.rng.uniform(*bounds)

        def integers(self, high):
            self.sizes.append(high - 1)
            return self.rng.integers(high)

    image, labels = blocks(96, 128, 16)
    shapes = []
    for seed in range(300):
        spy = Spy(seed)
        random_zoomed_crop(image, labels, (40, 40), 0.5, 2, 1.2, spy)
        shapes.append([size + 40 for size in spy.sizes])
    tall, wide = np.array(shapes).T / np.array([[96], [128]])
    # Of 48x64 pixels, times or through 2, but never below the 40 pixels of the window.
    assert tall.min() >= 40 / 96
    assert 0.9 < tall.max() <= 1.01
    ratio = wide / tall
    assert 1 / 1.2 - 0.02 < ratio.min() < 0.87  # one pixel of 48 is 2 %
    assert 1.15 < ratio.max() < 1.2 + 0.02


def test_a_picture_too_small_at_its_scale_is_refused():
    image, labels = blocks(96, 128, 16)
    with pytest.raises(ValueError, match=r"96x128, brought to 0.5 .* is smaller than the window of 49x40"):
        random_zoomed_crop(image, labels, (49, 40), 0.5, 2, 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"does not go with labels"):
        random_zoomed_crop(image, labels[:-1], (9, 9), 0.5, 2, 1, np.random.default_rng(0))

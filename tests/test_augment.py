"""Flips and colour changes: what they change, what they leave, how they round."""

import numpy as np
import pytest

from segnet_np.data import Changes, random_colour, random_flip, random_light


class Fixed:
    """A generator that draws given factors: contrast, saturation, brightness."""

    def __init__(self, *factors):
        self.factors = np.array(factors)

    def uniform(self, low, high, size):
        assert (low, high, size) == (0.75, 1.25, 3)
        return self.factors


def picture(seed=0, shape=(7, 9, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_flip_mirrors_both_or_none_and_does_both():
    image, labels = picture(), picture(1, (7, 9))
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(30):
        new_image, new_labels = random_flip(image, labels, rng)
        flipped = not np.array_equal(new_image, image)
        seen.add(flipped)
        assert np.array_equal(new_image, image[:, ::-1] if flipped else image)
        assert np.array_equal(new_labels, labels[:, ::-1] if flipped else labels)
    assert seen == {True, False}


def test_factors_of_one_change_nothing():
    image = picture()
    assert np.array_equal(random_colour(image, Fixed(1, 1, 1)), image)


def test_brightness_scales_rounds_and_clips():
    image = np.array([[[0, 10, 11], [100, 200, 255]]], np.uint8)
    # 13.75 -> 14, 12.5 -> 12 (to even), 250, 318.75 -> 255
    assert random_colour(image, Fixed(1, 1, 1.25)).tolist() == [[[0, 12, 14], [125, 250, 255]]]
    assert random_colour(image, Fixed(1, 1, 0.75)).tolist() == [[[0, 8, 8], [75, 150, 191]]]


def test_contrast_pulls_towards_the_mean_grey():
    image = np.zeros((1, 2, 3), np.uint8)
    image[0, 1] = 200  # mean grey 100
    assert random_colour(image, Fixed(0.75, 1, 1)).tolist() == [[[25] * 3, [175] * 3]]
    assert random_colour(image, Fixed(1.25, 1, 1)).tolist() == [[[0] * 3, [225] * 3]]  # -25 is clipped


def test_saturation_pulls_towards_the_pixels_own_grey():
    image = np.array([[[200, 100, 0], [80, 80, 80]]], np.uint8)  # grey 118.5
    assert random_colour(image, Fixed(1, 0.75, 1)).tolist() == [[[180, 105, 30], [80, 80, 80]]]


def test_colour_stays_uint8_leaves_the_input_and_is_repeatable():
    image = picture()
    before = image.copy()
    new = random_colour(image, np.random.default_rng(3))
    assert new.dtype == np.uint8
    assert new.shape == image.shape
    assert not np.array_equal(new, image)
    assert np.array_equal(image, before)
    assert np.array_equal(new, random_colour(image, np.random.default_rng(3)))
    assert not np.array_equal(new, random_colour(image, np.random.default_rng(4)))


def test_colour_wants_uint8():
    with pytest.raises(TypeError, match="float32"):
        random_colour(picture().astype(np.float32), np.random.default_rng(0))


def test_light_is_a_curve_and_a_tint_for_each_channel():
    image = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 2, 3))
    for seed in range(20):
        draws = np.random.default_rng(seed)
        gamma = np.exp(draws.uniform(-0.6, 0.6))
        tint = draws.uniform(0.8, 1.2, size=3)
        expected = np.clip(np.rint(255 * tint * (image / 255) ** gamma), 0, 255)
        np.testing.assert_array_equal(random_light(image, np.random.default_rng(seed), 0.6), expected)
    np.testing.assert_array_equal(random_light(image, np.random.default_rng(0), 0), image)
    with pytest.raises(TypeError, match="random_light: expected an image of uint8, got float32"):
        random_light(image.astype(np.float32), np.random.default_rng(0), 0.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [("scale", 0), ("zoom", 0.5), ("stretch", 11), ("colour", 2), ("light", -1), ("zoom", np.nan)],
)
def test_changes_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"Changes: {name} .*expected a number from"):
        Changes(**{name: value})

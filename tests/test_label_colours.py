"""Labels stored as colours: the inverse of colourise, and no colour is rounded to a class."""

import numpy as np
import pytest

from segnet_np.data import CAMVID, Classes, colourise, decode_colours

SMALL = Classes(("Road", "Car"), ((10, 20, 30), (10, 20, 40)), ignore_index=9, void_colour=(255, 0, 0))


@pytest.mark.parametrize("classes", [CAMVID, SMALL, Classes(("a",), ((0, 0, 0),))])
def test_the_inverse_of_colourise(classes):
    values = [*range(classes.num_classes), *([] if classes.ignore_index is None else [classes.ignore_index])]
    labels = np.random.default_rng(0).choice(np.array(values, np.uint8), (7, 9))
    decoded = decode_colours(colourise(labels, classes), classes)
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, labels)


def test_channels_are_not_mixed_up():
    with pytest.raises(ValueError, match=r"\(30, 20, 10\) in 1 "):
        decode_colours(np.array([[[30, 20, 10]]], np.uint8), SMALL)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (10, 20, 31), (9, 20, 30)])
def test_a_colour_beside_those_of_the_classes(colour):
    with pytest.raises(ValueError, match="1 colour that no class has, in 1 of 1 pixels"):
        decode_colours(np.array([[colour]], np.uint8), SMALL)


def test_unknown_colours_are_counted_and_their_nearest_class_named():
    image = np.empty((4, 5, 3), np.uint8)
    image[...] = (10, 20, 30)
    image[0] = (250, 5, 0)
    image[1, :2] = (10, 20, 36)
    with pytest.raises(ValueError, match="2 colours that no class has, in 7 of 20 pixels") as error:
        decode_colours(image, SMALL)
    first, second = (
        "(250, 5, 0) in 5 (nearest: void (255, 0, 0))",
        "(10, 20, 36) in 2 (nearest: Car (10, 20, 40))",
    )
    assert f"{first}, {second}; expected exactly" in str(error.value)
    image[:, :, 2] = np.arange(20).reshape(4, 5) + 100
    with pytest.raises(ValueError, match=r"20 colours .* and 15 more; expected"):
        decode_colours(image, SMALL)


def test_classes_of_one_colour():
    twins = Classes(("Road", "Car", "Sky"), ((1, 2, 3), (4, 5, 6), (1, 2, 3)), 3, (4, 5, 6))
    image = np.array([[[1, 2, 3]]], np.uint8)
    with pytest.raises(
        ValueError, match=r"same colour: Road and Sky \(1, 2, 3\), Car and void \(4, 5, 6\); labels can"
    ):
        decode_colours(image, twins)

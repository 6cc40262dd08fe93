"""Pictures on their way into a net, and its maps on their way out, against plain formulas and PyTorch."""

import numpy as np
import pytest
import torch
from torch.nn import functional

import segnet_np as snp
from segnet_np.models.preprocess import normalise, resize_image, resize_maps


def picture(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_standard():
    images = picture(2, 5, 6, 3)
    x = normalise(images, "standard", (0.5, 0.4, 0.3), (0.25, 0.2, 0.1), np.dtype("float64"))
    np.testing.assert_allclose(x, (images / 255 - (0.5, 0.4, 0.3)) / (0.25, 0.2, 0.1), rtol=1e-14)


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_response_equals_pytorch(channels):
    images = picture(2, 5, 6, channels)
    x = normalise(images, "response", (), (), np.dtype("float64"))
    of_torch = torch.nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
    expected = of_torch(torch.from_numpy(images.transpose(0, 3, 1, 2).astype("float64")))
    np.testing.assert_allclose(x.transpose(0, 3, 1, 2), expected.numpy(), rtol=1e-13)


def test_maps_grow_as_in_pytorch():
    maps = np.random.default_rng(1).random((4, 9, 13)).astype("float32")
    exact = torch.from_numpy(maps.astype("float64"))[None]
    expected = functional.interpolate(exact, (18, 27), mode="bilinear")[0]
    # Pillow weighs in float64 and rounds to float32 twice, once a direction: half a unit in the last place
    # each, which is 3e-8 for numbers up to 1.
    np.testing.assert_allclose(resize_maps(maps, 18, 27), expected.numpy(), rtol=0, atol=6.1e-8)


def test_pictures_shrink_as_in_pytorch():
    image = picture(16, 24, 3)
    x = torch.from_numpy(image.transpose(2, 0, 1).astype("float32"))[None]
    expected = functional.interpolate(x, (8, 12), mode="bilinear", antialias=True)[0].numpy()
    small = resize_image(image, 8, 12)
    assert small.dtype == np.uint8
    assert np.abs(small.transpose(2, 0, 1) - expected).max() <= 1  # rounded once a direction


@pytest.mark.parametrize("size", [(64, 80), (65, 83)])
def test_a_net_predicts_at_its_scale_and_answers_at_the_picture_s(size):
    net = snp.SegNet(width=2).eval()
    net.input_scale = 0.5
    image = picture(*size, 3)
    labels, probabilities = net.predict(image)
    assert labels.shape == size
    assert probabilities.shape == (11, *size)
    # Seen over 20 seeds: at most 2.4e-7; eleven numbers each rounded a few times.
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(labels, probabilities.argmax(axis=0))
    half = resize_image(image, round(size[0] / 2), round(size[1] / 2))
    small = snp.softmax(net(net.normalise(half[None])))[0]
    np.testing.assert_array_equal(probabilities, resize_maps(small, *size))


def test_a_picture_that_is_too_small_at_the_scale_is_named():
    net = snp.SegNet(width=2)
    net.input_scale = 0.5
    with pytest.raises(ValueError, match=r"brought to 0.5 of their size.*32x32; 62x80 was given"):
        net.predict(picture(62, 80, 3))


def test_scale_and_normalisation_are_saved(tmp_path):
    net = snp.SegNetBasic(width=2, kernel_size=3)
    net.input_scale, net.input_normalisation = 0.75, "response"
    snp.save(net, tmp_path / "net.safetensors")
    again = snp.load(tmp_path / "net.safetensors")
    assert (again.input_scale, again.input_normalisation) == (0.75, "response")
    image = picture(40, 48, 3)
    np.testing.assert_array_equal(net.predict(image)[1], again.predict(image)[1])

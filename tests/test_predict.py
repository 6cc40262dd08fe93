"""Pictures larger than a net is used to are looked at from farther away, and answered at their own size."""

import numpy as np
import pytest
from PIL import Image

import segnet_np as snp
from segnet_np.training.predict import predict_files, usual_scale


@pytest.mark.parametrize(
    ("side", "size", "scale"),
    [
        (None, (3000, 4000), 0.5),
        (360, (360, 480), 0.5),
        (360, (540, 960), 0.5),
        (360, (720, 960), 0.25),
        (360, (4000, 3600), 0.05),
        (360, (100, 120), 0.5),
    ],
)
def test_usual_scale(side, size, scale):
    net = snp.SegNet(width=1)
    net.input_scale, net.input_side = 0.5, side
    assert usual_scale(net, *size) == scale


def test_a_large_picture_is_predicted_at_the_scale_of_the_training(tmp_path):
    net = snp.SegNet(width=2).eval()
    net.input_scale, net.input_side = 0.5, 80
    image = np.random.default_rng(0).integers(0, 256, (300, 160, 3)).astype(np.uint8)
    Image.fromarray(image).save(tmp_path / "large.png")
    index, overlay = predict_files(net, [tmp_path / "large.png"], tmp_path)
    expected, _ = net.predict(image, 0.25)
    assert expected.shape == (300, 160)
    with Image.open(index) as png:
        np.testing.assert_array_equal(np.asarray(png), expected)
    assert not np.array_equal(net.predict(image)[0], expected)
    with Image.open(overlay) as picture:
        assert picture.width >= 160


def test_a_picture_too_small_at_its_scale_is_named_with_what_is_needed(tmp_path):
    net = snp.SegNet(width=1)
    net.input_scale = 0.5
    Image.new("RGB", (80, 60)).save(tmp_path / "small.png")
    with pytest.raises(
        ValueError, match=r"nothing was written: .*small.png: 60x80, the net needs at least 63x63"
    ):
        predict_files(net, [tmp_path / "small.png"], tmp_path)

"""Several looks at one picture: their mean, what they need, and where they are set."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import segnet_np as snp
from segnet_np.cli import main
from segnet_np.models.views import SIZES


@pytest.fixture
def image():
    return np.random.default_rng(3).integers(0, 256, (61, 83, 3), np.uint8)


@pytest.fixture
def net():
    net = snp.SegNetBasic(width=4, num_classes=5, kernel_size=3, seed=1).eval()
    net.input_scale = 0.9
    return net


def test_the_mean_of_six_looks(net, image):
    looks = []
    for size in SIZES:
        looks.append(net.predict(image, 0.9 * size)[1])
        looks.append(net.predict(image[:, ::-1], 0.9 * size)[1][:, :, ::-1])
    net.input_views = True
    labels, probabilities = net.predict(image)
    assert len(looks) == 6
    # float32 sums of six numbers below 1, in whatever order
    np.testing.assert_allclose(probabilities, np.mean(looks, axis=0), rtol=0, atol=5e-7)
    np.testing.assert_array_equal(labels, probabilities.argmax(axis=0))
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities - looks[2]).max() > 0.01  # the one look at the net's own scale


def test_a_mirrored_picture_gives_the_mirrored_probabilities(net, image):
    once = net.predict(image)[1] - net.predict(image[:, ::-1])[1][:, :, ::-1]
    assert np.abs(once).max() > 0.01  # which one look does not do
    net.input_views = True
    there, mirrored = net.predict(image)[1], net.predict(image[:, ::-1])[1]
    np.testing.assert_allclose(there, mirrored[:, :, ::-1], rtol=0, atol=5e-7)


def test_the_smallest_view_must_be_large_enough(net):
    small = np.zeros((18, 40, 3), np.uint8)
    net.predict(small)
    net.input_views = True
    with pytest.raises(ValueError, match=r"brought to 0\.72 of their size.* at least 16x16; 18x40 was given"):
        net.predict(small)


def test_too_small_pictures_are_named_before_anything_is_written(net, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    snp.save(net, "net.safetensors")
    Image.fromarray(np.zeros((18, 40, 3), np.uint8)).save("small.png")
    assert main(["predict", "small.png", "--weights", "net.safetensors", "--views"]) == 2
    assert "small.png: 18x40, the net needs at least 22x22" in capsys.readouterr().err
    assert main(["predict", "small.png", "--weights", "net.safetensors"]) == 0


def test_evaluate_and_explain_take_the_option(net, image, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    snp.save(net, "net.safetensors")
    Image.fromarray(image).save("street.png")
    for split in ("val", "valannot"):
        (tmp_path / "data" / split).mkdir(parents=True)
    Image.fromarray(image).save("data/val/street.png")
    labels = np.random.default_rng(4).integers(0, 5, image.shape[:2], np.uint8)
    Image.fromarray(labels).save("data/valannot/street.png")
    Path("data/classes.txt").write_text("".join(f"{k} c{k} {k} 0 0\n" for k in range(5)))
    told = []
    for option in ([], ["--views"]):
        command = ["evaluate", "--weights", "net.safetensors", "--data", "data", "--json", *option]
        assert main(command) == 0
        told.append(json.loads(capsys.readouterr().out)["global_accuracy"])
        net.input_views = bool(option)
        assert told[-1] == (net.predict(image)[0] == labels).mean()
        assert main(["explain", "street.png", "--weights", "net.safetensors", *option]) == 0
        capsys.readouterr()
        assert ("mean of 6 looks" in Path("report.html").read_text(encoding="utf-8")) == bool(option)
    assert told[0] != told[1]


def test_they_are_saved_with_the_weights_and_the_command_line_goes_first(net, image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net.input_views = True
    snp.save(net, "net.safetensors")
    assert snp.load("net.safetensors").input_views
    Image.fromarray(image).save("street.png")
    several = net.predict(image)[0]
    net.input_views = False
    once = net.predict(image)[0]
    assert (several != once).any()
    for option, expected in ((), several), (["--no-views"], once), (["--views"], several):
        assert main(["predict", "street.png", "--weights", "net.safetensors", *option]) == 0
        np.testing.assert_array_equal(np.array(Image.open("street-labels.png")), expected)

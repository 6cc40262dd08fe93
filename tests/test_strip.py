"""The strip: looked at when epochs of the series 1, 2, 4, 8 end, and continued by a resumed run."""

import numpy as np
import pytest
from PIL import Image

import segnet_np as snp
from segnet_np.data import Scenes
from segnet_np.models.tensors_file import read_tensors
from segnet_np.training.strip import Strip


def width_of(path):
    with Image.open(path) as image:
        return image.width


@pytest.mark.parametrize(
    ("epoch", "steps"),
    [(1, [1, 2, 4, 8, 16]), (3, [3, 6, 12]), (2.5, [3, 5, 10, 20]), (0.4, [1, 2, 4, 7, 13])],
)
def test_when_it_is_due(tmp_path, epoch, steps):
    strip = Strip(tmp_path, Scenes(3, size=(32, 32)), epoch, keep=0)
    due = [step for step in range(1, 21) if strip.due(step)]
    # Where a step is longer than an epoch, those epochs that end a step count.
    expected = [
        s
        for s in range(1, 21)
        if int(s / epoch) > int((s - 1) / epoch) and bin(int(s / epoch)).count("1") == 1
    ]
    assert due == expected
    if epoch >= 1:
        assert due == steps


def test_it_shows_what_was_predicted_and_goes_on_after_a_break(tmp_path):
    scenes, net = Scenes(4, size=(32, 40)), snp.SegNet(width=2, num_classes=11)
    strip = Strip(tmp_path, scenes, 1, keep=0)
    strip.look(net, 1)
    strip.look(net, 2)
    views, _ = read_tensors(tmp_path / "strip.safetensors")
    assert sorted(views) == [f"{step}/{place}" for step in (1, 2) for place in range(3)]
    np.testing.assert_array_equal(views["2/1"], net.predict(scenes[strip.chosen[1]][0])[0])
    narrow = width_of(tmp_path / "strip.png")
    again = Strip(tmp_path, scenes, 1, keep=1)  # the checkpoint was of step 1
    again.look(net, 4)
    views, _ = read_tensors(tmp_path / "strip.safetensors")
    assert sorted({name.partition("/")[0] for name in views}) == ["1", "4"]
    again.look(net, 8)
    assert width_of(tmp_path / "strip.png") > narrow
    fresh = Strip(tmp_path, scenes, 1, keep=0)
    fresh.look(net, 1)
    assert len(read_tensors(tmp_path / "strip.safetensors")[0]) == 3


def test_large_pictures_are_kept_small(tmp_path):
    strip = Strip(tmp_path, Scenes(1, size=(64, 640)), 1, keep=0)
    strip.look(snp.SegNet(width=1), 1)
    assert read_tensors(tmp_path / "strip.safetensors")[0]["1/0"].shape == (16, 160)


def test_a_damaged_strip_begins_anew(tmp_path, capsys):
    (tmp_path / "strip.safetensors").write_bytes(b"damaged")
    strip = Strip(tmp_path, Scenes(2, size=(32, 32)), 1, keep=3)
    assert "the strip begins anew" in "".join(capsys.readouterr())
    strip.look(snp.SegNet(width=1), 4)
    assert sorted(read_tensors(tmp_path / "strip.safetensors")[0]) == ["4/0", "4/1"]

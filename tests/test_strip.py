"""The strip: looked at when epochs of the series 1, 2, 4, 8 end, and continued by a resumed run."""

import errno

import numpy as np
import pytest
from PIL import Image

import segnet_np as snp
from segnet_np.data import Batches, Scenes
from segnet_np.models.tensors_file import read_tensors, write_tensors
from segnet_np.training.strip import Strip


def width_of(path):
    with Image.open(path) as image:
        return image.width


def batches(batch, pictures=4):
    return Batches(Scenes(pictures, size=(32, 32)), batch, crop=32, seed=0)


@pytest.mark.parametrize(
    ("batch", "pictures", "steps"),
    [
        (4, 4, [1, 2, 4, 8, 16]),
        (1, 3, [3, 6, 12]),
        (2, 5, [3, 5, 10, 20]),
        (5, 2, [1, 2, 4, 7, 13]),
        (3, 1, [1, 2, 3, 6, 11]),
    ],
)
def test_when_it_is_due(tmp_path, batch, pictures, steps):
    strip = Strip(tmp_path, Scenes(3, size=(32, 32)), batches(batch, pictures), keep=0)
    assert [step for step in range(1, 21) if strip.due(step)] == steps


def test_of_other_pictures_it_begins_anew(tmp_path, capsys):
    net = snp.SegNet(width=1)
    Strip(tmp_path, Scenes(2, size=(32, 32)), batches(4), keep=0).look(net, 1)
    strip = Strip(tmp_path, Scenes(3, size=(32, 32)), batches(4), keep=1)
    assert "shows other pictures" in "".join(capsys.readouterr())
    strip.look(net, 2)
    assert sorted(read_tensors(tmp_path / "strip.safetensors")[0]) == ["2/0", "2/1", "2/2"]


def test_it_shows_what_was_predicted_and_goes_on_after_a_break(tmp_path):
    scenes, net = Scenes(4, size=(32, 40)), snp.SegNet(width=2, num_classes=11)
    strip = Strip(tmp_path, scenes, batches(4), keep=0)
    strip.look(net, 1)
    strip.look(net, 2)
    views, _ = read_tensors(tmp_path / "strip.safetensors")
    assert sorted(views) == [f"{step}/{place}" for step in (1, 2) for place in range(3)]
    np.testing.assert_array_equal(views["2/1"], net.predict(scenes[strip.chosen[1]][0])[0])
    narrow = width_of(tmp_path / "strip.png")
    again = Strip(tmp_path, scenes, batches(4), keep=1)  # the checkpoint was of step 1
    again.look(net, 4)
    views, _ = read_tensors(tmp_path / "strip.safetensors")
    assert sorted({name.partition("/")[0] for name in views}) == ["1", "4"]
    again.look(net, 8)
    assert width_of(tmp_path / "strip.png") > narrow
    fresh = Strip(tmp_path, scenes, batches(4), keep=0)
    fresh.look(net, 1)
    assert len(read_tensors(tmp_path / "strip.safetensors")[0]) == 3


def test_large_pictures_are_kept_small(tmp_path):
    strip = Strip(tmp_path, Scenes(1, size=(64, 640)), batches(4), keep=0)
    strip.look(snp.SegNet(width=1), 1)
    assert read_tensors(tmp_path / "strip.safetensors")[0]["1/0"].shape == (16, 160)


def test_a_damaged_strip_begins_anew(tmp_path, capsys):
    (tmp_path / "strip.safetensors").write_bytes(b"damaged")
    strip = Strip(tmp_path, Scenes(2, size=(32, 32)), batches(4), keep=3)
    assert "the strip begins anew" in "".join(capsys.readouterr())
    strip.look(snp.SegNet(width=1), 4)
    assert sorted(read_tensors(tmp_path / "strip.safetensors")[0]) == ["4/0", "4/1"]


def bad_block(path):
    raise OSError(errno.EIO, "Input/output error", str(path))


@pytest.mark.parametrize("damage", ["value", "missing", "dtype", "unreadable"])
def test_a_strip_with_a_wrong_prediction_begins_anew(damage, tmp_path, capsys, monkeypatch):
    scenes = Scenes(2, size=(32, 32))
    Strip(tmp_path, scenes, batches(4), keep=0).look(snp.SegNet(width=1), 1)
    path = tmp_path / "strip.safetensors"
    views, metadata = read_tensors(path)
    views = {name: view.copy() for name, view in views.items()}
    if damage == "value":
        views["1/1"][3, 4] = 11  # there are the classes 0 to 10
    elif damage == "missing":
        del views["1/1"]
    elif damage == "dtype":
        views["1/1"] = views["1/1"].astype("float32")
    else:
        monkeypatch.setattr("segnet_np.training.strip.read_tensors", bad_block)
    write_tensors(views, path, metadata)
    strip = Strip(tmp_path, scenes, batches(4), keep=3)
    assert "the strip begins anew" in "".join(capsys.readouterr())
    strip.look(snp.SegNet(width=1), 4)
    assert sorted(strip._views) == ["4/0", "4/1"]

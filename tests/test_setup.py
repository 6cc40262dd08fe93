"""From settings to what a run trains with: the net, the groups of parameters, the pictures on each side."""

import numpy as np
import pytest
from PIL import Image

from segnet_np.data import Scenes
from segnet_np.training.config import Config
from segnet_np.training.look_through import fingerprint
from segnet_np.training.setup import prepare

TINY = dict(width=2, crop=32, batch=2, steps=2, class_weights="none")


@pytest.fixture
def folder(tmp_path):
    scenes = Scenes(7, size=(72, 96))
    names = ["A_1", "A_2", "B_1", "B_2", "B_3"]
    for split, stems in (("train", names), ("val", ["C_1", "C_2"])):
        for k, stem in enumerate(stems):
            for kind, array in zip(("", "annot"), scenes[k], strict=True):
                path = tmp_path / f"{split}{kind}" / f"{stem}.png"
                path.parent.mkdir(exist_ok=True)
                Image.fromarray(array).save(path)
    return tmp_path


def resize(folder, split, stem, size):
    for kind in ("", "annot"):
        path = folder / f"{split}{kind}" / f"{stem}.png"
        with Image.open(path) as image:
            image.resize(size, Image.Resampling.NEAREST).save(path)


def test_the_net_knows_how_its_pictures_come(folder):
    resize(folder, "train", "A_1", (400, 300))  # one large picture is not what is usual
    settings = dict(TINY, scale=0.5, normalisation="response", ceil_mode=True, dropout=0.25)
    setup = prepare(Config(data=str(folder), **settings))
    net = setup.net
    assert (net.input_scale, net.input_normalisation, net.input_side) == (0.5, "response", 72)
    assert (net.ceil_mode, net.dropout) == (True, 0.25)
    assert setup.batches.draw(0)[0].shape == (2, 32, 32, 3)


def test_what_is_held_out_must_be_large_enough_for_its_smallest_look(folder):
    resize(folder, "val", "C_1", (48, 39))
    settings = dict(TINY, views=False)
    assert not prepare(Config(data=str(folder), **settings)).net.input_views
    settings["views"] = True
    with pytest.raises(
        ValueError,
        match=r"held-out .*: smaller than the 32x32 that segnet needs and .*, 0.8 of that, .* 31 .*: C_1 ",
    ):
        prepare(Config(data=str(folder), **settings))
    resize(folder, "val", "C_1", (48, 40))
    assert prepare(Config(data=str(folder), **settings)).net.input_views
    # Painted scenes of 96x128 become 38x51, and 31x41 in the smallest look.
    scenes = dict(TINY, scale=0.4, crop=32)
    assert prepare(Config(**scenes)).net.input_scale == 0.4
    with pytest.raises(ValueError, match=r"held-out .*: smaller than .* at --scale 0.4 and --views, 0.8"):
        prepare(Config(**scenes, views=True))


def test_a_sequence_is_held_out(folder):
    setup = prepare(Config(data=str(folder), hold_out="A_", **TINY))
    pictures, held_out = setup.batches.dataset, setup.held_out
    assert [pictures.name(k) for k in range(len(pictures))] == ["B_1", "B_2", "B_3"]
    assert [held_out.name(k) for k in range(len(held_out))] == ["A_1", "A_2"]
    with pytest.raises(ValueError, match=r"^--hold-out Z: no name of 5 begins so"):
        prepare(Config(data=str(folder), hold_out="Z", **TINY))


def test_what_is_held_out_need_not_hold_a_crop(folder):
    resize(folder, "train", "A_1", (48, 40))
    settings = dict(TINY, crop=64)
    prepare(Config(data=str(folder), hold_out="A_", **settings))
    with pytest.raises(ValueError, match=r"training pictures: smaller than --crop 64: A_1 \(40x48\)$"):
        prepare(Config(data=str(folder), hold_out="B_", **settings))


def test_biases_learn_faster_and_do_not_decay(folder):
    setup = prepare(
        Config(data=str(folder), optimizer="sgd", lr=0.1, weight_decay=0.25, bias_rate=2.0, **TINY)
    )
    of = {id(p): group for group in setup.optimizer.param_groups for p in group["params"]}
    for name, p in setup.net.named_parameters():
        group = of[id(p)]
        kernel, bias = (
            name.endswith(".weight") and p.data.ndim == 4,
            name.startswith("conv") and "bias" in name,
        )
        assert group["weight_decay"] == (0.25 if kernel else 0), name
        assert group["lr"] == (0.2 if bias else 0.1), name
    assert setup.highest_rates == [group["lr"] for group in setup.optimizer.param_groups]


def test_whole_pictures_must_be_of_one_size(folder):
    settings = dict(TINY, crop=0)
    assert prepare(Config(data=str(folder), **settings)).batches.draw(0)[1].shape == (2, 72, 96)
    resize(folder, "train", "B_3", (96, 80))
    with pytest.raises(ValueError, match=r"of one size, but there are A_1 \(72x96\), B_3 \(80x96\)$"):
        prepare(Config(data=str(folder), **settings))
    single = prepare(Config(data=str(folder), **dict(settings, batch=1)))
    shapes = {single.batches.draw(step)[1].shape for step in range(5)}
    assert shapes == {(1, 72, 96), (1, 80, 96)}


@pytest.mark.parametrize(("side", "fits"), [(63, True), (62, False)])
def test_sizes_are_rounded_in_one_way(folder, side, fits):
    resize(folder, "val", "C_1", (96, side))
    config = Config(data=str(folder), scale=0.5, **TINY)
    if fits:  # round(31.5) is 32
        image = np.zeros((side, 96, 3), np.uint8)
        assert prepare(config).net.predict(image)[0].shape == (side, 96)
    else:
        with pytest.raises(
            ValueError, match=r"needs at --scale 0.5, where the shortest side has 31 pixels: C_1 \(62x96\)"
        ):
            prepare(config)


def spoil(folder, kind, stem, value=200):
    path = folder / kind / f"{stem}.png"
    with Image.open(path) as image:
        labels = np.array(image)
    labels[3, 4] = value
    Image.fromarray(labels).save(path)


@pytest.mark.parametrize("weights", ["none", "median", "camvid-published"])
def test_all_that_is_wrong_with_any_picture_is_said_before_the_first_step(folder, weights):
    spoil(folder, "trainannot", "B_3")
    spoil(folder, "valannot", "C_2")
    image = folder / "val" / "C_1.png"
    image.write_bytes(image.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"trainannot/B_3.png: label values \[200\]") as error:
        prepare(Config(data=str(folder), **dict(TINY, class_weights=weights)))
    said = str(error.value).splitlines()
    assert len(said) == 3
    assert "val/C_1.png: not a readable image" in said[1]
    assert "valannot/C_2.png: label values [200]" in said[2]
    assert "--class-weights" not in str(error.value)  # without weights it would be as wrong


def test_of_a_folder_full_of_wrong_files_some_are_named(folder):
    for k in range(12):
        for kind in ("", "annot"):
            name = folder / f"train{kind}" / "B_3.png"
            (folder / f"train{kind}" / f"D_{k:02}.png").write_bytes(name.read_bytes())
        spoil(folder, "trainannot", f"D_{k:02}")
    with pytest.raises(ValueError, match=r"D_09.png: .*\nand 2 more; segnet-np check-data names all$"):
        prepare(Config(data=str(folder), **TINY))


def test_a_class_that_is_nowhere_has_no_weight(folder):
    for path in (folder / "trainannot").iterdir():
        with Image.open(path) as image:
            labels = np.array(image)
        Image.fromarray(np.where(labels == 8, 3, labels)).save(path)
    with pytest.raises(
        ValueError, match=r"no pixel of .*Car \(8\).* in the 5 training .*; --class-weights none"
    ):
        prepare(Config(data=str(folder), **dict(TINY, class_weights="median")))


def test_whole_pictures_are_compared_as_they_are_looked_at(folder):
    # Stored lying on its side, upright as large as the others.
    scene, labels = Scenes(1, size=(72, 96))[0]
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(scene)).save(folder / "train" / "A_1.jpg", exif=exif)
    (folder / "train" / "A_1.png").unlink()
    Image.fromarray(labels).save(folder / "trainannot" / "A_1.png")
    setup = prepare(Config(data=str(folder), **dict(TINY, crop=0)))
    assert {setup.batches.draw(step)[1].shape for step in range(5)} == {(2, 72, 96)}


def test_names_and_number_tell_pictures_from_others():
    prints = [fingerprint(Scenes(count, seed=seed)) for count, seed in ((3, 0), (3, 0), (3, 1), (4, 0))]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3

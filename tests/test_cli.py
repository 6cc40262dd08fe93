"""The commands: what they print and write, and that wrong input is one clear line without a traceback."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import segnet_np as snp
from segnet_np.cli import main
from segnet_np.data.classes import CAMVID
from segnet_np.data.scenes import street_scene
from segnet_np.training import setup

TINY = ["--model", "segnet", "--width", "2", "--crop", "32", "--batch", "2", "--class-weights", "none"]


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch, tmp_path):
    monkeypatch.setattr(setup, "TRAINING_SCENES", 3)
    monkeypatch.setattr(setup, "HELD_OUT_SCENES", 2)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    net = snp.SegNet(width=2)
    net.class_names, net.class_colours = CAMVID.names, CAMVID.colours
    path = tmp_path_factory.mktemp("weights") / "net.safetensors"
    snp.save(net, path)
    return str(path)


@pytest.fixture
def data(tmp_path):
    """A data folder of four small street scenes."""
    for split, seeds in (("train", (0, 1)), ("val", (2, 3))):
        for seed in seeds:
            image, labels = street_scene(seed, (48, 64))
            for folder, array in ((split, image), (f"{split}annot", labels)):
                path = tmp_path / "streets" / folder / f"{seed}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(array).save(path)
    return tmp_path / "streets"


def refused(capsys, *arguments, code=2):
    """Run a command that must fail with one line on the error stream; return that line."""
    assert main([str(argument) for argument in arguments]) == code
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("segnet-np: ")]
    assert out == ""
    assert len(lines) == 1
    assert "Traceback" not in err
    return lines[0]


def test_train_on_a_folder_then_evaluate_and_predict(data, tmp_path, capsys):
    arguments = ["train", "--data", str(data), *TINY, "--epochs", "3"]
    assert main(arguments) == 0
    run = tmp_path / "runs" / "streets-segnet-w2"
    out = capsys.readouterr().out
    assert "3 steps in" in out
    assert "Bicyclist" in out
    assert "runs/streets-segnet-w2" in out
    assert json.loads((run / "config.json").read_text())["data"] == str(data)

    assert main([*arguments, "--resume"]) == 0
    assert "is finished: all 3 steps are done" in capsys.readouterr().out
    assert main(["train", "--resume", "--out", str(run)]) == 0
    assert "is finished: all 3 steps are done" in capsys.readouterr().out

    weights = str(run / "weights.safetensors")
    assert main(["evaluate", "--weights", weights, "--data", str(data), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)  # NaN is no JSON
    means = ["global_accuracy", "class_accuracy", "mean_iou", "boundary_f1"]
    assert list(scores) == [*means, "accuracy", "iou", "boundary_f1_by_class"]
    assert all(0 <= scores[name] <= 1 for name in means)
    for name in ("accuracy", "iou", "boundary_f1_by_class"):
        assert list(scores[name]) == list(CAMVID.names)
    rows = (run / "log.csv").read_text().splitlines()
    logged = dict(zip(rows[0].split(","), rows[-1].split(","), strict=True))
    assert scores["mean_iou"] == pytest.approx(float(logged["mean_iou"]), rel=1e-5)
    assert (tmp_path / "confusion.png").exists()

    assert main(["predict", "--weights", weights, str(data / "val" / "2.png"), "--out", "seen"]) == 0
    assert capsys.readouterr().out.split() == ["seen/2-labels.png", "seen/2-overlay.png"]
    with Image.open("seen/2-labels.png") as png:
        assert png.mode == "P"
        expected, _ = snp.load(weights).predict(np.array(Image.open(data / "val" / "2.png")))
        np.testing.assert_array_equal(np.array(png), expected)
        assert png.getpalette()[9:12] == list(CAMVID.colours[3])
    with Image.open("seen/2-overlay.png") as png:
        png.load()


def test_evaluate_without_data_takes_the_held_out_scenes(weights, capsys):
    assert main(["evaluate", "--weights", weights, "--out", "here"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 pictures")
    assert "mean IoU" in out
    assert "boundary F1 (BF) 0." in out
    assert next(line for line in out.splitlines() if line.startswith("class ")).split()[-1] == "BF"
    assert os.path.exists("here/confusion.png")


def test_a_split_of_the_scenes_is_refused(weights, data, capsys):
    for split in ("val", "test"):
        line = refused(capsys, "evaluate", "--weights", weights, "--split", split)
        assert f"--split {split}: only a data folder has splits, name one with --data" in line
    assert main(["evaluate", "--weights", weights, "--data", str(data), "--split", "train"]) == 0
    assert capsys.readouterr().out.startswith("2 pictures")
    assert "no folder" in refused(capsys, "evaluate", "--weights", weights, "--data", data, "--split", "test")


def test_predict_takes_any_size_and_nets_without_names(tmp_path, capsys):
    snp.save(snp.SegNet(width=2, num_classes=4), "bare.safetensors")
    image, _ = street_scene(0, (45, 61))
    Image.fromarray(image).save("odd size ü.png")
    assert main(["predict", "--weights", "bare.safetensors", "odd size ü.png"]) == 0
    with Image.open("odd size ü-labels.png") as png:
        assert png.size == (61, 45)


def test_predict_without_weights_takes_those_of_the_package(capsys):
    Image.fromarray(street_scene(0, (96, 128))[0]).save("street.png")
    assert main(["predict", "street.png"]) == 0
    assert capsys.readouterr().out.split() == ["street-labels.png", "street-overlay.png"]
    with Image.open("street-labels.png") as png:
        expected, _ = snp.load("camvid").predict(np.array(Image.open("street.png")))
        np.testing.assert_array_equal(np.array(png), expected)


def test_predict_takes_ordinary_pictures(weights, capsys):
    """Grey, palette and opaque alpha give what the same colours as RGB give."""
    image = street_scene(0, (48, 64))[0]
    picture = Image.fromarray(image)
    picture.convert("L").save("grey.png")
    picture.convert("L").convert("RGB").save("grey-rgb.png")
    picture.quantize(64).save("palette.png")
    picture.quantize(64).convert("RGB").save("palette-rgb.png")
    picture.convert("RGBA").save("alpha.png")
    picture.save("alpha-rgb.png")
    kinds = ("grey", "palette", "alpha")
    names = [f"{kind}{suffix}.png" for kind in kinds for suffix in ("", "-rgb")]
    assert main(["predict", "--weights", weights, *names]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 12
    for kind in kinds:
        for result in ("labels", "overlay"):
            one, other = (np.array(Image.open(f"{name}-{result}.png")) for name in (kind, f"{kind}-rgb"))
            assert np.array_equal(one, other)
    picture.putalpha(Image.fromarray(image[..., 0]))
    picture.save("clear.png")
    picture.convert("CMYK").save("print.jpg")
    line = refused(
        capsys, "predict", "--weights", weights, "grey.png", "clear.png", "print.jpg", "--out", "no"
    )
    assert "clear.png: 3072 transparent pixels, expected an opaque image" in line
    assert "print.jpg: an image of mode CMYK" in line
    assert not os.path.exists("no")


NAMES = [
    "with spaces .png",
    unicodedata.normalize("NFC", "Straße in Ürümqi.png"),
    unicodedata.normalize("NFD", "Straße in Ürümqi.png"),
    "图像 \u202f🚲.png",
    "-x.png",
    "'quoted' \"$HOME\" {0} %s.png",
    "two\nlines.png",
    os.fsdecode(b"no utf-8 \xff.png"),
]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no file may be called so there")
def test_names_of_all_sorts(weights, tmp_path, capsys):
    image, _ = street_scene(0, (48, 64))
    for name in NAMES:
        Image.fromarray(image).save(tmp_path / name)
    assert main(["predict", "--weights", weights, "--out", "seen", "--", *NAMES]) == 0
    stems = [name.removesuffix(".png") for name in NAMES]
    assert sorted(os.listdir("seen")) == sorted(f"{s}-{r}.png" for s in stems for r in ("labels", "overlay"))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * len(NAMES)  # one line a file, whatever is in its name
    assert lines[0] == "seen/with spaces -labels.png"
    assert lines[2] == f"seen/{stems[1]}-labels.png"
    assert lines[4] == f"seen/{stems[2]}-labels.png"
    assert lines[12] == repr("seen/two\nlines-labels.png")
    assert lines[14].isascii()
    assert main(["predict", "--weights", weights, "--out", "again", "./-x.png"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "again/-x-labels.png"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no file may be called so there")
@pytest.mark.parametrize("name", ["two\nlines.png", os.fsdecode(b"\xff.png"), "\x1b[31m.png"])
def test_a_complaint_is_one_line_whatever_the_name(weights, tmp_path, name, capsys):
    for content in (None, b"no image"):
        if content:
            (tmp_path / name).write_bytes(content)
        line = refused(capsys, "predict", "--weights", weights, "--", name)
        assert repr(name)[1:-1] in line
        assert line.isprintable()
    for weights_file in (name, f"gone {name}"):
        assert repr(weights_file) in refused(capsys, "predict", "--weights", weights_file, "x.png")
    os.remove(name)
    street = Image.fromarray(street_scene(0, (48, 64))[0])
    street.save(tmp_path / name)
    os.mkdir("there")
    street.save(tmp_path / "there" / name)
    line = refused(capsys, "predict", "--weights", weights, "--", name, f"there/{name}")
    assert f"would take the place of that of {name!r}" in line


def test_names_that_the_output_cannot_spell(weights, tmp_path):
    Image.fromarray(street_scene(0, (48, 64))[0]).save(tmp_path / "图.png")
    command = [sys.executable, "-m", "segnet_np", "predict", "--weights", weights, "图.png"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert done.stdout.split() == [rb"\u56fe-labels.png", rb"\u56fe-overlay.png"]


def test_predict_checks_all_before_it_writes(weights, tmp_path, capsys):
    image, _ = street_scene(0, (48, 64))
    Image.fromarray(image).save("good.png")
    Image.fromarray(image[:20]).save("small.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "good.png").read_bytes()[:500])
    os.mkdir("twice")
    Image.fromarray(image).save("twice/good.png")
    pictures = ["good.png", "small.png", "broken.png", "absent.png", "twice/good.png"]
    line = refused(capsys, "predict", "--weights", weights, *pictures, "--out", "seen")
    for words in (
        "small.png: 20x64, the net needs at least 32x32",
        "broken.png",
        "absent.png",
        "of good.png",
    ):
        assert words in line
    assert not os.path.exists("seen")
    os.makedirs("full/good-overlay.png")
    line = refused(capsys, "predict", "--weights", weights, "good.png", "--out", "full")
    assert "its full/good-overlay.png is there and no ordinary file" in line
    assert os.listdir("full") == ["good-overlay.png"]
    Image.fromarray(image).save("good-labels.png")
    before = (tmp_path / "good-labels.png").read_bytes()
    line = refused(capsys, "predict", "--weights", weights, "good.png", "good-labels.png")
    assert "its good-labels.png would take the place of the picture good-labels.png" in line
    assert (tmp_path / "good-labels.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--width", "0"], "width 0, expected a whole number >= 1"),
        (["train", "--model", "unet"], "model 'unet', expected one of segnet, segnet-basic"),
        (["train", "--schedule", "step"], "schedule 'step', expected one of constant, poly, one-cycle"),
        (["train", "--model", "segnet", "--crop", "16"], "--crop 16: segnet needs crops of at least 32"),
        (["train", "--class-weights", "none", "--crop", "512"], "smaller than --crop 512"),
        (["train", "--data", "nowhere"], "no folder"),
        (["train", "--data", "one class"], "--class-weights none trains without"),
        (["train", "--epochs", "-1"], "--epochs -1.0"),
        (["train", "--balance", "2"], "balance 2.0, expected a number from 0 to 1"),
        (["train", "--model", "segnet", "--kernel-size", "5"], "the kernels of segnet are 3x3"),
        (["evaluate", "--weights", "nothing.safetensors"], "nothing.safetensors: No such file"),
        (["predict", "--weights", "nothing.safetensors", "x.png"], "nothing.safetensors: No such file"),
        (["check-data", "nowhere"], "nowhere: no folder train, val, test in it"),
    ],
)
def test_wrong_input_is_one_clear_line(arguments, words, capsys, tmp_path):
    for folder in ("train", "trainannot", "val", "valannot"):
        os.makedirs(tmp_path / "one class" / folder)
        shape = (240, 250) if folder.endswith("annot") else (240, 250, 3)
        Image.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / "one class" / folder / "0.png")
    before = set(tmp_path.rglob("*"))
    assert words in refused(capsys, *arguments)
    assert set(tmp_path.rglob("*")) == before


def test_images_that_would_end_a_training_later_are_all_named_before_it(data, tmp_path, capsys):
    whole = np.array(Image.open(data / "train" / "0.png"))
    for name, rows in (("train{}/0.png", 20), ("val{}/2.png", 31)):
        for path in (data / name.format(kind) for kind in ("", "annot")):
            Image.fromarray(np.array(Image.open(path))[:rows]).save(path)
    (data / "train" / "1.png").write_bytes(b"")
    (data / "val" / "3.png").unlink()
    Image.fromarray(whole).convert("CMYK").save(data / "val" / "3.jpg")
    line = refused(capsys, "train", "--data", data, *TINY)
    for words in (
        "training pictures: smaller than --crop 32: 0 (20x64)",
        "1.png: not a readable image",
        "held-out pictures: smaller than the 32x32 that segnet needs: 2 (31x64)",
        "3.jpg: an image of mode CMYK",
    ):
        assert words in line
    assert not (tmp_path / "runs").exists()


def test_wrong_options_are_refused_by_the_parser(capsys):
    for arguments in (
        ["train", "--steps", "many"],
        ["train", "--steps", "3", "--epochs", "2"],
        ["dance"],
        [],
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2


def test_a_wrong_weights_file_is_named(capsys, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"\x80\x04nothing to load")
    assert "pickle" in refused(capsys, "evaluate", "--weights", "w.safetensors")


def test_an_explicit_folder_that_holds_a_run_is_refused(capsys):
    arguments = ["train", *TINY, "--steps", "1", "--out", "mine"]
    assert main(arguments) == 0
    capsys.readouterr()
    assert "mine holds a run: go on with it (--resume)" in refused(capsys, *arguments)
    other = [*arguments, "--lr", "1", "--resume"]
    assert "cannot go on with other settings: lr is 0.003, not 1.0" in refused(capsys, *other)


def test_resume_says_when_it_starts_anew_and_never_overwrites_weights(capsys):
    assert main(["train", "--steps", "2", "--width", "2", "--out", "new", "--resume"]) == 0
    assert "no checkpoint in new yet: starting with step 1" in capsys.readouterr().err
    for path in Path("new").glob("checkpoint*"):
        path.unlink()
    weights = Path("new/weights.safetensors").read_bytes()
    line = refused(capsys, "train", "--steps", "2", "--width", "2", "--out", "new", "--resume")
    assert "new holds weights but no checkpoint.safetensors" in line
    assert Path("new/weights.safetensors").read_bytes() == weights


def test_check_data_counts_and_complains(data, capsys):
    assert main(["check-data", str(data)]) == 0
    out = capsys.readouterr().out
    assert "train: 2 images" in out
    assert "Every image and every label file can be used." in out
    with Image.open("preview.png") as png:
        png.load()

    labels = np.array(Image.open(data / "trainannot" / "0.png"))
    counted = (labels == 3).sum() + (np.array(Image.open(data / "trainannot" / "1.png")) == 3).sum()
    assert any(line.split()[:2] == ["3", "Road"] and f"{counted:,}" in line for line in out.splitlines())
    labels[labels == 3] = 77
    Image.fromarray(labels).save(data / "trainannot" / "0.png")
    Image.fromarray(labels[:40]).save(data / "valannot" / "3.png")
    assert main(["check-data", str(data)]) == 1
    out = capsys.readouterr().out
    assert "label values [77], expected 0..10 or 11 (void)" in out
    assert "Labels are class indices" in out
    assert "48x64" in out
    assert "40x64" in out


def test_gradcheck_says_whether_all_is_right(monkeypatch, capsys):
    class Report:
        def __init__(self, ok):
            self.ok = ok

        def __str__(self):
            return f"table {self.ok}"

    asked = []

    def check(oks):
        def check_everything(model=None):
            asked.append(model)
            return (Report(ok) for ok in oks)

        return check_everything

    monkeypatch.setattr("segnet_np.verify.suite.check_everything", check([True, True]))
    assert main(["gradcheck", "--model", "segnet-basic"]) == 0
    assert capsys.readouterr().out == "table True\n\ntable True\n\nAll gradients are right.\n"
    monkeypatch.setattr("segnet_np.verify.suite.check_everything", check([False, True]))
    assert main(["gradcheck"]) == 1
    assert asked == ["segnet-basic", None]


def test_info_names_processor_versions_and_cache(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for words in ("segnet_np", snp.__version__, "numba", "processor", "threads", "kernel cache"):
        assert words in out


def test_ctrl_c_on_a_real_process(tmp_path):
    """The first Ctrl-C finishes the step, saves, says how to go on, and the exit code is 130."""
    command = [sys.executable, "-m", "segnet_np", "train", *TINY, "--steps", "100000", "--out", "long run"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    late = threading.Timer(240, process.kill)  # ends the wait for a line that never comes
    late.start()
    try:
        seen = b""
        while b"loss" not in seen:  # a step is done
            piece = process.stderr.read1()
            assert piece, seen.decode()
            seen += piece
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    finally:
        late.cancel()
        process.kill()
        process.wait()
    assert process.returncode == 130, err.decode()
    last = err.decode().strip().splitlines()[-1]
    assert last.startswith("segnet-np: stopped after step")
    assert last.endswith("go on with: segnet-np train --resume --out 'long run'")
    assert out == b""
    assert (tmp_path / "long run" / "checkpoint.safetensors").exists()


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (OSError(errno.ENOSPC, "step 4: no space left"), 1, "segnet-np: step 4: no space left"),
        (OSError(errno.EACCES, "Permission denied", "/there"), 2, "segnet-np: /there: Permission denied"),
        (RuntimeError("the loss of step 3 is nan"), 1, "segnet-np: the loss of step 3 is nan"),
        (MemoryError(), 1, "segnet-np: not enough memory"),
        (ValueError("one\ntwo"), 2, "segnet-np: one; two"),
        (KeyboardInterrupt(), 130, "segnet-np: interrupted"),
    ],
)
def test_errors_become_lines_and_codes(error, code, line, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr("segnet_np.machine.describe", fail)
    assert main(["info"]) == code
    assert capsys.readouterr().err == line + "\n"


def test_labels_that_are_all_void(data, weights, capsys):
    for path in (data / "valannot").iterdir():
        Image.fromarray(np.full((48, 64), 11, np.uint8)).save(path)
    assert main(["check-data", str(data)]) == 1
    assert "valannot: not one pixel belongs to a class" in capsys.readouterr().out
    line = refused(capsys, "evaluate", "--weights", weights, "--data", data)
    assert "in 2 pictures not one pixel belongs to a class" in line


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"segnet-np {snp.__version__}\n"

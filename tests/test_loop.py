"""The loop leaves what it promises, goes on exactly where it stopped, never loses the last good state."""

import csv
import errno
import math
import signal

import numpy as np
import pytest
from PIL import Image

import segnet_np as snp
from segnet_np.data.scenes import street_scene
from segnet_np.files import whole_file
from segnet_np.training import loop, pictures, run_folder, setup
from segnet_np.training.checkpoint import load_checkpoint
from segnet_np.training.config import Config
from segnet_np.training.evaluate import evaluate
from segnet_np.training.log import Log
from segnet_np.training.loop import train
from segnet_np.training.metrics import Metrics
from segnet_np.training.schedule import SCHEDULES

TINY = dict(width=2, crop=32, batch=2, steps=6, validate_every=3, checkpoint_every=2, class_weights="none")


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch):
    monkeypatch.setattr(setup, "TRAINING_SCENES", 3)
    monkeypatch.setattr(setup, "HELD_OUT_SCENES", 2)


def weights_of(folder):
    return load_checkpoint(folder / run_folder.CHECKPOINT).weights


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "TRAINING_SCENES", 3)
        patch.setattr(setup, "HELD_OUT_SCENES", 2)
        folder = tmp_path_factory.mktemp("undisturbed") / "run"
        return folder, train(Config(**TINY), folder)


def write_folder(root, held_out=None):
    """A data folder of two training images and one that is held out, which may have other labels."""
    for split, seeds in (("train", (0, 1)), ("val", (2,))):
        for seed in seeds:
            image, labels = street_scene(seed, (48, 64))
            labels = labels if split == "train" or held_out is None else held_out
            for folder, array in ((split, image), (f"{split}annot", labels)):
                (root / folder).mkdir(parents=True, exist_ok=True)
                Image.fromarray(array).save(root / folder / f"{seed}.png")
    return root


def stop_in(monkeypatch, step, what):
    """Have `what` happen when batch number `step`, from 0, is drawn."""
    draw = setup.Batches.draw

    def drawn(self, at):
        if at == step:
            what()
        return draw(self, at)

    monkeypatch.setattr(setup.Batches, "draw", drawn)


def test_a_run_leaves_what_it_promises(undisturbed):
    folder, result = undisturbed
    names = {".lock", "config.json", "log.csv", "curves.png", "samples.png", "strip.png", "tensorboard"}
    checkpoints = {"checkpoint.safetensors", "checkpoint-previous.safetensors"}
    arrays = {*checkpoints, "weights.safetensors", "strip.safetensors"}
    assert {path.name for path in folder.iterdir()} == names | arrays
    steps = [load_checkpoint(folder / f"checkpoint{part}.safetensors").step for part in ("-previous", "")]
    assert steps == [4, 6]
    assert Config.read(folder / "config.json") == Config(**TINY)
    with open(folder / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert next(iter(rows[0])) == "step"
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert all(float(row["loss"]) > 0 and float(row["images_per_second"]) > 0 for row in rows)
    assert [bool(row["mean_iou"]) for row in rows] == [False, False, True, False, False, True]
    rates = [3e-3 * SCHEDULES["one-cycle"](k, 6) for k in range(6)]
    np.testing.assert_allclose([float(row["lr"]) for row in rows], rates, rtol=1e-5)
    for name in ("curves.png", "samples.png", "strip.png"):
        with Image.open(folder / name) as image:
            image.load()
    assert result.steps_made == 6
    best = max((row for row in rows if row["mean_iou"]), key=lambda row: float(row["mean_iou"]))
    assert result.best_step == int(best["step"])
    assert result.metrics.mean_iou == pytest.approx(float(best["mean_iou"]), rel=1e-5)


def test_the_kept_weights_are_the_best_ones(undisturbed):
    folder, result = undisturbed
    net = snp.load(folder / "weights.safetensors")
    assert net.class_names[3] == "Road"
    metrics = evaluate(net, setup.held_out_pictures(None))
    np.testing.assert_array_equal(metrics.confusion, result.metrics.confusion)


@pytest.mark.parametrize(("keep", "kept"), [("mean_iou", 3), ("last", 6)])
def test_keep_says_which_weights_are_kept(keep, kept, monkeypatch, tmp_path):
    scores = iter(
        [Metrics(np.eye(11, dtype=np.int64)), Metrics(np.ones((11, 11), np.int64))]
    )  # good, then bad
    monkeypatch.setattr(loop, "evaluate", lambda *_, **__: next(scores))
    result = train(Config(**TINY, keep=keep), tmp_path / "run")
    assert result.best_step == kept
    last = snp.load(tmp_path / "run" / "weights.safetensors").state_dict()
    ended = weights_of(tmp_path / "run")
    assert all(np.array_equal(last[name], ended[name]) for name in ended) == (keep == "last")


def test_training_moves_every_parameter(undisturbed):
    before = setup.prepare(Config(**TINY)).net.state_dict()
    after = weights_of(undisturbed[0])
    still = [name for name in before if np.array_equal(before[name], after[name])]
    # A bias in front of a batch norm is subtracted again by it: its gradient is zero but for rounding.
    assert [name for name in still if not (name.startswith("conv") and name.endswith(".bias"))] == []


def test_ctrl_c_saves_and_the_resumed_run_ends_the_same(undisturbed, monkeypatch, tmp_path, capsys):
    handler = signal.getsignal(signal.SIGINT)  # a job in the background starts with "ignore"
    with monkeypatch.context() as patch:
        stop_in(patch, 2, lambda: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt, match=r"stopped after step 3.*step 3 is kept.*--resume --out"):
            train(Config(**TINY), tmp_path / "run")
    assert signal.getsignal(signal.SIGINT) is handler
    assert load_checkpoint(tmp_path / "run" / "checkpoint.safetensors").step == 3
    result = train(Config(**TINY), tmp_path / "run", resume=True)
    assert result.steps_made == 3
    assert_same(weights_of(tmp_path / "run"), weights_of(undisturbed[0]))
    assert_same(
        snp.load(tmp_path / "run" / "weights.safetensors").state_dict(),
        snp.load(undisturbed[0] / "weights.safetensors").state_dict(),
    )
    np.testing.assert_array_equal(result.metrics.confusion, undisturbed[1].metrics.confusion)
    # Also what warns of classes that were never seen goes on.
    seen = [load_checkpoint(f / "checkpoint.safetensors").seen for f in (tmp_path / "run", undisturbed[0])]
    assert seen[0] == seen[1]
    assert sum(seen[0]) > 0
    losses = [[line.split(",")[:3] for line in (f / "log.csv").read_text().splitlines()]
              for f in (tmp_path / "run", undisturbed[0])]  # fmt: skip
    assert losses[0] == losses[1]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_run_that_died_between_checkpoints_ends_the_same(optimizer, monkeypatch, tmp_path):
    config = Config(**{**TINY, "steps": 5, "optimizer": optimizer, "class_weights": "camvid-published"})
    train(config, tmp_path / "whole")

    def die():
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        stop_in(patch, 3, die)
        with pytest.raises(ZeroDivisionError):
            train(config, tmp_path / "run")
    assert load_checkpoint(tmp_path / "run" / "checkpoint.safetensors").step == 2
    train(config, tmp_path / "run", resume=True)
    assert_same(weights_of(tmp_path / "run"), weights_of(tmp_path / "whole"))


def test_a_finished_run_is_left_alone(undisturbed):
    folder, first = undisturbed
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    result = train(Config(**TINY), folder, resume=True)
    assert result.steps_made == 0
    np.testing.assert_array_equal(result.metrics.confusion, first.metrics.confusion)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_folder_with_a_run_is_refused(undisturbed):
    with pytest.raises(FileExistsError, match=r"holds a run.*--resume.*--out"):
        train(Config(**TINY), undisturbed[0])


def test_a_checkpoint_of_other_settings_is_refused(undisturbed):
    with pytest.raises(ValueError, match=r"other settings: lr is 0.5, not 0.003; seed is 1, not 0"):
        train(Config(**TINY, seed=1, lr=0.5), undisturbed[0], resume=True)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_checkpoint(monkeypatch, tmp_path):
    real = loop.softmax_cross_entropy
    calls = []

    def spoiled(*args):
        loss, dlogits = real(*args)
        calls.append(loss)
        return (float("nan") if len(calls) == 4 else loss), dlogits

    monkeypatch.setattr(loop, "softmax_cross_entropy", spoiled)
    with pytest.raises(RuntimeError, match=r"the loss of step 4 is nan.*step 2 is kept"):
        train(Config(**TINY), tmp_path / "run")
    assert load_checkpoint(tmp_path / "run" / "checkpoint.safetensors").step == 2


def test_weights_that_are_not_finite_never_reach_a_checkpoint(monkeypatch, tmp_path):
    real = loop.softmax_cross_entropy
    calls = []

    def spoiled(*args):
        loss, dlogits = real(*args)
        calls.append(loss)
        return loss, dlogits * (np.inf if len(calls) == 4 else 1)

    monkeypatch.setattr(loop, "softmax_cross_entropy", spoiled)
    with (
        np.errstate(all="ignore"),
        pytest.raises(RuntimeError, match=r"after step 4 .* is not finite.*step 2 is kept"),
    ):
        train(Config(**TINY), tmp_path / "run")
    kept = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    assert kept.step == 2
    assert all(np.isfinite(array).all() for array in kept.weights.values())


@pytest.mark.parametrize(
    ("harm", "error", "message"),
    [
        (lambda path: path.unlink(), OSError, r"step 3: .*train/0\.png: No such file or directory; the ch"),
        (
            lambda path: path.write_bytes(b""),
            ValueError,
            r"step 3: .*train/0\.png: not a readable image.*the ch",
        ),
    ],
    ids=["gone", "broken"],
)
def test_an_image_that_is_lost_on_the_way_is_named(harm, error, message, monkeypatch, tmp_path):
    data = write_folder(tmp_path / "data")
    stop_in(monkeypatch, 3, lambda: harm(data / "train" / "0.png"))
    with pytest.raises(error, match=message + r"eckpoint of step 2 is kept, go on with"):
        train(Config(**TINY, data=str(data)), tmp_path / "run")


def test_pictures_without_a_label_to_judge_by_are_told_and_the_newest_weights_kept(tmp_path, capsys):
    data = write_folder(tmp_path / "data", held_out=np.full((48, 64), 11, np.uint8))
    result = train(Config(**TINY, data=str(data)), tmp_path / "run")
    assert np.isnan(result.metrics.mean_iou)
    assert result.best_step == 6
    assert_same(snp.load(tmp_path / "run" / "weights.safetensors").state_dict(), weights_of(tmp_path / "run"))
    error = capsys.readouterr().err
    assert error.count("warning: the labels of all held-out pictures are void") == 2
    assert "the best so far" not in error


def test_a_score_beats_the_lack_of_one(monkeypatch, tmp_path):
    void, real = [True, False], loop.evaluate

    def judge(net, pictures, **options):
        metrics = real(net, pictures, **options)
        return loop.Metrics(metrics.confusion * 0, metrics.class_names) if void.pop(0) else metrics

    monkeypatch.setattr(loop, "evaluate", judge)
    result = train(Config(**TINY), tmp_path / "run")
    assert result.best_step == 6
    assert result.metrics.mean_iou >= 0


def test_what_a_killed_run_left_half_written_is_removed(undisturbed, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    kept = [folder / ".samples.png", folder / ".notes-12345678.png", folder / "samples-12345678.png"]
    kept += [folder / ".tmp-notes", folder / ".tmp12345"]
    for path in kept:
        path.write_text("mine")
    for resume in (False, True):
        unfinished = [whole_file(folder / name) for name in run_folder.FILES]
        left = [temporary.__enter__() for temporary in unfinished]  # and no more, as if killed here
        left.append(folder / ".tmpa1B2c3")  # safetensors writes to such a file
        left[-1].touch()
        assert all(path.exists() for path in left)
        train(Config(**{**TINY, "steps": 1}), folder, resume)
        assert not any(path.exists() for path in left)
    names = {
        *run_folder.FILES,
        run_folder.LOCK,
        "checkpoint-previous.safetensors",
        *(path.name for path in kept),
    }
    assert {path.name for path in folder.iterdir() if path.is_file()} == names


def test_warnings_reach_the_person_who_waits(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(loop, "never_seen", lambda counts, names: f"warning: seen {counts.sum()} pixels")
    train(Config(**{**TINY, "steps": 1}), tmp_path / "run")
    error = capsys.readouterr().err
    assert "warning: seen" in error
    assert "step 1, held out: global accuracy" in error
    assert "Bicyclist" in error


def test_a_run_that_came_while_the_pictures_were_read_is_left_alone(tmp_path, monkeypatch):
    folder = tmp_path / "run"

    def prepared(config):
        folder.mkdir()
        (folder / "config.json").write_text("of another training")
        return setup.prepare(config)

    monkeypatch.setattr(loop, "prepare", prepared)
    with pytest.raises(FileExistsError, match="holds a run"):
        train(Config(**TINY), folder)
    assert (folder / "config.json").read_text() == "of another training"


def test_a_folder_that_cannot_be_locked_is_said_and_trained_in(tmp_path, monkeypatch, capsys):
    def unknown(self, *_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(run_folder.FileLock, "acquire", unknown)
    with run_folder.kept_for_one(tmp_path / "run"):
        pass
    assert "cannot be locked ([Errno" in capsys.readouterr().err


def test_bars_are_of_the_newest_look_alone(tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(pictures.plots, "curves", lambda *given: drawn.update(ious=given[-1]))
    monkeypatch.setattr(pictures.plots, "save", lambda *_: None)
    with Log(
        tmp_path / "log.csv", ["loss", "global_accuracy", "class_accuracy", "mean_iou", "iou_Car", "iou_Pole"]
    ) as log:
        scores = {"loss": 1.0, "global_accuracy": 0.5, "class_accuracy": 0.5, "mean_iou": 0.5, "iou_Car": 0.5}
        log.write({"step": 1, **scores, "iou_Pole": 0.25})
        log.write({"step": 2, **scores, "iou_Pole": math.nan})
        log.write({"step": 3, "loss": 1.0})
        pictures.draw_curves(log, tmp_path)
    assert drawn["ious"]["Car"] == 0.5
    assert math.isnan(drawn["ious"]["Pole"])

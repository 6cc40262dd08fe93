"""Whatever ends a training, at whatever moment: gone on with, it ends with the same bits as undisturbed."""

import csv
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from segnet_np.cli import main
from segnet_np.training import checkpoint, loop, setup, strip
from segnet_np.training.checkpoint import load_checkpoint
from segnet_np.training.config import Config
from segnet_np.training.loop import train

TINY = Config(
    width=2, crop=32, batch=2, steps=6, validate_every=3, checkpoint_every=2, class_weights="none", seed=3
)
NEWEST, PREVIOUS = "checkpoint.safetensors", "checkpoint-previous.safetensors"


def everything(folder):
    """All that must not differ between two runs, as text and bytes."""
    newest, before = load_checkpoint(folder / NEWEST), load_checkpoint(folder / PREVIOUS)
    with open(folder / "log.csv", newline="") as file:
        rows = [
            {name: cell for name, cell in row.items() if name != "images_per_second"}
            for row in csv.DictReader(file)
        ]
    return {
        "names": sorted(path.name for path in folder.iterdir()),
        "config": (folder / "config.json").read_text(),
        "log": rows,
        "best weights": (folder / "weights.safetensors").read_bytes(),
        "strip": (folder / "strip.safetensors").read_bytes(),
        "steps": (before.step, newest.step),
        "plain": (newest.optimizer["param_groups"], newest.best, newest.seen),
        "weights": {name: array.tobytes() for name, array in newest.weights.items()},
        "optimizer": {name: array.tobytes() for name, array in newest.optimizer["state"].items()},
    }


def assert_same_run(folder, whole):
    ours, theirs = everything(folder), everything(whole)
    different = [name for name in theirs if ours[name] != theirs[name]]
    assert not different, f"{folder.name}: {different} not as in the undisturbed run"


# Real processes, killed.


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The folders that killing.py leaves, and the moments at which it killed."""
    root = tmp_path_factory.mktemp("killed")
    script = Path(__file__).with_name("killing.py")
    threads = {"NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(script), str(root)],
        env={**os.environ, **threads}, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return root, json.loads((root / "moments.json").read_text()), done.stderr


def test_a_kill_at_any_moment_loses_nothing(killed):
    root, moments, _ = killed
    kinds = set(moments["moment"])
    files = ("config.json", "log.csv", "weights.safetensors", "strip.safetensors", NEWEST, PREVIOUS)
    renamed = {f"replace {name}" for name in files}
    assert kinds == {"write", "write_tensors"} | renamed
    assert load_checkpoint(root / "whole" / NEWEST).best["step"] == 6  # of 8: it lies before the last kills
    for number in range(1, len(moments["moment"]) + 1):
        assert_same_run(root / f"moment-{number}", root / "whole")


def test_a_kill_after_damage_to_the_newest_checkpoint_loses_nothing(killed):
    root, moments, err = killed
    assert load_checkpoint(root / "half" / PREVIOUS).step == 4
    with pytest.raises(ValueError, match=r"half/checkpoint\.safetensors is no whole"):
        load_checkpoint(root / "half" / NEWEST)
    assert f"going on with {root}/again-1/{PREVIOUS}, of step 4" in err
    for number in range(len(moments["again"]) + 1):
        assert_same_run(root / f"again-{number}", root / "whole")


def test_kills_from_outside_lose_nothing(killed):
    root, _, _ = killed
    for number in range(3):
        assert_same_run(root / f"random-{number}", root / "whole")


def test_a_file_that_may_not_grow_stops_the_training(killed):
    root, _, _ = killed
    said = (root / "full.txt").read_text()
    assert said.startswith("step 8: ")
    assert "File too large" in said
    assert f"the checkpoint of step 6 is kept, go on with: segnet-np train --resume --out {root}/full" in said
    left = {path.name for path in (root / "when-full").iterdir()}
    written = {"config.json", "log.csv", "weights.safetensors", "strip.safetensors", NEWEST, PREVIOUS}
    assert left == {".lock", *written}
    assert [load_checkpoint(root / "when-full" / name).step for name in (PREVIOUS, NEWEST)] == [4, 6]
    assert_same_run(root / "full", root / "whole")


# In this process.


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch):
    monkeypatch.setattr(setup, "TRAINING_SCENES", 3)
    monkeypatch.setattr(setup, "HELD_OUT_SCENES", 2)


def draw_nothing(patch):
    """Pictures take longer than such a training."""
    for name in ("draw_samples", "draw_curves"):
        patch.setattr(loop.pictures, name, lambda *_: None)
    patch.setattr(strip.Strip, "_figure", lambda _: None)
    patch.setattr(strip.plots, "save", lambda *_: None)


@pytest.fixture
def no_pictures(monkeypatch):
    draw_nothing(monkeypatch)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """An undisturbed run, and one that died in its last step."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "TRAINING_SCENES", 3)
        patch.setattr(setup, "HELD_OUT_SCENES", 2)
        draw_nothing(patch)
        train(TINY, root / "whole")
        draw = setup.Batches.draw
        patch.setattr(setup.Batches, "draw", lambda self, at: draw(self, at) if at < 5 else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(TINY, root / "half")
    return root


def truncated(path):
    os.truncate(path, path.stat().st_size * 2 // 3)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) * 3 // 4] ^= 4
    path.write_bytes(content)


def flipped_in_the_header(path):
    content = path.read_bytes()
    path.write_bytes(content.replace(b'\\"step\\": ', b'\\"stdp\\": ', 1))
    assert path.read_bytes() != content


def emptied(path):
    os.truncate(path, 0)


HARMS = (truncated, flipped, flipped_in_the_header, emptied)


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_checkpoint_is_named_and_the_one_before_used(harm, runs, no_pictures, tmp_path, capsys):
    folder = tmp_path / "run"
    shutil.copytree(runs / "half", folder)
    harm(folder / NEWEST)
    result = train(TINY, folder, resume=True)
    assert result.steps_made == 4
    warning = next(line for line in capsys.readouterr().err.splitlines() if "warning: " in line)
    assert f"warning: {folder / NEWEST} is " in warning
    assert warning.endswith(f"going on with {folder / PREVIOUS}, of step 2")
    assert_same_run(folder, runs / "whole")


@pytest.mark.parametrize("harm", HARMS)
def test_two_damaged_checkpoints_are_both_named_and_nothing_is_touched(
    harm, runs, tmp_path, monkeypatch, capsys
):
    shutil.copytree(runs / "half", tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    harm(Path("run", NEWEST))
    truncated(Path("run", PREVIOUS))
    before = {path: path.read_bytes() for path in Path("run").iterdir() if path.is_file()}
    assert main(["train", "--resume", "--out", "run"]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith(f"segnet-np: there is no checkpoint that can be used: run/{NEWEST} is ")
    assert f"; run/{PREVIOUS} is no whole safetensors file" in line
    assert line.endswith(
        "begin anew in another folder (--out); run/weights.safetensors holds the best weights so far"
    )
    assert {path: path.read_bytes() for path in Path("run").iterdir() if path.is_file()} == before


def test_pictures_that_came_or_went_are_noticed(runs, no_pictures, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    shutil.copytree(runs / "half", folder)
    monkeypatch.setattr(setup, "TRAINING_SCENES", setup.TRAINING_SCENES - 1)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(ValueError, match=r"the training pictures were \d+ with .*, now they are \d+ with"):
        train(TINY, folder, resume=True)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_two_trainings_cannot_be_in_one_folder(runs, no_pictures, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(runs / "half", folder)
    script = (
        "import sys; from pathlib import Path; from segnet_np.training.run_folder import kept_for_one\n"
        "with kept_for_one(Path(sys.argv[1])):\n    print('in', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(FileExistsError, match="another training is at work in it"):
            train(TINY, folder, resume=True)
    finally:
        other.kill()  # and the system lets go of the folder
        other.communicate()
    train(TINY, folder, resume=True)
    assert_same_run(folder, runs / "whole")


def test_a_disk_that_fills_up_half_way_through_a_checkpoint(runs, no_pictures, tmp_path, monkeypatch):
    folder, real = tmp_path / "run", checkpoint.write_tensors

    def full(arrays, path, metadata):
        real(arrays, path, metadata)
        if json.loads(metadata["training"])["step"] == 6:
            truncated(path)
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_tensors", full)
        kept = f"step 6: No space left on device; the checkpoint of step 4 is kept, go on with: .*{folder}$"
        with pytest.raises(OSError, match=kept) as error:
            train(TINY, folder)
    assert error.value.errno == errno.ENOSPC
    assert [load_checkpoint(folder / name).step for name in (PREVIOUS, NEWEST)] == [2, 4]
    assert [path.name for path in folder.glob(".*")] == [".lock"]
    train(TINY, folder, resume=True)
    assert_same_run(folder, runs / "whole")


def test_weights_that_came_before_the_first_checkpoint_are_no_dead_end(no_pictures, tmp_path, monkeypatch):
    config = replace(TINY, steps=3, validate_every=1, checkpoint_every=100)
    train(config, tmp_path / "whole")
    draw = setup.Batches.draw
    with monkeypatch.context() as patch:
        patch.setattr(setup.Batches, "draw", lambda self, at: draw(self, at) if at < 2 else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(config, tmp_path / "run")
    assert (tmp_path / "run" / "weights.safetensors").exists()
    assert train(config, tmp_path / "run", resume=True).steps_made == 3
    assert_same_run(tmp_path / "run", tmp_path / "whole")


def test_the_disk_has_the_log_before_the_checkpoint(no_pictures, tmp_path, monkeypatch):
    log, happened = tmp_path / "run" / "log.csv", []
    fsync, save = os.fsync, loop.save_checkpoint

    def flushed(handle):
        if log.exists() and os.path.samestat(os.fstat(handle), log.stat()):
            happened.append(f"log to {log.read_text().splitlines()[-1].split(',')[0]}")
        fsync(handle)

    def saved(state, *arguments, **options):
        happened.append(f"checkpoint {state.step}")
        save(state, *arguments, **options)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(loop, "save_checkpoint", saved)
    train(TINY, tmp_path / "run")
    assert happened == [
        "checkpoint 0", *(f"{what} {step}" for step in (2, 4, 6) for what in ("log to", "checkpoint"))
    ]  # fmt: skip


def test_lost_weights_are_missed(runs, no_pictures, tmp_path, capsys):
    for name in ("half", "whole"):
        shutil.copytree(runs / name, tmp_path / name)
    (tmp_path / "half" / "weights.safetensors").unlink()
    truncated(tmp_path / "whole" / "weights.safetensors")
    assert train(TINY, tmp_path / "half", resume=True).best_step == 6
    assert "warning: the best weights so far, of step 3, are lost" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"of step 3, are lost: .*weights\.safetensors.*begin anew"):
        train(TINY, tmp_path / "whole", resume=True)


def test_a_lost_log_is_missed(runs, no_pictures, tmp_path, capsys):
    shutil.copytree(runs / "half", tmp_path / "run")
    (tmp_path / "run" / "log.csv").unlink()
    train(TINY, tmp_path / "run", resume=True)
    assert "log.csv lacks rows: it has 0 of the 4 steps so far" in capsys.readouterr().err


def test_the_second_ctrl_c_says_what_is_kept(no_pictures, tmp_path, monkeypatch):
    draw = setup.Batches.draw

    def impatient(self, at):
        if at == 5:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return draw(self, at)

    monkeypatch.setattr(setup.Batches, "draw", impatient)
    with pytest.raises(
        KeyboardInterrupt, match="stopped at once; the checkpoint of step 4 is kept, go on with"
    ):
        train(TINY, tmp_path / "run")


# The command itself, with all that it writes.


def test_the_command_killed_and_resumed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = "train --model segnet --width 2 --crop 32 --batch 2 --class-weights none --validate-every 4"
    arguments = [*arguments.split(), "--steps", "7", "--seed", "5", "--checkpoint-every", "2", "--out"]
    assert main([*arguments, "whole"]) == 0
    program = (
        "import sys; from segnet_np.cli import main; from segnet_np.training import setup; "
        "setup.TRAINING_SCENES, setup.HELD_OUT_SCENES = 3, 2; main(sys.argv[1:])"
    )
    process = subprocess.Popen([sys.executable, "-c", program, *arguments, "run"], stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and not (
            os.path.exists("run/log.csv") and "\n5," in Path("run/log.csv").read_text()
        ):
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert main([*arguments, "run", "--resume"]) == 0
    assert_same_run(Path("run"), Path("whole"))

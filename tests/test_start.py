"""From what was asked for to settings and a folder; nothing of the caller's is changed."""

from dataclasses import asdict, replace

import pytest

from segnet_np.data import Scenes
from segnet_np.training import run_folder, setup
from segnet_np.training.checkpoint import Checkpoint, save_checkpoint
from segnet_np.training.config import OPTIMIZERS, Config
from segnet_np.training.start import plan


def test_plan_names_folders_and_fills_in(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "TRAINING_SCENES", 3)
    monkeypatch.chdir(tmp_path)
    settings = {"width": 2, "batch": 2}
    config, folder = plan(settings, epochs=4)
    assert settings == {"width": 2, "batch": 2}
    assert (config.steps, folder) == (6, None)  # three scenes, in twos, four times
    first = run_folder.new_folder(run_folder.RUNS, config.name)
    second = run_folder.new_folder(run_folder.RUNS, config.name)
    assert [str(first), str(second)] == ["runs/scenes-segnet-basic-w2", "runs/scenes-segnet-basic-w2-2"]
    config.write(second / "config.json")
    settings = {"width": 2, "checkpoint_every": 7}
    kept, folder = plan(settings, resume=True)
    assert settings == {"width": 2, "checkpoint_every": 7}
    assert folder == second
    assert (kept.batch, kept.checkpoint_every) == (2, 7)
    with pytest.raises(ValueError, match="cannot go on with other settings: batch is 2, not 5"):
        plan({"width": 2, "batch": 5}, resume=True)
    with pytest.raises(ValueError, match="--epochs 0"):
        plan({}, epochs=0)


def test_the_latest_folder_is_the_one_with_the_highest_number(tmp_path):
    assert run_folder.latest_folder(tmp_path / "nothing", "x") is None
    for name in ("x-y", "x-3b", "xx", "2024", "x-007", "x-1", "x-"):
        (tmp_path / name).mkdir()
    (tmp_path / "x-9").write_text("no folder")
    assert run_folder.latest_folder(tmp_path, "x") is None
    folders = [run_folder.new_folder(tmp_path, "x") for _ in range(3)]
    folders[0].rmdir()
    assert run_folder.latest_folder(tmp_path, "x") == folders[2] == tmp_path / "x-3"
    assert run_folder.new_folder(tmp_path, "x") == tmp_path / "x-4"


def test_epochs_are_of_the_pictures_trained_on(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "TRAINING_SCENES", 12)
    monkeypatch.chdir(tmp_path)
    held_out = Scenes(12, seed=0).name(3)
    config, _ = plan({"batch": 2, "hold_out": held_out}, epochs=10)
    assert config.steps == 55
    folder = tmp_path / "run"
    config.write(folder / "config.json")
    # Those of the run, whatever the usual batch is.
    kept, _ = plan({}, epochs=10, out=folder, resume=True)
    assert kept == config
    with pytest.raises(ValueError, match="steps is 55, not 61"):
        plan({}, epochs=11, out=folder, resume=True)


def test_another_optimizer_has_its_own_rate_and_decay(tmp_path):
    usual, _ = plan({})
    other, _ = plan({"optimizer": "sgd"})
    assert (usual.optimizer, other.lr, other.weight_decay) == ("adamw", *OPTIMIZERS["sgd"])
    assert plan({"optimizer": "adamw"})[0] == usual
    assert plan({"optimizer": "sgd", "lr": 0.5})[0].lr == 0.5
    settings = {"optimizer": "sgd", "data": str(tmp_path)}
    assert plan(settings, recipe="camvid-segnet")[0].weight_decay == OPTIMIZERS["sgd"][1]


def test_the_checkpoint_knows_the_settings_too(tmp_path, monkeypatch):
    config = Config(width=3, steps=7)
    state = {"state": {}, "param_groups": []}
    save_checkpoint(
        Checkpoint(5, {}, state, 1.0, None, None, asdict(config)), tmp_path / "checkpoint.safetensors"
    )
    assert plan({}, out=tmp_path, resume=True) == (config, tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config.json: .*; move it away, and the settings come from"):
        plan({}, out=tmp_path, resume=True)


def test_what_a_recipe_of_one_s_own_does_not_say_is_as_usual(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text("width = 5")
    assert plan({}, recipe=str(mine))[0] == replace(plan({})[0], width=5)
    mine.write_text("model = 'segnet'")
    assert plan({}, recipe=str(mine))[0] == plan({"model": "segnet"})[0]
    mine.write_text("optimizer = 'sgd'")
    assert plan({}, recipe=str(mine))[0] == plan({"optimizer": "sgd"})[0]
    mine.write_text("widht = 5")
    with pytest.raises(ValueError, match=r"mine.toml: settings: unknown widht \(perhaps width\)"):
        plan({}, recipe=str(mine))


def test_options_choose_what_a_recipe_of_one_s_own_lies_over(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text("width = 5")
    asked = {"model": "segnet"}
    assert plan(asked, recipe=str(mine))[0] == replace(plan(asked)[0], width=5)
    kept, _ = plan({"data": str(tmp_path)}, recipe=str(mine))
    kept.write(tmp_path / "config.json")
    for named in (str(mine), None):
        assert plan({}, out=tmp_path, resume=True, recipe=named)[0] == kept
    with pytest.raises(ValueError, match="width is 5, not "):
        plan({}, out=tmp_path, resume=True, recipe="camvid")


def test_another_model_has_its_own_kernels(tmp_path):
    settings = {"model": "segnet", "data": str(tmp_path)}
    assert plan(settings, recipe="paper-basic")[0].kernel_size == 3

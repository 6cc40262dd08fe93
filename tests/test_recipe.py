"""Recipes: each is a run's settings, whole and spelt right; what is wrong with one is named."""

import pytest

from segnet_np.training.config import Config
from segnet_np.training.recipe import FOLDER, USUAL, read_recipe, recipe_names
from segnet_np.training.start import plan


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_a_config(name):
    config = Config.from_dict(read_recipe(name, photographs=True))
    assert config.steps > 0
    assert (FOLDER / f"{name}.toml").read_text(encoding="utf-8").startswith("# ")


def test_what_is_usual_is_there():
    assert set(USUAL.values()) <= set(recipe_names())
    for (_, model), name in USUAL.items():
        assert read_recipe(name, photographs=True)["model"] == model
    assert {"scenes", "paper-basic"} <= set(recipe_names())


def test_the_paper_s_recipe():
    # Table 1 of the paper, and the released solver.
    config = Config.from_dict(read_recipe("paper-basic", photographs=True))
    assert (config.model, config.kernel_size, config.width) == ("segnet-basic", 7, 64)
    assert (config.optimizer, config.lr, config.schedule, config.batch) == ("sgd", 0.1, "constant", 12)
    assert (config.weight_decay, config.bias_rate, config.ceil_mode) == (5e-4, 2.0, True)


def test_options_go_before_the_recipe(tmp_path):
    config, _ = plan({"width": 3}, recipe="scenes")
    assert (config.width, config.steps) == (3, read_recipe("scenes", photographs=False)["steps"])
    own = tmp_path / "own.toml"
    own.write_text("width = 5\nsteps = 7\n")
    config, _ = plan({}, recipe=str(own))
    assert (config.width, config.steps) == (5, 7)


def test_a_run_goes_on_only_with_the_recipe_it_has(tmp_path):
    config, _ = plan({}, recipe="scenes")
    config.write(tmp_path / "config.json")
    assert plan({}, out=tmp_path, resume=True, recipe="scenes")[0] == config
    with pytest.raises(
        ValueError, match=r"cannot go on with other settings: .*model is segnet-basic, not segnet"
    ):
        plan({}, out=tmp_path, resume=True, recipe="scenes-segnet")


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"--recipe pancakes: expected one of .*scenes"):
        read_recipe("pancakes", photographs=True)
    with pytest.raises(ValueError, match=r"--recipe ../scenes: expected one of"):
        read_recipe("../scenes", photographs=True)
    with pytest.raises(ValueError, match=r"--recipe paper-basic: a recipe for photographs, .* --data"):
        read_recipe("paper-basic", photographs=False)
    with pytest.raises(FileNotFoundError):
        read_recipe(str(tmp_path / "missing.toml"), photographs=False)
    (tmp_path / "broken.toml").write_text("width = \n")
    with pytest.raises(ValueError, match=r"broken.toml: not a TOML file"):
        read_recipe(str(tmp_path / "broken.toml"), photographs=False)
    (tmp_path / "odd.toml").write_text("wdith = 3\n")
    with pytest.raises(ValueError, match=r"unknown wdith"):
        plan({}, recipe=str(tmp_path / "odd.toml"))
    (tmp_path / "rich.toml").write_text('data = "photos"\n')
    with pytest.raises(ValueError, match=r"rich.toml: a recipe names no data"):
        read_recipe(str(tmp_path / "rich.toml"), photographs=True)
    (tmp_path / "unsure.toml").write_text('photographs = "no"\n')
    with pytest.raises(ValueError, match=r"photographs 'no', expected true or false"):
        read_recipe(str(tmp_path / "unsure.toml"), photographs=True)
    (tmp_path / "list.toml").write_text('optimizer = ["sgd"]\nhold_out = 5\n')
    with pytest.raises(
        ValueError, match=r"hold_out 5, expected a text; .*optimizer \['sgd'\], expected one of"
    ):
        plan({}, recipe=str(tmp_path / "list.toml"))

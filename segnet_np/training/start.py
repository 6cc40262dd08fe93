"""From what was asked for to what will be done: which settings a run has, and in which folder it goes on."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from segnet_np.training import run_folder
from segnet_np.training.checkpoint import load_newest
from segnet_np.training.config import Config
from segnet_np.training.recipe import USUAL, USUAL_MODEL, read_recipe, recipe_names
from segnet_np.training.setup import split_pictures


def plan(
    settings: dict[str, Any],
    epochs: float | None = None,
    out: Path | None = None,
    resume: bool = False,
    recipe: str | None = None,
) -> tuple[Config, Path | None]:
    """Complete the settings of a run and find its folder.

    Parameters
    ----------
    settings : dict
        Settings of `Config` by name, those that were asked for; the rest is as the recipe says or, with
        `resume`, what the run had.
    epochs : float, optional
        How often to go through the training pictures, instead of a number of steps.
    out : Path, optional
        The folder. Without it a resumed run is the newest one of the same name under runs/.
    resume : bool
        Go on with the run in the folder, if there is one.
    recipe : str, optional
        A name or a file (:mod:`segnet_np.training.recipe`); else the usual one.

    Returns
    -------
    config : Config
    folder : Path or None
        None when a new one is to be made.

    Raises
    ------
    ValueError
        When a setting is wrong, or not the one that the resumed run has.
    """
    settings = dict(settings)
    if settings.get("data") is not None:
        settings["data"] = str(Path(settings["data"]).resolve())
    kept = _settings_of(out) if resume and out is not None else None
    photographs = settings.get("data", kept.data if kept else None) is not None
    # A run that goes on must have all settings of a recipe that is named; what that does not say is as usual.
    settings = {**_fitting(_named(recipe, photographs), settings), **settings}
    base = {} if recipe in recipe_names() else _fitting(_usual(photographs, settings), settings)
    config = Config.from_dict({**base, **settings})
    folder = out
    if resume and out is None:
        folder = run_folder.latest_folder(run_folder.RUNS, config.name)
        kept = None if folder is None else _settings_of(folder)
    if epochs is not None:
        if not 0 < epochs < math.inf:
            raise ValueError(f"--epochs {epochs}, expected a number > 0")
        counted = kept or config
        pictures, _ = split_pictures(counted)
        settings["steps"] = math.ceil(epochs * len(pictures) / counted.batch)
        config = replace(config, steps=settings["steps"])
    if kept is None:
        return config, folder
    # How often a run is saved changes none of its numbers, so this may be set anew.
    saving = {key: settings.pop(key) for key in ("checkpoint_every",) if key in settings}
    differences = kept.differences(settings)
    if differences:
        raise ValueError(f"the run in {folder} cannot go on with other settings: {'; '.join(differences)}")
    return replace(kept, **saving), folder


def _usual(photographs: bool, settings: dict[str, Any]) -> dict[str, Any]:
    """What is taken where no recipe is named; an unknown model is left to Config, which names it."""
    name = USUAL.get((photographs, settings.get("model", USUAL_MODEL)), USUAL[photographs, USUAL_MODEL])
    return read_recipe(name, photographs)


def _named(recipe: str | None, photographs: bool) -> dict[str, Any]:
    """The settings of a recipe, if one is named; what is wrong in one's own is said with its name."""
    if recipe is None:
        return {}
    named = read_recipe(recipe, photographs)
    if recipe not in recipe_names():
        try:
            Config.from_dict({**_fitting(_usual(photographs, named), named), **named})
        except (TypeError, ValueError) as error:
            raise ValueError(f"{recipe}: {error}") from error
    return named


def _settings_of(folder: Path) -> Config | None:
    """What the run in a folder was begun with, if there is one; its checkpoint knows, too."""
    path = folder / run_folder.CONFIG
    if path.exists():
        try:
            return Config.read(path)
        except ValueError as error:
            raise ValueError(f"{error}; move it away, and the settings come from the checkpoint") from error
    found = load_newest(folder / run_folder.CHECKPOINT, lambda _: None)  # it is said when the run goes on
    if found is None:
        return None
    try:
        return Config.from_dict(found[0].config)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{found[1]}: {error}") from error


def _fitting(recipe: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A recipe without what belongs to another optimizer or model than is asked for: those have their own."""
    left_out: set[str] = set()
    if settings.get("optimizer", usual := recipe.get("optimizer", Config.optimizer)) != usual:
        left_out |= {"lr", "weight_decay"}
    if settings.get("model", recipe.get("model")) != recipe.get("model"):
        left_out.add("kernel_size")
    return {key: value for key, value in recipe.items() if key not in left_out}

"""From what was asked for to what will be done: which settings a run has, and in which folder it goes on."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from segnet_np.training import run_folder
from segnet_np.training.config import FOLDER, SCENES, Config
from segnet_np.training.setup import training_pictures


def plan(
    settings: dict[str, Any], epochs: float | None = None, out: Path | None = None, resume: bool = False
) -> tuple[Config, Path | None]:
    """Complete the settings of a run and find its folder.

    Parameters
    ----------
    settings : dict
        Settings of `Config` by name, those that were asked for; the rest gets its defaults or, with
        `resume`, what the run had.
    epochs : float, optional
        How often to go through the training pictures, instead of a number of steps.
    out : Path, optional
        The folder. Without it a resumed run is the newest one of the same name under runs/.
    resume : bool
        Go on with the run in the folder, if there is one.

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
    usual = SCENES if settings.get("data") is None else FOLDER
    model = settings.get("model", next(iter(usual)))
    config = Config(**{"model": model, **usual.get(model, {}), **settings})
    if model == "segnet" and "kernel_size" in settings:
        raise ValueError(
            f"--kernel-size {settings['kernel_size']} is a setting of segnet-basic; "
            "the kernels of segnet are 3x3"
        )
    if epochs is not None:
        if not 0 < epochs < math.inf:
            raise ValueError(f"--epochs {epochs}, expected a number > 0")
        pictures = len(training_pictures(config.data))
        settings["steps"] = math.ceil(epochs * pictures / config.batch)
        config = replace(config, steps=settings["steps"])
    if not resume:
        return config, out
    folder = out or run_folder.latest_folder(run_folder.RUNS, config.name)
    if folder is None or not (folder / run_folder.CONFIG).exists():
        return config, folder
    kept = Config.read(folder / run_folder.CONFIG)
    # How often a run is saved changes none of its numbers, so this may be set anew.
    saving = {key: settings.pop(key) for key in ("checkpoint_every",) if key in settings}
    differences = kept.differences(settings)
    if differences:
        raise ValueError(f"the run in {folder} cannot go on with other settings: {'; '.join(differences)}")
    return replace(kept, **saving), folder

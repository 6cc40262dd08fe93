"""All that a stopped training needs to go on, in one safetensors file.

Arrays are the weights (``weights/NAME``) and the optimizer's state (``optimizer/NAME``). What is no array is
JSON in the file's metadata: the step, the optimizer's settings, the best score and the pixels seen so far,
and the run's settings. There is no random state, as what a step sees depends on the seed and on its number
alone. And there is no pickle, which runs code when it is read.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from segnet_np.files import whole_file
from segnet_np.models.tensors_file import read_json, read_tensors, write_tensors

FORMAT = "segnet_np checkpoint 1"
FIELDS = ("step", "seconds", "param_groups", "best", "config")


@dataclass
class Checkpoint:
    """The state of a training after `step` steps.

    Attributes
    ----------
    step : int
        How many steps are done.
    weights : dict of arrays
        The net's state dict.
    optimizer : dict
        The optimizer's state dict.
    seconds : float
        How long the training took up to here.
    best : dict or None
        What the loop wants to remember of its best validation; plain values.
    seen : list of int or None
        How many pixels of each class there were in the batches so far; None in older files.
    config : dict
        The settings of the run; plain values.
    """

    step: int
    weights: dict[str, np.ndarray]
    optimizer: dict[str, Any]
    seconds: float
    best: dict[str, Any] | None
    seen: list[int] | None
    config: dict[str, Any]


def save_checkpoint(checkpoint: Checkpoint, path: str | os.PathLike[str]) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    checkpoint : Checkpoint
    path : str or path-like

    Raises
    ------
    OSError
        When it cannot be written, such as on a full disk; an older file of the name is then as it was.
    """
    arrays = {f"weights/{name}": array for name, array in checkpoint.weights.items()}
    arrays |= {f"optimizer/{name}": array for name, array in checkpoint.optimizer["state"].items()}
    plain = {
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "param_groups": checkpoint.optimizer["param_groups"],
        "best": checkpoint.best,
        "seen": checkpoint.seen,
        "config": checkpoint.config,
    }
    with whole_file(path) as temporary:
        write_tensors(arrays, temporary, {"format": FORMAT, "training": json.dumps(plain)})


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    checkpoint : Checkpoint

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is no safetensors file, not a whole one, or not a checkpoint; the message says which.
    """
    arrays, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{path}: not a checkpoint of a training: format {metadata.get('format')!r}, expected {FORMAT!r}"
        )
    try:
        plain = read_json(metadata["training"])
        missing = [name for name in FIELDS if name not in plain]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: what the checkpoint says of its training cannot be read: {error}"
        ) from error
    if missing:
        raise ValueError(f"{path}: the checkpoint lacks {', '.join(missing)}")
    strange = [name for name in arrays if name.partition("/")[0] not in ("weights", "optimizer")]
    if strange:
        raise ValueError(f"{path}: arrays that no checkpoint has: {', '.join(strange)}")

    def under(part: str) -> dict[str, np.ndarray]:
        return {name.partition("/")[2]: array for name, array in arrays.items() if name.startswith(part)}

    return Checkpoint(
        step=plain["step"],
        weights=under("weights/"),
        optimizer={"state": under("optimizer/"), "param_groups": plain["param_groups"]},
        seconds=plain["seconds"],
        best=plain["best"],
        seen=plain.get("seen"),
        config=plain["config"],
    )

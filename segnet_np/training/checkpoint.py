"""All that a stopped training needs to go on, in one safetensors file.

Arrays are the weights (``weights/NAME``) and the optimizer's state (``optimizer/NAME``). What is no array is
JSON in the file's metadata: the step, the optimizer's settings, the best score and the pixels seen so far,
and the run's settings. There is no random state and no position in the data, as what a step sees depends on
the seed and on its number alone. And there is no pickle, which runs code when it is read.

The metadata also hold a SHA-256 checksum of all that is read from the file, and the file that was there
before is kept under a second name. So damage is noticed, and one step back there is a whole file.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segnet_np.files import previous_of, whole_file
from segnet_np.models.tensors_file import read_json, read_tensors, write_tensors
from segnet_np.names import shown

FORMAT = "segnet_np checkpoint 2"


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _best(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict) and _whole(value.get("step")) and isinstance(value.get("confusion"), list)
    )


# What a checkpoint says of its training, and whether a value can be that.
FIELDS: dict[str, Callable[[Any], bool]] = {
    "step": _whole,
    "seconds": lambda value: isinstance(value, int | float) and 0 <= value < math.inf,
    "param_groups": lambda value: isinstance(value, list) and all(isinstance(group, dict) for group in value),
    "best": _best,
    "config": lambda value: isinstance(value, dict),
}


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
    pictures : str or None
        What tells the training pictures from others; None in older files.
    """

    step: int
    weights: dict[str, np.ndarray]
    optimizer: dict[str, Any]
    seconds: float
    best: dict[str, Any] | None
    seen: list[int] | None
    config: dict[str, Any]
    pictures: str | None = None


def save_checkpoint(checkpoint: Checkpoint, path: str | os.PathLike[str], keep_previous: bool = True) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    checkpoint : Checkpoint
    path : str or path-like
    keep_previous : bool
        Keep the file that is there as `previous_of(path)`. False when that one is known to be damaged, and
        must not take the place of the good one before it.

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
        "pictures": checkpoint.pictures,
    }
    training = json.dumps(plain)
    metadata = {"format": FORMAT, "training": training, "sha256": _checksum(training, arrays)}
    with whole_file(path, keep_previous) as temporary:
        write_tensors(arrays, temporary, metadata)


def load_newest(path: str | os.PathLike[str], say: Callable[[str], Any]) -> tuple[Checkpoint, Path] | None:
    """Read a checkpoint or, where that is damaged or missing, the one before it.

    Parameters
    ----------
    path : str or path-like
        Where the newest one is, if all is well.
    say : callable
        Takes a line of text for each thing that was not well.

    Returns
    -------
    found : (Checkpoint, Path) or None
        What was read, and from which of the two files; None when there is neither.

    Raises
    ------
    ValueError
        When none of those that are there can be used; the message names each, and what is wrong with it.
    """
    path = Path(path)
    problems, there = [], False
    for candidate in (path, previous_of(path)):
        try:
            checkpoint = load_checkpoint(candidate)
        except FileNotFoundError:
            problems.append(f"{shown(candidate)} is missing")
            continue
        except (OSError, ValueError) as error:  # damaged, or on a part of the disk that cannot be read
            problems.append(str(error))
            there = True
            continue
        for problem in problems:
            say(f"warning: {problem}; going on with {shown(candidate)}, of step {checkpoint.step}")
        return checkpoint, candidate
    if there:
        raise ValueError("there is no checkpoint that can be used: " + "; ".join(problems))
    return None


def _checksum(training: str, arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 of a checkpoint: of what it says of its training, then each array by name with type and shape.

    What the file holds beyond that is the order of the arrays and where each begins. If that is wrong, the
    file cannot be read or the arrays are not these.
    """
    checksum = hashlib.sha256(training.encode())
    for name, array in sorted(arrays.items()):
        checksum.update(f"\n{json.dumps([name, array.dtype.str, array.shape])}\n".encode())
        checksum.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return checksum.hexdigest()


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
        When the file is no safetensors file, not a whole one, not as it was written, or not a checkpoint; the
        message says which.
    """
    arrays, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{shown(path)}: not a checkpoint of a training: "
            f"format {metadata.get('format')!r}, expected {FORMAT!r}"
        )
    if metadata.get("sha256") != _checksum(metadata.get("training", ""), arrays):
        raise ValueError(f"{shown(path)} is damaged: what it holds is not what its checksum was made of")
    try:
        plain = read_json(metadata["training"])
        missing = [name for name in FIELDS if name not in plain]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{shown(path)}: what the checkpoint says of its training cannot be read: {error}"
        ) from error
    if missing:
        raise ValueError(f"{shown(path)}: the checkpoint lacks {', '.join(missing)}")
    if wrong := [f"{name} {plain[name]!r}" for name, fits in FIELDS.items() if not fits(plain[name])]:
        raise ValueError(f"{shown(path)}: what no checkpoint says of its training: {', '.join(wrong)}")
    strange = [name for name in arrays if name.partition("/")[0] not in ("weights", "optimizer")]
    if strange:
        raise ValueError(f"{shown(path)}: arrays that no checkpoint has: {', '.join(strange)}")

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
        pictures=plain.get("pictures"),
    )

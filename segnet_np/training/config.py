"""The settings of a training run, checked when they are made and kept with the run as ``config.json``."""

import json
import math
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from segnet_np.data.class_weights import PUBLISHED
from segnet_np.files import whole_file
from segnet_np.models.weights_file import MODELS
from segnet_np.training.schedule import SCHEDULES

# The rate and weight decay that each optimizer gets unless told otherwise.
OPTIMIZERS = {"adamw": (3e-3, 1e-2), "sgd": (0.1, 5e-4)}
CLASS_WEIGHTS = ("none", "median", *PUBLISHED)

# What is usual, by model, the first model first: for the painted scenes, about a minute on two cores, and
# for photographs in a folder. Where a setting is not named, the default of `Config` holds.
SCENES: dict[str, dict[str, Any]] = {
    "segnet-basic": {
        "width": 64,
        "kernel_size": 3,
        "batch": 4,
        "steps": 1600,
        "lr": 8e-3,
        "validate_every": 400,
    },
    "segnet": {"width": 16, "steps": 800, "validate_every": 200},
}
FOLDER: dict[str, dict[str, Any]] = {
    "segnet-basic": {"width": 32, "crop": 224, "batch": 4, "steps": 2600, "lr": 6e-3, "validate_every": 650},
    "segnet": {"width": 32, "crop": 224, "batch": 4, "steps": 2600, "validate_every": 650},
}


@dataclass(frozen=True)
class Config:
    """All settings of a run; with the seed they determine every number of it.

    Parameters
    ----------
    data : str or None
        A data folder; None for the embedded street scenes.
    model : str
        The name of a net, ``segnet`` or ``segnet-basic``.
    width : int
        Channels of the first stage.
    kernel_size : int
        Of SegNet-Basic's convolutions; SegNet's are 3x3 whatever this says.
    crop : int
        Side of the square windows that are trained on.
    batch : int
        Windows in a step.
    steps : int
        How many steps.
    optimizer : str
        One of `OPTIMIZERS`; ``sgd`` has momentum 0.9.
    lr : float
        The highest learning rate. None takes the optimizer's usual one, and likewise for
    weight_decay : float
        Of the convolutions' weights; biases and batch norms have none.
    schedule : str
        One of `SCHEDULES`.
    class_weights : str
        ``none``, ``median`` for median-frequency balancing, or the name of published weights.
    balance : float
        The power that class weights are raised to: 1 takes them as they are, less draws them towards 1. In
        full strength they make a short training guess rare classes everywhere.
    seed : int
        Of the first weights, and of the order and the crops of the pictures.
    validate_every : int
        After how many steps held-out pictures are looked at.
    checkpoint_every : int
        After how many steps a checkpoint is written.

    Raises
    ------
    ValueError
        When a setting is none of its choices or out of range; all such are named at once.
    """

    data: str | None = None
    model: str = "segnet"
    width: int = 16
    kernel_size: int = 7
    crop: int = 64
    batch: int = 8
    steps: int = 500
    optimizer: str = "adamw"
    lr: float = None  # type: ignore[assignment]
    weight_decay: float = None  # type: ignore[assignment]
    schedule: str = "one-cycle"
    class_weights: str = "median"
    balance: float = 0.35
    seed: int = 0
    validate_every: int = 60
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        wrong = []
        for name, usual in zip(("lr", "weight_decay"), OPTIMIZERS.get(self.optimizer, (0, 0)), strict=True):
            if getattr(self, name) is None:
                object.__setattr__(self, name, usual)
        choices = {"model": tuple(MODELS), "optimizer": tuple(OPTIMIZERS), "schedule": tuple(SCHEDULES)}
        choices["class_weights"] = CLASS_WEIGHTS
        for name, known in choices.items():
            if getattr(self, name) not in known:
                wrong.append(f"{name} {getattr(self, name)!r}, expected one of {', '.join(known)}")
        counts = ("width", "kernel_size", "crop", "batch", "steps", "validate_every", "checkpoint_every")
        for name in (*counts, "seed"):
            value, least = getattr(self, name), 0 if name == "seed" else 1
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                wrong.append(f"{name} {value!r}, expected a whole number >= {least}")
        for name in ("lr", "weight_decay", "balance"):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0 <= value < math.inf:
                wrong.append(f"{name} {value!r}, expected a finite number >= 0")
            elif name == "balance" and value > 1:
                wrong.append(f"balance {value!r}, expected a number from 0 to 1")
        if wrong:
            raise ValueError("settings: " + "; ".join(wrong))

    @property
    def name(self) -> str:
        """What to call a run with these settings, such as scenes-segnet-w16."""
        data = "scenes" if self.data is None else Path(self.data).name
        return f"{data}-{self.model}-w{self.width}"

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the settings as JSON."""
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Config":
        """Read settings that `write` wrote.

        Raises
        ------
        ValueError
            When the file is no JSON object, or a setting is unknown or wrong.
        """
        try:
            settings = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls.from_dict(settings)
        except (UnicodeDecodeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> "Config":
        """Make a Config of a dict, refusing names that no setting has."""
        if not isinstance(settings, dict):
            raise ValueError(f"settings: expected a JSON object, got {settings!r}")
        unknown = sorted(set(settings) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"settings: unknown {', '.join(unknown)}")
        return cls(**settings)

    def differences(self, others: dict[str, Any]) -> list[str]:
        """Say where `others`, some settings by name, are not as here."""
        own = asdict(self)
        return [
            f"{key} is {own.get(key)}, not {value}" for key, value in others.items() if own.get(key) != value
        ]

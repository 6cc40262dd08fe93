"""The settings of a training run, checked when they are made and kept with the run as ``config.json``."""

import json
import os
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from segnet_np.data.augment import RANGES as CHANGES_RANGES
from segnet_np.data.class_weights import PUBLISHED
from segnet_np.files import whole_file
from segnet_np.models import SegNet
from segnet_np.models.preprocess import NORMALISATIONS
from segnet_np.models.weights_file import MODELS
from segnet_np.training.schedule import SCHEDULES

# The rate and weight decay that each optimizer gets unless told otherwise.
OPTIMIZERS = {"adamw": (3e-3, 1e-2), "sgd": (0.1, 5e-4)}
CLASS_WEIGHTS = ("none", "median", *PUBLISHED)

# Which weights of a run are kept: the best by a score on the held-out pictures, or the last.
KEPT = ("mean_iou", "global_accuracy", "last")
STATISTICS = ("running", "full-pass")

# The least and the most that a number may be.
_LARGEST = 1e9
_RANGES = {
    "lr": (0, _LARGEST),
    "bias_rate": (0, _LARGEST),
    "weight_decay": (0, _LARGEST),
    "balance": (0, 1),
    "dropout": (0, 0.99),
    **CHANGES_RANGES,
}


@dataclass(frozen=True)
class Config:
    """All settings of a run; with the seed they determine every number of it.

    Parameters
    ----------
    data : str or None
        A data folder; None for the embedded street scenes.
    hold_out : str or None
        Train pictures whose names begin so are not trained on but judged by, instead of the folder's val.
    model : str
        The name of a net, ``segnet`` or ``segnet-basic``.
    width : int
        Channels of the first stage.
    kernel_size : int
        Of SegNet-Basic's convolutions. None takes the model's usual one: 7, and 3 for SegNet, whose are 3x3.
    ceil_mode : bool
        Pool odd sizes as Caffe does.
    dropout : float
        The probability with which numbers of the deeper stages are dropped in training.
    normalisation : str
        Of the input, one of :data:`segnet_np.models.preprocess.NORMALISATIONS`.
    scale : float
        Pictures are brought to this part of their size, in training and whenever the net predicts; what it
        predicts is brought back.
    crop : int
        Side of the square windows that are trained on, of the pictures at their scale; 0 for whole pictures.
    batch : int
        Windows in a step.
    zoom, stretch, flip, colour, light : float, and bool for flip
        How pictures are changed at random: :class:`segnet_np.data.Changes`.
    views : bool
        Whenever the net predicts, take the mean of several looks (:mod:`segnet_np.models.views`).
    steps : int
        How many steps.
    optimizer : str
        One of `OPTIMIZERS`; ``sgd`` has momentum 0.9.
    lr : float
        The highest learning rate. None takes the optimizer's usual one, of `OPTIMIZERS`.
    bias_rate : float
        How many times faster the biases of convolutions learn; 2 where the authors train.
    weight_decay : float
        Of the convolutions' weights; biases and batch norms have none. None takes the optimizer's usual one.
    schedule : str
        One of `SCHEDULES`.
    class_weights : str
        ``none``, ``median`` for median-frequency balancing, or the name of published weights.
    balance : float
        The power that class weights are raised to: 1 takes them as they are, less draws them towards 1. In
        full strength they make a short training guess rare classes everywhere.
    seed : int
        Of the first weights, of the order and the crops of the pictures, and of dropout.
    statistics : str
        Of batch norm, when the net is judged: ``running`` or ``full-pass``
        (:mod:`segnet_np.training.statistics`).
    keep : str
        Which weights are kept: those with the best ``mean_iou`` or ``global_accuracy`` on the held-out
        pictures, or those of the ``last`` look at them.
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
    hold_out: str | None = None
    model: str = "segnet"
    width: int = 16
    kernel_size: int = None  # type: ignore[assignment]
    ceil_mode: bool = False
    dropout: float = 0.0
    normalisation: str = "standard"
    scale: float = 1.0
    crop: int = 64
    batch: int = 8
    zoom: float = 1.0
    stretch: float = 1.0
    flip: bool = True
    colour: float = 0.25
    light: float = 0.0
    views: bool = False
    steps: int = 500
    optimizer: str = "adamw"
    lr: float = None  # type: ignore[assignment]
    bias_rate: float = 1.0
    weight_decay: float = None  # type: ignore[assignment]
    schedule: str = "one-cycle"
    class_weights: str = "median"
    balance: float = 0.35
    seed: int = 0
    statistics: str = "running"
    keep: str = "mean_iou"
    validate_every: int = 60
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        wrong = []
        usual = OPTIMIZERS.get(self.optimizer, (0, 0)) if isinstance(self.optimizer, str) else (0, 0)
        for name, value in zip(("lr", "weight_decay"), usual, strict=True):
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        if self.kernel_size is None:
            object.__setattr__(self, "kernel_size", 3 if self.model == SegNet.model else 7)
        choices = {
            "model": tuple(MODELS),
            "normalisation": NORMALISATIONS,
            "optimizer": tuple(OPTIMIZERS),
            "schedule": tuple(SCHEDULES),
            "class_weights": CLASS_WEIGHTS,
            "statistics": STATISTICS,
            "keep": KEPT,
        }
        for name in ("data", "hold_out"):
            if not isinstance(getattr(self, name), str | None):
                wrong.append(f"{name} {getattr(self, name)!r}, expected a text")
        for name, known in choices.items():
            if getattr(self, name) not in known:
                wrong.append(f"{name} {getattr(self, name)!r}, expected one of {', '.join(known)}")
        for name in ("ceil_mode", "flip", "views"):
            if not isinstance(getattr(self, name), bool):
                wrong.append(f"{name} {getattr(self, name)!r}, expected true or false")
        counts = ("width", "kernel_size", "batch", "steps", "validate_every", "checkpoint_every")
        for name in (*counts, "crop", "seed"):
            value, least = getattr(self, name), 1 if name in counts else 0
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                wrong.append(f"{name} {value!r}, expected a whole number >= {least}")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not low <= value <= high:
                wrong.append(f"{name} {value!r}, expected a number from {low:g} to {high:g}")
        if self.model == SegNet.model and self.kernel_size != 3:
            wrong.append(f"kernel_size {self.kernel_size!r}, expected 3: the kernels of {self.model} are 3x3")
        elif isinstance(self.kernel_size, int) and self.kernel_size % 2 == 0:
            wrong.append(f"kernel_size {self.kernel_size}, expected an odd number")
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
        names = [field.name for field in fields(cls)]
        unknown = []
        for name in sorted(set(settings) - set(names)):
            near = get_close_matches(name, names, 1)
            unknown.append(name + (f" (perhaps {near[0]})" if near else ""))
        if unknown:
            raise ValueError(f"settings: unknown {', '.join(unknown)}")
        return cls(**settings)

    def differences(self, others: dict[str, Any]) -> list[str]:
        """Say where `others`, some settings by name, are not as here."""
        own = asdict(self)
        return [
            f"{key} is {own.get(key)}, not {value}" for key, value in others.items() if own.get(key) != value
        ]

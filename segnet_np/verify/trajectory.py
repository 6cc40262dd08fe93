"""The losses of a training, here and in PyTorch, from the same weights on the same batches.

One step can hide a mistake that many show: a momentum that begins wrongly, a group with the wrong rate. Many
steps also magnify rounding: each step hands its differences on to the weights, and a near-tie in a pooling
window that falls the other way makes the loss jump. How close two right programs can stay, PyTorch itself
says: its two memory formats add in different orders.

Importing this module imports torch.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch

from segnet_np.data.batches import Batches
from segnet_np.data.class_weights import PUBLISHED_CAMVID
from segnet_np.data.scenes import Scenes
from segnet_np.models import Net, SegNet, SegNetBasic
from segnet_np.models.weights_file import build
from segnet_np.training.adamw import AdamW
from segnet_np.training.sgd import SGD
from segnet_np.verify import twin
from segnet_np.verify.loss import CrossEntropy
from segnet_np.verify.threads import using_threads

STEPS = 50

# What is trained on: painted scenes in small pictures, and how many crops of them in a step.
SCENES, SCENE_SIZE, BATCH = 16, (72, 96), 4

#: By optimizer: the class here and PyTorch's, settings, and weight decay.
OPTIMIZERS: dict[str, tuple[type, type, dict[str, float], float]] = {
    "sgd": (SGD, torch.optim.SGD, {"momentum": 0.9}, 5e-4),
    "adamw": (AdamW, torch.optim.AdamW, {}, 1e-2),
}

#: Learning rates: of SGD the authors' (docs/fidelity.md), of AdamW the usual one of ``segnet-np train``.
RATES = {
    (SegNet.model, "sgd"): 0.001,
    (SegNet.model, "adamw"): 3e-3,
    (SegNetBasic.model, "sgd"): 0.1,
    (SegNetBasic.model, "adamw"): 3e-3,
}

#: Width of the net and side of the crops. SegNet is so deep that rounding reaches its loss at any size.
#: SegNet-Basic is tame: with half of these numbers, most trainings in float32 end before a near-tie falls the
#: other way, and in which of them one does is chance.
SIZES = {SegNet.model: (8, 48), SegNetBasic.model: (16, 64)}


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes
    ----------
    model : {"segnet", "segnet-basic"}
    optimizer : {"sgd", "adamw"}
        SGD with momentum 0.9 and weight decay 5e-4, or AdamW with weight decay 1e-2.
    dtype : {"float64", "float32"}
    seed : int
        Of the first weights, the scenes and the batches.
    width : int or None
        Channels of the first stage; None takes what `SIZES` says.

    Raises
    ------
    ValueError
        If there is no such model or optimizer.
    """

    model: str
    optimizer: str
    dtype: str
    seed: int = 0
    width: int | None = None

    def __post_init__(self) -> None:
        if (self.model, self.optimizer) not in RATES:
            known = ", ".join(" with ".join(pair) for pair in RATES)
            raise ValueError(f"Case: {self.model!r} with {self.optimizer!r}; expected one of {known}")

    @property
    def lr(self) -> float:
        """The learning rate of all but the biases, whose rate is the double."""
        return RATES[self.model, self.optimizer]


class Losses(NamedTuple):
    """The loss of each step on the three sides, float64 (steps,)."""

    ours: np.ndarray
    contiguous: np.ndarray
    channels_last: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """Ours to PyTorch at each step: the mean of the relative differences to its two formats."""
        return (relative(self.ours, self.contiguous) + relative(self.ours, self.channels_last)) / 2

    @property
    def spread(self) -> np.ndarray:
        """Between PyTorch's two formats at each step, relative."""
        return relative(self.channels_last, self.contiguous)


def relative(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far a is from b, step by step, as a share of b."""
    return np.abs(a - b) / np.abs(b)


def ratio(many: Sequence[Losses]) -> float:
    """How many times farther we are from PyTorch than it is from itself.

    Parameters
    ----------
    many : sequence of Losses
        Of several seeds.

    Returns
    -------
    ratio : float
        Of `Losses.difference`, the root of the mean square over all steps and seeds, over that of
        `Losses.spread`.

    Notes
    -----
    One seed says little. Until a near-tie falls the other way, three trainings differ by 1e-7; from there on
    by 1e-3. Which pair parts first is chance, so that of one seed the ratio may be 0.5 (one format of PyTorch
    left the others) or 1e4 (we did). Over several seeds the mean square counts how often and how far each
    pair parts.
    """
    difference, spread = (
        np.square([getattr(losses, name) for losses in many]).mean() for name in ("difference", "spread")
    )
    return float(np.sqrt(difference / spread))


def run(case: Case) -> Losses:
    """Train on all three sides.

    Parameters
    ----------
    case : Case

    Returns
    -------
    losses : Losses
    """
    return Losses(ours(case), pytorch(case), pytorch(case, channels_last=True))


@contextmanager
def _torch_on_one_thread() -> Iterator[None]:
    # Set when PyTorch's turn comes: Numba may share its OpenMP, and sets the number when its kernels start.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@using_threads(1)  # maps as small as these gain nothing from a second one
def ours(case: Case) -> np.ndarray:
    """Train with this package; return the losses, float64 (steps,)."""
    net = _net(case)
    kind, _, settings, decay = OPTIMIZERS[case.optimizer]
    optimizer = kind(groups(net.named_parameters(), case.lr, decay), lr=case.lr, **settings)
    criterion, losses = _criterion(), []
    for images, labels in _pictures(case.seed, SIZES[case.model][1]):
        loss = criterion.forward(net(net.normalise(images)), labels)
        optimizer.zero_grad()
        net.backward(criterion.backward(1.0), input_grad=False)
        optimizer.step()
        losses.append(loss)
    return np.array(losses, np.float64)


@_torch_on_one_thread()
def pytorch(case: Case, channels_last: bool = False) -> np.ndarray:
    """Train the twin in PyTorch, in one of its memory formats; return the losses, float64 (steps,)."""
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    net = _net(case)
    module = twin.counterpart(net).to(memory_format=memory_format)  # type: ignore[call-overload]
    _, kind, settings, decay = OPTIMIZERS[case.optimizer]
    optimizer = kind(groups(module.named_parameters(), case.lr, decay), lr=case.lr, **settings)
    criterion = twin.counterpart(_criterion())
    losses = []
    for images, labels in _pictures(case.seed, SIZES[case.model][1]):
        x = torch.from_numpy(net.normalise(images)).contiguous(memory_format=memory_format)
        loss = criterion(module(x), torch.from_numpy(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses, np.float64)


def groups(named: Iterable[tuple[str, Any]], lr: float, weight_decay: float) -> list[dict[str, Any]]:
    """Sort parameters into groups after the authors' recipe: no decay and twice the rate for biases.

    Parameters
    ----------
    named : iterable of (name, parameter)
        Ours or PyTorch's.
    lr, weight_decay : float
        Of the convolutions' weights. Batch norms have no weight decay. Unlike the authors', their biases have
        the double rate too: those of the convolutions in front of them have no gradient that would show it.

    Returns
    -------
    groups : list of dict
        For an optimizer whose default rate is `lr`.
    """
    weights: list[Any] = []
    scales: list[Any] = []
    biases: list[Any] = []
    for name, p in named:
        (biases if name.endswith("bias") else weights if p.data.ndim == 4 else scales).append(p)
    return [
        {"params": weights, "weight_decay": weight_decay},
        {"params": scales, "weight_decay": 0.0},
        {"params": biases, "weight_decay": 0.0, "lr": 2 * lr},
    ]


def _net(case: Case) -> Net:
    width = SIZES[case.model][0] if case.width is None else case.width
    settings = {"model": case.model, "width": width, "dtype": case.dtype, "seed": case.seed}
    return build({**settings, "num_classes": Scenes.classes.num_classes})


def _criterion() -> CrossEntropy:
    """The authors' class weights; void pixels are ignored."""
    return CrossEntropy(np.array(PUBLISHED_CAMVID), Scenes.classes.ignore_index)


@lru_cache(maxsize=8)
def _pictures(seed: int, crop: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The images and labels of each step, kept because each case needs them three times."""
    batches = Batches(Scenes(SCENES, SCENE_SIZE, seed), BATCH, crop, seed)
    return [batches.draw(step) for step in range(STEPS)]

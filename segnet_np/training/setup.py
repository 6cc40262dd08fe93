"""From the settings of a run to the things it runs with: pictures, net, loss and optimizer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from segnet_np.data.augment import Changes
from segnet_np.data.batches import Batches, Dataset
from segnet_np.data.class_weights import PUBLISHED, weights_of_label_maps
from segnet_np.data.classes import Classes
from segnet_np.data.folders import Folder
from segnet_np.data.scenes import Scenes
from segnet_np.data.subset import split_by_prefix
from segnet_np.layers import Parameter
from segnet_np.models import Net, SegNetBasic
from segnet_np.models.weights_file import build
from segnet_np.training.adamw import AdamW
from segnet_np.training.config import Config
from segnet_np.training.look_through import look_through
from segnet_np.training.optimizer import Optimizer
from segnet_np.training.sgd import SGD

# How many of the embedded scenes are trained on and held out; their seeds have no scene in common.
TRAINING_SCENES, HELD_OUT_SCENES = 400, 40

# Of a folder full of wrong files, so many are named.
MOST_NAMED = 10


@dataclass
class Setup:
    """What a training runs with."""

    net: Net
    optimizer: Optimizer
    batches: Batches
    held_out: Dataset
    class_weights: np.ndarray | None

    def __post_init__(self) -> None:
        # Of each group of parameters; the schedule lowers them from step to step.
        self.highest_rates = [float(group["lr"]) for group in self.optimizer.param_groups]


def training_pictures(data: str | None) -> Dataset:
    """The pictures to train on: the folder's train split, or the embedded scenes for None."""
    return Scenes(TRAINING_SCENES, seed=0) if data is None else Folder(data, "train")


def held_out_pictures(data: str | None, split: str | None = None) -> Dataset:
    """The pictures to judge by: a split of the folder, by default val, or for None the scenes kept aside.

    Raises
    ------
    ValueError
        When a split of the scenes is asked for; see also `Folder`.
    """
    if data is None:
        if split is not None:
            raise ValueError(f"--split {split}: only a data folder has splits, name one with --data")
        return Scenes(HELD_OUT_SCENES, seed=1)
    return Folder(data, "val" if split is None else split)


def split_pictures(config: Config) -> tuple[Dataset, Dataset]:
    """The pictures that a run trains on, and those that it is judged by.

    Raises
    ------
    ValueError, OSError
        When the data folder cannot be used, or no picture, or every one, is to be held out.
    """
    pictures = training_pictures(config.data)
    if config.hold_out is None:
        return pictures, held_out_pictures(config.data)
    try:
        return split_by_prefix(pictures, config.hold_out)
    except ValueError as error:
        raise ValueError(f"--{error}") from error


def prepare(config: Config) -> Setup:
    """Read through the pictures and make a new net with its optimizer.

    Parameters
    ----------
    config : Config

    Returns
    -------
    setup : Setup

    Raises
    ------
    ValueError, OSError
        When the data folder cannot be used, or does not go with the settings.
    """
    pictures, held_out = split_pictures(config)
    net = _new_net(config, pictures.classes)
    if 0 < config.crop < net.min_size:
        raise ValueError(f"--crop {config.crop}: {config.model} needs crops of at least {net.min_size}")
    # Painted scenes are of one size and hold what they shall; to paint all of them takes a while.
    painted = config.data is None
    trained = look_through(
        pictures, "training pictures", 1 if painted and config.class_weights != "median" else None
    )
    judged = look_through(held_out, "held-out pictures", 1 if painted else None)
    at = "" if config.scale == 1 else f" at --scale {config.scale:g}"
    whole = net.min_size, f"the {net.min_size}x{net.min_size} that {config.model} needs{at}"
    looked_at = whole[0], whole[1] + (f" and --views, {net.smallest_view:g} of that" if config.views else "")
    cropped = (config.crop, f"--crop {config.crop}{at}") if config.crop else whole
    problems = trained.problems + judged.problems
    if (more := len(problems) - MOST_NAMED) > 0:
        problems[MOST_NAMED:] = [f"and {more} more; segnet-np check-data names all"]
    problems += trained.too_small(config.scale, *cropped)
    if config.crop == 0 and config.batch > 1:
        problems += trained.unequal(config.scale)
    problems += judged.too_small(config.scale * net.smallest_view, *looked_at)
    if problems:
        raise ValueError("\n".join(problems))
    net.input_side = int(np.median([min(size) for size in trained.sizes.values()]))
    changes = Changes(config.scale, config.zoom, config.stretch, config.flip, config.colour, config.light)
    batches = Batches(pictures, config.batch, config.crop, config.seed, changes)
    batches.draw(0)  # what else is wrong with the first pictures is noticed here, before a run has begun
    return Setup(
        net=net,
        optimizer=_optimizer(config, net),
        batches=batches,
        held_out=held_out,
        class_weights=_class_weights(config, pictures.classes, trained.counts),
    )


def _new_net(config: Config, classes: Classes) -> Net:
    arguments: dict[str, Any] = {
        "model": config.model,
        "num_classes": classes.num_classes,
        "width": config.width,
        "ceil_mode": config.ceil_mode,
        "dropout": config.dropout,
    }
    if config.model == SegNetBasic.model:
        arguments["kernel_size"] = config.kernel_size
    net = build({**arguments, "seed": config.seed})
    net.class_names, net.class_colours = classes.names, classes.colours
    net.input_normalisation, net.input_scale = config.normalisation, config.scale
    net.input_views = config.views
    return net


def _optimizer(config: Config, net: Net) -> Optimizer:
    """Weight decay pulls on the convolutions' weights only: biases and batch norms need not be small."""
    weights: list[Parameter] = []
    biases: list[Parameter] = []
    others: list[Parameter] = []
    for name, p in net.named_parameters():
        faster = config.bias_rate != 1 and name.startswith("conv") and name.endswith(".bias")
        (weights if p.data.ndim == 4 else biases if faster else others).append(p)
    groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": config.weight_decay}]
    if biases:
        groups.append({"params": biases, "weight_decay": 0.0, "lr": config.lr * config.bias_rate})
    groups.append({"params": others, "weight_decay": 0.0})
    if config.optimizer == "sgd":
        return SGD(groups, lr=config.lr, momentum=0.9)
    return AdamW(groups, lr=config.lr)


def _class_weights(config: Config, classes: Classes, counts: np.ndarray) -> np.ndarray | None:
    if config.class_weights == "none":
        return None
    if config.class_weights == "median":
        pixels = counts.sum(0)[: classes.num_classes]
        if absent := [f"{classes.names[k]} ({k})" for k in np.flatnonzero(pixels == 0)]:
            raise ValueError(
                f"no pixel of {', '.join(absent)} in the {len(counts)} training pictures, so there is no "
                "frequency to weigh by; --class-weights none trains without weights"
            )
        return weights_of_label_maps(counts, classes.num_classes) ** config.balance
    weights = np.array(PUBLISHED[config.class_weights])
    if len(weights) != classes.num_classes:
        raise ValueError(
            f"--class-weights {config.class_weights}: {len(weights)} weights, "
            f"but there are {classes.num_classes} classes"
        )
    return weights**config.balance

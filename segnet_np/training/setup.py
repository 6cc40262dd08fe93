"""From the settings of a run to the things it runs with: pictures, net, loss and optimizer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from segnet_np.data.augment import Changes
from segnet_np.data.batches import Batches, Dataset
from segnet_np.data.class_weights import PUBLISHED, median_frequency_weights
from segnet_np.data.classes import Classes
from segnet_np.data.folders import Folder
from segnet_np.data.pictures import read_size
from segnet_np.data.scenes import Scenes
from segnet_np.data.subset import Subset, split_by_prefix
from segnet_np.layers import Parameter
from segnet_np.models import Net, SegNetBasic
from segnet_np.models.weights_file import build
from segnet_np.names import listed, shown
from segnet_np.sizes import scaled_size
from segnet_np.training.adamw import AdamW
from segnet_np.training.config import Config
from segnet_np.training.optimizer import Optimizer
from segnet_np.training.sgd import SGD

# How many of the embedded scenes are trained on and held out; their seeds have no scene in common.
TRAINING_SCENES, HELD_OUT_SCENES = 400, 40


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


def prepare(config: Config) -> Setup:
    """Open the pictures and make a new net with its optimizer.

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
    pictures: Dataset = training_pictures(config.data)
    held_out: Dataset
    net = _new_net(config, pictures.classes)
    if 0 < config.crop < net.min_size:
        raise ValueError(f"--crop {config.crop}: {config.model} needs crops of at least {net.min_size}")
    if config.hold_out is None:
        held_out = held_out_pictures(config.data)
    else:
        try:
            pictures, held_out = split_by_prefix(pictures, config.hold_out)
        except ValueError as error:
            raise ValueError(f"--{error}") from error
    at = "" if config.scale == 1 else f" at --scale {config.scale:g}"
    whole = net.min_size, f"the {net.min_size}x{net.min_size} that {config.model} needs{at}"
    looked_at = whole[0], whole[1] + (f" and --views, {net.smallest_view:g} of that" if config.views else "")
    sizes, problems = _sizes(pictures)
    cropped = (config.crop, f"--crop {config.crop}{at}") if config.crop else whole
    problems += _too_small(sizes, config.scale, *cropped)
    if config.crop == 0 and config.batch > 1:
        problems += _unequal(sizes, config.scale)
    judged, unreadable = _sizes(held_out)
    if not judged and not unreadable:
        judged = {Path("held-out scenes/each"): _first_size(held_out)}
    problems += unreadable + _too_small(judged, config.scale * net.smallest_view, *looked_at)
    if problems:
        raise ValueError("\n".join(problems))
    if not sizes:
        sizes = {Path(): _first_size(pictures)}
    net.input_side = int(np.median([min(size) for size in sizes.values()]))
    changes = Changes(config.scale, config.zoom, config.stretch, config.flip, config.colour, config.light)
    batches = Batches(pictures, config.batch, config.crop, config.seed, changes)
    batches.draw(0)  # what else is wrong with the first pictures is noticed here, before a run has begun
    return Setup(
        net=net,
        optimizer=_optimizer(config, net),
        batches=batches,
        held_out=held_out,
        class_weights=_class_weights(config, pictures),
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


def _sizes(pictures: Dataset) -> tuple[dict[Path, tuple[int, int]], list[str]]:
    """The size of each image of a folder by its file, and what is wrong with those that cannot be read.

    So is found at once what would end a training hours later. Other data sets know what they hold.
    """
    if isinstance(pictures, Subset) and isinstance(pictures.dataset, Folder):
        paths = [pictures.dataset.pairs[k][0] for k in pictures.indices]
    else:
        paths = [path for path, _ in pictures.pairs] if isinstance(pictures, Folder) else []
    sizes, problems = {}, []
    for path in paths:
        try:
            sizes[path] = read_size(path)
        except (OSError, ValueError) as error:
            problems.append(str(error))
    return sizes, problems


def _first_size(pictures: Dataset) -> tuple[int, int]:
    height, width = pictures[0][1].shape
    return height, width


def _too_small(sizes: dict[Path, tuple[int, int]], scale: float, least: int, needed: str) -> list[str]:
    small = [path for path, size in sizes.items() if min(scaled_size(*size, scale)) < least]
    return [f"{_folder_of(small)}: smaller than {needed}: {_named(small, sizes)}"] if small else []


def _unequal(sizes: dict[Path, tuple[int, int]], scale: float) -> list[str]:
    scaled = {path: scaled_size(*size, scale) for path, size in sizes.items()}
    first = next(iter(scaled), None)
    others = [path for path in scaled if first and scaled[path] != scaled[first]]
    if first is None or not others:
        return []
    return [
        f"{_folder_of(others)}: whole pictures in a batch must be of one size, but there are "
        f"{_named([first, *others], sizes)}"
    ]


def _folder_of(paths: list[Path]) -> str:
    return shown(paths[0].parent)


def _named(paths: list[Path], sizes: dict[Path, tuple[int, int]]) -> str:
    return listed([f"{shown(path.name)} ({sizes[path][0]}x{sizes[path][1]})" for path in paths])


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


def _class_weights(config: Config, pictures: Dataset) -> np.ndarray | None:
    classes = pictures.classes
    if config.class_weights == "none":
        return None
    if config.class_weights == "median":
        bar = tqdm(range(len(pictures)), desc="counting labels", unit="picture", leave=False)
        labels = (pictures[k][1] for k in bar)
        try:
            weights = median_frequency_weights(labels, classes.num_classes, classes.ignore_index)
        except ValueError as error:
            raise ValueError(f"{error}; --class-weights none trains without weights") from error
        return weights**config.balance
    weights = np.array(PUBLISHED[config.class_weights])
    if len(weights) != classes.num_classes:
        raise ValueError(
            f"--class-weights {config.class_weights}: {len(weights)} weights, "
            f"but there are {classes.num_classes} classes"
        )
    return weights**config.balance

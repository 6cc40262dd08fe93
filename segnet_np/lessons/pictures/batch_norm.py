"""Pictures of lesson 04: values before and after batch norm, the spread of deep maps, running statistics."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from segnet_np import reference
from segnet_np.data import street_scene
from segnet_np.layers import Conv2d
from segnet_np.lessons.pictures.drawing import BLUE, GREEN, ORANGE, PURPLE, RED, number
from segnet_np.plots import INK, SOFT

BATCHES_SHOWN = 40
DEEP = (RED, BLUE, GREEN)


def responses(count: int = 64, size: tuple[int, int] = (32, 48)) -> np.ndarray:
    """Compute what one kernel of an untrained 3x3 convolution answers to street scenes.

    Parameters
    ----------
    count : int, default 64
        Number of scenes.
    size : (height, width)

    Returns
    -------
    x : ndarray, shape (count, 1, H, W)
    """
    scenes = np.stack([street_scene(seed, size)[0] for seed in range(count)])
    images = scenes.transpose(0, 3, 1, 2) / 255.0
    return Conv2d(3, 1, 3, padding=1, dtype="float64", seed=18)(images)


def before_and_after(x: np.ndarray, batch: int, weight: float, bias: float, train: bool) -> Figure:
    """Draw a batch before and after batch norm, and one pixel of it in company of ever other pictures.

    Parameters
    ----------
    x : ndarray, shape (N, 1, H, W)
        One channel of many pictures.
    batch : int
        How many of them are normalised together; at least 1.
    weight, bias : float
    train : bool
        Whether with the statistics of the batch, or with those of all pictures, as in evaluation.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(11, 3.3), layout="constrained")
    before, after, company = figure.subplots(1, 3)
    everything = x.mean(), x.var(ddof=1)

    def normalised(part: np.ndarray) -> np.ndarray:
        mean, var = (part.mean(), part.var()) if train else everything
        return np.asarray(weight * (part - mean) / np.sqrt(var + 1e-5) + bias)

    mode = "this batch's statistics" if train else "running statistics"
    _histogram(before, x[:batch], PURPLE, f"before: x of {batch} picture{'s' * (batch > 1)}")
    _histogram(after, normalised(x[:batch]), BLUE, f"after, with {mode}")
    reach = max(4.0, abs(bias) + 3.5 * abs(weight))
    after.set_xlim(-reach, reach)

    rng = np.random.default_rng(0)
    pixel = (0, 0, x.shape[2] // 2, x.shape[3] // 2)
    outs = []
    for _ in range(BATCHES_SHOWN):
        others = rng.choice(np.arange(1, len(x)), batch - 1, replace=False)
        outs.append(normalised(x[[0, *others]])[pixel])
    company.plot(range(1, BATCHES_SHOWN + 1), outs, "o", markersize=4, color=RED)
    fixed = weight * (x[pixel] - everything[0]) / np.sqrt(everything[1] + 1e-5) + bias
    company.axhline(fixed, color=INK, linewidth=1, linestyle=":")
    company.set_ylim(np.mean(outs) - abs(weight) - 0.1, np.mean(outs) + abs(weight) + 0.1)
    label(
        company, f"one pixel's output in {BATCHES_SHOWN} batches\nspread {np.std(outs):.2f}", "batch", "out"
    )
    return figure


def _histogram(ax: Axes, values: np.ndarray, colour: str, title: str) -> None:
    mean, std = values.mean(), values.std()
    ax.hist(values.ravel(), bins=60, color=colour, density=True)
    ax.axvline(mean, color=INK, linewidth=1.5)
    for side in (mean - std, mean + std):
        ax.axvline(side, color=INK, linewidth=1, linestyle=":")
    label(ax, f"{title}\nmean {number(round(mean, 2) + 0.0)}, standard deviation {std:.2f}", "value", "")
    ax.set_yticks([])


def label(ax: Axes, title: str, below: str, beside: str) -> None:
    """Give axes a title, names for what is below and beside them, and a quiet look."""
    ax.set_title(title, fontsize=10, color=INK)
    ax.set_xlabel(below, fontsize=9, color=SOFT)
    ax.set_ylabel(beside, fontsize=9, color=SOFT)
    ax.tick_params(labelsize=8, colors=SOFT)
    ax.spines[["top", "right"]].set_visible(False)


# -------------------------------------------------------------------------------------- depth and statistics


def depth(spreads: dict[str, Sequence[float]]) -> Figure:
    """Draw the standard deviation of the maps from layer to layer, on a logarithmic axis.

    Parameters
    ----------
    spreads : dict of str to sequence of float

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(8.5, 3.6), layout="constrained")
    ax = figure.subplots()
    for (name, values), marker, colour in zip(spreads.items(), "osD^vP", (*DEEP, *DEEP), strict=False):
        plain = "batch norm" not in name
        ax.plot(
            range(1, len(values) + 1),
            values,
            marker=marker,
            markersize=5,
            linestyle="-" if plain else "--",
            color=colour,
            label=name,
        )
    ax.set_yscale("log")
    label(ax, "the spread of the maps after each layer", "layer", "standard deviation")
    ax.legend(fontsize=8, frameon=False)
    return figure


def running(x: np.ndarray, batch: int, momentum: float, steps: int = 80) -> Figure:
    """Draw how the running mean and variance follow the batches.

    Parameters
    ----------
    x : ndarray, shape (N, 1, H, W)
    batch : int
    momentum : float
    steps : int, default 80

    Returns
    -------
    figure : Figure
    """
    rng = np.random.default_rng(1)
    mean, var = np.zeros(1), np.ones(1)
    tracks: dict[str, list[tuple[float, float]]] = {"mean": [], "variance": []}
    for _ in range(steps):
        part = x[rng.choice(len(x), batch, replace=False)]
        _, mean, var = reference.batch_norm_train(part, np.ones(1), np.zeros(1), mean, var, momentum)
        tracks["mean"].append((float(part.mean()), mean[0]))
        tracks["variance"].append((float(part.var(ddof=1)), var[0]))
    figure = Figure(figsize=(10, 3.3), layout="constrained")
    goals = {"mean": x.mean(), "variance": x.var(ddof=1)}
    for ax, (name, pairs) in zip(figure.subplots(1, 2), tracks.items(), strict=True):
        of_batch, smooth = zip(*pairs, strict=True)
        ax.plot(of_batch, "o", markersize=3, color=ORANGE, label="of each batch")
        ax.plot(smooth, color=BLUE, linewidth=2, label=f"running, momentum {momentum:g}")
        ax.axhline(goals[name], color=INK, linewidth=1, linestyle=":", label="of all pictures")
        label(ax, name, "batches seen", "")
    ax.legend(fontsize=8, frameon=False)
    return figure

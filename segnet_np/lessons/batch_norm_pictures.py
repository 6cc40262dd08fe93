"""Pictures of lesson 04: values before and after batch norm, the ways back through it, its statistics."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from segnet_np import reference
from segnet_np.data import street_scene
from segnet_np.layers import Conv2d
from segnet_np.lessons.pictures import BLUE, GREEN, ORANGE, PURPLE, RED
from segnet_np.plots import FAINT, INK, SOFT

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
    return Conv2d(3, 1, 3, padding=1, dtype="float64", seed=3)(images)


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
    company.set_ylim(np.mean(outs) - 1.5 * abs(weight) - 0.1, np.mean(outs) + 1.5 * abs(weight) + 0.1)
    _say(company, f"one pixel's output in {BATCHES_SHOWN} batches\nspread {np.std(outs):.2f}", "batch", "out")
    return figure


def _histogram(ax: Axes, values: np.ndarray, colour: str, title: str) -> None:
    mean, std = values.mean(), values.std()
    ax.hist(values.ravel(), bins=60, color=colour, density=True)
    ax.axvline(mean, color=INK, linewidth=1.5)
    for side in (mean - std, mean + std):
        ax.axvline(side, color=INK, linewidth=1, linestyle=":")
    _say(ax, f"{title}\nmean {mean:.2f}, standard deviation {std:.2f}", "value", "")
    ax.set_yticks([])


def _say(ax: Axes, title: str, below: str, beside: str) -> None:
    ax.set_title(title, fontsize=10, color=INK)
    ax.set_xlabel(below, fontsize=9, color=SOFT)
    ax.set_ylabel(beside, fontsize=9, color=SOFT)
    ax.tick_params(labelsize=8, colors=SOFT)
    ax.spines[["top", "right"]].set_visible(False)


# ------------------------------------------------------------------------------------ the graph and its ways

#: Where each quantity stands.
NODES = {
    "x": (0, 1),
    "mean": (1.5, 2),
    "x - mean": (3, 1),
    "var": (4.5, 0),
    "std": (6, 0),
    "x_hat": (7.5, 1),
    "out": (9.6, 1),
    "weight": (8.55, 2),
    "bias": (10.4, 2),
}
EDGES = (
    ("x", "mean"),
    ("x", "x - mean"),
    ("mean", "x - mean"),
    ("x - mean", "var"),
    ("var", "std"),
    ("std", "x_hat"),
    ("x - mean", "x_hat"),
    ("x_hat", "out"),
    ("weight", "out"),
    ("bias", "out"),
)
#: The ways from out back to x, with what flows along each.
WAYS = {
    "forward": ((), INK, "forward: how out is made of x"),
    "direct": (
        ("out", "x_hat", "x - mean", "x"),
        BLUE,
        "the direct way:   dx_hat / std",
    ),
    "mean": (
        ("out", "x_hat", "x - mean", "mean", "x"),
        ORANGE,
        "through the mean:   - sum(dx_hat) / std, and each x gets 1/M of it",
    ),
    "variance": (
        ("out", "x_hat", "std", "var", "x - mean", "x"),
        RED,
        "through the variance:   - sum(dx_hat * x_hat) / std, and each x gets x_hat / M of it",
    ),
}


def ways(way: str = "forward") -> Figure:
    """Draw the graph of batch norm with one way back in it.

    Parameters
    ----------
    way : {"forward", "direct", "mean", "variance"}

    Returns
    -------
    figure : Figure
    """
    path, colour, title = WAYS[way]
    back = set(zip(path[1:], path[:-1], strict=True))
    figure = Figure(figsize=(10, 3), layout="constrained")
    ax = figure.subplots()
    for start, end in EDGES:
        marked = (start, end) in back
        ax.annotate(
            "",
            xy=NODES[start] if marked else NODES[end],
            xytext=NODES[end] if marked else NODES[start],
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour if marked else (SOFT if way == "forward" else "#c5ccd3"),
                "linewidth": 3.5 if marked else 1.5,
                "shrinkA": 22,
                "shrinkB": 22,
                "mutation_scale": 18,
            },
        )
    for name, (right, up) in NODES.items():
        marked = name in path
        half = 0.36 + 0.035 * len(name)
        ax.add_patch(
            FancyBboxPatch(
                (right - half, up - 0.2),
                2 * half,
                0.4,
                boxstyle="round,pad=0.04",
                facecolor="white" if marked or way == "forward" else FAINT,
                edgecolor=colour if marked else SOFT,
                linewidth=2.5 if marked else 1,
                zorder=3,
            )
        )
        ax.text(right, up, name, ha="center", va="center", fontsize=10, color=INK, zorder=4)
    ax.set_title(title, fontsize=11, color=INK)
    ax.set_xlim(-0.6, 11.2)
    ax.set_ylim(-0.45, 2.45)
    ax.axis("off")
    return figure


def parts_of_dx(dout: np.ndarray, x: np.ndarray, weight: float = 1.0, eps: float = 0.0) -> Figure:
    """Draw what each way brings to dx, value by value, and their sum.

    Parameters
    ----------
    dout, x : ndarray, shape (M,)
        One channel.
    weight, eps : float

    Returns
    -------
    figure : Figure
    """
    std = np.sqrt(x.var() + eps)
    x_hat = (x - x.mean()) / std
    dx_hat = weight * dout
    parts = {
        "the direct way": (dx_hat / std, BLUE),
        "through the mean": (np.full_like(x, -dx_hat.mean() / std), ORANGE),
        "through the variance": (-x_hat * (dx_hat * x_hat).mean() / std, RED),
    }
    parts["dx: all together"] = (sum(part for part, _ in parts.values()), INK)
    reach = 1.35 * max(np.abs(part).max() for part, _ in parts.values()) or 1.0
    figure = Figure(figsize=(11, 2.8), layout="constrained")
    for ax, (name, (part, colour)) in zip(figure.subplots(1, 4), parts.items(), strict=True):
        bars = ax.bar(range(len(x)), part, color=colour)
        ax.bar_label(bars, [f"{value:.2f}" for value in part], fontsize=8, color=INK, padding=2)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_ylim(-reach, reach)
        ax.set_xticks(range(len(x)), [f"x={value:g}" for value in x], fontsize=8)
        _say(ax, f"{name}\nsum {part.sum() + 0.0:.2f}", "", "")
    return figure


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
    _say(ax, "the spread of the maps after each layer", "layer", "standard deviation")
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
        _say(ax, name, "batches seen", "")
    ax.legend(fontsize=8, frameon=False)
    return figure

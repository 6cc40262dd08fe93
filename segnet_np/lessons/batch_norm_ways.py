"""The ways back through batch norm, in its graph and in numbers."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from segnet_np.lessons.pictures.batch_norm import label
from segnet_np.lessons.pictures.drawing import BLUE, ORANGE, RED, number
from segnet_np.plots import FAINT, INK, SOFT

#: Where each quantity stands.
NODES = {
    "x": (0, 1),
    "mean": (2, 2.1),
    "x - mean": (4, 1),
    "var": (5.7, -0.1),
    "std": (8.7, -0.1),
    "x_hat": (10.2, 1),
    "out": (13, 1),
    "weight": (11.9, 2.1),
    "bias": (14.1, 2.1),
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
#: The ways from out back to x: where they lead, by what each step multiplies, colour and title.
WAYS = {
    "forward": (("out",), (), INK, "forward: how out is made of x"),
    "direct": (
        ("out", "x_hat", "x - mean", "x"),
        ("\u00b7 weight", "\u00b7 1 / std", "\u00b7 1"),
        BLUE,
        "the direct way: each x gets dx_hat / std, from its own x_hat only",
    ),
    "mean": (
        ("out", "x_hat", "x - mean", "mean", "x"),
        ("\u00b7 weight", "\u00b7 1 / std", "sum of all, \u00b7 (\u22121)", "\u00b7 1 / M"),
        ORANGE,
        "through the mean: it collects from all x_hat, and each x gets 1/M of it",
    ),
    "variance": (
        ("out", "x_hat", "std", "var", "x - mean", "x"),
        (
            "\u00b7 weight",
            "sum of all, \u00b7 (\u2212x_hat / std)",
            "\u00b7 1 / (2 std)",
            "\u00b7 2 (x \u2212 mean) / M",
            "\u00b7 1",
        ),
        RED,
        "through the variance: it collects from all x_hat, and each x gets x_hat / M of it",
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
    path, factors, colour, title = WAYS[way]
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    ax = figure.subplots()
    boxes = {}
    for name, (right, up) in NODES.items():
        marked = name in path and way != "forward"
        half = 0.42 + 0.045 * len(name)
        boxes[name] = FancyBboxPatch(
            (right - half, up - 0.2),
            2 * half,
            0.4,
            boxstyle="round,pad=0.04",
            facecolor="white" if marked or way == "forward" else FAINT,
            edgecolor=colour if marked else SOFT,
            linewidth=2.5 if marked else 1,
        )
        ax.add_patch(boxes[name])
        ax.text(right, up, name, ha="center", va="center", fontsize=10, color=INK)
    back = dict(zip(zip(path[1:], path[:-1], strict=True), factors, strict=True))
    for edge in EDGES:
        factor = back.get(edge)
        start, end = edge if factor is None else edge[::-1]
        quiet = SOFT if way == "forward" else "#c5ccd3"
        arrow = FancyArrowPatch(
            NODES[start],
            NODES[end],
            patchA=boxes[start],
            patchB=boxes[end],
            arrowstyle="-|>",
            mutation_scale=16,
            color=quiet if factor is None else colour,
            linewidth=1.4 if factor is None else 3,
        )
        ax.add_patch(arrow)
        if factor is not None:
            _beside(ax, NODES[start], NODES[end], factor)
    ax.set_title(title, fontsize=11, color=INK)
    ax.set_xlim(-0.8, 15.2)
    ax.set_ylim(-0.6, 2.6)
    ax.axis("off")
    return figure


def _beside(ax: Axes, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    """Write above a level arrow, and on the outer side of a slanting one."""
    (x0, y0), (x1, y1) = start, end
    right, up = (x0 + x1) / 2, (y0 + y1) / 2
    if y0 == y1:
        ax.text(right, up + 0.1, text, fontsize=9, color=INK, ha="center", va="bottom")
    elif y1 > y0 and y0 < 0:
        ax.text(right - 0.35, up, text, fontsize=9, color=INK, ha="right", va="center")
    else:
        ax.text(right + 0.35, up, text, fontsize=9, color=INK, ha="left", va="center")


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
        ax.bar_label(bars, [number(value) for value in part], fontsize=8, color=INK, padding=2)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_ylim(-reach, reach)
        ax.set_xticks(range(len(x)), [f"x={value:g}" for value in x], fontsize=8)
        label(ax, f"{name}\nsum {number(part.sum().round(9))}", "", "")
    return figure

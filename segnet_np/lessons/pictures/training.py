"""Pictures of training: crops and labels, an optimizer's path through a valley, schedules, class weights."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from segnet_np.data.classes import CAMVID, Classes, colourise
from segnet_np.layers.base import Parameter
from segnet_np.lessons.pictures.drawing import BLUE, ORANGE
from segnet_np.plots import BLUES, DPI, INK, SERIES, SOFT, plain
from segnet_np.training.schedule import SCHEDULES
from segnet_np.training.sgd import SGD


def draw_crops(images: np.ndarray, labels: np.ndarray, classes: Classes = CAMVID, columns: int = 8) -> Figure:
    """Show crops in a row, each with its labels below.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, 3)
    labels : ndarray of integers, shape (N, H, W)
    classes : Classes
    columns : int
        How many are shown at most.

    Returns
    -------
    figure : Figure
    """
    count = min(len(images), columns)
    figure = Figure(figsize=(1.35 * count, 3.1), dpi=DPI, layout="constrained")
    rows = images, colourise(labels, classes)
    for axes, row in zip(figure.subplots(2, count, squeeze=False), rows, strict=True):
        for ax, picture in zip(axes, row[:count], strict=True):
            ax.imshow(picture, interpolation="nearest")
            ax.set_axis_off()
    names = dict(enumerate(zip(classes.names, classes.colours, strict=True)))
    if classes.ignore_index is not None:
        names[classes.ignore_index] = ("void", classes.void_colour)
    present = [names[k] for k in np.unique(labels[:count]).tolist()]
    handles = [Patch(facecolor="#{:02x}{:02x}{:02x}".format(*rgb), label=name) for name, rgb in present]
    figure.legend(
        handles=handles, ncols=12, loc="outside lower center", frameon=False, fontsize=8, labelcolor=INK,
        handlelength=1.2, columnspacing=1,
    )  # fmt: skip
    return figure


def draw_descent(lr: float, momentum: float, steps: int = 40) -> Figure:
    """Walk down a long narrow valley by SGD: the weights' path, and the loss at each step.

    The loss is (w0^2 + 25 w1^2) / 2: one direction is 25 times as steep as the other.

    Parameters
    ----------
    lr, momentum : float
    steps : int

    Returns
    -------
    figure : Figure
    """
    steep = np.array([1.0, 25.0])
    weight = Parameter(np.array([-9.0, 1.5]))
    optimizer = SGD([weight], lr=lr, momentum=momentum)
    path = [weight.data.copy()]
    for _ in range(steps):
        weight.grad = steep * weight.data
        optimizer.step()
        path.append(weight.data.copy())
    walked = np.clip(np.array(path), -1e6, 1e6)
    losses = (steep * walked**2).sum(1) / 2
    figure = Figure(figsize=(10, 3.2), dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    w0, w1 = np.meshgrid(np.linspace(-10, 4, 120), np.linspace(-2.4, 2.4, 80))
    left.contourf(w0, w1, np.sqrt(w0**2 + 25 * w1**2), levels=14, cmap=BLUES, alpha=0.55)
    left.plot(*walked.T, color=SERIES[0], linewidth=1.4, marker="o", markersize=3)
    left.plot(0, 0, marker="*", color=INK, markersize=12)
    left.set(xlim=(-10, 4), ylim=(-2.4, 2.4), xlabel="w0", ylabel="w1")
    left.set_title(
        f"lr {lr:g}, momentum {momentum:g}: the way to the star", loc="left", fontsize=11, color=INK
    )
    right.semilogy(np.maximum(losses, 1e-12), color=SERIES[0], linewidth=2)
    right.set(ylim=(1e-8, 1e4), xlabel="step")
    right.set_title("loss", loc="left", fontsize=11, color=INK)
    plain(left)
    plain(right)
    return figure


def draw_schedules(steps: int) -> Figure:
    """Draw each schedule: by which factor the learning rate is multiplied in each step.

    Parameters
    ----------
    steps : int

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(7, 2.6), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    for (name, schedule), line in zip(SCHEDULES.items(), ("-", "--", "-."), strict=True):
        ax.plot([schedule(k, steps) for k in range(steps)], linestyle=line, linewidth=2, label=name)
    ax.set(ylim=(0, 1.05), xlabel="step")
    ax.set_title("factor of the learning rate", loc="left", fontsize=11, color=INK)
    ax.legend(frameon=False, labelcolor=INK)
    plain(ax)
    return figure


def draw_bars(bars: Mapping[str, Sequence[float]], names: Sequence[str], title: str) -> Figure:
    """Draw one or two numbers for each class as bars, on a logarithmic scale.

    Parameters
    ----------
    bars : mapping of str to sequences of float
        What is drawn, by name; one number a class.
    names : sequence of str
        The classes.
    title : str

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(10, 3), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    places, width = np.arange(len(names)), 0.8 / len(bars)
    for k, ((name, values), colour) in enumerate(zip(bars.items(), (BLUE, ORANGE), strict=False)):
        at = places + (k - (len(bars) - 1) / 2) * width
        drawn = ax.bar(at, values, 0.94 * width, color=colour, label=name)
        ax.bar_label(drawn, [f"{value:.2g}" for value in values], fontsize=8, color=INK, padding=2)
    ax.set_yscale("log")
    ax.axhline(1, color=SOFT, linewidth=1)
    ax.margins(y=0.15)
    ax.set_yticks([])  # each bar says its number
    ax.minorticks_off()
    ax.set_xticks(places, names)
    ax.set_title(title, loc="left", fontsize=11, color=INK)
    if len(bars) > 1:
        ax.legend(frameon=False, labelcolor=INK, ncols=2)
    plain(ax)
    return figure


def draw_two_losses(seen: Sequence[float], steps: Sequence[int], others: Sequence[float]) -> Figure:
    """Draw the loss on what is trained on, and the loss on what is not.

    Parameters
    ----------
    seen : sequence of float
        The training loss of each step.
    steps : sequence of int
        After which steps the other loss was measured.
    others : sequence of float

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(7, 2.8), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    ax.plot(range(1, len(seen) + 1), seen, color=BLUE, linewidth=2, label="on the crops it is trained on")
    ax.plot(steps, others, color=ORANGE, linewidth=2, marker="o", label="on scenes it never saw")
    ax.set(ylim=(0, None), xlabel="step")
    ax.set_title("loss", loc="left", fontsize=11, color=INK)
    ax.legend(frameon=False, labelcolor=INK)
    plain(ax)
    return figure

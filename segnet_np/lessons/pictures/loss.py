"""The pictures of lesson 05: counted pixels, one pixel's softmax, and how hard each pixel pulls."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from segnet_np.data.classes import CAMVID, Classes, colourise
from segnet_np.layers import softmax, softmax_cross_entropy
from segnet_np.lessons.pictures.drawing import BLUE, GREEN, ORANGE, PALE, draw_grid, grids, overlay
from segnet_np.plots import BLUES, INK, SOFT

_DPI = 100

# The darkest shade of `pull_picture`, in units of the mean pixel.
_HARDEST = 4


def counts_picture(
    image: np.ndarray, labels: np.ndarray, counts: Mapping[str, np.ndarray], classes: Classes = CAMVID
) -> Figure:
    """Show a scene, its labels, and how many pixels each class has in two sets of pictures.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    labels : ndarray of integers, shape (H, W)
    counts : mapping of two names to ndarray of integers, shape (num_classes,)
        Pixels of each class. The first set is drawn in the colours of the classes, and gives the order.
    classes : Classes

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(11, 3.5), dpi=_DPI, layout="constrained")
    picture, truth, bars = figure.subplots(1, 3, width_ratios=(1, 1, 1.35))
    _show(picture, image, "a painted scene")
    _show(truth, colourise(labels, classes), "its labels (black: void)")
    (name, main), (other_name, other) = counts.items()
    shares, other_shares = 100 * main / main.sum(), 100 * other / other.sum()
    order = np.argsort(shares)
    places = np.arange(len(order))
    colours = _colours(classes)
    bars.barh(
        places + 0.18, shares[order], 0.5, color=[colours[k] for k in order], edgecolor=INK, linewidth=0.6,
        label=name,
    )  # fmt: skip
    bars.barh(places - 0.25, other_shares[order], 0.28, color=PALE, label=other_name)
    for place, k in enumerate(order):
        bars.text(shares[k] + 0.5, place + 0.18, f"{shares[k]:.1f} %", va="center", fontsize=8, color=INK)
    bars.set_yticks(places, [classes.names[k] for k in order])
    bars.set_title("share of the labelled pixels", fontsize=10, color=INK)
    bars.set_xlim(0, shares.max() * 1.18)
    bars.legend(fontsize=8, frameon=False, loc="lower right")
    _plain(bars)
    return figure


def loss_curve() -> Figure:
    """Draw the loss of a pixel over the probability of its right class."""
    figure = Figure(figsize=(5.4, 3), dpi=_DPI, layout="constrained")
    ax = figure.subplots()
    p = np.linspace(0.004, 1, 400)
    ax.plot(p, -np.log(p), color=BLUE, linewidth=2)
    for at, words in ((0.75, "3 to 1 for the right class"), (0.25, "3 to 1 against it")):
        height = -np.log(at)
        ax.plot(at, height, "o", color=ORANGE, markersize=7, markeredgecolor=INK)
        ax.annotate(
            f"p = {at}: {height:.3f}\n{words}", (at, height), (at, height + 0.5), fontsize=8.5, color=INK
        )
    ax.set(xlim=(0, 1.12), ylim=(0, 5))
    ax.set_xlabel("probability of the right class", color=INK, fontsize=9)
    ax.set_ylabel("loss of the pixel", color=INK, fontsize=9)
    _plain(ax)
    return figure


def pixel_picture(logits: Sequence[float], right_class: int) -> Figure:
    """Draw bars of softmax, of one-hot and of their difference, for one pixel.

    Parameters
    ----------
    logits : sequence of float
        One for each class.
    right_class : int

    Returns
    -------
    figure : Figure
    """
    z = np.array(logits, float)
    classes = len(z)
    p = softmax(z.reshape(1, classes, 1, 1)).ravel()
    one_hot = np.eye(classes)[right_class]
    figure = Figure(figsize=(8.6, 2.8), dpi=_DPI, layout="constrained")
    parts = (
        ("p = softmax(z)", p, BLUE, ".2f"),
        ("one_hot", one_hot, ORANGE, ".0f"),
        ("dz = p \u2212 one_hot", p - one_hot, GREEN, "+.2f"),
    )
    for ax, (title, values, colour, form) in zip(figure.subplots(1, 3, sharey=True), parts, strict=True):
        ax.bar(range(classes), values, color=colour, edgecolor=INK, linewidth=0.6)
        for c, value in enumerate(values):
            up = value >= 0
            ax.text(
                c, value + (0.05 if up else -0.05), format(value, form).replace("-", "\u2212"),
                ha="center", va="bottom" if up else "top", fontsize=9, color=INK,
            )  # fmt: skip
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set(ylim=(-1.3, 1.3))
        names = [f"class {c}" + ("\n(right)" if c == right_class else "") for c in range(classes)]
        ax.set_xticks(range(classes), names)
        ax.set_title(title, fontsize=10, color=INK)
        _plain(ax)
    figure.suptitle(
        f"loss \u2212log p of the right class: {_loss(z, right_class):.3f}", fontsize=10, color=INK
    )
    return figure


def by_hand_picture() -> Figure:
    """Draw four pixels of two classes, one of them void: label, probability, loss and weight."""
    figure, axes = grids((2, 2), (2, 2), (2, 2), (2, 2), cell=0.75, gap=0.8)
    faint = np.array([[False, False], [True, False]])
    tables = (
        ("labels", [["0", "1"], ["void", "0"]]),
        ("p of the label", [["0.75", "0.25"], ["·", "0.5"]]),
        ("loss = \u2212log p", [["0.288", "1.386"], ["·", "0.693"]]),
        ("weight of the label", [["1", "3"], ["·", "1"]]),
    )
    for ax, (title, texts) in zip(axes, tables, strict=True):
        draw_grid(ax, np.array(texts), title=title, faint=faint)
    return figure


def pull_picture(
    image: np.ndarray,
    labels: np.ndarray,
    logits: np.ndarray,
    weights: np.ndarray,
    counts: np.ndarray,
    classes: Classes = CAMVID,
) -> Figure:
    """Show how hard each pixel of a scene pulls at the net, and each class in a whole set.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    labels : ndarray of integers, shape (H, W)
    logits : ndarray, shape (num_classes,)
        The same in every pixel.
    weights : ndarray, shape (num_classes,)
        Of the classes.
    counts : ndarray of integers, shape (num_classes,)
        Pixels of each class in the set.
    classes : Classes

    Returns
    -------
    figure : Figure
    """
    number = classes.num_classes
    # One pixel of each class is enough: all pixels of a class pull alike.
    one_of_each = np.broadcast_to(np.reshape(logits, (1, number, 1, 1)), (1, number, 1, number)).astype(float)
    _, dlogits = softmax_cross_entropy(one_of_each, np.arange(number).reshape(1, 1, number), weights)
    pull = np.abs(dlogits[0]).sum(axis=0).ravel()
    figure = Figure(figsize=(10, 5.8), dpi=_DPI, layout="constrained")
    top, bottom = _halves(figure, 1.3)
    picture, gradient = top.add_subplot(1, 2, 1), top.add_subplot(1, 2, 2)
    _show(picture, overlay(image, labels, classes, 0.5), "a scene and its labels")
    of_pixel = np.where(labels < number, pull[np.minimum(labels, number - 1)], 0)
    # In units of the mean pixel of the set; the square root, so that weak pulls stay visible.
    mean = (pull * counts).sum() / counts.sum() or 1
    strength = np.sqrt(of_pixel / mean)
    shown = gradient.imshow(strength, cmap=BLUES, vmin=0, vmax=_HARDEST**0.5, interpolation="nearest")
    _show(gradient, None, "how hard each pixel pulls: its sum of |dlogits|")
    marks = (0, 0.25, 1, 2, _HARDEST)
    scale = top.colorbar(shown, ax=gradient, ticks=np.sqrt(marks), fraction=0.035, extend="max")
    scale.ax.set_yticklabels([f"{mark:g} \u00d7" for mark in marks], fontsize=8)
    scale.ax.set_ylabel("the mean pixel", fontsize=8, color=INK)
    pulls = pull * counts
    names = [f"{name}\n\u00d7 {weight:.2g}" for name, weight in zip(classes.names, weights, strict=True)]
    _pairs(
        bottom.add_subplot(), names, counts / counts.sum(), pulls / (pulls.sum() or 1),
        ("share of the pixels, all scenes", "share of the pull, all scenes"), _colours(classes),
    )  # fmt: skip
    return figure


def found_picture(
    pictures: Mapping[str, np.ndarray],
    found: Mapping[str, np.ndarray],
    order: Sequence[int],
    classes: Classes = CAMVID,
) -> Figure:
    """Show pictures side by side, and beneath them what share of each class two nets found.

    Parameters
    ----------
    pictures : mapping from titles to ndarray
        RGB (H, W, 3), or labels (H, W).
    found : mapping of two names to ndarray, shape (num_classes,)
        0 to 1.
    order : sequence of int
        In which order the classes come.
    classes : Classes

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(11, 5), dpi=_DPI, layout="constrained")
    top, bottom = _halves(figure, 0.9)
    for place, (title, picture) in enumerate(pictures.items(), 1):
        ax = top.add_subplot(1, len(pictures), place)
        _show(ax, picture if picture.ndim == 3 else colourise(picture, classes), title)
    order = list(order)
    names = [classes.names[c] for c in order]
    (first, ours), (second, theirs) = found.items()
    ax = bottom.add_subplot()
    _pairs(ax, names, ours[order], theirs[order], (first, second), [ORANGE] * len(order))
    ax.set_ylabel("percent of its pixels found", fontsize=9, color=INK)
    return figure


def _halves(figure: Figure, ratio: float) -> tuple[SubFigure, SubFigure]:
    """Cut a figure into an upper and a lower part."""
    upper, lower = np.ravel(figure.subfigures(2, 1, squeeze=False, height_ratios=(ratio, 1)))
    return upper, lower


def _pairs(
    ax: Axes,
    names: Sequence[str],
    first: np.ndarray,
    second: np.ndarray,
    labels: tuple[str, str],
    colours: Sequence[object],
) -> None:
    """Draw two bars for each name, pale and coloured."""
    places = np.arange(len(names))
    ax.bar(places - 0.2, 100 * first, 0.4, color=PALE, edgecolor=SOFT, label=labels[0])
    ax.bar(places + 0.2, 100 * second, 0.4, color=colours, edgecolor=INK, hatch="///", label=labels[1])
    ax.set_xticks(places, names)
    ax.set_ylabel("percent", fontsize=9, color=INK)
    ax.legend(fontsize=9, frameon=False)
    _plain(ax)


def _loss(z: np.ndarray, right_class: int) -> float:
    return float(z.max() + np.log(np.exp(z - z.max()).sum()) - z[right_class])


def _colours(classes: Classes) -> list[tuple[float, ...]]:
    return [tuple(part / 255 for part in colour) for colour in classes.colours]


def _show(ax: Axes, picture: np.ndarray | None, title: str) -> None:
    if picture is not None:
        ax.imshow(picture, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=10, color=INK)


def _plain(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)

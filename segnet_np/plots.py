"""Figures of training and of what a net sees.

Every function returns a matplotlib `Figure` of its own, never pyplot's current one: it can be shown in a
notebook, saved with `save`, and needs no screen.
"""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from segnet_np.data.classes import Classes, colourise
from segnet_np.data.label_colours import class_colours
from segnet_np.files import whole_file

DPI = 120
# Of overlays: with a power of two, pixels / OVERLAY_DPI * OVERLAY_DPI is the same whole number again.
OVERLAY_DPI = 128
FONT_SIZE = 9
INK, SOFT, FAINT = "#22303c", "#7b8794", "#e4e7eb"
SERIES = ("#d1495b", "#00798c", "#edae49", "#5b5f97")
BLUES = LinearSegmentedColormap.from_list("paper to ink", ("#ffffff", "#8fc1cf", "#00798c", "#08323d"))


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a file, whole or not at all.

    Parameters
    ----------
    figure : Figure
    path : str or path-like
        Its suffix says the format.
    """
    with whole_file(path) as temporary:
        figure.savefig(temporary)


def curves(
    steps: Sequence[int],
    losses: Sequence[float],
    validated: Sequence[int] = (),
    scores: Mapping[str, Sequence[float]] | None = None,
    ious: Mapping[str, float] | None = None,
) -> Figure:
    """Draw the loss over the steps and, beside it, scores on held-out pictures.

    Parameters
    ----------
    steps, losses : sequences of the same length
        The training loss of each step; drawn with its running mean.
    validated : sequence of int
        The steps after which held-out pictures were looked at.
    scores : mapping from names to sequences as long as `validated`, optional
        What was measured there, 0 to 1; NaN leaves a gap.
    ious : mapping from names of classes to numbers, optional
        Their newest intersection over union, as bars.

    Returns
    -------
    figure : Figure

    Raises
    ------
    ValueError
        When lengths differ.
    """
    scores = scores or {}
    for name, values in (("losses", losses), *scores.items()):
        expected = len(steps) if name == "losses" else len(validated)
        if len(values) != expected:
            raise ValueError(f"curves: {len(values)} {name} for {expected} steps")
    figure = Figure(figsize=(13 if ious else 10, 3.8), dpi=DPI, layout="constrained")
    left, right, *rest = figure.subplots(1, 3 if ious else 2, width_ratios=(5, 5, 4)[: 3 if ious else 2])
    window = max(1, len(losses) // 30)
    left.plot(steps, losses, color=SERIES[0], alpha=0.25, linewidth=1)
    if len(losses) >= window > 0 and len(losses):
        mean = np.convolve(losses, np.full(window, 1 / window), mode="valid")
        left.plot(steps[window - 1 :], mean, color=SERIES[0], linewidth=2)
    _dress(left, "training loss")
    left.set_ylim(bottom=0)
    for colour, (name, values) in zip(SERIES[1:], scores.items(), strict=False):
        right.plot(validated, values, color=colour, linewidth=2, marker="o", markersize=4, label=name)
        known = [(at, value) for at, value in zip(validated, values, strict=True) if not np.isnan(value)]
        if known:
            right.annotate(f"{known[-1][1]:.3f}", known[-1], (6, 0), textcoords="offset points",
                           va="center", color=colour, fontsize=9, annotation_clip=False)  # fmt: skip
    _dress(right, "held-out pictures")
    right.set_ylim(0, 1)
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.margins(x=0.1)
    if scores:
        right.legend(frameon=False, labelcolor=INK, loc="best")
    if ious:
        _bars(rest[0], ious)
        if len(validated):
            rest[0].set_title(f"IoU of each class, step {validated[-1]}", color=INK, fontsize=11, loc="left")
    return figure


def _bars(ax: Axes, ious: Mapping[str, float]) -> None:
    bars = ax.barh(
        [_literally(name) for name in ious], np.nan_to_num(list(ious.values())), color=SERIES[1], height=0.7
    )
    texts = ["" if np.isnan(iou) else f"{iou:.2f}" for iou in ious.values()]
    ax.bar_label(bars, texts, padding=3, color=INK, fontsize=FONT_SIZE)
    _dress(ax, "IoU of each class")
    ax.set_xlabel("")
    ax.invert_yaxis()
    ax.set_xlim(0, 1)


def samples(
    pictures: Sequence[tuple[np.ndarray, ...]],
    classes: Classes,
    titles: Sequence[str] = (),
    width: float = 3.2,
) -> Figure:
    """Show pictures in rows: an image, then label maps that belong to it, in the colours of the classes.

    Parameters
    ----------
    pictures : sequence of (image, labels, ...)
        One row each: an image uint8 (H, W, 3), then label maps (H, W).
    classes : Classes
        For colours and legend.
    titles : sequence of str, optional
        Above the columns, such as ``("image", "truth", "prediction")``.
    width : float
        Of a column, in inches.

    Returns
    -------
    figure : Figure

    Raises
    ------
    ValueError
        When there is no picture, or the rows are not of one length.
    """
    if not pictures or len({len(row) for row in pictures}) != 1:
        raise ValueError("samples: expected at least one picture, and rows of one length")
    columns = len(pictures[0])
    heights = [width * row[0].shape[0] / row[0].shape[1] for row in pictures]
    legend_columns = max(1, int(width * columns / 1.5))  # a name takes about an inch and a half
    legend = 0.3 * _legend_rows(classes, legend_columns)
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, hspace=0, wspace=0)
    figure = Figure(figsize=(width * columns, sum(heights) + 0.35 + legend), dpi=DPI, layout=layout)
    grid = figure.subplots(len(pictures), columns, squeeze=False, height_ratios=heights)
    for axes, row in zip(grid, pictures, strict=True):
        for ax, array in zip(axes, row, strict=True):
            ax.imshow(array if array.ndim == 3 else colourise(array, classes), interpolation="nearest")
            ax.set_axis_off()
    for ax, title in zip(grid[0], titles, strict=False):
        ax.set_title(title, color=INK, fontsize=11)
    _legend(figure, classes, legend_columns, loc="outside lower center")
    return figure


def spread(count: int, length: int) -> list[int]:
    """Choose indices from all over a sequence: neighbours in a film look alike.

    Parameters
    ----------
    count : int
        How many; fewer if there are not so many.
    length : int
        Of the sequence.

    Returns
    -------
    indices : list of int
    """
    return sorted({round(k * (length - 1) / max(count - 1, 1)) for k in range(count)})


def confusion(matrix: np.ndarray, names: Sequence[str]) -> Figure:
    """Show a confusion matrix, each row in percent of the true class.

    Cells below half a percent have no number, and a class without true pixels has a grey row.

    Parameters
    ----------
    matrix : ndarray of integers, shape (num_classes, num_classes)
        Row: the true class; column: the predicted one.
    names : sequence of str
        The classes.

    Returns
    -------
    figure : Figure

    Raises
    ------
    ValueError
        When matrix and names do not fit.
    """
    if matrix.shape != (len(names), len(names)):
        raise ValueError(f"confusion: a matrix of shape {matrix.shape} for {len(names)} names")
    totals = matrix.sum(1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.full(matrix.shape, np.nan), where=totals > 0)
    side = 2.4 + 0.52 * len(names)
    figure = Figure(figsize=(side + 0.4, side), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    ax.imshow(shares, cmap=BLUES.with_extremes(bad=FAINT), vmin=0, vmax=1)
    for (i, j), share in np.ndenumerate(shares):
        if share >= 0.005:
            colour = "white" if share > 0.45 else INK
            ax.text(j, i, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=9)
    absent = " (none)"
    names = [_literally(name) for name in names]
    rows = [name if total else name + absent for name, total in zip(names, totals[:, 0], strict=True)]
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), rows)
    ax.set_xlabel("predicted", color=SOFT)
    ax.set_ylabel("true", color=SOFT)
    ax.set_title("percent of each true class", color=INK, fontsize=11)
    ax.tick_params(length=0, colors=INK)
    ax.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.grid(which="minor", color=FAINT, linewidth=1)
    ax.tick_params(which="minor", length=0)
    ax.spines[:].set_visible(False)
    return figure


def overlay(image: np.ndarray, labels: np.ndarray, classes: Classes, strength: float = 0.55) -> Figure:
    """Lay the colours of the classes over an image, pixel for pixel, with a legend of those present below.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    labels : ndarray of integers, shape (H, W)
    classes : Classes
    strength : float
        How much of the colour is laid over: 0 is the image alone, 1 the colours alone.

    Returns
    -------
    figure : Figure
        Each pixel of the image is one of the saved file, above the legend. An image narrower than 480 pixels
        is enlarged by a whole number, so that the legend finds room.
    """
    blended = (1 - strength) * image + strength * colourise(labels, classes)
    times = -(-480 // image.shape[1])
    shown = np.rint(blended).astype(np.uint8).repeat(times, axis=0).repeat(times, axis=1)
    height, width = shown.shape[:2]
    present = np.unique(labels)
    columns = width // 120
    strip = 12 + 24 * -(-len(present) // columns)
    figure = Figure(figsize=(width / OVERLAY_DPI, (height + strip) / OVERLAY_DPI), dpi=OVERLAY_DPI)
    figure.figimage(shown, 0, strip)
    _legend(figure, classes, columns, "lower center", only=present, font_size=FONT_SIZE * 100 / OVERLAY_DPI)
    return figure


def class_legend(classes: Classes) -> Figure:
    """Show the colour and name of every class.

    Parameters
    ----------
    classes : Classes

    Returns
    -------
    figure : Figure
    """
    columns = 4
    figure = Figure(figsize=(1.35 * columns, 0.15 + 0.22 * _legend_rows(classes, columns)), dpi=DPI)
    _legend(figure, classes, columns, loc="center")
    return figure


def plain(ax: Axes) -> None:
    """Take the frame and the ticks away, and draw a faint grid behind everything.

    Parameters
    ----------
    ax : Axes
    """
    ax.grid(color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(colors=SOFT, length=0)
    ax.spines[:].set_visible(False)


def _dress(ax: Axes, title: str) -> None:
    ax.set_title(title, color=INK, fontsize=11, loc="left")
    ax.set_xlabel("step", color=SOFT)
    plain(ax)


def _entries(classes: Classes, only: np.ndarray | None = None) -> list[tuple[str, tuple[int, int, int]]]:
    """Name and colour of every label, or of those in `only`; void comes last."""
    entries = class_colours(classes)
    return [(name, colour) for label, name, colour in entries if only is None or label in only]


def _literally(name: str) -> str:
    """A class's name with its dollars, between which matplotlib would read mathematics."""
    return name.replace("$", r"\$")


def _legend_rows(classes: Classes, columns: int) -> int:
    return -(-len(_entries(classes)) // columns)


def _legend(
    figure: Figure, classes: Classes, columns: int, loc: str, only: np.ndarray | None = None,
    font_size: float = FONT_SIZE,
) -> None:  # fmt: skip
    handles = [
        Patch(
            facecolor="#{:02x}{:02x}{:02x}".format(*colour),
            edgecolor=SOFT,
            linewidth=0.5,
            label=_literally(name),
        )
        for name, colour in _entries(classes, only)
    ]
    figure.legend(  # type: ignore[call-overload]  # the stubs leave out that loc takes any string
        handles=handles, ncols=min(columns, len(handles)), loc=loc, frameon=False, fontsize=font_size,
        labelcolor=INK, handlelength=1.2, handleheight=1.0, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip

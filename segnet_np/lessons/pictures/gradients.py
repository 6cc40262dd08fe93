"""Pictures of lesson 02: what a step does to a derivative, where there is none, what a check misses."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from segnet_np.lessons.pictures.drawing import BLUE, GREEN, ORANGE, RED, draw_grid
from segnet_np.plots import DPI, INK, SOFT

#: Where the curve is differentiated: exp at 1, whose derivative is e.
_AT = 1.0


def difference_errors(steps: np.ndarray, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Measure how far differences of exp at 1 lie from e, relative to e.

    Parameters
    ----------
    steps : ndarray, shape (K,)
        The steps h.
    dtype : {"float32", "float64"}
        In which everything is calculated.

    Returns
    -------
    central, forward : ndarray, shape (K,)
        Relative errors of ``(f(x + h) - f(x - h)) / 2h`` and of ``(f(x + h) - f(x)) / h``.
    """
    kind = np.dtype(dtype).type
    x, h = kind(_AT), steps.astype(kind)
    central = (np.exp(x + h) - np.exp(x - h)) / (2 * h)
    forward = (np.exp(x + h) - np.exp(x)) / h
    return tuple(np.abs(d.astype(float) - np.e) / np.e for d in (central, forward))


def step_picture(log_h: float = -5.0) -> Figure:
    """Two curves shaped like a U: the error of a difference over its step h, in float64 and in float32.

    Parameters
    ----------
    log_h : float
        The step that is marked, as a power of ten.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(11, 4.2), dpi=DPI, layout="constrained")
    curve, words = figure.subplots(1, 2, width_ratios=(1.6, 1))
    steps = np.logspace(-15, -0.5, 291)
    series = (
        ("float64", "central", BLUE, "-", 0),
        ("float64", "one-sided", BLUE, ":", 1),
        ("float32", "central", RED, "-", 0),
    )
    for dtype, name, colour, line, which in series:
        errors = np.maximum(difference_errors(steps, dtype)[which], 1e-13)
        curve.loglog(steps, errors, line, color=colour, linewidth=1.3, label=f"{name}, {dtype}")
    h = 10.0**log_h
    curve.axvline(h, color=INK, linewidth=1)
    for dtype, colour, marker in (("float64", BLUE, "o"), ("float32", RED, "s")):
        error = max(float(difference_errors(np.array([h]), dtype)[0][0]), 1e-13)
        curve.plot([h], [error], marker, color=colour, markersize=9, markeredgecolor="white")
    curve.set(ylim=(5e-14, 5), xlabel="step h", ylabel="relative error of the derivative")
    curve.annotate("rounding", (2e-15, 3e-7), color=SOFT, fontsize=10)
    curve.annotate("the curve bends", (6e-3, 2e-11), color=SOFT, fontsize=10)
    curve.legend(frameon=False, fontsize=9, loc="lower left")
    curve.spines[["top", "right"]].set_visible(False)
    curve.set_title("error of the derivative of exp at 1", fontsize=10, color=INK)
    words.axis("off")
    for place, dtype in enumerate(("float64", "float32")):
        _write_difference(words, 0.97 - 0.5 * place, dtype, h)
    return figure


def _write_difference(ax: Axes, top: float, dtype: str, h: float) -> None:
    """Write both values, their difference, and what becomes of it."""
    kind = np.dtype(dtype).type
    digits = 17 if dtype == "float64" else 9
    right, left = np.exp(kind(_AT) + kind(h)), np.exp(kind(_AT) - kind(h))
    difference = float(right - left)
    derivative = difference / (2 * h)
    lines = [
        f"{dtype}, h = {h:.2g}",
        f"f(x + h)   {float(right):.{digits - 1}f}",
        f"f(x - h)   {float(left):.{digits - 1}f}",
        f"difference {difference:.{digits - 1}f}",
        f"/ 2h       {derivative:.10g}",
        f"true       {np.e:.10g}",
    ]
    for k, line in enumerate(lines):
        weight = "bold" if k == 0 else "normal"
        colour = (BLUE if dtype == "float64" else RED) if k == 0 else INK
        ax.text(0, top - 0.068 * k, line, family="monospace", fontsize=10.5, color=colour, weight=weight)


def kink_picture(distance: float = 0.0, h: float = 0.5) -> Figure:
    """A ReLU, and the straight line through two points of it that lie on both sides of its kink.

    Parameters
    ----------
    distance : float
        How far x lies from the kink at 0.
    h : float
        The step.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(7.5, 3.8), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    x = np.array([-1.5, 0.0, 1.5])
    ax.plot(x, np.maximum(x, 0), color=INK, linewidth=1.6, label="ReLU")
    ends = np.array([distance - h, distance + h])
    values = np.maximum(ends, 0)
    slope = float((values[1] - values[0]) / (2 * h))
    ax.plot(ends, values, "o-", color=RED, linewidth=2.2, label=f"central difference: {slope:.3g}")
    right = float(distance > 0)
    ax.plot(
        [distance], [max(distance, 0)], "D", color=BLUE, markersize=8, label=f"backward says: {right:.0f}"
    )
    ax.axvline(0, color=SOFT, linewidth=0.8, linestyle=":")
    crossed = bool(ends[0] < 0 < ends[1])
    said = (
        "the step crosses the kink: the two disagree" if crossed else "the step stays on one side: they agree"
    )
    ax.set_title(f"x = {distance:.3g}, h = {h:.3g}: {said}", fontsize=10, color=INK)
    ax.set(xlim=(-1.5, 1.5), ylim=(-0.25, 1.5), xlabel="x")
    ax.legend(frameon=False, loc="upper left")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def beside(grids: Mapping[str, np.ndarray], rows: int = 1, digits: int = 2) -> Figure:
    """Draw grids of numbers beside each other.

    Parameters
    ----------
    grids : mapping of str to ndarray, shape (H, W)
        Each by its title. Numbers that are zero but for rounding are drawn as a faint 0.
    rows : int
        Over how many rows they are spread.
    digits : int
        After the point.

    Returns
    -------
    figure : Figure
    """
    columns = -(-len(grids) // rows)
    height, width = next(iter(grids.values())).shape
    size = (columns * max(0.62 * width, 2.2), rows * (0.5 * height + 0.55))
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    for ax, (title, values) in zip(
        figure.subplots(rows, columns, squeeze=False).flat, grids.items(), strict=True
    ):
        zero = np.abs(values) < 1e-9
        draw_grid(ax, np.where(zero, 0.0, values), faint=zero, title=title, digits=digits, font_size=10)
    return figure


def losses_picture(losses: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how losses fall, a line for each.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        By what to call each of them.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(7.5, 3.4), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    for (name, values), colour, line in zip(losses.items(), (GREEN, ORANGE), ("-", "--"), strict=False):
        ax.plot(values, line, color=colour, linewidth=5 if line == "-" else 2.2, label=name)
    ax.set(xlabel="training step", ylabel="loss", ylim=(0, None))
    ax.legend(frameon=False, fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def caught_table(rows: Sequence[str], columns: Sequence[str], passes: Callable[[int, int], bool]) -> Figure:
    """Draw which bug is caught by which check, and which slips through.

    Parameters
    ----------
    rows, columns : sequence of str
        The bugs and the checks.
    passes : callable
        ``passes(row, column)``: whether the bug gets past the check.

    Returns
    -------
    figure : Figure
    """
    found = np.array([[passes(r, c) for c in range(len(columns))] for r in range(len(rows))])
    figure = Figure(figsize=(2.6 + 1.75 * len(columns), 0.9 + 0.5 * len(rows)), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    colours = np.where(found[..., None], (0.98, 0.87, 0.80), (0.80, 0.90, 0.95))
    ax.imshow(colours, aspect="auto")
    for (r, c), passed in np.ndenumerate(found):
        ax.text(c, r, "slips through" if passed else "caught", ha="center", va="center", color=INK,
                fontweight="bold" if passed else "normal", fontsize=10)  # fmt: skip
    ax.set_xticks(range(len(columns)), columns, fontsize=9)
    ax.set_yticks(range(len(rows)), rows, fontsize=10)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xticks(np.arange(0.5, len(columns) - 1), minor=True)
    ax.set_yticks(np.arange(0.5, len(rows) - 1), minor=True)
    ax.grid(which="minor", color="white", linewidth=3)
    ax.tick_params(which="minor", length=0)
    return figure

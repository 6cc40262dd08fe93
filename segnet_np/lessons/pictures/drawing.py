"""Pictures that several lessons draw: grids of numbers, arrows between their cells, maps side by side.

Colours are those of Okabe and Ito, which people with any kind of colour vision can tell apart; what matters
is also marked by a frame or by its text, never by colour alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from segnet_np.data.classes import CAMVID, Classes, colourise
from segnet_np.plots import BLUES, DPI, INK, SOFT

BLUE, ORANGE, GREEN, PURPLE, RED = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00"
PALE = "#c3cad1"
WINDOW_COLOURS = (BLUE, ORANGE, GREEN, PURPLE)

# How much of its colour a cell is painted with; the rest is white, so that numbers stay legible.
_TINT = 0.28


def window_colours(height: int, width: int, window: int = 2) -> np.ndarray:
    """Paint each cell in the light colour of its window; neighbouring windows differ.

    Parameters
    ----------
    height, width : int
        Of the grid.
    window : int, default 2
        Its side. 1 gives the pooled map, whose cells have the colours of the windows they came from.

    Returns
    -------
    colours : ndarray, shape (height, width, 3)
        Red, green and blue, 0 to 1.
    """
    rows, columns = np.indices((height, width)) // window
    return light(WINDOW_COLOURS)[(rows % 2) * 2 + columns % 2]


def light(colours: Sequence[str]) -> np.ndarray:
    """The light form of some colours, shape (len(colours), 3)."""
    return 1 - _TINT * (1 - np.array([to_rgb(colour) for colour in colours]))


def draw_grid(
    ax: Axes,
    values: np.ndarray,
    *,
    marked: np.ndarray | None = None,
    colours: np.ndarray | None = None,
    faint: np.ndarray | None = None,
    window: int = 0,
    title: str = "",
    digits: int = 2,
    font_size: float = 11,
) -> None:
    """Draw a grid of numbers.

    Parameters
    ----------
    ax : Axes
    values : ndarray, shape (H, W)
        Numbers, or texts as they are to stand there.
    marked : ndarray of bool, shape (H, W), optional
        Cells that get a thick frame and bold numbers: the maxima, for instance.
    colours : ndarray, shape (H, W, 3), optional
        Of the cells, as :func:`window_colours` makes them; else white.
    faint : ndarray of bool, shape (H, W), optional
        Cells whose numbers are pale: zeros that only fill, for instance.
    window : int, default 0
        Side of the windows whose borders are drawn thick; 0 draws none.
    title : str
        Above the grid.
    digits : int, default 2
        After the point, for numbers that are not whole.
    font_size : float
        Of the numbers.

    Raises
    ------
    ValueError
        When `values` is not two-dimensional.
    """
    values = np.asarray(values)
    if values.ndim != 2:
        raise ValueError(f"draw_grid: values must have shape (H, W), but {values.shape} was given")
    height, width = values.shape
    ax.imshow(np.ones((height, width, 3)) if colours is None else colours, interpolation="nearest")
    for (i, j), value in np.ndenumerate(values):
        is_marked = marked is not None and bool(marked[i, j])
        is_faint = faint is not None and bool(faint[i, j])
        ax.text(
            j, i, number(value, digits), ha="center", va="center", fontsize=font_size,
            color="#a0a8b0" if is_faint else INK, fontweight="bold" if is_marked else "normal",
        )  # fmt: skip
        if is_marked:
            frame = Rectangle((j - 0.42, i - 0.42), 0.84, 0.84, fill=False, edgecolor=INK, linewidth=2.2)
            ax.add_patch(frame)
    thin: dict[str, Any] = {"colors": PALE, "linewidth": 0.8, "zorder": 1.5}
    ax.hlines(np.arange(height + 1) - 0.5, -0.5, width - 0.5, **thin)
    ax.vlines(np.arange(width + 1) - 0.5, -0.5, height - 0.5, **thin)
    if window:
        draw_windows(ax, height, width, window)
    ax.set(xlim=(-0.53, width - 0.47), ylim=(height - 0.47, -0.53), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title, color=INK, fontsize=font_size, pad=8)


def draw_windows(
    ax: Axes, height: int, width: int, window: int = 2, rows: int | None = None, columns: int | None = None
) -> None:
    """Draw the borders of a grid's windows; of those that hang over its edge, dashed.

    Parameters
    ----------
    ax : Axes
    height, width : int
        Of the grid.
    window : int, default 2
        Their side.
    rows, columns : int, optional
        How many; as many as fit, if not given.
    """
    rows = height // window if rows is None else rows
    columns = width // window if columns is None else columns
    for i, j in np.ndindex(rows, columns):
        over = window * (i + 1) > height or window * (j + 1) > width
        border = Rectangle((window * j - 0.5, window * i - 0.5), window, window, fill=False, edgecolor=INK)
        border.set(linewidth=1.8, linestyle=(0, (3, 2)) if over else "-", clip_on=False, zorder=1.8)
        ax.add_patch(border)


def number(value: object, digits: int = 2) -> str:
    """Write a number as briefly as it can be: 3 for 3.0, a true minus sign, NaN in words."""
    if not isinstance(value, int | float | np.number):
        return str(value)
    if np.isnan(value):
        return "NaN"
    whole = float(value).is_integer()
    return (f"{float(value):.0f}" if whole else f"{float(value):.{digits}f}").replace("-", "\u2212")


def draw_arrow(
    start: Axes,
    start_cell: tuple[float, float],
    end: Axes,
    end_cell: tuple[float, float],
    colour: str = INK,
    bend: float = -0.2,
) -> None:
    """Draw an arrow from a cell of one grid to a cell of another one of the same figure.

    Parameters
    ----------
    start : Axes
    start_cell : (row, column)
    end : Axes
    end_cell : (row, column)
    colour : str
    bend : float
        How much it bows; 0 is straight.
    """
    arrow = ConnectionPatch(
        start_cell[::-1], end_cell[::-1], "data", "data", axesA=start, axesB=end, arrowstyle="-|>",
        connectionstyle=f"arc3,rad={bend}", color=colour, linewidth=1.6, mutation_scale=14, shrinkA=8,
        shrinkB=9,
    )  # fmt: skip
    start.figure.add_artist(arrow)


def grids(
    *shapes: tuple[int, int], cell: float = 0.5, gap: float = 0.6, title_room: float = 0.5
) -> tuple[Figure, list[Axes]]:
    """Make a figure with a row of axes for grids, all cells of one size.

    Parameters
    ----------
    *shapes : (rows, columns)
        Of each grid.
    cell : float
        Side of a cell in inches.
    gap : float
        Between two grids, in inches.
    title_room : float
        Above them, in inches.

    Returns
    -------
    figure : Figure
    axes : list of Axes
    """
    tallest = max(rows for rows, _ in shapes)
    width = sum(columns for _, columns in shapes) * cell + gap * (len(shapes) + 1)
    height = tallest * cell + title_room + 0.2
    figure = Figure(figsize=(width, height), dpi=DPI)
    axes: list[Axes] = []
    left = gap
    for rows, columns in shapes:
        bottom = 0.1 + (tallest - rows) * cell / 2
        box = (left / width, bottom / height, columns * cell / width, rows * cell / height)
        axes.append(figure.add_axes(box))
        left += columns * cell + gap
    return figure, axes


def say_between(before: Axes, after: Axes, words: str) -> None:
    """Write a word and an arrow below it into the gap between two grids of a figure.

    Parameters
    ----------
    before, after : Axes
    words : str
        What happens from the one to the other.
    """
    figure = before.figure
    left, right = before.get_position(), after.get_position()
    middle = (left.y0 + left.y1) / 2
    figure.text((left.x1 + right.x0) / 2, middle, f"{words}\n\u2192", ha="center", va="center", color=INK)


def draw_maps(
    maps: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    classes: Classes = CAMVID,
    width: float = 3.0,
    one_scale: bool = False,
) -> Figure:
    """Show pictures, label maps or feature maps side by side.

    Parameters
    ----------
    maps : sequence of ndarray
        Shape (H, W, 3): a picture, uint8 or 0 to 1. Shape (H, W): integers are labels, floats are shades of
        blue.
    titles : sequence of str
        Above each.
    classes : Classes
        For the colours of labels.
    width : float
        Of each, in inches.
    one_scale : bool, default False
        Whether the same shade means the same number in all of them.

    Returns
    -------
    figure : Figure

    Raises
    ------
    ValueError
        When there are not as many titles as maps.
    """
    if len(maps) != len(titles):
        raise ValueError(f"draw_maps: {len(titles)} titles for {len(maps)} maps")
    shades = [m for m in maps if m.ndim == 2 and m.dtype.kind == "f"]
    low = min((float(m.min()) for m in shades), default=0) if one_scale else None
    high = max((float(m.max()) for m in shades), default=1) if one_scale else None
    tallest = max(m.shape[0] / m.shape[1] for m in maps) * width
    figure = Figure(figsize=((width + 0.1) * len(maps), tallest + 0.45), dpi=DPI, layout="constrained")
    for ax, values, title in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps, titles, strict=True):
        if values.ndim == 2 and values.dtype.kind == "f":
            ax.imshow(values, cmap=BLUES, vmin=low, vmax=high, interpolation="nearest")
        else:
            ax.imshow(values if values.ndim == 3 else colourise(values, classes), interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color=SOFT, linewidth=0.6)
        ax.set_title(title, color=INK, fontsize=10)
    return figure


def overlay(
    image: np.ndarray, labels: np.ndarray, classes: Classes = CAMVID, strength: float = 0.55
) -> np.ndarray:
    """Lay the colours of the classes over an image.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    labels : ndarray of integers, shape (H, W)
    classes : Classes
    strength : float
        How much of the colour: 0 is the image alone, 1 the colours alone.

    Returns
    -------
    blended : ndarray of uint8, shape (H, W, 3)
    """
    return np.rint((1 - strength) * image + strength * colourise(labels, classes)).astype(np.uint8)

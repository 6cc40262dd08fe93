"""The pictures of lesson 06: two racing threads, owners of cells, memory, a tile of registers, times."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segnet_np.lessons.pictures.drawing import BLUE, GREEN, ORANGE, PALE, RED, draw_grid, grids, light
from segnet_np.plots import INK, SOFT

_DPI = 100

WAYS = [way for way in itertools.product("AB", repeat=6) if way.count("A") == 3]
"""All orders in which two threads can take three steps each."""


def play(way: Sequence[str], cell: int = 5) -> list[tuple[str, str, int]]:
    """Let two threads add 1 to the same cell, taking turns in a given way.

    Parameters
    ----------
    way : sequence of six letters, three "A" and three "B"
        Whose turn it is: to read the cell, to add, to write it back.
    cell : int
        What it holds at first.

    Returns
    -------
    story : list of (thread, what it does, what the cell holds then)

    Examples
    --------
    >>> play("AABABB")[-1]
    ('B', 'writes 6', 6)
    """
    held: dict[str, int] = {}
    steps = {"A": 0, "B": 0}
    story = []
    for thread in way:
        if steps[thread] == 0:
            held[thread] = cell
            words = f"reads {cell}"
        elif steps[thread] == 1:
            held[thread] += 1
            words = f"adds: {held[thread]}"
        else:
            cell = held[thread]
            words = f"writes {cell}"
        steps[thread] += 1
        story.append((thread, words, cell))
    return story


def race_picture(way: int, step: int) -> Figure:
    """Draw two threads that add 1 to one cell, as far as they have come.

    Parameters
    ----------
    way : int
        Which of `WAYS`.
    step : int
        0 to 6: how many steps have been taken.

    Returns
    -------
    figure : Figure
    """
    story = play(WAYS[way])
    figure = Figure(figsize=(9.2, 2.5), dpi=_DPI, layout="constrained")
    ax = figure.subplots()
    colours = dict(zip("AB", light((BLUE, ORANGE)), strict=True))
    for k, (thread, words, cell) in enumerate(story):
        row = "AB".index(thread)
        if k < step:
            _box(ax, k, row, colours[thread])
            ax.text(k, row, words, ha="center", va="center", fontsize=9.5, color=INK)
            weight = "bold" if words.startswith("writes") else "normal"
            ax.text(k, 2, str(cell), ha="center", va="center", fontsize=12, color=INK, fontweight=weight)
        else:
            _box(ax, k, row, (1, 1, 1))
    for row, name in enumerate(("thread A", "thread B", "the cell (5 at first)")):
        ax.text(-0.6, row, name, ha="right", va="center", fontsize=9.5, color=INK)
    ax.set(xlim=(-2, 5.6), ylim=(2.5, -0.6))
    end = story[-1][2]
    verdict = "7, as it should be" if end == 7 else f"{end}: one addition is lost"
    title = f"the cell ends up with {verdict}" if step == len(story) else f"after {step} of 6 steps"
    colour = INK if step < len(story) else GREEN if end == 7 else RED
    ax.set_title(f"way {way + 1} of {len(WAYS)}: {title}", fontsize=11, color=colour)
    _bare(ax)
    return figure


def owners_picture(tables: Mapping[str, np.ndarray]) -> Figure:
    """Show which iterations write each cell: red where there are several, green where there is one.

    Parameters
    ----------
    tables : mapping from titles to ndarray of sets of int, shape (rows, columns)

    Returns
    -------
    figure : Figure
    """
    figure, axes = grids(*(cells.shape for cells in tables.values()), cell=0.9, gap=1.2, title_room=0.9)
    for ax, (title, cells) in zip(axes, tables.items(), strict=True):
        texts = np.empty(cells.shape, object)
        colours = np.empty((*cells.shape, 3))
        for index, owners in np.ndenumerate(cells):
            own = sorted(owners)
            texts[index] = "\n".join(" ".join(map(str, own[k : k + 3])) for k in range(0, len(own), 3))
            colours[index] = light((RED if len(owners) > 1 else GREEN,))[0]
        draw_grid(ax, texts, colours=colours, title=title, font_size=10)
    return figure


def memory_picture(pixels: int = 16, channels: int = 8) -> Figure:
    """Show which cells of memory the channels of one pixel lie in, for both orders.

    Parameters
    ----------
    pixels, channels : int
        Of the map; a line of the picture holds `channels` numbers.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(9.6, 3.8), dpi=_DPI, layout="constrained")
    orders = {
        f"channels last: one line is fetched,\nand all {channels} numbers of it are used": np.arange(
            channels
        ),
        f"channels first: {channels} lines are fetched,\nand one number of each is used": np.arange(channels)
        * pixels,
    }
    for ax, (title, wanted) in zip(figure.subplots(1, 2), orders.items(), strict=True):
        lines = set((wanted // channels).tolist())
        for k in range(pixels * channels):
            row, column = divmod(k, channels)
            fetched = (0.86, 0.89, 0.92) if row in lines else (1, 1, 1)
            needed = k in wanted
            ax.add_patch(
                Rectangle(
                    (column - 0.5, row - 0.5), 1, 1, facecolor=ORANGE if needed else fetched,
                    edgecolor=INK if needed else PALE, linewidth=1 if needed else 0.5,
                    zorder=2 if needed else 1,
                )
            )  # fmt: skip
            if needed:
                text = f"c{np.flatnonzero(wanted == k)[0]}"
                ax.text(column, row, text, ha="center", va="center", fontsize=8, color=INK, zorder=3)
        ax.set(xlim=(-0.6, channels - 0.4), ylim=(pixels - 0.4, -0.6))
        ax.set_title(title, fontsize=9.5, color=INK)
        ax.set_ylabel("lines of memory, one after the other", fontsize=8.5, color=INK)
        _bare(ax)
    return figure


def tile_picture(rows: int = 6, vectors: int = 4, lanes: int = 16) -> Figure:
    """Show the micro-kernel's tile of sums, and what one step of the depth loads.

    Parameters
    ----------
    rows, vectors, lanes : int
        Pixels, registers a pixel, numbers a register.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(9, 3.6), dpi=_DPI, layout="constrained")
    ax = figure.subplots()
    blue, orange, green = light((BLUE, ORANGE, GREEN))
    for v in range(vectors):
        _labelled(ax, 2.2 * v, -1.4, 2.1, blue, f"w{v}: {lanes} output channels")
    for r in range(rows):
        _labelled(ax, -1.7, r, 1.2, orange, f"x{r}")
        for v in range(vectors):
            _labelled(ax, 2.2 * v, r, 2.1, green, f"sum {r},{v}  +=  x{r} · w{v}")
    count = rows * vectors
    ax.text(
        -1.7, rows + 0.5,
        f"Each step of the depth loads {vectors} vectors of weights and {rows} numbers of x, and makes "
        f"{count} x {lanes} products.\nThe {count} sums stay in registers until the depth has run.",
        va="center", fontsize=9, color=INK,
    )  # fmt: skip
    ax.set(xlim=(-1.9, 2.2 * vectors), ylim=(rows + 1.2, -1.6))
    _bare(ax)
    return figure


def times_picture(values: Mapping[str, float], unit: str, title: str, compared: bool = False) -> Figure:
    """Draw bars on a logarithmic scale.

    Parameters
    ----------
    values : mapping from names to floats
        At most seven.
    unit : str
        For the axis.
    title : str
    compared : bool, default False
        Whether to say how many times the first one each is.

    Returns
    -------
    figure : Figure
    """
    names, sizes = list(values), np.array(list(values.values()))
    figure = Figure(figsize=(9.4, 0.45 * len(names) + 1.0), dpi=_DPI, layout="constrained")
    ax = figure.subplots()
    colours = [SOFT, PALE, BLUE, BLUE, ORANGE, ORANGE, GREEN][: len(names)]
    hatches = ["", "", "", "///", "", "///", "xxx"][: len(names)]
    ax.barh(range(len(names)), sizes, color=colours, hatch=hatches, edgecolor=INK, linewidth=0.6)
    for place, size in enumerate(sizes):
        text = f"{size:,.0f}" if size >= 100 else f"{size:.3g}"
        if compared and place:
            times = size / sizes[0]
            text += f"   ({times:,.0f} times)" if times >= 10 else f"   ({times:.1f} times)"
        ax.text(size * 1.1, place, text, va="center", fontsize=8.5, color=INK)
    ax.set_xscale("log")
    ax.set_xlim(sizes.min() / 2, sizes.max() * 12)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.tick_params(labelsize=9)
    ax.set_xlabel(unit, fontsize=9, color=INK)
    ax.set_title(title, fontsize=9.5, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def traffic_picture() -> Figure:
    """Draw how many maps are moved between convolution and pool in training, layer by layer and fused."""
    passes = {
        "one after\nthe other": (
            ("convolution writes", 1), ("mean reads", 1), ("variance reads", 1), ("normalising reads", 1),
            ("and writes", 1), ("ReLU reads", 1), ("and writes", 1), ("pool reads", 1), ("and writes", 0.25),
        ),
        "fused": (("convolution writes", 1), ("pool reads", 1), ("and writes", 0.25)),
    }  # fmt: skip
    figure = Figure(figsize=(10, 2.4), dpi=_DPI, layout="constrained")
    ax = figure.subplots()
    blue, orange = light((BLUE, ORANGE))
    for row, parts in enumerate(passes.values()):
        left = 0.0
        for words, size in parts:
            writes = words.endswith("writes")
            ax.barh(row, size, left=left, color=orange if writes else blue, edgecolor=INK, linewidth=0.7)
            short = size < 1
            ax.text(
                left + size / 2, row, words.replace(" ", "\n"), ha="center", va="center",
                fontsize=7 if short else 8, rotation=90 if short else 0, color=INK,
            )  # fmt: skip
            left += size
        ax.text(left + 0.08, row, f"{left:g} maps", va="center", fontsize=9.5, color=INK)
    ax.set_yticks(range(len(passes)), list(passes), fontsize=9)
    ax.set_xlim(0, 9.2)
    ax.invert_yaxis()
    ax.set_xlabel("maps read from memory (blue) and written to it (orange)", fontsize=9, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def _box(ax: Axes, column: float, row: float, colour: object) -> None:
    ax.add_patch(
        Rectangle((column - 0.47, row - 0.38), 0.94, 0.76, facecolor=colour, edgecolor=SOFT, linewidth=0.8)
    )


def _labelled(ax: Axes, left: float, top: float, width: float, colour: object, text: str) -> None:
    ax.add_patch(Rectangle((left, top), width, 0.8, facecolor=colour, edgecolor=INK, linewidth=0.7))
    ax.text(left + width / 2, top + 0.42, text, ha="center", va="center", fontsize=8, color=INK)


def _bare(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)

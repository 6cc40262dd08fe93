"""Pictures of pooling and unpooling: windows and what they remember, who travels where, and what it costs."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from segnet_np.layers import MaxPool2d, MaxUnpool2d
from segnet_np.lessons.pictures.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    draw_grid,
    draw_windows,
    grids,
    say_between,
    window_colours,
)
from segnet_np.plots import DPI, INK, SOFT

# Channels of the stages of SegNet of width 64, and its input in the paper.
CHANNELS = (64, 128, 256, 512, 512)
CAMVID_SIZE = (360, 480)


def pool_picture(x: np.ndarray, ceil_mode: bool = False, unpool: bool = True) -> Figure:
    """Draw a map with its windows, what pooling keeps and remembers of it, and what unpooling gives back.

    Parameters
    ----------
    x : ndarray, shape (H, W)
        At least 2x2.
    ceil_mode : bool, default False
        Whether the last row or column of an odd map has windows.
    unpool : bool, default True
        Whether the last of the four is drawn.

    Returns
    -------
    figure : Figure
    """
    x = np.asarray(x, float)
    height, width = x.shape
    y, indices = MaxPool2d(ceil_mode=ceil_mode)(x[None, None])
    out = MaxUnpool2d()(y, indices)[0, 0]
    rows, columns = y.shape[2:]
    marked = np.zeros(x.shape, bool)
    marked.ravel()[indices.flat.ravel()] = True
    colours = window_colours(height, width)
    colours[2 * rows :], colours[:, 2 * columns :] = 0.88, 0.88  # no window there
    pooled_colours = window_colours(rows, columns, window=1)
    # Where windows hang over the edge, there is room for their outlines.
    shapes = [(2 * rows, 2 * columns) if ceil_mode else x.shape, (rows, columns), (rows, columns)]
    shapes = [
        (max(shapes[0][0], height), max(shapes[0][1], width)),
        *shapes[1:],
        *([x.shape] if unpool else []),
    ]
    figure, axes = grids(*shapes, gap=0.85)
    draw_grid(axes[0], x, marked=marked, colours=colours, title="x and its windows")
    draw_grid(axes[1], y[0, 0], colours=pooled_colours, title="y: the largest")
    offsets = indices.offsets[0, 0]
    draw_grid(axes[2], offsets, colours=pooled_colours, title="offset: where")
    draw_windows(axes[0], height, width, rows=rows, columns=columns)
    say_between(axes[0], axes[1], "pool")
    axes[0].set(xlim=(-0.55, shapes[0][1] - 0.45), ylim=(shapes[0][0] - 0.45, -0.55))
    if unpool:
        draw_grid(axes[3], out, marked=marked, faint=~marked, colours=colours, title="unpooled")
        say_between(axes[2], axes[3], "unpool")
    return figure


def travel_picture() -> Figure:
    """Draw SegNet as a valley: the encoder goes down, the decoder up, and indices go straight across."""
    figure = Figure(figsize=(9, 4.2), dpi=DPI)
    ax = figure.add_axes((0, 0, 1, 1))
    height, width = CAMVID_SIZE
    levels = len(CHANNELS)
    for k in range(levels + 1):
        size = f"{height}x{width}"
        half = 0.055 * (levels - k) + 0.12
        y = levels - k
        if k < levels:
            for x, colour in ((-2.2 + 0.28 * k, BLUE), (2.2 - 0.28 * k, ORANGE)):
                ax.add_patch(
                    Rectangle(
                        (x - half, y - 0.27), 2 * half, 0.54, facecolor=colour, alpha=0.85, edgecolor="white"
                    )
                )
            left, right = -2.2 + 0.28 * k + half, 2.2 - 0.28 * k - half
            ax.add_patch(
                FancyArrowPatch(
                    (left, y - 0.12), (right, y - 0.12), arrowstyle="-|>", color=INK, linewidth=1.4,
                    linestyle=(0, (4, 2)), mutation_scale=13, shrinkA=4, shrinkB=4,
                )
            )  # fmt: skip
            text = f"indices of pool{k + 1}  →  unpool{k + 1}"
            ax.text(0, y + 0.02, text, ha="center", va="bottom", fontsize=9, color=INK)
            ax.text(-2.2 + 0.28 * k - half - 0.08, y, f"{size}, {CHANNELS[k]} maps", ha="right", va="center",
                    fontsize=9, color=INK)  # fmt: skip
            below = -2.2 + 0.28 * (k + 1)
            for sign in (1, -1):
                start, end = (sign * (-2.2 + 0.28 * k), y - 0.3), (sign * below, y - 0.7)
                if sign < 0:
                    start, end = end, start
                ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", color=SOFT, mutation_scale=10))
            height, width = (height + 1) // 2, (width + 1) // 2
        else:
            ax.plot([-0.8, 0.8], [y, y], color=SOFT, linewidth=6, solid_capstyle="round")
            ax.text(
                0,
                y - 0.18,
                f"{size}: one number for 32x32 pixels",
                ha="center",
                va="top",
                fontsize=9,
                color=INK,
            )
    ax.text(-2.2, levels + 0.5, "encoder: convolve, pool, remember", ha="center", color=BLUE, fontsize=11)
    ax.text(2.2, levels + 0.5, "decoder: unpool, convolve", ha="center", color="#b87a00", fontsize=11)
    ax.set(xlim=(-4.1, 3.4), ylim=(-0.75, levels + 0.85))
    ax.set_axis_off()
    return figure


def memory_of_the_stages(
    size: tuple[int, int] = CAMVID_SIZE, channels: tuple[int, ...] = CHANNELS
) -> list[dict[str, float]]:
    """What each stage must keep for the decoder, in megabytes.

    Parameters
    ----------
    size : (H, W)
        Of the picture; odd sizes are rounded up, as in Caffe, and so by the authors.
    channels : tuple of int
        Of each stage.

    Returns
    -------
    megabytes : list of dict
        For each stage: ``"whole maps"`` in float32, as a net keeps that concatenates them; ``"one byte"`` a
        window, as this package keeps its offsets; ``"two bits"`` a window.
    """
    height, width = size
    stages = []
    for count in channels:
        windows = count * ((height + 1) // 2) * ((width + 1) // 2)
        stages.append(
            {
                "whole maps": 4e-6 * count * height * width,
                "one byte": 1e-6 * windows,
                "two bits": 0.25e-6 * windows,
            }
        )
        height, width = (height + 1) // 2, (width + 1) // 2
    return stages


def memory_picture() -> Figure:
    """Draw, for one picture of 360x480, what the decoder is given by each stage."""
    stages = memory_of_the_stages()
    figure = Figure(figsize=(8, 3.4), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    ways = [("whole maps", BLUE), ("one byte", ORANGE), ("two bits", GREEN)]
    names = {
        "whole maps": "whole maps, float32",
        "one byte": "one byte a window",
        "two bits": "two bits a window",
    }
    for k, (way, colour) in enumerate(ways):
        values = [stage[way] for stage in stages]
        places = np.arange(len(stages)) + (k - 1) * 0.27
        bars = ax.bar(places, values, 0.25, color=colour, label=f"{names[way]}: {sum(values):.1f} MB in all")
        ax.bar_label(bars, [f"{value:.2g}" for value in values], padding=2, fontsize=8, color=INK)
    ax.set_xticks(range(len(stages)), [f"stage {k + 1}" for k in range(len(stages))])
    ax.set_ylabel("megabytes", color=INK)
    ax.legend(frameon=False, fontsize=10)
    ax.tick_params(length=0, colors=INK)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_title(
        "What one picture of 360x480 makes the encoder keep for the decoder",
        loc="left",
        fontsize=11,
        color=INK,
    )
    return figure

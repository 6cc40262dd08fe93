"""Pictures of lesson 03: what kernels answer to, and how much of a picture one feature sees."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segnet_np import reference
from segnet_np.lessons.pictures.drawing import BLUE, RED
from segnet_np.plots import BLUES, FAINT, INK, SOFT

YELLOW = "#f0e442"

#: The encoder of SegNet, layer by layer: name, rows of the kernel, stride.
ENCODER = tuple(
    layer
    for stage, convolutions in enumerate((2, 2, 3, 3, 3), start=1)
    for layer in (
        *((f"conv{stage}{number}", 3, 1) for number in range(1, convolutions + 1)),
        (f"pool{stage}", 2, 2),
    )
)


def kernels_at_work(image: np.ndarray, kernels: dict[str, np.ndarray]) -> Figure:
    """Draw a picture and what each kernel makes of it, with the kernel's numbers above.

    Parameters
    ----------
    image : ndarray, shape (H, W)
        Grey, 0 to 1.
    kernels : dict of str to ndarray, shape (K, K)

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(3 * (1 + len(kernels)), 3.5), layout="constrained")
    axes = figure.subplots(1, 1 + len(kernels))
    axes[0].imshow(image, cmap="gray", vmin=0, vmax=1)
    axes[0].set_title("the picture, in grey", fontsize=10, color=INK)
    for ax, (name, kernel) in zip(axes[1:], kernels.items(), strict=True):
        padding = len(kernel) // 2
        out = reference.conv2d(image[None, None], kernel[None, None], padding=padding)[0, 0]
        if kernel.min() < 0:
            most = np.abs(out[1:-1, 1:-1]).max()
            ax.imshow(out, cmap="RdBu", vmin=-most, vmax=most)
        else:
            ax.imshow(out, cmap="gray", vmin=0, vmax=1)
        numbers = "\n".join(
            "  ".join(f"{Fraction(value).limit_denominator(99)!s:>3}" for value in line) for line in kernel
        )
        ax.set_title(f"{name}\n{numbers}", fontsize=10, color=INK, family="monospace")
    for ax in axes:
        ax.set_xticks([])
        ax.set_yticks([])
    return figure


def pyramid(layers: Sequence[tuple[int, int]], width: int = 21) -> Figure:
    """Draw one row of pixels for each layer, and everything that the topmost pixel depends on.

    Parameters
    ----------
    layers : sequence of (kernel_size, stride)
        From the input on.
    width : int, default 21
        Pixels of the input.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(8.5, 0.8 + 0.95 * (len(layers) + 1)), layout="constrained")
    ax = figure.subplots()
    # Each level as the places of its pixels, in pixels of the input; a kernel's middle is its pixel's place.
    levels, steps = [np.arange(width, dtype=float)], [1]
    for kernel, stride in layers:
        below = levels[-1]
        count = (len(below) - kernel) // stride + 1
        levels.append(np.array([below[k * stride : k * stride + kernel].mean() for k in range(count)]))
        steps.append(steps[-1] * stride)
    seen = {len(levels[-1]) // 2}
    for level in range(len(layers), -1, -1):
        what = "input" if level == 0 else _called(*layers[level - 1])
        ax.text(-1.2, level, what, ha="right", va="center", fontsize=10, color=INK)
        for k, place in enumerate(levels[level]):
            colour = BLUE if k in seen else FAINT
            ax.add_patch(
                Rectangle((place - 0.4, level - 0.17), 0.8, 0.34, facecolor=colour, edgecolor="white")
            )
        said = f"{len(seen)} of these" if level else f"{len(seen)} pixels seen"
        ax.text(width + 0.3, level, said, va="center", fontsize=10, color=INK if level == 0 else SOFT)
        if level:
            kernel, stride = layers[level - 1]
            for k in seen:
                for tap in range(kernel):
                    ends = levels[level][k], levels[level - 1][k * stride + tap]
                    ax.plot(ends, (level - 0.17, level - 0.83), color=BLUE, linewidth=0.8, alpha=0.6)
            seen = {k * stride + tap for k in seen for tap in range(kernel)}
    ax.set_xlim(-5.6, width + 4.2)
    ax.set_ylim(-0.4, len(layers) + 0.4)
    ax.axis("off")
    return figure


def _called(kernel: int, stride: int) -> str:
    return f"{kernel}x{kernel} pool" if stride > 1 else f"{kernel}x{kernel} conv"


def fields(layers: Sequence[tuple[str, int, int]] = ENCODER) -> list[tuple[str, int, int]]:
    """List for each layer: name, rows of its receptive field, step between two neighbours' fields.

    Parameters
    ----------
    layers : sequence of (name, kernel_size, stride)

    Returns
    -------
    fields : list of (str, int, int)

    Examples
    --------
    >>> fields()[-1]
    ('pool5', 212, 32)
    """
    grown, size, step = [], 1, 1
    for name, kernel, stride in layers:
        size += (kernel - 1) * step
        step *= stride
        grown.append((name, size, step))
    return grown


def field_on_picture(image: np.ndarray, layers: int, centre: tuple[int, int]) -> Figure:
    """Draw what one pixel sees, after so many layers of SegNet's encoder, and how far off its neighbour is.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    layers : int
        1 to 18.
    centre : (row, column)
        In the picture.

    Returns
    -------
    figure : Figure
    """
    name, size, step = fields()[layers - 1]
    figure = Figure(figsize=(10, 4.3), layout="constrained")
    whole, seen = figure.subplots(1, 2, width_ratios=(1.35, 1))
    row, column = centre
    left, top = column - size / 2, row - size / 2
    inside = np.zeros(image.shape[:2], bool)
    inside[max(0, round(top)) : round(top + size), max(0, round(left)) : round(left + size)] = True
    whole.imshow(np.where(inside[..., None], image, image * 0.65 + 255 * 0.35).astype("uint8"))
    seen.imshow(image)
    whole.add_patch(Rectangle((left, top), size, size, fill=False, edgecolor=RED, linewidth=2.5))
    for ax in (whole, seen):
        corner = column - step / 2, row - step / 2
        ax.add_patch(
            Rectangle(corner, step, step, facecolor=to_rgba(YELLOW, 0.6), edgecolor=INK, linewidth=0.8)
        )
        ax.set_xticks([])
        ax.set_yticks([])
    whole.set_xlim(-0.5, image.shape[1] - 0.5)
    whole.set_ylim(image.shape[0] - 0.5, -0.5)
    seen.set_xlim(left, left + size)
    seen.set_ylim(top + size, top)
    seen.spines[:].set(color=RED, linewidth=2.5)
    whole.set_title(f"after {name}: one pixel sees the red frame, {size} x {size}", fontsize=11, color=INK)
    seen.set_title(f"all that it sees; {step} x {step} are its own (yellow)", fontsize=11, color=INK)
    return figure


def influence(seen: np.ndarray, size: int) -> Figure:
    """Draw how strongly one output pixel depends on each input pixel, with its receptive field around.

    Parameters
    ----------
    seen : ndarray, shape (H, W)
        Mean of absolute gradients, not negative.
    size : int
        Rows of the receptive field as computed.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(9, 3.9), layout="constrained")
    where, how_much = figure.subplots(1, 2)
    rows, columns = (np.flatnonzero(seen.any(axis)) for axis in (1, 0))
    for ax, values, title in (
        (where, (seen > 0).astype(float), "which input pixels have any influence"),
        (how_much, seen / seen.max(), "how much influence, of the largest"),
    ):
        picture = ax.imshow(values, cmap=BLUES, vmin=0, vmax=1)
        corner = columns.mean() - size / 2, rows.mean() - size / 2
        ax.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=RED, linewidth=2))
        ax.set_title(title, fontsize=10, color=INK)
        ax.tick_params(labelsize=8, colors=SOFT)
    figure.colorbar(picture, ax=how_much, shrink=0.8)
    return figure


def cost(names: Sequence[str], millions: Sequence[float]) -> Figure:
    """Draw the multiplications of each layer as bars.

    Parameters
    ----------
    names : sequence of str
    millions : sequence of float
        Millions of multiplications, as many.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    ax = figure.subplots()
    bars = ax.bar(names, np.asarray(millions) / 1000, color=BLUE)
    ax.bar_label(bars, [f"{value / 1000:.1f}" for value in millions], fontsize=8, color=INK)
    ax.set_ylabel("thousand million multiplications", fontsize=9, color=INK)
    ax.tick_params(labelsize=9, colors=INK)
    ax.spines[["top", "right"]].set_visible(False)
    return figure

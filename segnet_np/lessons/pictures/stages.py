"""Pictures of what a net has inside, as `stages` finds it: arrays of colours, and a stage in a row."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image, ImageDraw

from segnet_np.lessons.pictures.drawing import WINDOW_COLOURS
from segnet_np.lessons.stages import PLACES, Channel, Inside, Stage
from segnet_np.plots import BLUES, DPI, INK, SOFT

#: What the colour of a value is, where there are negative ones: orange below zero, white at zero, blue above.
_ENDS = ("#8a4b00", "#e69f00", "#ffffff", "#00798c", "#08323d")
SIGNED = LinearSegmentedColormap.from_list("below and above", _ENDS)

#: The four places' colours, as the numbers 0 to 255.
PLACE_COLOURS = np.rint(255 * np.array([to_rgb(colour) for colour in WINDOW_COLOURS])).astype(np.uint8)

# The darkest shade stands for this percentile of the values that are not zero: so none pales the rest.
DARKEST = 99

# How many windows the enlarged part has at most, and of how many screen pixels a pixel of the map is drawn.
PART, PIXEL = (9, 12), 18

# Circles are drawn so many times larger, and made smaller again, which smooths them.
_FINE = 3


def shade(values: np.ndarray, top: float | None = None) -> np.ndarray:
    """Paint a map: white is zero, the darker the larger; negative values, if there are any, in orange.

    Parameters
    ----------
    values : ndarray of floats, shape (H, W)
    top : float, optional
        What the darkest shade stands for; else the percentile `DARKEST` of the sizes that are not zero.

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
    """
    top = _top(values) if top is None else top
    signed = bool((values < 0).any())
    part = np.clip(values / top, -1, 1)
    colours = SIGNED((part + 1) / 2) if signed else BLUES(part)
    return np.rint(255 * colours[..., :3]).astype(np.uint8)


def paint_places(inside: Inside, stage: Stage, channel: Channel, strength: float = 0.9) -> np.ndarray:
    """Paint each window of a channel over the grey picture, in the colour of the place that it remembers.

    The larger its maximum, the stronger the colour; windows that are silent stay grey. The part that
    :func:`enlarge_places` shows has a frame.

    Parameters
    ----------
    inside : Inside
    stage : Stage
    channel : Channel
    strength : float
        How much of the colour is laid over, at most.

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
        Of the size of the picture that the net looked at.
    """
    grey = _grey(inside.picture)
    height, width = grey.shape[:2]
    side = 2 * stage.pixels
    # By the root, so that half as large a value is still seen.
    weight = strength * np.sqrt(np.clip(channel.pooled / _top(channel.pooled), 0, 1))[..., None]
    parts = (PLACE_COLOURS[channel.places], weight)
    colours, weight = (np.repeat(np.repeat(a, side, 0), side, 1)[:height, :width] for a in parts)
    out = grey.astype(np.float64)
    # What odd sizes leave over at the lower and right edge belongs to no window and stays grey.
    covered = out[: weight.shape[0], : weight.shape[1]]
    covered += weight * (colours - covered)
    image = Image.fromarray(np.rint(out).astype(np.uint8))
    top, left, rows, columns = strongest_part(channel)
    right, bottom = min((left + columns) * side, width) - 1, min((top + rows) * side, height) - 1
    if (rows, columns) != channel.places.shape:
        frame, line = (left * side, top * side, right, bottom), max(1, width // 200)
        ImageDraw.Draw(image).rectangle(frame, outline=(0, 0, 0), width=line)
    return np.asarray(image)


def strongest_part(channel: Channel) -> tuple[int, int, int, int]:
    """Where the pooled map is strongest: of all parts of `PART` windows the one with the largest sum.

    Parameters
    ----------
    channel : Channel

    Returns
    -------
    part : (top, left, rows, columns)
        In windows.
    """
    shape = channel.pooled.shape
    rows, columns = min(PART[0], shape[0]), min(PART[1], shape[1])
    sums = np.zeros((shape[0] + 1, shape[1] + 1))
    sums[1:, 1:] = channel.pooled.cumsum(0, dtype=np.float64).cumsum(1)
    parts = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
    top, left = np.unravel_index(parts.argmax(), parts.shape)
    return int(top), int(left), rows, columns


def enlarge_places(inside: Inside, stage: Stage, channel: Channel) -> np.ndarray:
    """Show the strongest part so large that each window is seen, with a dot at the place that it remembers.

    Parameters
    ----------
    inside : Inside
    stage : Stage
    channel : Channel

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
        The picture, with the windows' borders; silent windows have no dot.
    """
    top, left, rows, columns = strongest_part(channel)
    side = 2 * stage.pixels
    part = inside.picture[top * side : (top + rows) * side, left * side : (left + columns) * side]
    fine = PIXEL * _FINE
    # With ceil_mode the last windows hang over the edge of the picture: nothing is there but grey.
    whole = np.full((rows * side, columns * side, 3), 160, np.uint8)
    whole[: part.shape[0], : part.shape[1]] = part // 2 + 96  # paler, so that the dots stand out
    size = (2 * columns * fine, 2 * rows * fine)
    image = Image.fromarray(whole).resize(size, Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    for row in range(rows + 1):
        draw.line((0, 2 * row * fine, size[0], 2 * row * fine), fill=(255, 255, 255), width=_FINE)
    for column in range(columns + 1):
        draw.line((2 * column * fine, 0, 2 * column * fine, size[1]), fill=(255, 255, 255), width=_FINE)
    radius = 0.42 * fine
    for i, j in np.ndindex(rows, columns):
        if channel.silent[top + i, left + j]:
            continue
        place = int(channel.places[top + i, left + j])
        y, x = (2 * i + place // 2 + 0.5) * fine, (2 * j + place % 2 + 0.5) * fine
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, fill=tuple(PLACE_COLOURS[place].tolist()), outline=(255, 255, 255), width=2 * _FINE)
    return np.asarray(image.resize((size[0] // _FINE, size[1] // _FINE), Image.Resampling.BOX))


def draw_stage(inside: Inside, stage: int, channel: int = 0) -> Figure:
    """Draw one channel of a stage: its map, the places it remembers, what comes back, what becomes of it.

    Parameters
    ----------
    inside : Inside
    stage : int
        Counted from 1.
    channel : int
        0 is the strongest of the stage.

    Returns
    -------
    figure : Figure

    Raises
    ------
    ValueError
        When there is no such stage, or not so many channels were kept.
    """
    if not 1 <= stage <= len(inside.stages):
        raise ValueError(f"draw_stage: stage {stage}, expected 1 to {len(inside.stages)}")
    it = inside.stages[stage - 1]
    if not 0 <= channel < len(it.channels):
        raise ValueError(f"draw_stage: channel {channel}, but 0 to {len(it.channels) - 1} were kept")
    one = it.channels[channel]
    panels = {
        f"what the encoder sees\n{it.encoder_layer}, channel {one.number}": shade(one.encoder),
        "the places it remembers,\nover the picture": paint_places(inside, it, one),
        "the framed part, enlarged:\na dot where the maximum stood": enlarge_places(inside, it, one),
        f"what unpooling puts there\n{it.unpool}, channel {one.number}": shade(one.sparse),
        f"after the convolutions\n{it.decoder_layer}, channel {one.dense_number}": shade(one.dense),
    }
    height, width = inside.picture.shape[:2]
    figure = Figure(figsize=(11, 2 * (3.5 * height / width + 0.5) + 0.5), dpi=DPI, layout="constrained")
    *axes, words = figure.subplots(2, 3).ravel()
    for ax, (title, panel) in zip(axes, panels.items(), strict=True):
        ax.imshow(panel, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color=SOFT, linewidth=0.6)
        ax.set_title(title, color=INK, fontsize=10)
    (h, w), (ph, pw) = it.size, it.pooled_size
    title = f"stage {stage}: {it.num_channels} maps of {h}x{w}, pooled to {ph}x{pw}"
    figure.suptitle(title, color=INK)
    handles = [Patch(facecolor=c, label=p) for c, p in zip(WINDOW_COLOURS, PLACES, strict=True)]
    handles.append(Patch(facecolor="#a0a0a0", label="silent: all four are zero"))
    words.set_axis_off()
    title = "where the maximum stood\nin its window"
    words.legend(handles=handles, loc="center", frameon=False, labelcolor=INK, title=title, alignment="left")
    return figure


def _top(values: np.ndarray) -> float:
    """The percentile `DARKEST` of the sizes that are not zero; 1 where all are."""
    sizes = np.abs(values[values != 0])
    return float(np.percentile(sizes, DARKEST)) if sizes.size else 1.0


def _grey(picture: np.ndarray) -> np.ndarray:
    """The picture in shades of grey, paler, so that colours laid over it are told apart."""
    grey = np.asarray(Image.fromarray(picture).convert("L"))
    return np.repeat((grey // 2 + 110)[..., None], 3, axis=2)

"""What was measured when six decoders were compared, and pictures of it.

The figures are those of ``python -m benchmarks.decoders``, kept beside this file; docs/decoders.md says how
they came about.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from segnet_np.data import CAMVID, Scenes, colourise
from segnet_np.lessons.pictures.drawing import BLUE, ORANGE, RED
from segnet_np.plots import DPI, FAINT, INK, SOFT

HERE = Path(__file__).parent

#: What each decoder is called in pictures, in their order.
TITLES = {
    "indices": "indices (SegNet)",
    "fixed": "fixed position",
    "random": "random position",
    "bilinear": "bilinear",
    "transposed": "transposed conv.",
    "concatenation": "concatenation",
    "concatenation, wide": "concatenation, wide",
}
WAYS = {"random": ("random place", RED, "o"), "fixed": ("top left", BLUE, "s")}


def results() -> dict[str, Any]:
    """Everything that was measured.

    Returns
    -------
    found : dict
        ``"trainings"``, one entry for each decoder and seed; ``"costs"`` by decoder; ``"recipe"``.
    """
    return _read()["rows"]


def machine() -> dict[str, str]:
    """Where it was measured."""
    return _read()["machine"]


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    return json.loads((HERE / "decoders.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def predictions() -> dict[str, np.ndarray]:
    """Label maps that the nets of the first seed predicted for some held-out scenes.

    Returns
    -------
    maps : dict of ndarray of uint8, shape (scenes, H, W)
        By decoder; ``"random 3"`` is the net with indices, its stage 3 unpooled to random places.
        ``"scenes"`` holds the numbers of the scenes.
    """
    with np.load(HERE / "decoders.npz") as file:
        return dict(file)


@lru_cache(maxsize=1)
def shown_scenes() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Those scenes: images and labels."""
    numbers = predictions()["scenes"]
    held_out = Scenes(int(numbers.max()) + 1, seed=1)
    return tuple(held_out[int(k)] for k in numbers)


def judged(found: dict[str, Any]) -> list[str]:
    """The decoders that there are scores of, in the order of `TITLES`."""
    return [name for name in TITLES if any(row["name"] == name for row in found["trainings"])]


def scores(found: dict[str, Any], name: str, key: str) -> np.ndarray:
    """One score of a decoder, of each seed.

    Parameters
    ----------
    found : dict
        From :func:`results`.
    name : str
        A decoder.
    key : str
        ``"mean_iou"`` or ``"boundary_f1"``.

    Returns
    -------
    values : ndarray, shape (seeds,)
    """
    return np.array([row[key] for row in found["trainings"] if row["name"] == name])


def lost(found: dict[str, Any], how: str, key: str) -> np.ndarray:
    """What a net with indices loses by wrong places in one stage.

    Parameters
    ----------
    found : dict
        From :func:`results`.
    how : str
        ``"random"`` or ``"fixed"``.
    key : str
        ``"mean_iou"`` or ``"boundary_f1"``.

    Returns
    -------
    losses : ndarray, shape (seeds, 4)
        The deepest stage, 4, comes last.
    """
    rows = [row for row in found["trainings"] if "misplaced" in row]
    return np.array([[row[key] - row["misplaced"][how][str(k)][key] for k in (1, 2, 3, 4)] for row in rows])


def draw(found: dict[str, Any]) -> Figure:
    """Both scores of each decoder, and what wrong places cost at each stage.

    Parameters
    ----------
    found : dict
        From :func:`results`.

    Returns
    -------
    figure : Figure
    """
    figure = Figure(figsize=(13, 4.2), dpi=DPI, layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(5, 4, 4), gridspec_kw={"wspace": 0.08})
    draw_scores(left, found, "mean_iou", "mean IoU", named=True)
    draw_scores(middle, found, "boundary_f1", "boundary F1")
    draw_lost(right, found, "mean_iou", "mean IoU lost by wrong places")
    return figure


def draw_scores(ax: Axes, found: dict[str, Any], key: str, title: str, named: bool = False) -> None:
    """One score of all decoders: a dot for each seed, a line for their mean.

    Parameters
    ----------
    ax : Axes
    found : dict
        From :func:`results`.
    key : str
        ``"mean_iou"`` or ``"boundary_f1"``.
    title : str
    named : bool, default False
        Whether the decoders' names stand at the left.
    """
    names = judged(found)
    for row, name in enumerate(names):
        values = scores(found, name, key)
        colour = ORANGE if name == "indices" else BLUE
        ax.plot(values, np.full(len(values), row), "o", color=colour, markersize=7, alpha=0.55, mec="none")
        mean = float(values.mean())
        ax.plot([mean, mean], [row - 0.3, row + 0.3], color=INK, linewidth=2.2)
        ax.annotate(f"{mean:.3f}", (mean, row - 0.32), ha="center", va="bottom", fontsize=8, color=INK)
    ax.set_yticks(range(len(names)), [TITLES[name] for name in names] if named else [""] * len(names))
    ax.set_ylim(len(names) - 0.4, -0.75)
    _dress(ax, title)
    ax.grid(axis="x", color=FAINT)


def draw_lost(ax: Axes, found: dict[str, Any], key: str, title: str) -> None:
    """What wrong places in one stage cost: a mark for each seed, a line through the means.

    Parameters
    ----------
    ax : Axes
    found : dict
        From :func:`results`.
    key : str
        ``"mean_iou"`` or ``"boundary_f1"``.
    title : str
    """
    for shift, (how, (text, colour, marker)) in zip((-0.06, 0.06), WAYS.items(), strict=True):
        losses = lost(found, how, key)
        places = np.arange(1, 5) + shift
        ax.plot(
            places, losses.mean(axis=0), color=colour, linewidth=2, marker=marker, markersize=7, label=text
        )
        for one in losses:
            ax.plot(places, one, marker, color=colour, alpha=0.35, markersize=5, mec="none")
    ax.axhline(0, color=SOFT, linewidth=1)
    ax.set_xticks((1, 2, 3, 4), ("1\nfull size", "2", "3", "4\ndeepest"))
    ax.set_xlabel("stage that was unpooled wrongly", color=INK)
    ax.legend(frameon=False, labelcolor=INK, fontsize=9)
    _dress(ax, title)
    ax.grid(axis="y", color=FAINT)


def draw_predictions(scene: int, decoder: str, box: tuple[int, int, int, int] | None = None) -> Figure:
    """A scene, its labels and what a decoder predicted; below, a piece of them enlarged.

    Parameters
    ----------
    scene : int
        Which of :func:`shown_scenes`.
    decoder : str
        A key of :func:`predictions`.
    box : tuple of int, optional
        (top, left, height, width) of the piece; without it there is none.

    Returns
    -------
    figure : Figure
    """
    image, labels = shown_scenes()[scene]
    guess = predictions()[decoder][scene]
    wrong = (guess != labels) & (labels != CAMVID.ignore_index)
    title = TITLES.get(decoder, decoder)
    columns = (
        (image, "scene"),
        (colourise(labels, CAMVID), "truth"),
        (colourise(guess, CAMVID), title),
        (_marked(image, wrong), f"wrong: {100 * wrong.mean():.1f} % of the pixels"),
    )
    rows = 1 if box is None else 2
    figure = Figure(figsize=(12.5, 2.6 * rows), dpi=DPI, layout="constrained")
    grid = figure.subplots(rows, len(columns), squeeze=False)
    for above, (picture, text) in zip(grid[0], columns, strict=True):
        above.imshow(picture, interpolation="nearest")
        above.set_title(text, color=INK, fontsize=10)
    if box is not None:
        top, left, height, width = box
        for above, below, (picture, _) in zip(*grid, columns, strict=True):
            frame = np.array([(left, top), (left + width, top + height)]) - 0.5
            above.plot(frame[[0, 1, 1, 0, 0], 0], frame[[0, 0, 1, 1, 0], 1], color="black", linewidth=2.4)
            above.plot(frame[[0, 1, 1, 0, 0], 0], frame[[0, 0, 1, 1, 0], 1], color="white", linewidth=1)
            below.imshow(picture[top : top + height, left : left + width], interpolation="nearest")
    for ax in grid.ravel():
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color=SOFT, linewidth=0.6)
    return figure


def _marked(image: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The scene in pale grey, with wrong pixels in red."""
    grey = 255 - (255 - image.mean(axis=2, keepdims=True).repeat(3, axis=2)) * 0.45
    grey[wrong] = (213, 94, 0)
    return grey.astype(np.uint8)


def _dress(ax: Axes, title: str) -> None:
    ax.set_title(title, color=INK, fontsize=11, loc="left")
    ax.set_axisbelow(True)
    ax.tick_params(colors=INK, length=0)
    ax.spines[:].set_visible(False)

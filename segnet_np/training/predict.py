"""Segment picture files: an index PNG for programs, an overlay for people."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from segnet_np import plots
from segnet_np.data.classes import Classes
from segnet_np.data.pictures import read_image
from segnet_np.files import whole_file
from segnet_np.models.net import Net
from segnet_np.names import shown
from segnet_np.sizes import scaled_size

# Pictures up to so many times as large as the training's are taken as they are.
LARGER = 1.5


def predict_files(net: Net, paths: Sequence[Path], out: Path) -> list[Path]:
    """Segment pictures, and write for each NAME-labels.png and NAME-overlay.png, of the picture's own size.

    All pictures are read and checked first, and if one cannot be done, nothing is written. A net
    knows things by the size that they have in its training pictures, so a much larger picture is brought to
    about that size for it (:func:`usual_scale`).

    Parameters
    ----------
    net : Net
    paths : sequence of Path
        Pictures of any size that the net takes.
    out : Path
        The folder to write to.

    Returns
    -------
    written : list of Path

    Raises
    ------
    ValueError
        When pictures cannot be read or are too small, or a result would take the place of a picture or of
        another result; all are named.
    """
    if net.num_classes > 256:
        raise ValueError(f"an index PNG holds at most 256 classes, but the net has {net.num_classes}")
    _check(paths, net, out)
    classes = classes_of(net)
    written = []
    for path in tqdm(paths, desc="predicting", unit="picture"):
        image = read_image(path)
        labels = net.predict(image, usual_scale(net, *image.shape[:2]))[0].astype(np.uint8)
        index, overlay = _written_for(path, out)
        png = Image.fromarray(labels, mode="P")
        png.putpalette(classes.palette())
        with whole_file(index) as temporary:
            png.save(temporary)
        plots.save(plots.overlay(image, labels, classes), overlay)
        written += [index, overlay]
    return written


def classes_of(net: Net) -> Classes:
    """The classes that a net was trained on; numbers and made-up colours where it does not say."""
    names = net.class_names or tuple(str(k) for k in range(net.num_classes))
    # Steps of the golden angle through the hues keep neighbours apart.
    hues = (np.arange(net.num_classes) * 0.381966) % 1
    made_up = np.rint(255 * (0.5 + 0.45 * np.cos(2 * np.pi * (hues[:, None] - np.array([0, 1, 2]) / 3))))
    colours = net.class_colours or tuple((int(r), int(g), int(b)) for r, g, b in made_up)
    return Classes(names, colours)


def usual_scale(net: Net, height: int, width: int) -> float:
    """At what part of its size a picture shows things as large as a net is used to.

    Parameters
    ----------
    net : Net
    height, width : int

    Returns
    -------
    scale : float
        The net's own, for pictures up to `LARGER` times as large as those it was trained on; of larger ones
        the shorter side is brought to theirs.
    """
    shorter = min(height, width)
    if net.input_side is None or shorter <= LARGER * net.input_side:
        return net.input_scale
    return net.input_scale * net.input_side / shorter


def too_small(net: Net, path: Path, height: int, width: int) -> str | None:
    """Say that a picture has too few pixels for a net, if so.

    Parameters
    ----------
    net : Net
    path : Path
        The picture, for the message.
    height, width : int

    Returns
    -------
    message : str or None
    """
    scale = usual_scale(net, height, width) * net.smallest_view
    if min(scaled_size(height, width, scale)) >= net.min_size:
        return None
    least = math.ceil((net.min_size - 0.5) / scale)
    return f"{shown(path)}: {height}x{width}, the net needs at least {least}x{least}"


def _written_for(path: Path, out: Path) -> tuple[Path, Path]:
    """The index PNG and the overlay of a picture."""
    return out / f"{path.stem}-labels.png", out / f"{path.stem}-overlay.png"


def _check(paths: Sequence[Path], net: Net, out: Path) -> None:
    wrong = []
    taken = {path.resolve(): f"the picture {shown(path)}" for path in paths}
    for path in paths:
        try:
            height, width = read_image(path).shape[:2]
        except (OSError, ValueError) as error:
            wrong.append(str(error))
            continue
        if small := too_small(net, path, height, width):
            wrong.append(small)
        for result in _written_for(path, out):
            if result.exists() and not result.is_file():
                wrong.append(f"{shown(path)}: its {shown(result)} is there and no ordinary file")
            if result.resolve() in taken:
                wrong.append(
                    f"{shown(path)}: its {shown(result)} would take the place of {taken[result.resolve()]}"
                )
            taken[result.resolve()] = f"that of {shown(path)}"
    if wrong:
        raise ValueError("nothing was written: " + "; ".join(wrong))

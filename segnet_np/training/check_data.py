"""Look at a data folder before training on it: what its labels hold, and what is wrong, in words."""

from contextlib import suppress
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from segnet_np import plots
from segnet_np.data.classes import VOID_NAME
from segnet_np.data.folders import Folder
from segnet_np.data.inspect import Inspection, inspect_folder
from segnet_np.names import shown

SPLITS = ("train", "val", "test")
PREVIEWED = 4


def check_data(directory: Path, preview: Path) -> tuple[str, bool]:
    """Count the labels of every split, draw a preview, and name what cannot be used.

    Parameters
    ----------
    directory : Path
        The data folder.
    preview : Path
        The picture file to write: some images beside their labels in the colours of the classes.

    Returns
    -------
    report : str
    ok : bool
        Whether every file can be used.

    Raises
    ------
    FileNotFoundError
        When the folder has none of the splits, or one without labels.
    ValueError
        When a folder has no images, stems appear twice, or classes.txt is malformed.
    """
    splits = [split for split in SPLITS if (directory / split).is_dir()]
    if not splits:
        raise FileNotFoundError(f"{shown(directory)}: no folder {', '.join(SPLITS)} in it")
    folders = [Folder(directory, split, complete=False) for split in splits]
    sections, ok = [], True
    if lacking := [split for split in SPLITS[:2] if split not in splits]:
        sections.append(f"No folder {' and no folder '.join(lacking)}: training needs train and val.")
    for folder in folders:
        found = inspect_folder(folder, tqdm(range(len(folder)), desc=folder.split, unit="image", leave=False))
        sections.append(
            "\n".join([f"{folder.split}: {found.count} images", "", *_table(found), *_words(found)])
        )
        ok = ok and found.ok
    pictures = _usable(folders[0])
    if pictures:
        titles = ("image", f"labels ({folders[0].split})")
        plots.save(plots.samples(pictures, folders[0].classes, titles), preview)
        sections.append(f"{shown(preview)} shows {len(pictures)} images with their labels.")
    return "\n\n".join(sections), ok


def _table(found: Inspection) -> list[str]:
    """One line for each class, and for each value that is none."""
    names = dict(enumerate(found.classes.names))
    if found.classes.ignore_index is not None:
        names[found.classes.ignore_index] = VOID_NAME
    values = sorted(names.keys() | set(np.flatnonzero(found.pixels).tolist()))
    wide = max(len(name) for name in names.values())
    total = max(int(found.pixels.sum()), 1)
    lines = [f"{'label':>5}  {'class':<{wide}}  {'images':>6}  {'pixels':>12}  share"]
    for value in values:
        pixels, images = int(found.pixels[value]), int(found.images[value])
        name = names.get(value, "?")
        lines.append(f"{value:>5}  {name:<{wide}}  {images:>6}  {pixels:>12,}  {100 * pixels / total:5.2f} %")
    return lines


def _words(found: Inspection) -> list[str]:
    """What to think of the counts, and every problem."""
    words = []
    absent = [name for name, pixels in zip(found.classes.names, found.pixels, strict=False) if not pixels]
    if absent:
        words.append(
            f"No pixel of {', '.join(absent)}: what is never shown is not learned, and if the train labels "
            "lack a class, training needs --class-weights none."
        )
    if found.outside:
        words.append(
            "Values marked ? are no class. Labels are class indices, 0, 1, 2, ..., not greys; so they look "
            "nearly black in a viewer, and that is as it should be. Only an RGB file is read by its colours."
        )
    if found.ok:
        words.append("Every image and every label file can be used.")
    else:
        count = len(found.problems)
        words += [
            f"{count} problem{'s' if count > 1 else ''}:",
            *(f"  {problem}" for problem in found.problems),
        ]
    return ["", *words]


def _usable(folder: Folder) -> list[tuple[np.ndarray, np.ndarray]]:
    """A few pairs from all over the folder, those without a problem."""
    pictures = []
    for k in plots.spread(PREVIEWED, len(folder)):
        with suppress(OSError, ValueError):
            pictures.append(folder[k])
    return pictures

"""What the labels of a folder hold and what is wrong with its files, to be looked at before training."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segnet_np.data.classes import Classes, values_outside
from segnet_np.data.folders import Folder
from segnet_np.data.pictures import read_labels, read_turned
from segnet_np.names import shown


@dataclass(frozen=True)
class Inspection:
    """The findings: each array has one entry for each label value 0..255.

    `pixels` counts pixels, `images` the images in which a value appears. `outside` maps the values that
    are no class to the files that hold them. `problems` are the messages about files that cannot be used.
    """

    classes: Classes
    count: int
    pixels: np.ndarray
    images: np.ndarray
    outside: dict[int, list[str]]
    problems: list[str]

    @property
    def ok(self) -> bool:
        """Whether every file can be used."""
        return not self.problems


def inspect_folder(folder: Folder, indices: Iterable[int] | None = None) -> Inspection:
    """Read all pairs of a folder, count their labels, and collect the problems instead of stopping at one.

    Parameters
    ----------
    folder : Folder
    indices : iterable of int, optional
        Which pairs, by default all; a progress bar around `range(len(folder))` fits here.

    Returns
    -------
    inspection : Inspection
    """
    pixels, images = np.zeros(256, np.int64), np.zeros(256, np.int64)
    outside: dict[int, list[str]] = {}
    problems = list(folder.unpaired)
    for index in range(len(folder)) if indices is None else indices:
        image_path, label_path = folder.pairs[index]
        image, labels, orientation = None, None, 1
        try:
            image, orientation = read_turned(image_path)
        except (ValueError, OSError) as error:
            problems.append(str(error))
        try:
            labels = read_labels(label_path, folder.classes)
        except (ValueError, OSError) as error:
            problems.append(str(error))
        if labels is None:
            continue
        counts = np.bincount(labels.ravel(), minlength=256)
        pixels += counts
        images += counts > 0
        for value in values_outside(labels, folder.classes.num_classes, folder.classes.ignore_index):
            outside.setdefault(value, []).append(shown(label_path.name))
        # Where the image cannot be read, its labels are still held against the classes.
        stand_in = np.empty((*labels.shape, 3), np.uint8) if image is None else image
        problems += folder.disagreements(index, stand_in, labels, orientation)
    if pixels.any() and not pixels[: folder.classes.num_classes].any():
        problems.append(f"{shown(folder.directory / folder.split)}annot: not one pixel belongs to a class")
    return Inspection(folder.classes, len(folder), pixels, images, outside, problems)

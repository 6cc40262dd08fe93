"""Read all pictures once before a training, so that what is wrong with one is known now, not hours later."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from segnet_np.data.batches import Dataset
from segnet_np.data.class_weights import count_labels
from segnet_np.names import listed, shown
from segnet_np.sizes import scaled_size


@dataclass(frozen=True)
class Findings:
    """What pictures hold.

    Attributes
    ----------
    what : str
        Which pictures, for messages.
    sizes : dict
        Height and width of each picture that can be read, by its name.
    counts : ndarray of int64, shape (pictures that can be read, labels)
        The pixels of each label, as `count_labels` says.
    problems : list of str
        What is wrong with the others; each names its picture.
    """

    what: str
    sizes: Mapping[str, tuple[int, int]]
    counts: np.ndarray
    problems: list[str]

    def too_small(self, scale: float, least: int, needed: str) -> list[str]:
        """Name the pictures that, at a scale, have a side that is too short, in one message or none."""
        small = [name for name, size in self.sizes.items() if min(scaled_size(*size, scale)) < least]
        if not small:
            return []
        least_side = min(min(scaled_size(*self.sizes[name], scale)) for name in small)
        there = "" if scale == 1 else f", where the shortest side has {least_side} pixels"
        return [f"{self.what}: smaller than {needed}{there}: {self._named(small)}"]

    def unequal(self, scale: float) -> list[str]:
        """Name the pictures that, at a scale, are not of the first one's size, in one message or none."""
        scaled = {name: scaled_size(*size, scale) for name, size in self.sizes.items()}
        first = next(iter(scaled), None)
        others = [name for name in scaled if first is not None and scaled[name] != scaled[first]]
        if first is None or not others:
            return []
        named = self._named([first, *others])
        return [f"{self.what}: whole pictures in a batch must be of one size, but there are {named}"]

    def _named(self, names: list[str]) -> str:
        return listed([f"{shown(name)} ({self.sizes[name][0]}x{self.sizes[name][1]})" for name in names])


def look_through(pictures: Dataset, what: str, count: int | None = None) -> Findings:
    """Read pictures with their labels, with a bar that shows how far it is.

    Parameters
    ----------
    pictures : Dataset
    what : str
        What to call them in messages, such as ``training pictures``.
    count : int, optional
        How many of them, where the others are known to be like these; by default all.

    Returns
    -------
    findings : Findings
    """
    sizes, counts, problems = {}, [], []
    number = len(pictures) if count is None else min(count, len(pictures))
    labels_of = pictures.classes.num_classes, pictures.classes.ignore_index
    for k in tqdm(range(number), desc=f"reading {what}", unit="picture", leave=False, disable=number < 2):
        try:
            _, labels = pictures[k]
            counted = count_labels(labels, *labels_of)
        except (OSError, ValueError) as error:
            problems.append(_naming(pictures.name(k), error))
            continue
        counts.append(counted)
        height, width = labels.shape
        sizes[pictures.name(k)] = height, width
    return Findings(what, sizes, np.array(counts), problems)


def fingerprint(pictures: Dataset) -> str:
    """What tells pictures from others: a resumed run with one more or less would make other batches.

    Parameters
    ----------
    pictures : Dataset

    Returns
    -------
    fingerprint : str
        How many there are, and the beginning of the SHA-256 of their names.
    """
    names = json.dumps([pictures.name(k) for k in range(len(pictures))])
    return f"{len(pictures)} with names of SHA-256 {hashlib.sha256(names.encode()).hexdigest()[:12]}"


def _naming(name: str, error: Exception) -> str:
    """The error's words, after the picture's name where they lack it."""
    return str(error) if name in str(error) else f"{shown(name)}: {error}"

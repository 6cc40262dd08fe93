"""The classes of a data set: their names, the colours they are shown in, and the label that is ignored."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Colour = tuple[int, int, int]

VOID_NAME = "void"  # the name that makes an index of classes.txt the ignored one


@dataclass(frozen=True)
class Classes:
    """Names and colours of the labels 0, 1, 2, ...; class k is `names[k]`.

    Parameters
    ----------
    names : tuple of str
        One name a class, all different.
    colours : tuple of (red, green, blue)
        One colour a class, 0..255 each.
    ignore_index : int or None
        The label of pixels that count nowhere (void): above the classes, at most 255. None if there is none.
    void_colour : (red, green, blue)
        What ignored pixels are shown in.

    Raises
    ------
    ValueError
        When the numbers of names and colours differ, a name appears twice, or a colour or `ignore_index`
        is out of range.

    Examples
    --------
    >>> CAMVID.names[3], CAMVID.colours[3], CAMVID.ignore_index
    ('Road', (128, 64, 128), 11)
    """

    names: tuple[str, ...]
    colours: tuple[Colour, ...]
    ignore_index: int | None = None
    void_colour: Colour = (0, 0, 0)

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) <= 256 or len(self.names) != len(self.colours):
            raise ValueError(
                f"Classes: {len(self.names)} names and {len(self.colours)} colours; "
                "expected as many of one as of the other, 1 to 256"
            )
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise ValueError(f"Classes: each name may appear once, these appear twice: {', '.join(twice)}")
        for colour in (*self.colours, self.void_colour):
            if len(colour) != 3 or not all(0 <= part <= 255 for part in colour):
                raise ValueError(f"Classes: colour {colour}, expected three numbers in 0..255")
        if self.ignore_index is not None and not len(self.names) <= self.ignore_index <= 255:
            raise ValueError(
                f"Classes: ignore_index {self.ignore_index}, expected {len(self.names)}..255, "
                f"as 0..{len(self.names) - 1} are classes"
            )

    @property
    def num_classes(self) -> int:
        """The number of classes, void not among them."""
        return len(self.names)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Classes":
        """Read a `classes.txt`: one line a class, `index name r g b`; the index named `void` is ignored.

        The indices of the classes are 0, 1, 2, ... without a gap, in any order of the lines; void's is any
        above them, up to 255. Empty lines don't matter.

        Parameters
        ----------
        path : str or path-like
            The file, UTF-8.

        Returns
        -------
        classes : Classes

        Raises
        ------
        ValueError
            For lines that say something else, all of them named with file and line number.
        OSError
            When the file cannot be read.
        """
        path = Path(path)
        entries: dict[int, tuple[str, Colour]] = {}
        problems = []
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: expected UTF-8 text, {error}") from error
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            entry = _parse(line)
            if entry is None:
                expected = "expected 'index name r g b', the name without spaces, the numbers 0..255"
                problems.append(f"{path}:{number}: {line.strip()!r}, {expected}")
            elif entry[0] in entries:
                problems.append(f"{path}:{number}: index {entry[0]} is already {entries[entry[0]][0]!r}")
            elif any(entry[1] == name for name, _ in entries.values()):
                problems.append(f"{path}:{number}: there is already an index named {entry[1]!r}")
            else:
                entries[entry[0]] = entry[1:]
        if problems:
            raise ValueError("\n".join(problems))
        void = next((index for index, (name, _) in entries.items() if name == VOID_NAME), None)
        labels = sorted(index for index in entries if index != void)
        if not labels or labels != list(range(len(labels))) or (void is not None and void < len(labels)):
            given = f"indices {labels}" + ("" if void is None else f" and void {void}")
            raise ValueError(
                f"{path}: {given}; expected classes 0, 1, 2, ... without a gap and void above them"
            )
        return cls(
            names=tuple(entries[label][0] for label in labels),
            colours=tuple(entries[label][1] for label in labels),
            ignore_index=void,
            void_colour=(0, 0, 0) if void is None else entries[void][1],
        )

    def palette(self) -> list[int]:
        """The 768 numbers that `PIL.Image.Image.putpalette` takes for an index PNG of these classes."""
        return self._table().ravel().tolist()

    def _table(self) -> np.ndarray:
        table = np.zeros((256, 3), np.uint8)
        table[: self.num_classes] = self.colours
        if self.ignore_index is not None:
            table[self.ignore_index] = self.void_colour
        return table


def _parse(line: str) -> tuple[int, str, Colour] | None:
    words = line.split()
    if len(words) != 5 or not all(word.isascii() and word.isdigit() for word in (words[0], *words[2:])):
        return None
    index, red, green, blue = (int(word) for word in (words[0], *words[2:]))
    if max(index, red, green, blue) > 255:
        return None
    return index, words[1], (red, green, blue)


def colourise(labels: np.ndarray, classes: Classes) -> np.ndarray:
    """Show labels in the colours of their classes.

    Parameters
    ----------
    labels : ndarray of any integer dtype, any shape
        Class indices and, where there is one, the ignored label.
    classes : Classes

    Returns
    -------
    image : ndarray of uint8, shape labels.shape + (3,)

    Raises
    ------
    TypeError
        When `labels` is no ndarray of integers.
    ValueError
        When a label is neither a class nor the ignored one.
    """
    allowed = classes.num_classes, classes.ignore_index
    if outside := values_outside(labels, *allowed):
        raise ValueError(f"colourise: label values {outside}, expected {describe_labels(*allowed)}")
    return classes._table()[labels]


def check_integers(name: str, array: np.ndarray) -> None:
    """Raise TypeError unless `array` is an ndarray of integers; the message calls it `name`."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iu":
        given = f"{array.dtype} array" if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"{name} must be an ndarray of integers, got {given}")


def values_outside(labels: np.ndarray, num_classes: int, ignore_index: int | None = None) -> list[int]:
    """The values in `labels` that are neither a class nor the ignored label, in ascending order."""
    check_integers("labels", labels)
    bad = (labels < 0) | (labels >= num_classes)
    if ignore_index is not None:
        bad &= labels != ignore_index
    return np.unique(labels[bad]).tolist() if bad.any() else []


def describe_labels(num_classes: int, ignore_index: int | None = None) -> str:
    """Say in words which label values are valid, for messages."""
    return f"0..{num_classes - 1}" + ("" if ignore_index is None else f" or {ignore_index} ({VOID_NAME})")


CAMVID = Classes(
    names=(
        "Sky",
        "Building",
        "Pole",
        "Road",
        "Pavement",
        "Tree",
        "SignSymbol",
        "Fence",
        "Car",
        "Pedestrian",
        "Bicyclist",
    ),
    colours=(
        (128, 128, 128),
        (128, 0, 0),
        (192, 192, 128),
        (128, 64, 128),
        (60, 40, 222),
        (128, 128, 0),
        (192, 128, 128),
        (64, 64, 128),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
    ),
    ignore_index=11,
)

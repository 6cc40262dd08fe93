"""Images and labels in folders, as the authors' CamVid has them.

    DIR/train/0001.png    DIR/trainannot/0001.png    an image and its labels have the same stem
    DIR/val/...           DIR/valannot/...           images .png, .jpg or .jpeg; labels .png
    DIR/classes.txt                                  optional, see `Classes.read`

Which kinds of files are read, and how, is said in `pictures`.
"""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from segnet_np.data.classes import CAMVID, Classes, describe_labels, values_outside
from segnet_np.data.pictures import read_labels, read_turned
from segnet_np.names import listed, shown

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
LABEL_SUFFIXES = (".png",)


class Folder:
    """A data set of the images in DIR/{split} and the labels in DIR/{split}annot, ordered by stem.

    Making one looks at file names only; files are read, and checked, when they are asked for.

    Parameters
    ----------
    directory : str or path-like
    split : str
        "train", "val", "test" or another such name.
    complete : bool, default True
        Whether images without labels, and labels without an image, are an error. Else they are left out, and
        named in `unpaired`.

    Raises
    ------
    FileNotFoundError
        When a folder is missing.
    ValueError
        When there are no images, stems appear twice, images lack labels or labels lack images, all named,
        or `classes.txt` is malformed.

    Examples
    --------
    >>> images = Folder("camvid", "train")  # doctest: +SKIP
    >>> image, labels = images[0]  # doctest: +SKIP
    """

    def __init__(self, directory: str | os.PathLike[str], split: str, complete: bool = True) -> None:
        self.directory = Path(directory)
        self.split = split
        image_folder, label_folder = self.directory / split, self.directory / f"{split}annot"
        missing = [shown(folder) for folder in (image_folder, label_folder) if not folder.is_dir()]
        if missing:
            raise FileNotFoundError(f"no folder {' and no folder '.join(missing)}")
        names = self.directory / "classes.txt"
        self.classes = Classes.read(names) if names.exists() else CAMVID
        images, labels = _by_stem(image_folder, IMAGE_SUFFIXES), _by_stem(label_folder, LABEL_SUFFIXES)
        if not images:
            raise ValueError(
                f"{shown(image_folder)}: no images, expected files named {_any_of(IMAGE_SUFFIXES)}"
            )
        self.unpaired: list[str] = []
        problems = self.unpaired
        if bare := sorted(images.keys() - labels.keys()):
            problems.append(
                f"images without labels in {shown(label_folder)}: {_names(images[stem] for stem in bare)}"
            )
        if bare := sorted(labels.keys() - images.keys()):
            problems.append(
                f"labels without an image in {shown(image_folder)}: {_names(labels[stem] for stem in bare)}"
            )
        if problems and complete:
            raise ValueError("\n".join(problems))
        self.pairs = [(images[stem], labels[stem]) for stem in sorted(images.keys() & labels.keys())]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read a pair.

        Returns
        -------
        image : ndarray of uint8, shape (H, W, 3)
        labels : ndarray of uint8, shape (H, W)

        Raises
        ------
        ValueError
            When a file is unreadable, truncated or of a wrong kind, the sizes differ, a label is none of the
            classes, or it is not certain that labels lie as their image does; the files are named.
        """
        if not 0 <= index < len(self.pairs):
            raise IndexError(f"{shown(self.directory / self.split)}: image {index} of {len(self.pairs)}")
        image_path, label_path = self.pairs[index]
        image, orientation = read_turned(image_path)
        labels = read_labels(label_path, self.classes)
        if problems := self.disagreements(index, image, labels, orientation):
            raise ValueError("\n".join(problems))
        return image, labels

    def disagreements(
        self, index: int, image: np.ndarray, labels: np.ndarray, orientation: int = 1
    ) -> list[str]:
        """What is wrong between the image, the labels and the classes of a pair; empty if nothing is.

        Parameters
        ----------
        index : int
        image : ndarray of uint8, shape (H, W, 3)
        labels : ndarray of uint8, shape (H, W)
        orientation : int, default 1
            How the image was turned upright, as `read_turned` says.

        Returns
        -------
        problems : list of str
            Messages that name the files.
        """
        image_path, label_path = map(shown, self.pairs[index])
        problems = []
        height, width = image.shape[:2]
        stored = (width, height) if orientation > 4 else (height, width)
        if orientation != 1 and labels.shape == stored:
            # Labels were drawn on the upright image or on the stored one. Only sizes could tell: those of an
            # oblong image that is turned by a quarter.
            problems.append(
                f"{image_path} is to be turned by EXIF orientation {orientation}, and its labels "
                f"{label_path} are {_size(labels)}, as is what is stored, so they may lie as that does; "
                "expected both stored upright: ImageOps.exif_transpose(Image.open(path)).save(...) with "
                "Pillow turns the image"
            )
        elif image.shape[:2] != labels.shape:
            problems.append(
                f"{image_path} is {_size(image)} but its labels {label_path} are {_size(labels)}, "
                "expected the same height x width"
            )
        allowed = self.classes.num_classes, self.classes.ignore_index
        if outside := values_outside(labels, *allowed):
            hint = "; classes.txt can say which value is void" if 255 in outside else ""
            expected = describe_labels(*allowed) + hint
            problems.append(f"{label_path}: label values {outside}, expected {expected}")
        return problems

    def name(self, index: int) -> str:
        """The stem of a pair's files."""
        return self.pairs[index][0].stem


def _by_stem(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """The files of a folder. Of one letter's two spellings in Unicode, composed or not, both are one stem."""
    stems: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and path.is_file() and not path.name.startswith("."):
            stems[unicodedata.normalize("NFC", path.stem)].append(path)
    if twice := [path for paths in stems.values() if len(paths) > 1 for path in paths]:
        raise ValueError(f"{shown(folder)}: files of the same stem, expected one each: {_names(twice)}")
    return {stem: paths[0] for stem, paths in stems.items()}


def _names(paths: Iterable[Path]) -> str:
    return listed([shown(path.name) for path in paths])


def _any_of(suffixes: tuple[str, ...]) -> str:
    return ", ".join(f"*{suffix}" for suffix in suffixes)


def _size(array: np.ndarray) -> str:
    return f"{array.shape[0]}x{array.shape[1]}"

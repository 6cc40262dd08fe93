"""Images and labels in folders, as the authors' CamVid has them.

    DIR/train/0001.png    DIR/trainannot/0001.png    an image and its labels have the same stem
    DIR/val/...           DIR/valannot/...           images .png, .jpg or .jpeg; labels .png
    DIR/classes.txt                                  optional, see `Classes.read`

Nothing is converted in silence. Images must be 8-bit RGB; grey, palette, transparent, CMYK and 16-bit ones
are refused, and the message says how to convert them. Labels must be 8-bit index PNGs, of mode L or P, and of
a palette the raw indices count. Photographs are turned upright as their EXIF orientation says.
"""

import os
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from segnet_np.data.classes import CAMVID, Classes, describe_labels, values_outside

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
LABEL_SUFFIXES = (".png",)
SHOWN = 10  # names in one message


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
        missing = [str(folder) for folder in (image_folder, label_folder) if not folder.is_dir()]
        if missing:
            raise FileNotFoundError(f"no folder {' and no folder '.join(missing)}")
        names = self.directory / "classes.txt"
        self.classes = Classes.read(names) if names.exists() else CAMVID
        images, labels = _by_stem(image_folder, IMAGE_SUFFIXES), _by_stem(label_folder, LABEL_SUFFIXES)
        if not images:
            raise ValueError(f"{image_folder}: no images, expected files named {_any_of(IMAGE_SUFFIXES)}")
        self.unpaired: list[str] = []
        problems = self.unpaired
        if bare := sorted(images.keys() - labels.keys()):
            problems.append(
                f"images without labels in {label_folder}: {listed([images[stem].name for stem in bare])}"
            )
        if bare := sorted(labels.keys() - images.keys()):
            problems.append(
                f"labels without an image in {image_folder}: {listed([labels[stem].name for stem in bare])}"
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
            When a file is unreadable, truncated or of a wrong kind, the sizes differ, or a label is none of
            the classes; the files are named.
        """
        if not 0 <= index < len(self.pairs):
            raise IndexError(f"{self.directory / self.split}: image {index} of {len(self.pairs)}")
        image_path, label_path = self.pairs[index]
        image, labels = read_image(image_path), read_labels(label_path)
        if problems := self.disagreements(index, image, labels):
            raise ValueError("\n".join(problems))
        return image, labels

    def disagreements(self, index: int, image: np.ndarray, labels: np.ndarray) -> list[str]:
        """What is wrong between the image, the labels and the classes of a pair; empty if nothing is.

        Parameters
        ----------
        index : int
        image : ndarray of uint8, shape (H, W, 3)
        labels : ndarray of uint8, shape (H, W)

        Returns
        -------
        problems : list of str
            Messages that name the files.
        """
        image_path, label_path = self.pairs[index]
        problems = []
        if image.shape[:2] != labels.shape:
            problems.append(
                f"{image_path} is {_size(image)} but its labels {label_path} are {_size(labels)}, "
                "expected the same height x width"
            )
        allowed = self.classes.num_classes, self.classes.ignore_index
        if outside := values_outside(labels, *allowed):
            problems.append(f"{label_path}: label values {outside}, expected {describe_labels(*allowed)}")
        return problems

    def name(self, index: int) -> str:
        """The stem of a pair's files."""
        return self.pairs[index][0].stem


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an 8-bit RGB image, upright.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is no whole image or not of mode RGB; it is named.
    """
    with _opened(path) as image:
        _check_rgb(path, image)
        image.load()
        return np.array(ImageOps.exif_transpose(image))


def read_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Read the size of an 8-bit RGB image from its first bytes, which is much quicker than to read it all.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    size : (height, width)
        As it is stored, which may not be upright.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file does not begin as an image, or is not of mode RGB; it is named.
    """
    with _opened(path) as image:
        _check_rgb(path, image)
        return image.height, image.width


def read_labels(path: str | os.PathLike[str]) -> np.ndarray:
    """Read labels from an 8-bit index PNG; of a palette image the raw indices.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    labels : ndarray of uint8, shape (H, W)

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is no whole image or not of mode L or P; it is named.
    """
    with _opened(path) as image:
        image.load()
    if image.mode not in ("L", "P"):
        raise ValueError(
            f"{path}: labels of mode {image.mode}, expected an 8-bit index PNG (mode L or P) "
            "whose values are class indices"
        )
    return np.array(image)


def _check_rgb(path: str | os.PathLike[str], image: Image.Image) -> None:
    if image.mode != "RGB":
        raise ValueError(
            f"{path}: an image of mode {image.mode}, expected 8-bit RGB; "
            "Image.open(path).convert('RGB').save(...) with Pillow makes one"
        )


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[Image.Image]:
    """Lend an image of which only the header is read; what is wrong with it names the file."""
    try:
        with warnings.catch_warnings():
            # An image so large that Pillow suspects an attack is an error, as is a damaged EXIF block.
            warnings.simplefilter("error")
            with Image.open(path, formats=("PNG", "JPEG")) as image:
                # Without a word Pillow cuts 16-bit colours to 8 bits and stretches 2- and 4-bit greys to
                # 0..255; only the raw mode still tells.
                if str(image.tile[0][3]) in ("RGB;16B", "I;16B", "L;2", "L;4"):
                    raise ValueError(f"{path}: stored as {image.tile[0][3]}, expected 8 bits a channel")
                yield image
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: not a readable image: {error}") from error


def _by_stem(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    stems: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and path.is_file() and not path.name.startswith("."):
            stems[path.stem].append(path)
    if twice := [path.name for paths in stems.values() if len(paths) > 1 for path in paths]:
        raise ValueError(f"{folder}: files of the same stem, expected one each: {listed(twice)}")
    return {stem: paths[0] for stem, paths in stems.items()}


def listed(names: list[str]) -> str:
    """Name the first few, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _any_of(suffixes: tuple[str, ...]) -> str:
    return ", ".join(f"*{suffix}" for suffix in suffixes)


def _size(array: np.ndarray) -> str:
    return f"{array.shape[0]}x{array.shape[1]}"

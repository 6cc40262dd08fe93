"""Images and labels out of PNG and JPEG files: as they are, converted without loss, or not at all.

| stored as | an image | labels |
|---|---|---|
| 8-bit RGB | as it is | decoded by the classes' colours, if these are given |
| grey | all three channels get the grey, of 1, 2 and 4 bits scaled to 0..255 | 8 bits: the values |
| palette | the colours that it names | the indices; refused where their colours are those of other classes |
| with alpha, or a colour that is transparent | without, if all pixels are opaque | as an image |
| 16 bits a channel, CMYK, animated | refused | refused |
| turned by EXIF | upright | refused |

What is refused would need a choice, such as what is behind transparent pixels; the message says how to make
one. Colour profiles and gamma are not applied. Of a JPEG with several pictures (MPO, as telephones write) the
first is the photograph.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from segnet_np.data.classes import Classes
from segnet_np.data.label_colours import class_colours, decode_colours
from segnet_np.data.png_lines import BITS, lines_are_missing
from segnet_np.names import shown

FORMATS = ("PNG", "JPEG")
MODES = ("RGB", "L", "P", "1", "RGBA", "LA")  # which RGB takes without loss, if nothing is transparent


_OPAQUE = (
    "expected an opaque image; Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image)"
    ".convert('RGB').save(...) with Pillow puts image = Image.open(path).convert('RGBA') on white"
)


class _RefusedError(ValueError):
    """Our own verdict, which names the file already."""


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an image as 8-bit RGB, upright; see the table above for what is converted.

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
        When the file is no whole image, or of a kind that is not RGB without a choice; it is named.
    """
    return read_turned(path)[0]


def read_turned(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
    """Read an image as `read_image` does, and how it was turned to be upright.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
    orientation : int
        1 if the image is as it is stored, else its EXIF orientation 2..8; 5..8 swap height and width.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_image`.
    """
    with _opened(path) as image:
        _check_convertible(path, image)
        orientation = _load(path, image)
        return _rgb(path, ImageOps.exif_transpose(image)), orientation


def read_labels(path: str | os.PathLike[str], classes: Classes | None = None) -> np.ndarray:
    """Read labels from a PNG: 8-bit indices, the raw indices of a palette image, or the classes' colours.

    Parameters
    ----------
    path : str or path-like
    classes : Classes, optional
        By whose colours an RGB file is decoded; without them it is refused.

    Returns
    -------
    labels : ndarray of uint8, shape (H, W)
        Of indices, any values: whether they are classes is not checked.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is no whole PNG, of another kind, or holds a colour that no class has; it is named.
    """
    name = shown(path)
    with _opened(path) as image:
        if image.format != "PNG":
            raise _RefusedError(
                f"{name}: labels stored as {image.format}, expected PNG, which keeps their values"
            )
        raw, palette = _raw(image), classes if image.mode in ("RGB", "RGBA") else None
        if palette is None and raw != "L" and image.mode != "P":
            raise _RefusedError(
                f"{name}: labels of kind {raw}, expected an 8-bit index PNG (mode L or P) whose values are "
                "class indices, or 8-bit RGB in the colours of given classes"
            )
        if palette is not None:
            _check_convertible(path, image)
        if (orientation := _load(path, image)) != 1:
            raise _RefusedError(
                f"{name}: labels to be turned by EXIF orientation {orientation}, expected upright ones"
            )
        if palette is None:
            labels = np.array(image)
            if image.mode == "P" and classes is not None:
                _check_palette(name, labels, image.getpalette() or [], classes)
            return labels
        pixels = _rgb(path, image)
    try:
        return decode_colours(pixels, palette)
    except ValueError as error:
        raise ValueError(f"{name}: labels stored as colours: {error}") from error


def _check_palette(name: str, labels: np.ndarray, palette: list[int], classes: Classes) -> None:
    """Raise where indices are not the classes whose colours they have."""
    entries = class_colours(classes)
    label_of: dict[tuple[int, ...], int] = {colour: label for label, _, colour in entries}
    used = np.unique(labels).tolist()
    meant = [label_of.get(tuple(palette[3 * index : 3 * index + 3])) for index in used]
    each_its_own = len(label_of) == len(entries) and len(set(meant)) == len(used) > 1
    if each_its_own and None not in meant and meant != used:
        raise _RefusedError(
            f"{name}: a palette image whose indices {used} have the colours of the classes {meant}; expected "
            "the number of the class as index. With Pillow, if the colours are right, Image.open(path)"
            ".convert('RGB').save(...) makes labels that are read by them; if the indices are, "
            "Image.fromarray(numpy.array(Image.open(path))).save(...) leaves the colours out"
        )


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[ImageFile.ImageFile]:
    """Lend an image of which only the header is read; what is wrong with it names the file."""
    try:
        with warnings.catch_warnings():
            # An image so large that Pillow suspects an attack is an error, as is a damaged EXIF block.
            for category in (Image.DecompressionBombWarning, UserWarning):
                warnings.simplefilter("error", category)
            # But not a damaged list of further pictures, of which none is read.
            warnings.filterwarnings("ignore", "Image appears to be a malformed MPO file")
            with Image.open(path, formats=FORMATS) as image:
                if image.format == "PNG" and getattr(image, "is_animated", False):
                    raise _RefusedError(
                        f"{shown(path)}: an animated PNG, expected a single image; "
                        "Image.open(path).convert('RGB').save(...) with Pillow keeps the first"
                    )
                yield image
    except (FileNotFoundError, MemoryError, _RefusedError):
        raise
    except UnidentifiedImageError as error:
        reason = _beginning(path)
        raise ValueError(f"{shown(path)}: not a readable image: {reason}") from error
    except Exception as error:  # a hostile file gets all sorts out of Pillow, assertions among them
        reason = str(error) or type(error).__name__
        raise ValueError(f"{shown(path)}: not a readable image: {reason}") from error


def _beginning(path: str | os.PathLike[str]) -> str:
    """What is wrong with a file of which Pillow cannot tell what it is."""
    with open(path, "rb") as file:
        first = file.read(4)
    if not first:
        return "it is empty"
    known = first.startswith((b"\x89PNG", b"\xff\xd8"))
    return "it is damaged at its beginning" if known else "neither PNG nor JPEG"


def _raw(image: ImageFile.ImageFile) -> str:
    """How the pixels are stored, such as RGB;16B. Before they are loaded, as then Pillow forgets."""
    # Without a word Pillow cuts 16-bit colours to 8 bits and stretches 2- and 4-bit greys to 0..255; of PNGs
    # the raw mode still tells.
    return str(image.tile[0][3]) if image.format == "PNG" else image.mode


def _check_convertible(path: str | os.PathLike[str], image: ImageFile.ImageFile) -> None:
    """Raise for what the header rules out."""
    name, raw = shown(path), _raw(image)
    if raw.endswith("16B"):
        raise _RefusedError(
            f"{name}: stored as {raw}, expected 8 bits a channel; "
            "'magick FILE -depth 8 PNG24:NEW' with ImageMagick rounds it"
        )
    if image.mode not in MODES:
        raise _RefusedError(
            f"{name}: an image of mode {image.mode}, expected RGB or grey; "
            "Image.open(path).convert('RGB').save(...) with Pillow makes one"
        )
    if raw in ("1", "L;2", "L;4") and "transparency" in image.info:  # Pillow's versions differ in its scale
        raise _RefusedError(f"{name}: grey of kind {raw} with a transparent grey, {_OPAQUE}")


def _load(path: str | os.PathLike[str], image: ImageFile.ImageFile) -> int:
    """Read the pixels, and return the EXIF orientation, 1 if there is none."""
    start, raw = image.tile[0][2] - 8, _raw(image)
    image.load()
    if image.format == "PNG":
        interlaced = bool(image.info.get("interlace"))
        # Lines that Pillow lacked are zeros. That the last one is zero is rare enough to look again.
        last = image.crop((0, image.height - 1, image.width, image.height))
        if (interlaced or not np.asarray(last).any()) and lines_are_missing(
            path, start, image.size, BITS[raw], interlaced
        ):
            raise _RefusedError(f"{shown(path)}: not a readable image: it ends before its last line")
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    return orientation if orientation in range(2, 9) else 1


def _rgb(path: str | os.PathLike[str], image: Image.Image) -> np.ndarray:
    """The colours of a loaded image of one of `MODES`."""
    if image.mode == "P":
        highest, colours = int(np.asarray(image).max()), len(image.getpalette() or ()) // 3
        if highest >= colours:
            raise _RefusedError(f"{shown(path)}: index {highest}, but its palette has {colours} colours")
    if not image.has_transparency_data:
        return np.array(image if image.mode == "RGB" else image.convert("RGB"))
    rgba = np.asarray(image.convert("RGBA"))
    if clear := int((rgba[..., 3] < 255).sum()):
        raise _RefusedError(f"{shown(path)}: {clear} transparent pixels, {_OPAQUE}")
    return rgba[..., :3].copy()

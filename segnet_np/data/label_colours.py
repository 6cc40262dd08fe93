"""Labels that are stored as the colours of their classes."""

import numpy as np

from segnet_np.data.classes import VOID_NAME, Classes, Colour
from segnet_np.names import listed

SHOWN = 5  # colours in one message


def decode_colours(image: np.ndarray, classes: Classes) -> np.ndarray:
    """Turn colours into labels, each pixel by the class of exactly its colour: the inverse of `colourise`.

    A colour that is only like that of a class is refused. It comes from a resized, blended or JPEG-compressed
    label image, and there the nearest colour is often that of a third class.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    classes : Classes

    Returns
    -------
    labels : ndarray of uint8, shape (H, W)

    Raises
    ------
    ValueError
        When classes share a colour, or a pixel has a colour that no class has; such colours are named, the
        most frequent first, with the number of their pixels and the class of the nearest colour.

    Examples
    --------
    >>> from segnet_np.data.classes import CAMVID
    >>> decode_colours(np.array([[[128, 64, 128], [0, 0, 0]]], np.uint8), CAMVID)
    array([[ 3, 11]], dtype=uint8)
    """
    entries = class_colours(classes)
    _check_different([(name, colour) for _, name, colour in entries])
    values = np.array([value for value, _, _ in entries], np.uint8)
    colours = np.array([colour for _, _, colour in entries])
    keys = _keys(colours)
    order = np.argsort(keys)
    pixels = _keys(image)
    found = order[np.searchsorted(keys[order], pixels).clip(max=len(keys) - 1)]
    unknown = keys[found] != pixels
    if unknown.any():
        keys, counts = np.unique(pixels[unknown], return_counts=True)
        descriptions = []
        for k in np.argsort(-counts, kind="stable")[:SHOWN].tolist():
            colour = np.array([keys[k] >> 16, keys[k] >> 8 & 255, keys[k] & 255])
            _, name, near = entries[int(((colours - colour) ** 2).sum(1).argmin())]
            descriptions.append(f"{tuple(colour.tolist())} in {counts[k]} (nearest: {name} {near})")
        raise ValueError(
            f"{len(keys)} colour{'s' if len(keys) > 1 else ''} that no class has, "
            f"in {counts.sum()} of {pixels.size} pixels: {listed(descriptions, len(keys), SHOWN)}; "
            "expected exactly the colours of the classes"
        )
    return values[found]


def class_colours(classes: Classes) -> list[tuple[int, str, Colour]]:
    """Label, name and colour of each class, and of void where there is one.

    Parameters
    ----------
    classes : Classes

    Returns
    -------
    entries : list of (int, str, (r, g, b))
    """
    entries = list(zip(range(classes.num_classes), classes.names, classes.colours, strict=True))
    if classes.ignore_index is not None:
        entries.append((classes.ignore_index, VOID_NAME, classes.void_colour))
    return entries


def _keys(colours: np.ndarray) -> np.ndarray:
    """One number for each colour."""
    red, green, blue = np.moveaxis(colours.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue


def _check_different(entries: list[tuple[str, Colour]]) -> None:
    names: dict[Colour, list[str]] = {}
    for name, colour in entries:
        names.setdefault(colour, []).append(name)
    if shared := [f"{' and '.join(some)} {colour}" for colour, some in names.items() if len(some) > 1]:
        raise ValueError(
            f"classes of the same colour: {listed(shared)}; labels can be read from colours only where these "
            "differ, else store class indices"
        )

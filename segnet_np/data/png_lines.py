"""Whether a PNG holds all the lines that its header promises.

Pillow refuses a file that was cut off. But where the compressed stream ends as it should and only too soon,
it leaves the missing lines black and says nothing.
"""

import os
import struct
import zlib

# What Pillow calls the kinds of PNG, and their bits a pixel.
BITS = {
    **{"1": 1, "L;2": 2, "L;4": 4, "L": 8, "I;16B": 16},
    **{"P;1": 1, "P;2": 2, "P;4": 4, "P": 8},
    **{"LA": 16, "LA;16B": 32, "RGB": 24, "RGB;16B": 48, "RGBA": 32, "RGBA;16B": 64},
}

# First column, first row and steps of each pass of an interlaced PNG.
_WHOLE = ((0, 0, 1, 1),)
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE = 1 << 16  # bytes that are inflated at a time


def lines_are_missing(
    path: str | os.PathLike[str], start: int, size: tuple[int, int], bits: int, interlaced: bool
) -> bool:
    """Inflate the lines, and count whether they are as many bytes as the picture needs.

    Parameters
    ----------
    path : str or path-like
    start : int
        Where the first IDAT chunk begins in the file.
    size : (width, height)
    bits : int
        Of a pixel.
    interlaced : bool

    Returns
    -------
    missing : bool

    References
    ----------
    Portable Network Graphics Specification (Second Edition), sections 8 (interlacing) and 9 (filtering).
    """
    needed, got = _bytes(size, bits, interlaced), 0
    inflater = zlib.decompressobj()
    with open(path, "rb") as file:
        file.seek(start)
        while got < needed:
            head = file.read(8)
            if head[4:] != b"IDAT":
                break
            piece = inflater.decompress(file.read(struct.unpack(">I", head[:4])[0]), _PIECE)
            while piece and got < needed:
                got += len(piece)
                piece = inflater.decompress(inflater.unconsumed_tail, _PIECE)
            file.seek(4, os.SEEK_CUR)  # the checksum, which Pillow has seen
    return got < needed


def _bytes(size: tuple[int, int], bits: int, interlaced: bool) -> int:
    """How many bytes the lines are, each with its filter byte."""
    total = 0
    for left, top, across, down in _PASSES if interlaced else _WHOLE:
        columns, rows = -(-(size[0] - left) // across), -(-(size[1] - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total

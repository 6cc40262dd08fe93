"""Named arrays in a safetensors file, read with distrust.

A safetensors file is numbers and a table of contents, nothing that could run. A pickle (PyTorch's ``.pt`` and
``.pth`` are pickles) is a program that runs when it is opened, so pickles are refused and never loaded.

The file begins with the length of its header in eight bytes, little-endian. Then comes the header, a JSON
object that says of each array its dtype, shape and place; then the arrays.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from segnet_np.names import shown

# Ours are up to 30 kB, and 1 MB in the checkpoint of a net of 256 classes, whose confusion matrix is in it.
HEADER_LIMIT = 1 << 21


def write_tensors(arrays: dict[str, np.ndarray], path: Path, metadata: dict[str, str]) -> None:
    """Write arrays to `path`; a full disk is an OSError, as for any other file."""
    # The writer takes the memory as it lies, and would mix up arrays of another order.
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    try:
        save_file(arrays, path, metadata)
    except SafetensorError as error:
        raise OSError(f"{shown(path)} cannot be written: {error}") from error


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read all arrays and the metadata of a safetensors file.

    float16 arrays are widened to float32: half precision only saves room in the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is a pickle, truncated, no safetensors file at all, of a dtype that NumPy has not, or its header
        is longer than `HEADER_LIMIT` or contradicts itself or the file. What it only claims takes no memory.
    """
    path = Path(path)
    with open(path, "rb") as file:
        start = file.read(9)
    # PyTorch writes a zip archive with a pickle in it, older versions and pickle itself start with byte 0x80.
    # So may a safetensors file, whose first eight bytes are a length; but its ninth opens a JSON object.
    if start.startswith((b"PK\x03\x04", b"\x80")) and start[8:] != b"{":
        raise ValueError(
            f"{shown(path)} is a pickle, which could run any program when opened; expected a safetensors file"
        )
    try:
        _check_header(path)
        with safe_open(path, framework="numpy") as tensors:
            metadata = tensors.metadata() or {}
            arrays = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118, it is no dict
    # TypeError or AttributeError is about a dtype that NumPy has not, ValueError about a shape or from us.
    except (SafetensorError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{shown(path)} is no whole safetensors file that NumPy can read: {error}"
        ) from error
    return {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in arrays.items()
    }, metadata


def _check_header(path: Path) -> None:
    """Check what the library lets pass.

    It holds each array's place against its dtype and shape, the other arrays and the end of the file, so that
    nothing overlaps, lies outside or is left over. Numbers that are negative, fractions or too large are
    errors to it, and so is deep nesting. But it takes headers of up to 100 MB, which as a million arrays of
    no elements or as one of ten million dimensions become a gigabyte of memory. And of two entries of one
    name it takes the last.
    """
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        follow = os.fstat(file.fileno()).st_size - 8
        if length > min(follow, HEADER_LIMIT):
            raise ValueError(
                f"a header of {length} bytes, expected at most {HEADER_LIMIT} and the {follow} that follow"
            )
        read_json(file.read(length).decode("utf-8"))


def read_json(text: str) -> Any:
    """Read JSON; an object that names something twice is an error, and so is endless nesting.

    Raises
    ------
    ValueError
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise ValueError(f"two entries named {counts.most_common(1)[0][0][:99]!r}")
    return entries

"""Expected beside yours: which part of two arrays is drawn, and its numbers as text."""

from dataclasses import dataclass

import numpy as np

from segnet_np.lessons.judging.comparing import Difference

#: How many rows and columns of a large array are drawn, around its worst element.
_ROWS, _COLUMNS = 8, 8


@dataclass(frozen=True)
class Cutout:
    """The part of both arrays that is drawn: a plane of them, or a part of one around the worst element.

    Attributes
    ----------
    title : str
        "y[0, 2]", the plane's place.
    rows, columns : list of int
        Which rows and columns of the plane.
    expected, yours : list of list of str
        The numbers, as text.
    wrong : list of list of bool
    worst : tuple of int
        Row and column in this part.
    """

    title: str
    rows: list[int]
    columns: list[int]
    expected: list[list[str]]
    yours: list[list[str]]
    wrong: list[list[bool]]
    worst: tuple[int, int]


def cutout(difference: Difference) -> Cutout:
    """Choose what to draw.

    Parameters
    ----------
    difference : Difference

    Returns
    -------
    cutout : Cutout
    """
    index, ndim = difference.index, difference.wrong.ndim
    outer = index[: max(ndim - 2, 0)]
    planes = [
        np.atleast_2d(array[outer]) for array in (difference.expected, difference.got, difference.wrong)
    ]
    row, column = (index[-2], index[-1]) if ndim > 1 else (0, index[-1] if ndim else 0)
    rows = _around(row, planes[0].shape[0], _ROWS)
    columns = _around(column, planes[0].shape[1], _COLUMNS)
    expected, yours, wrong = (plane[np.ix_(rows, columns)] for plane in planes)
    digits = _digits(expected, yours, wrong)
    title = difference.label + (str(list(outer)) if outer else "")
    return Cutout(
        title,
        rows,
        columns,
        [[number(value, digits) for value in line] for line in expected],
        [[number(value, digits) for value in line] for line in yours],
        wrong.tolist(),
        (rows.index(row), columns.index(column)),
    )


def number(value: object, digits: int = 6) -> str:
    """Write a number, shortly."""
    if isinstance(value, bool | np.bool_ | str):
        return str(value)
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return (
            f"{float(value):.{digits}g}".replace("-0", "0", 1) if value == 0 else f"{float(value):.{digits}g}"
        )
    return str(value)[:24]


def worst_line(difference: Difference) -> str:
    """Say in a line which element is worst, what it is, what it should be."""
    index = difference.index
    expected, got = difference.expected[index], difference.got[index]
    place = difference.label + (str(list(index)) if index else "")
    digits = _digits(np.atleast_1d(expected), np.atleast_1d(got), np.ones(1, bool), 6)
    line = f"{place} is {number(got, digits)}, expected {number(expected, digits)}"
    if expected.dtype.kind in "iufc" and got.dtype.kind in "iufc":
        with np.errstate(all="ignore"):
            line += f" (off by {number(got.astype(float) - expected.astype(float), 3)})"
    if difference.wrong.size > 1:
        count = int(difference.wrong.sum())
        line += f"; {count} of {difference.wrong.size} elements {'is' if count == 1 else 'are'} wrong"
        line += ", this one most." if count > 1 else "."
    else:
        line += "."
    return line


def text_table(difference: Difference) -> list[str]:
    """Draw both beside each other in letters; wrong elements of yours carry a star.

    Parameters
    ----------
    difference : Difference

    Returns
    -------
    lines : list of str
        None for a single number, which the line above says already.
    """
    if difference.wrong.ndim == 0:
        return []
    part = cutout(difference)
    yours = [
        [cell + ("*" if wrong else " ") for cell, wrong in zip(*pair, strict=True)]
        for pair in zip(part.yours, part.wrong, strict=True)
    ]
    width = max(len(cell) for line in [*part.expected, *yours] for cell in line)
    left = [" ".join(cell.rjust(width) for cell in line) for line in part.expected]
    right = [" ".join(cell.rjust(width) for cell in line) for line in yours]
    heading = f"{part.title} expected".ljust(len(left[0])) + "    yours (* = wrong)"
    shift = max(len(left[0]), len(f"{part.title} expected"))
    lines = [heading] + [a.ljust(shift) + "    " + b for a, b in zip(left, right, strict=True)]
    if partial := shown(difference, part):
        lines.append(partial)
    return [line.rstrip() for line in lines]


def shown(difference: Difference, part: Cutout) -> str:
    """Say which rows and columns are drawn, if not all."""
    height, width = np.atleast_2d(np.empty(difference.wrong.shape[-2:])).shape
    said = []
    for name, places, size in (("rows", part.rows, height), ("columns", part.columns, width)):
        if len(places) < size:
            said.append(f"{name} {places[0]} to {places[-1]} of {size}")
    return f"({', '.join(said)})" if said else ""


def _around(centre: int, size: int, most: int) -> list[int]:
    start = min(max(centre - most // 2, 0), max(size - most, 0))
    return list(range(start, min(start + most, size)))


def _digits(expected: np.ndarray, yours: np.ndarray, wrong: np.ndarray, start: int = 4) -> int:
    """Find how many digits it takes until wrong elements look wrong."""
    for digits in range(start, 12):
        alike = [
            number(a, digits) == number(b, digits) for a, b in zip(expected[wrong], yours[wrong], strict=True)
        ]
        if not any(alike):
            return digits
    return 12

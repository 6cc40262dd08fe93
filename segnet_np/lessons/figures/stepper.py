"""The stepper: pooling, unpooling and the backward passes of both, one window at a time.

A learner edits the numbers, steps through what `MaxPool2d` and `MaxUnpool2d` do with them, forward and
backward, and points at a cell to see where its value came from and where it goes. It is plain JavaScript
(`stepper.js`) that needs no kernel: it works in a notebook, in exported pages, in the docs, and as a page of
its own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from segnet_np.files import whole_file
from segnet_np.layers.checks import check_count, check_flag
from segnet_np.lessons.figures.embedding import asset, embedded

if TYPE_CHECKING:
    from IPython.display import HTML

# More rows or columns than this cannot be read at a glance.
LARGEST = 8

# What is left where no script has run.
_ASLEEP = (
    "<strong>An interactive figure belongs here:</strong> max-pooling, unpooling and their gradients, "
    "window by window. In a notebook, run this cell to bring it to life; elsewhere, let the page run "
    "JavaScript."
)


def stepper(
    values: ArrayLike | None = None,
    height: int | None = None,
    width: int | None = None,
    ceil_mode: bool = False,
    dout: ArrayLike | None = None,
) -> HTML:
    """Show the stepper in a notebook.

    Parameters
    ----------
    values : array_like, shape (H, W), optional
        The map to begin with; 2 to 8 rows and columns. Its numbers can be edited there. A 6x6 example by
        default.
    height, width : int, optional
        H and W of a map of whole numbers, always the same ones, where no `values` are given; one alone makes
        the other 6.
    ceil_mode : bool, default False
        As in :class:`~segnet_np.layers.MaxPool2d`. It can be switched there.
    dout : array_like, shape (H, W), optional
        The gradient of what unpooling returns, to begin with. It can be edited too.

    Returns
    -------
    shown : IPython.display.HTML
        Displayed when it is the last line of a cell. ``shown.data`` is the text.

    Raises
    ------
    TypeError
        If a size is no whole number, or `ceil_mode` is not True or False.
    ValueError
        If an array holds something else than finite numbers, or the sizes do not fit.

    Examples
    --------
    >>> stepper([[1, 2], [3, 4]])
    <IPython.core.display.HTML object>
    """
    from IPython.display import HTML  # here, so that the rest works without IPython

    return HTML(markup(values, height, width, ceil_mode, dout))


def markup(
    values: ArrayLike | None = None,
    height: int | None = None,
    width: int | None = None,
    ceil_mode: bool = False,
    dout: ArrayLike | None = None,
) -> str:
    """Write the stepper as HTML that can stand anywhere in a page, any number of times.

    Parameters
    ----------
    values, height, width, ceil_mode, dout
        As in :func:`stepper`.

    Returns
    -------
    text : str
        The element, its style and its script.
    """
    options: dict[str, object] = {"ceilMode": check_flag("stepper", "ceil_mode", ceil_mode)}
    size = (6, 6)
    if values is not None:
        if height is not None or width is not None:
            raise ValueError("stepper: values have a size of their own, but height or width was given too")
        x = _table("values", values)
        size = x.shape
        options["x"] = _numbers(x)
    elif height is not None or width is not None:
        size = (_side("height", height), _side("width", width))
        options["x"] = _whole_numbers(size)
    if dout is not None:
        gradient = _table("dout", dout)
        if gradient.shape != size:
            raise ValueError(f"stepper: dout must have the shape of x, {size}, but has {gradient.shape}")
        options["dout"] = _numbers(gradient)
    return embedded("stepper", "stepper", "options", options, f"<p>{_ASLEEP}</p>", mount="mountAll();")


def write_page(path: str | os.PathLike[str], **options: object) -> None:
    """Write the stepper as a page of its own: one file, to open in any browser or to hand out.

    Parameters
    ----------
    path : str or path-like
        Where the HTML file shall be.
    **options
        As in :func:`stepper`.
    """
    page = asset("stepper.html")
    text = page.replace("<!-- stepper -->", markup(**options))  # type: ignore[arg-type]
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _table(name: str, values: ArrayLike) -> np.ndarray:
    """Return the array; raise ValueError unless it can be shown."""
    table = np.asarray(values)
    if table.ndim != 2 or not all(2 <= side <= LARGEST for side in table.shape):
        raise ValueError(
            f"stepper: {name} must be a table of 2 to {LARGEST} rows and columns, "
            f"but shape {table.shape} was given"
        )
    if table.dtype.kind not in "iuf" or not np.isfinite(table).all():
        raise ValueError(f"stepper: {name} must hold finite numbers, but {table.tolist()} was given")
    return table


def _numbers(table: np.ndarray) -> list[list[float]]:
    """As a list, with a float32's 0.1 as 0.1 and not as the 0.10000000149011612 that float64 makes of it."""
    shortest: np.ndarray = table.astype(str).astype(float) if table.dtype.kind == "f" else table
    return shortest.tolist()


def _side(name: str, side: int | None) -> int:
    side = 6 if side is None else check_count("stepper", name, side, 2)
    if side > LARGEST:
        raise ValueError(f"stepper: {name} must be 2 to {LARGEST}, but {side} was given")
    return side


def _whole_numbers(size: tuple[int, int]) -> list[list[int]]:
    """From 0 to 9, for each size always the same ones."""
    table: list[list[int]] = np.random.default_rng(size).integers(0, 10, size).tolist()
    return table

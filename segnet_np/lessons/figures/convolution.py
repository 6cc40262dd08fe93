"""A convolution to touch: point at an output and see which numbers make it; the same for dx and dweight.

The picture is HTML with plain JavaScript (`convolution.js`) and needs no kernel: it works in a notebook, in
its exported page and in the docs.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from segnet_np import reference
from segnet_np.lessons.figures.embedding import embedded

if TYPE_CHECKING:
    from IPython.display import HTML

MODES = ("forward", "dx", "dweight")

X = ((1, 2, 0, 1), (3, 1, 2, 0), (0, 2, 4, 1), (1, 0, 1, 2))
WEIGHT = ((1, 0, -1), (2, 1, 0), (0, -1, 1))
#: More cells than this a side do not fit a page.
LARGEST = 9

_ASLEEP = (
    "An interactive figure belongs here. In a notebook, run this cell to bring it to life; elsewhere, let "
    "the page run JavaScript. Its numbers:"
)


def convolution(
    x: ArrayLike = X,
    weight: ArrayLike = WEIGHT,
    dout: ArrayLike | None = None,
    padding: int = 1,
    mode: str = "forward",
) -> HTML:
    """Show a convolution of one map with one kernel, its products written out.

    Parameters
    ----------
    x : array_like, shape (H, W)
    weight : array_like, shape (KH, KW)
    dout : array_like, shape (OH, OW), optional
        Upstream gradient; small whole numbers, always the same, by default.
    padding : int, default 1
        Rows and columns of zeros around x; less than the kernel has.
    mode : {"forward", "dx", "dweight"}, default "forward"
        What is shown at first. Buttons switch.

    Returns
    -------
    shown : IPython.display.HTML
        Displayed when it is the last line of a cell. ``shown.data`` is the text.

    Raises
    ------
    ValueError
        If an array is not 2-D, empty or too large for a page, if they do not fit together, or `mode` is
        another word.
    """
    from IPython.display import HTML

    arrays = {"x": _grid("x", x), "weight": _grid("weight", weight)}
    if mode not in MODES:
        raise ValueError(f"convolution: mode must be one of {MODES}, but {mode!r} was given")
    if not 0 <= padding < min(arrays["weight"].shape):
        raise ValueError(
            f"convolution: padding must be at least 0 and less than the kernel's {arrays['weight'].shape}, "
            f"but {padding} was given"
        )
    sides = zip(arrays["x"].shape, arrays["weight"].shape, strict=True)
    size = tuple(side + 2 * padding - kernel + 1 for side, kernel in sides)
    if min(size) < 1:
        raise ValueError(
            f"convolution: x of {arrays['x'].shape} with padding {padding} is smaller than the kernel "
            f"of {arrays['weight'].shape}"
        )
    if dout is None:
        dout = np.random.default_rng(4).integers(-2, 4, size)
    arrays["dout"] = _grid("dout", dout)
    if arrays["dout"].shape != size:
        raise ValueError(
            f"convolution: dout must have the shape of the output, {size}, but has {arrays['dout'].shape}"
        )
    out = reference.conv2d(arrays["x"][None, None], arrays["weight"][None, None], padding=padding)[0, 0]
    data = {name: array.tolist() for name, array in arrays.items()}
    data |= {"out": out.tolist(), "padding": int(padding), "mode": mode}
    return HTML(_page(data, {**arrays, "out": out}))


def _grid(name: str, values: ArrayLike) -> np.ndarray:
    grid = np.array(values, dtype=float)
    if grid.ndim != 2 or not grid.size or max(grid.shape) > LARGEST or not np.isfinite(grid).all():
        raise ValueError(
            f"convolution: {name} must be a table of finite numbers, at most {LARGEST} rows and columns, "
            f"but an array of shape {grid.shape} was given"
        )
    return grid


def _page(data: dict[str, object], arrays: dict[str, np.ndarray]) -> str:
    """Write the element, its look and its script; where no script runs, the arrays remain as text."""
    text = "\n\n".join((_ASLEEP, *(f"{name} =\n{arrays[name]}" for name in ("x", "weight", "out"))))
    return embedded("convolution", "conv", "convolution", data, f"<pre>{html.escape(text)}</pre>")

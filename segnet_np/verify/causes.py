"""What is probably wrong with a gradient, read off the gradient itself.

Each question below compares the analytic with the numeric gradient and looks for the trace that one
common mistake leaves: a constant factor, values in the wrong places, an error that is the same along the
axes of a mean. They are asked in order, and the first that fits answers. A guess, never a verdict: the
verdict is that the two numbers differ.
"""

from collections.abc import Iterator
from itertools import combinations, permutations
from math import prod
from typing import Any

import numpy as np

from segnet_np.verify import tolerances


def defect(gradient: Any, shape: tuple[int, ...]) -> str:
    """Say what makes a gradient no gradient at all, or return an empty string.

    Parameters
    ----------
    gradient : object
        What backward returned or left in ``.grad``.
    shape : tuple of int
        What it should have.
    """
    if gradient is None:
        return "backward leaves None here: it returns no gradient for this input, or never sets this .grad"
    if not isinstance(gradient, np.ndarray | np.number | float):
        return f"not an ndarray but {gradient if isinstance(gradient, str) else type(gradient).__name__}"
    if np.shape(gradient) != shape:
        return f"shape {np.shape(gradient)} instead of {shape}"
    if not np.isfinite(gradient).all():
        count, size = int(np.sum(~np.isfinite(gradient))), np.size(gradient)
        return f"{count} of {size} entries are NaN or infinite: a division by zero, or memory nobody filled"
    return ""


def misshapen(gradient: np.ndarray, numeric: np.ndarray) -> str:
    """Say how a gradient of the wrong shape relates to the numeric one: a forgotten sum, swapped axes."""
    axes = range(gradient.ndim)
    for count in range(1, gradient.ndim + 1):
        for summed in combinations(axes, count):
            total = gradient.sum(axis=summed)
            if total.size == numeric.size and _alike(total.reshape(numeric.shape), numeric):
                return f"summed over {_axes(summed)} it would be right: a forgotten sum"
    if gradient.size == numeric.size:
        for order in permutations(axes):
            if _alike(gradient.transpose(order).reshape(numeric.shape), numeric):
                swapped = order != tuple(axes)
                return (
                    f"right after transpose{order}: swapped axes" if swapped else "right values: reshape them"
                )
    return ""


def likely_cause(
    analytic: np.ndarray,
    numeric: np.ndarray,
    dout: np.ndarray,
    inputs: tuple[np.ndarray, ...],
    of: int | None,
) -> str:
    """Guess why two gradients of one shape differ.

    Parameters
    ----------
    analytic, numeric : ndarray
        The gradient from backward, and the one from differences.
    dout : ndarray
        The upstream gradient.
    inputs : tuple of ndarray
        The float inputs.
    of : int or None
        Which of the inputs the gradient belongs to, None for a parameter's.

    Returns
    -------
    cause : str
        A sentence for the report; where nothing fits, where the wrong entries are.
    """
    if not analytic.any():
        return "backward leaves it all zero"
    if not numeric.any():
        return "the output does not move with it: forward does not read it, or reads a copy"
    shapes = (dout.shape, *(array.shape for array in inputs))
    return (
        _moved(analytic, numeric)
        or _factor(analytic, numeric, shapes)
        or (
            _partial_sum(analytic, numeric, dout)
            if of is None
            else _missing_term(analytic, numeric, inputs[of])
        )
        or _misplaced(analytic, numeric, dout)
        or _where(analytic, numeric, None if of is None else inputs[of])
    )


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.abs(a - b).max() <= tolerances.PATTERN * max(np.abs(a).max(), np.abs(b).max()))


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def _subsets(axes: range) -> Iterator[tuple[int, ...]]:
    for count in range(1, len(axes) + 1):
        yield from combinations(axes, count)


def _moved(analytic: np.ndarray, numeric: np.ndarray) -> str:
    """Find the right values in wrong places: swapped axes, a flip, a wrong scatter."""
    if not _alike(np.sort(analytic, axis=None), np.sort(numeric, axis=None)):
        return ""
    axes = range(analytic.ndim)
    for order in permutations(axes):
        swapped = analytic.transpose(order)
        if swapped.shape != numeric.shape:
            continue
        for flips in [(), *_subsets(axes)]:
            if _alike(np.flip(swapped, flips), numeric):
                said = [f"swapped axes (right after transpose{order})"] if order != tuple(axes) else []
                said += [f"flipped along {_axes(flips)}"] if flips else []
                return " and ".join(said) + ": transposed or turned round"
    return "the right values in the wrong places: a wrong scatter or gather"


def _factor(analytic: np.ndarray, numeric: np.ndarray, shapes: tuple[tuple[int, ...], ...]) -> str:
    """Find a constant factor, and what it may come from."""
    factor = float(np.vdot(analytic, numeric) / np.vdot(numeric, numeric))
    if not factor or not _alike(analytic, factor * numeric):
        return ""
    if _near(factor, -1):
        return "exactly the opposite: a wrong sign"
    if _near(factor, 2):
        return "exactly twice as large: added twice, or added to a gradient that was not cleared"
    names = ("output", *["input"] * len(shapes))
    for size, said in (
        (1 / factor, "too small by the factor {}: a mean where a sum belongs"),
        (factor, "too large by the factor {}: a sum where a mean belongs"),
    ):
        for shape, name in zip(shapes, names, strict=False):
            for axes in _subsets(range(len(shape))):
                count = prod(shape[axis] for axis in axes)
                if count > 1 and _near(size, count):
                    sizes = " * ".join(str(shape[axis]) for axis in axes)
                    return said.format(f"{count} (= {sizes}, {_axes(axes)} of the {name})")
    return f"wrong by the constant factor {factor:.6g}: scale"


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= tolerances.PATTERN * abs(b)


def _partial_sum(analytic: np.ndarray, numeric: np.ndarray, dout: np.ndarray) -> str:
    """Find a sum of dout (a bias's gradient) that takes only one entry of an axis, or sums too much."""
    if _alike(analytic, np.full_like(analytic, dout.sum())):
        return "dout is summed over all of its axes: one axis too many"
    for summed in _subsets(range(dout.ndim)):
        total = dout.sum(axis=summed)
        if total.size != numeric.size or not _alike(total.reshape(numeric.shape), numeric):
            continue
        for some in [(), *_subsets(range(len(summed)))]:
            left_out = tuple(summed[k] for k in range(len(summed)) if k not in some)
            for end in (0, -1):
                pick: list[Any] = [slice(None)] * dout.ndim
                for axis in left_out:
                    pick[axis] = slice(0, 1) if end == 0 else slice(-1, None)
                part = dout[tuple(pick)].sum(axis=summed).reshape(numeric.shape)
                if left_out and _alike(part, analytic):
                    return f"a forgotten sum: of dout only one entry is taken along {_axes(left_out)}"
    return ""


def _missing_term(analytic: np.ndarray, numeric: np.ndarray, x: np.ndarray) -> str:
    """Find an error that is constant, or follows x, along the axes that a normalisation averages over."""
    error = numeric - analytic
    for kept in [1, analytic.ndim - 1, 0][: 3 if analytic.ndim > 1 else 0]:
        reduced = tuple(axis for axis in range(analytic.ndim) if axis != kept)
        if analytic.size // analytic.shape[kept] < 4:
            continue
        mean = error.mean(axis=reduced, keepdims=True)
        if _alike(error, np.broadcast_to(mean, error.shape)):
            return (
                f"a term that is constant along {_axes(reduced)} is missing: a mean of the upstream gradient"
            )
        x_hat = x - x.mean(axis=reduced, keepdims=True)
        slope = (error * x_hat).mean(axis=reduced, keepdims=True) / np.maximum(
            np.square(x_hat).mean(axis=reduced, keepdims=True), np.finfo(float).tiny
        )
        if _alike(error, mean + slope * x_hat):
            more = "" if _alike(error, slope * x_hat) else ", and one that is constant there"
            along = f"a term proportional to x_hat along {_axes(reduced)} is missing{more}"
            return f"{along}: x acts through the variance too"
    return ""


def _misplaced(analytic: np.ndarray, numeric: np.ndarray, dout: np.ndarray) -> str:
    """Find a gradient made of entries of dout, as the right one is, but with other ones in places."""

    def made_of_dout(gradient: np.ndarray) -> bool:
        known = np.sort(np.append(dout.ravel(), 0.0))
        place = np.clip(np.searchsorted(known, gradient.ravel()), 1, known.size - 1)
        nearest = np.minimum(
            np.abs(known[place] - gradient.ravel()), np.abs(known[place - 1] - gradient.ravel())
        )
        return bool(nearest.max() <= 1e-7 * np.abs(known).max())

    if dout.size > 1 and made_of_dout(analytic) and made_of_dout(numeric):
        if dout.shape == analytic.shape and np.all((analytic == 0) | (analytic == dout)):
            return "dout, as it should be, but let through and held back in wrong places: a wrong mask"
        return "numbers of dout, as it should be, but from or in wrong places: a wrong scatter or gather"
    return ""


def _where(analytic: np.ndarray, numeric: np.ndarray, x: np.ndarray | None) -> str:
    """Say where the wrong entries are."""
    error = np.abs(analytic - numeric)
    wrong = error > tolerances.PATTERN * max(np.abs(numeric).max(), np.abs(analytic).max())
    if not wrong.any():
        return "a small difference, spread out: scale, or a calculation in lower precision"
    if x is not None:
        for sign, name in ((x < 0, "negative"), (x > 0, "positive")):
            if np.array_equal(wrong, sign):
                return f"wrong exactly where the input is {name}: look at the mask"
    count = f"{int(wrong.sum())} of {wrong.size} entries are wrong"
    places = np.argwhere(wrong)
    for axis, size in enumerate(wrong.shape):
        met = np.unique(places[:, axis])
        if len(met) == 1 and size > 1:
            return f"{count}, all with index {met[0]} on axis {axis}"
    if wrong.ndim == 4 and not wrong[:, :, 1:-1, 1:-1].any():
        return f"{count}, all on the border of the map: look at the padding"
    return f"{count}, in no pattern known here: a wrong or missing term"

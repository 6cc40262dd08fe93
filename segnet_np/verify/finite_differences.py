"""Derivatives by trying: move a number a little, look how far the result moves.

The scalar that is differentiated is L = <dout, f()>, the output weighed by a random upstream gradient, so
that one number stands for the whole output. Its derivative in a direction v is, to second order in h,

    dL/dv = (L(at + h v) - L(at - h v)) / 2h        the central difference

`f` takes no argument: it reads the arrays that are moved. They are moved in place and put back bit by
bit. The two outputs are subtracted before they are weighed and summed, which keeps the rounding error at
that of single entries instead of that of the whole sum.

Two ways to choose v:

- one entry after the other (:func:`each_entry`): the whole gradient, two evaluations an entry;
- one random direction through everything (:func:`along`): two evaluations altogether, however many
  parameters there are. A wrong gradient g' passes only if (g' - g) stands at a right angle to v, which a
  random v does with probability zero. This is how HIPS/autograd's ``check_vjp`` works.

At a kink (a sign that turns in a ReLU, a maximum that moves within a pooling window) there is no
derivative, and a step across one gives a mixture of both sides. :func:`settle` therefore tries smaller
steps where the first disagrees, and finally compares the left with the right derivative.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segnet_np.verify import tolerances

Array = npt.NDArray[np.float64]
Function = Callable[[], npt.NDArray[np.floating]]


class Settled(NamedTuple):
    """What the differences along one direction say of a claimed derivative."""

    numeric: float
    agrees: bool
    note: str = ""


def step_size(array: npt.NDArray[np.floating], step: float = tolerances.STEP) -> float:
    """Choose h for an array: `step` times the spread of its numbers.

    The spread is their standard deviation: a batch norm cares for it and not for how far from zero they
    lie. Where they lie more than a hundred times farther out, rounding asks for a larger step. Equal
    numbers tell no spread, and their size stands in; zeros (a fresh bias) tell nothing and get `step`.
    """
    if not array.any():
        return step
    size = float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))
    spread = float(np.std(array, dtype=np.float64)) if np.ptp(array) else size
    return step * max(spread, size / 100, 1e-3)


def move_apart(rng: np.random.Generator, array: Array) -> Array:
    """Draw a random direction for an array."""
    return rng.standard_normal(array.shape)


def move_together(rng: np.random.Generator, array: Array) -> Array:
    """Draw a random direction in which equal entries stay equal, so that what is tied stays tied."""
    values, which = np.unique(array, return_inverse=True)
    return rng.standard_normal(values.size)[which].reshape(array.shape)


def along(f: Function, arrays: Sequence[Array], directions: Sequence[Array], dout: Array, h: float) -> float:
    """Differentiate ``<dout, f()>`` while the arrays move together, two evaluations in all.

    Parameters
    ----------
    f : callable
        Takes nothing, reads `arrays`, returns an ndarray.
    arrays : sequence of ndarray
        What moves, in place; restored at the end, also when `f` raises.
    directions : sequence of ndarray
        Where each of them moves to, of the same shapes.
    dout : ndarray
        The weights of the output, of its shape.
    h : float
        The step.

    Returns
    -------
    derivative : float

    Examples
    --------
    >>> x = np.array([3.0])
    >>> round(along(lambda: x**2, [x], [np.ones(1)], np.ones(1), 1e-5), 6)
    6.0
    """
    forwards, backwards = (moved(f, arrays, directions, signed) for signed in (h, -h))
    return float(np.vdot(dout, forwards - backwards)) / (2 * h)


def sides(
    f: Function, arrays: Sequence[Array], directions: Sequence[Array], dout: Array, h: float
) -> tuple[float, float]:
    """Differentiate to the left and to the right alone; at a kink the two are not the same.

    Takes what :func:`along` takes. Returns ``(left, right)``.
    """
    left, here, right = (moved(f, arrays, directions, signed) for signed in (-h, 0.0, h))
    return float(np.vdot(dout, here - left)) / h, float(np.vdot(dout, right - here)) / h


def each_entry(f: Function, array: Array, dout: Array, h: float) -> Array:
    """Differentiate ``<dout, f()>`` by every entry of an array, two evaluations each.

    Returns
    -------
    gradient : ndarray
        Of the shape of `array`.
    """
    gradient = np.empty(array.shape)
    for index in np.ndindex(array.shape):
        value = array[index]
        try:
            array[index] = value + h
            forwards, upper = np.array(f()), array[index]
            array[index] = value - h
            backwards, lower = np.array(f()), array[index]
        finally:
            array[index] = value
        # value + h is rounded: divide by the step that was taken, not by the one that was meant.
        gradient[index] = np.vdot(dout, forwards - backwards) / (upper - lower)
    return gradient


def settle(
    f: Function,
    arrays: Sequence[Array],
    directions: Sequence[Array],
    dout: Array,
    h: float,
    claimed: float,
    slack: float,
) -> Settled:
    """Decide whether a claimed derivative agrees with the differences, minding kinks.

    Parameters
    ----------
    f, arrays, directions, dout, h
        As :func:`along` takes them.
    claimed : float
        The derivative along these directions according to the analytic gradient.
    slack : float
        How far it may lie from the central difference.

    Returns
    -------
    settled : Settled
        The numeric derivative nearest to the claim, whether it agrees, and what had to be done. Exactly at
        a kink every value between the left and the right derivative is right (a subgradient).
    """
    nearest = np.inf
    for shrink in tolerances.SHRINK:
        numeric = along(f, arrays, directions, dout, h * shrink)
        if abs(numeric - claimed) <= slack:
            note = "" if shrink == 1.0 else f"kink within h = {h:.0e}: agrees at h = {h * shrink:.0e}"
            return Settled(numeric, True, note)
        if not abs(nearest - claimed) <= abs(numeric - claimed):
            nearest = numeric
    left, right = sides(f, arrays, directions, dout, h)
    closer_left, closer_right = sides(f, arrays, directions, dout, h / 10)
    # At a kink each side keeps its derivative, and the gap between them stays, however small the step. Where
    # the curve merely bends the gap shrinks with h; where rounding speaks it grows, and the sides jump about.
    gap = abs(closer_right - closer_left)
    moved_on = abs(closer_left - left) + abs(closer_right - right)
    if gap <= 10 * slack or moved_on > 0.1 * gap:
        return Settled(nearest, False)
    low, high = sorted((closer_left, closer_right))
    span = f"left {closer_left:.6g}, right {closer_right:.6g}"
    if low - 10 * slack <= claimed <= high + 10 * slack:
        return Settled(claimed, True, f"at a kink ({span}): every value between is a subgradient")
    return Settled(nearest, False, f"at a kink ({span}), and the gradient lies outside")


def moved(f: Function, arrays: Sequence[Array], directions: Sequence[Array], h: float) -> Array:
    """Evaluate `f` with every array moved by `h` along its direction, and put the arrays back.

    Takes what :func:`along` takes, and returns the output.
    """
    kept = [array.copy() for array in arrays]
    try:
        for array, direction in zip(arrays, directions, strict=True):
            array += h * direction
        return np.array(f(), dtype=np.float64)
    finally:
        for array, values in zip(arrays, kept, strict=True):
            array[...] = values

"""Numbers that count how often two of them are multiplied with each other."""

from collections.abc import Callable
from typing import Any

import numpy as np


class Counted:
    """A float; products and quotients of two Counted are counted, those with a plain number are not.

    Parameters
    ----------
    value : float
    tally : list of int, length 1
        Where the count is kept, shared by all numbers of one computation.
    """

    def __init__(self, value: float, tally: list[int]) -> None:
        self.value = value
        self.tally = tally

    def _combine(self, other: Any, operation: Callable[[float, float], float], product: bool) -> Any:
        if isinstance(other, Counted):
            self.tally[0] += product
            other = other.value
        elif not isinstance(other, int | float | np.number):
            return NotImplemented
        return Counted(operation(self.value, float(other)), self.tally)

    def __add__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a + b, False)

    def __sub__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a - b, False)

    def __rsub__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: b - a, False)

    def __mul__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a * b, True)

    def __truediv__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a / b, True)

    def __neg__(self) -> "Counted":
        return Counted(-self.value, self.tally)

    __radd__ = __add__
    __rmul__ = __mul__


def products(function: Callable[..., Any], *arrays: np.ndarray) -> int | None:
    """Count the products of one of the given numbers, or a sum of them, with another one.

    Parameters
    ----------
    function : callable
    *arrays : ndarray of floats
        What it takes.

    Returns
    -------
    count : int or None
        None where the function does not take such numbers, and nobody can tell.

    Examples
    --------
    >>> products(np.dot, np.ones(3), np.ones(3))
    3
    """
    tally = [0]
    try:
        function(*(np.vectorize(lambda v: Counted(float(v), tally), otypes=[object])(a) for a in arrays))
    except Exception:
        return None
    return tally[0]

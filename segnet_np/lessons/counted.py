"""Numbers that count how often two of them are multiplied with each other."""

import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from segnet_np.lessons.owners import StandIn, python_of


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
        Of a compiled one, its Python is what runs.
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
    python = python_of(function)
    # As it is comes first, so that nothing is changed without need.
    for way in (python, _without_conversions(python)):
        tally = [0]
        counted = np.vectorize(lambda v, tally=tally: Counted(float(v), tally), otypes=[object])
        try:
            way(*map(counted, arrays))
        except Exception:  # whatever it is, the other way may do without it
            continue
        return tally[0]
    return None


def _without_conversions(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but what would make floats of counted numbers leaves them as they are."""
    if not isinstance(function, types.FunctionType):
        return function
    known: dict[str, Any] = {"float": _LENIENT["float64"]}

    def remade(made: types.FunctionType) -> types.FunctionType:
        cells = tuple(types.CellType(_lenient(cell.cell_contents)) for cell in made.__closure__ or ())
        copy = types.FunctionType(made.__code__, known, made.__name__, made.__defaults__, cells or None)
        copy.__kwdefaults__ = made.__kwdefaults__
        return copy

    for name, value in function.__globals__.items():
        value = _lenient(value)
        # The learner's own helpers convert, too.
        own = isinstance(value, types.FunctionType) and value.__globals__ is function.__globals__
        known[name] = remade(value) if own else value
    return remade(function)


def _lenient(value: Any) -> Any:
    """What stands in for something that a function knows."""
    if isinstance(value, Dispatcher):
        return value.py_func
    if value is np:
        return StandIn(np, **_LENIENT)
    return next((other for name, other in _LENIENT.items() if value is getattr(np, name)), value)


def _converter(convert: Callable[..., Any]) -> Callable[..., Any]:
    def leave(value: Any, *how: Any, **more: Any) -> Any:
        try:
            return convert(value, *how, **more)
        except TypeError:  # there is a Counted in it, or a stand-in was given as its type
            return value if isinstance(value, Counted) else np.array(value, object)

    return leave


def _maker(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Make arrays that a Counted can be written to, whatever type was asked for."""
    return lambda shape, *_, **__: make(shape, dtype=object)


#: NumPy's functions that make floats of numbers, or arrays that hold nothing else.
_LENIENT: dict[str, Callable[..., Any]] = {
    **{name: _converter(getattr(np, name)) for name in ("array", "asarray", "float64", "float32")},
    **{name: _maker(getattr(np, name)) for name in ("empty", "zeros", "empty_like", "zeros_like")},
}

"""Whether two results say the same, and if not, where they differ most.

A result may be an array, a number, a word, or lists and dicts of them; it is taken apart into *leaves*, each
an array or a single thing, with a label such as ``y`` or ``sizes['pool1']``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

#: What a sum in another order may change, in units of the dtype's rounding.
_ROUNDINGS = 64

#: Where all that is expected lies below this, the tolerance is relative to it: zeros but for rounding.
_SMALL = 1e-3


@dataclass(frozen=True)
class Difference:
    """Two arrays of one shape that should be the same and are not.

    Attributes
    ----------
    label : str
        Which output.
    expected, got : ndarray
    wrong : ndarray of bool
        Which elements differ by more than the tolerance.
    """

    label: str
    expected: np.ndarray
    got: np.ndarray
    wrong: np.ndarray

    @property
    def index(self) -> tuple[int, ...]:
        """Where the difference is largest."""
        if self.expected.dtype.kind not in "biufc" or self.got.dtype.kind not in "biufc":
            return tuple(int(k) for k in np.argwhere(self.wrong)[0])
        with np.errstate(all="ignore"):
            size = np.abs(_numbers(self.got) - _numbers(self.expected))
        size = np.where(self.wrong, np.where(np.isfinite(size), size, np.inf), -1.0)
        return tuple(int(k) for k in np.unravel_index(np.argmax(size), size.shape))


def leaves(value: Any, label: str) -> dict[str, np.ndarray]:
    """Take a result apart.

    Parameters
    ----------
    value : object
        Array, number, text, None, or (nested) lists, tuples and dicts of them.
    label : str
        What to call it.

    Returns
    -------
    leaves : dict of str to ndarray
        What is neither number nor text becomes an array of dtype object.

    Examples
    --------
    >>> leaves({"a": [1, 2], "b": "x"}, "sizes")
    {"sizes['a']": array([1, 2]), "sizes['b']": array('x', dtype='<U1')}
    """
    if isinstance(value, dict):
        parts: dict[str, np.ndarray] = {}
        for key in sorted(value, key=str):
            parts |= leaves(value[key], f"{label}[{key!r}]")
        return parts
    if isinstance(value, range | map | zip):
        value = list(value)
    array = _array(value)
    if array is None and isinstance(value, list | tuple):
        parts = {}
        for place, part in enumerate(value):
            parts |= leaves(part, f"{label}[{place}]")
        return parts
    if array is None:
        array = np.empty((), object)
        array[()] = value
    return {label: array}


def _array(value: Any) -> np.ndarray | None:
    """Make an array of numbers, or of a single text; None if that is not what it is."""
    try:
        array = np.asarray(value)
    except Exception:
        return None
    if array.dtype.kind == "O" and array.size and all(isinstance(one, Number) for one in array.flat):
        array = array.astype(np.result_type(*array.flat))  # numbers that were put into a list one by one
    numbers = array.dtype.kind in "biufc"
    return array if numbers or isinstance(value, str | np.ndarray) else None


def split(returned: Any, outputs: Sequence[str]) -> list[Any] | None:
    """Take a function's result apart into its outputs; None if there are not as many."""
    if len(outputs) == 1:
        return [returned]
    if isinstance(returned, dict) and set(returned) == set(outputs):
        return [returned[name] for name in outputs]
    several = isinstance(returned, tuple | list) or (isinstance(returned, np.ndarray) and returned.ndim > 0)
    return list(returned) if several and len(returned) == len(outputs) else None


def differ(label: str, expected: np.ndarray, got: np.ndarray, rtol: float) -> Difference | None:
    """Compare two leaves of one shape; None if they say the same."""
    if expected.dtype.kind in "biufc" and got.dtype.kind in "biufc":
        wrong = ~_close(got, expected, rtol)
    else:
        wrong = np.asarray([not _equal(a, b) for a, b in zip(got.ravel(), expected.ravel(), strict=True)])
        wrong = wrong.reshape(expected.shape)
    return Difference(label, expected, got, wrong) if wrong.any() else None


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray], rtol: float) -> bool:
    """Whether two results that were taken apart say the same."""
    return one.keys() == other.keys() and all(
        one[label].shape == other[label].shape and differ(label, other[label], one[label], rtol) is None
        for label in one
    )


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False


def _close(got: np.ndarray, expected: np.ndarray, rtol: float) -> np.ndarray:
    if expected.dtype.kind in "biu":
        return np.asarray(got == expected)
    with np.errstate(all="ignore"):
        finite = np.abs(expected[np.isfinite(expected)])
        largest = max(float(finite.max(initial=0.0)), _SMALL)
        allowed = max(rtol, _ROUNDINGS * float(np.finfo(expected.dtype).eps)) * largest
        near = np.abs(_numbers(got) - _numbers(expected)) <= allowed
    return np.asarray(near | (got == expected) | (_isnan(got) & _isnan(expected)))


def _isnan(array: np.ndarray) -> np.ndarray:
    return np.isnan(array) if array.dtype.kind in "fc" else np.zeros(array.shape, bool)


def _numbers(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind == "c" else array.astype(np.float64)

"""A deep copy in float64 of an object of which nothing is known.

In the copy every float array is float64, wherever it hangs: in a parameter, in a buffer such as a running
mean, in a list, in another object. Two names for one array stay two names for one array, so that a layer
which keeps its weights beside its parameters still sees them move. What says "float32" under the name
``dtype`` says float64 afterwards. A cast written into the code of ``forward`` cannot be changed from
outside; the gradient check finds and names it when the differences fail.
"""

import copy
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_LEAVES = (str, bytes, int, float, complex, type, type(None), ModuleType, FunctionType, BuiltinFunctionType)


def float64_copy(original: Any) -> Any:
    """Copy an object with everything that hangs on it, float arrays as float64.

    Parameters
    ----------
    original : object
        Anything that ``copy.deepcopy`` copies; it is not changed.

    Returns
    -------
    copy : object

    Raises
    ------
    TypeError
        When it cannot be copied.
    """
    try:
        layer = copy.deepcopy(original)
    except Exception as error:
        raise TypeError(
            f"gradcheck works on a copy, and copy.deepcopy of {type(original).__name__} failed: {error}"
        ) from error
    shared: dict[int, Any] = {}
    _walk(original, shared)
    return _to_float64(layer, {}, shared)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds, in its ``__dict__`` or its slots."""
    slots = [slot for kind in type(value).__mro__ for slot in np.atleast_1d(getattr(kind, "__slots__", ()))]
    for name in [*getattr(value, "__dict__", {}), *slots]:
        if name not in ("__dict__", "__weakref__") and hasattr(value, name):
            yield str(name), getattr(value, name)


def _walk(value: Any, seen: dict[int, Any]) -> None:
    """Collect in `seen` everything that hangs on an object."""
    if isinstance(value, _LEAVES) or id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, list | tuple | set):
        parts = list(value)
    elif isinstance(value, MethodType):
        parts = [value.__self__]
    else:
        parts = [part for _, part in _attributes(value)]
    for part in parts:
        _walk(part, seen)


def _to_float64(value: Any, done: dict[int, tuple[Any, Any]], shared: dict[int, Any], name: str = "") -> Any:
    """Return `value` with every float array in it as float64; containers and objects are changed in place.

    `done` pairs what was met with what stands for it now, so that two names for one array stay that.
    `shared` is what the copy has in common with the original (a logger, say), and stays as it is.
    """
    if name == "dtype" and not isinstance(value, np.ndarray):
        return _dtype_to_float64(value)
    if isinstance(value, _LEAVES) or id(value) in shared:
        return value
    if id(value) in done:
        return done[id(value)][1]
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.dtype != np.float64:
        done[id(value)] = value, value.astype(np.float64)
        return done[id(value)][1]
    done[id(value)] = value, value
    if isinstance(value, dict):
        for key in value:
            value[key] = _to_float64(value[key], done, shared, str(key))
    elif isinstance(value, list):
        value[:] = [_to_float64(part, done, shared) for part in value]
    elif type(value) is tuple:
        done[id(value)] = value, tuple(_to_float64(part, done, shared) for part in value)
    elif isinstance(value, MethodType):
        _to_float64(value.__self__, done, shared)
    else:
        for attribute, part in list(_attributes(value)):
            changed = _to_float64(part, done, shared, attribute)
            if changed is not part:
                object.__setattr__(value, attribute, changed)
    return done[id(value)][1]


def _dtype_to_float64(value: Any) -> Any:
    """Turn whatever says float16 or float32 into the same kind of thing that says float64."""
    try:
        small = np.dtype(value) in (np.dtype(np.float16), np.dtype(np.float32))
    except TypeError:
        return value
    if not small:
        return value
    if isinstance(value, str):
        return "float64"
    return np.float64 if isinstance(value, type) else np.dtype(np.float64)

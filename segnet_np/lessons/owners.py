"""Who writes where: a parallel kernel in slow motion, to find races that a run might not show.

Two iterations of a `prange` that write the same cell race each other, but only now and then do they meet, so
a race can pass any number of tests. Here the kernel's Python runs instead, on one thread, and every cell that
is written or read is noted together with the iteration that did it. Whether two of them share a cell does not
depend on the machine. Numba's reductions (``total += x[p]`` with a number or a whole array) are none of that:
each thread gets a total of its own.
"""

import types
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

# NumPy's functions that make arrays, which a kernel may then share between its iterations.
_MAKERS = ("empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like", "full_like")


@dataclass
class Owners:
    """What was seen.

    Attributes
    ----------
    loops : int
        How many times a `prange` was entered.
    writers : list of ndarray of object
        For each argument that is an array, the set of iterations that write each cell.
    shared : bool
        Whether some cell is written by one iteration and written or read by another one of the same loop.
    """

    loops: int
    writers: list[np.ndarray]
    shared: bool


def python_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function that Numba compiled, or the function itself."""
    function = getattr(function, "dispatcher", function)  # a kernel of this package
    python: Callable[..., Any] = getattr(function, "py_func", function)
    return python


def watch(function: Callable[..., Any], arguments: Sequence[Any]) -> Owners:
    """Run a kernel in slow motion.

    Parameters
    ----------
    function : callable
        With or without `njit`; its Python is what runs.
    arguments : sequence
        Small arrays, and whatever else it takes. The arrays are copied first.

    Returns
    -------
    owners : Owners

    Examples
    --------
    >>> def fill(out):
    ...     for i in numba.prange(out.size):
    ...         out[i] = i
    >>> owners = watch(fill, [np.zeros(3)])
    >>> owners.writers[0].tolist(), owners.shared
    ([{0}, {1}, {2}], False)
    """
    log = _Log()
    given = [log.watched(value.copy()) if isinstance(value, np.ndarray) else value for value in arguments]
    _slow(python_of(function), log)(*given)
    writers = []
    for array in given:
        if isinstance(array, np.ndarray):
            cells = np.empty(array.shape, object)
            for index, address in np.ndenumerate(_addresses(array)):
                cells[index] = {
                    i for loop in range(log.loops) for i in log.writes.get((loop, int(address)), ())
                }
            writers.append(cells)
    return Owners(log.loops, writers, log.shared())


@dataclass
class _Log:
    loops: int = 0
    now: tuple[int, int] | None = None  # number of the loop and of its iteration
    writes: defaultdict[tuple[int, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    reads: defaultdict[tuple[int, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    # What was touched stays alive, so that no two arrays ever have the same addresses.
    kept: list[np.ndarray] = field(default_factory=list)

    def watched(self, array: np.ndarray) -> np.ndarray:
        watched = array.view(_Watched)
        watched.log, watched.whole = self, True
        self.kept.append(watched)
        return watched

    def note(
        self, where: defaultdict[tuple[int, int], set[int]], array: np.ndarray, cells: np.ndarray
    ) -> None:
        if self.now is not None:
            self.kept.append(array)
            for address in np.ravel(cells):
                where[self.now[0], int(address)].add(self.now[1])

    def shared(self) -> bool:
        return any(len(own) > 1 or self.reads[cell] - own for cell, own in list(self.writes.items()))

    def prange(self, *bounds: int) -> Iterator[int]:
        if self.now is not None:  # Numba runs only the outermost one in parallel
            yield from range(*bounds)
            return
        self.loops += 1
        for i in range(*bounds):
            self.now = (self.loops - 1, i)
            yield i
        self.now = None


class _Watched(np.ndarray):
    """An array that notes which of its cells are written and read."""

    log: _Log | None = None
    whole = False  # not a view of a part

    def __array_finalize__(self, source: Any) -> None:
        self.log = getattr(source, "log", None)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.log is not None:
            self.log.note(self.log.writes, self, _addresses(self)[key])
        _plain(self)[key] = _plain(value)

    def __getitem__(self, key: Any) -> Any:
        taken = super().__getitem__(key)
        if self.log is not None and not isinstance(taken, np.ndarray):
            self.log.note(self.log.reads, self, _addresses(self)[key])
        return taken

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out", ())
        for array in out:
            if isinstance(array, _Watched) and array.log is not None:
                array.log.note(array.log.writes, array, _addresses(array))
        for array in inputs:
            if isinstance(array, _Watched) and array.log is not None:
                array.log.note(array.log.reads, array, _addresses(array))
        if out:
            options["out"] = tuple(map(_plain, out))
        result = getattr(ufunc, method)(*map(_plain, inputs), **options)
        return out[0] if len(out) == 1 else result


def _reducing(name: str) -> Callable[[Any, Any], Any]:
    """An operator such as ``+=``, which Numba makes a reduction of where a whole array is at its left."""
    operate = getattr(np.ndarray, name)

    def operator(self: Any, other: Any) -> Any:
        if not self.whole:
            return operate(self, other)
        operate(_plain(self), _plain(other))
        return self

    return operator


for _name in ("__iadd__", "__isub__", "__imul__", "__itruediv__"):
    setattr(_Watched, _name, _reducing(_name))


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, _Watched) else value


def _addresses(array: np.ndarray) -> np.ndarray:
    """Where in memory each cell begins."""
    addresses = np.asarray(array.__array_interface__["data"][0])
    for axis, (length, stride) in enumerate(zip(array.shape, array.strides, strict=True)):
        steps = (np.arange(length) * stride).reshape([-1 if k == axis else 1 for k in range(array.ndim)])
        addresses = addresses + steps
    return addresses


class StandIn:
    """A module of which some functions are others."""

    def __init__(self, module: types.ModuleType, **others: Any) -> None:
        self._module = module
        self.__dict__.update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _slow(function: Callable[..., Any], log: _Log) -> Callable[..., Any]:
    """The same function, with what it knows as `prange` and `np` replaced by those that note."""
    if not isinstance(function, types.FunctionType):
        return function

    def maker(name: str) -> Callable[..., np.ndarray]:
        return lambda *arguments, **options: log.watched(getattr(np, name)(*arguments, **options))

    makers = {name: maker(name) for name in _MAKERS}

    def replaced(value: Any) -> Any:
        if value is numba.prange:
            return log.prange
        if value is numba:
            return StandIn(numba, prange=log.prange)
        if value is np:
            return StandIn(np, **makers)
        for name in _MAKERS:
            if value is getattr(np, name):
                return makers[name]
        if isinstance(value, Dispatcher):
            return value.py_func if value.py_func is function else _slow(value.py_func, log)
        return value

    names = {
        name: replaced(value) for name, value in function.__globals__.items() if name in _names(function)
    }
    cells = tuple(types.CellType(replaced(cell.cell_contents)) for cell in function.__closure__ or ())
    return types.FunctionType(
        function.__code__, {**function.__globals__, **names}, function.__name__, function.__defaults__, cells
    )


def _names(function: types.FunctionType) -> set[str]:
    return set(function.__code__.co_names)

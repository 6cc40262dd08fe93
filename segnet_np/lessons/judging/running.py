"""Call a learner's function on a case, and keep what came of it: what it returned, raised, wrote to."""

import contextlib
import copy
import inspect
import io
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise


@dataclass(frozen=True)
class Outcome:
    """What one call gave.

    Attributes
    ----------
    returned : object
        A copy of what was returned.
    error : BaseException or None
        What it raised.
    written : tuple of str
        Names of the arguments that it changed and should not have.
    handed_back : str
        Name of the argument that it returned, the very object; empty if it is a new one.
    printed : str
        What it printed meanwhile.
    """

    returned: Any = None
    error: BaseException | None = None
    written: tuple[str, ...] = ()
    handed_back: str = ""
    printed: str = ""


def run(exercise: Exercise, function: Callable[..., Any], case: Case) -> Outcome:
    """Call a function on copies of a case's arguments.

    Parameters
    ----------
    exercise : Exercise
    function : callable
    case : Case

    Returns
    -------
    outcome : Outcome
    """
    given = copy.deepcopy(case.arguments)
    printed = io.StringIO()
    try:
        # Whether a division by zero warns or raises is the caller's setting; here it shows as NaN or inf.
        # What it prints is kept, for it would stand there once for each case.
        with (
            np.errstate(all="ignore"),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(printed),
        ):
            warnings.simplefilter("ignore")
            returned = function(*given) if exercise.call is None else exercise.call(function, given)
    except (Exception, SystemExit) as error:
        return Outcome(error=error, printed=printed.getvalue())
    names = parameter_names(exercise)
    pairs = list(zip(names, given, case.arguments, strict=False))
    written = tuple(name for name, after, before in pairs if not unchanged(after, before))
    first = returned[0] if isinstance(returned, tuple | list) and returned else returned
    handed_back = next(
        (name for name, value, _ in pairs if isinstance(value, np.ndarray) and value is first), ""
    )
    return Outcome(snapshot(returned), None, written, handed_back, printed.getvalue())


def parameter_names(exercise: Exercise) -> list[str]:
    """Name the arguments of the exercise's function, in order."""
    return list(inspect.signature(plain(exercise.solution)).parameters)


def unchanged(after: Any, before: Any) -> bool:
    """Whether an argument still holds what it held: arrays, numbers and text, and lists and dicts of them."""
    if isinstance(before, np.ndarray):
        nan = before.dtype.kind in "fc"
        alike = isinstance(after, np.ndarray) and after.dtype == before.dtype
        return alike and np.array_equal(after, before, equal_nan=nan)
    if isinstance(before, int | float | str):
        return type(after) is type(before) and bool(after == before or (after != after and before != before))
    if isinstance(before, dict):
        alike = isinstance(after, dict) and after.keys() == before.keys()
        return alike and all(unchanged(after[key], before[key]) for key in before)
    if isinstance(before, list | tuple):
        alike = type(after) is type(before) and len(after) == len(before)
        return alike and all(map(unchanged, after, before))
    return True


def snapshot(value: Any) -> Any:
    """Copy a result, so that what the function does to its arrays later cannot reach it."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def plain(function: Any) -> Any:
    """Return the Python function itself, beneath decorators and Numba's compiled form."""
    return inspect.unwrap(getattr(function, "py_func", function))


def fits(function: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """Say why a function cannot be called with these arguments; empty if it can, or if nobody knows."""
    try:
        signature = inspect.signature(plain(function))
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(*arguments)
    except TypeError:
        return str(signature)
    return ""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError inside after some seconds, where the system has a clock that can interrupt."""
    here = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if not here or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def ring(*_: Any) -> None:
        raise TimeoutError(f"stopped after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

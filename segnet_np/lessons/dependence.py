"""What a wrong number depends on, and what it should depend on: found by moving the inputs one by one.

The last resort, where no mistake and no pattern is recognised. It often says enough: an input that should
matter and does not was never looked at; one that matters and should not is an index that goes astray.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.running import parameter_names, run
from segnet_np.lessons.trial import Trial, taken_apart

#: How many numbers of an array are moved at most, and for how many seconds altogether.
_LARGEST, _SECONDS = 80, 2.0

#: A smaller relative change is one of rounding.
_ROUNDING = 1e-7

#: How many inputs are named.
_NAMED = 3


def compare_dependence(exercise: Exercise, function: Callable[..., Any], trial: Trial) -> str:
    """Say which inputs the worst element should follow and does not, or follows and should not.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The learner's.
    trial : Trial
        One whose first wrong output has the right shape.

    Returns
    -------
    words : str
        Empty if nothing could be found out.
    """
    if trial.difference is None:
        return ""
    index, label = trial.difference.index, trial.labels[0]
    place_of = label + (str(list(index)) if index else "")
    until = time.perf_counter() + _SECONDS
    same_for = []
    for place, name in enumerate(parameter_names(exercise)[: len(trial.case.arguments)]):
        value = trial.case.arguments[place]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not 0 < value.size <= _LARGEST:
            continue
        right = _moves(exercise, exercise.solution, trial, place, index, until)
        mine = _moves(exercise, function, trial, place, index, until)
        if right is None or mine is None:
            return ""
        missing, extra = [k for k in right if k not in mine], [k for k in mine if k not in right]
        if missing:
            return f"`{place_of}` should change when {_listed(name, missing)} changes, and yours does not."
        if extra:
            return f"yours changes when {_listed(name, extra)} changes, and `{place_of}` should not."
        if right:
            same_for.append(f"`{name}`")
    if not same_for:
        return ""
    return (
        f"`{place_of}` depends on the right numbers of {' and '.join(same_for)}, so look at how they are put "
        "together: order, signs, factors."
    )


def _moves(
    exercise: Exercise,
    function: Callable[..., Any],
    trial: Trial,
    place: int,
    index: tuple[int, ...],
    until: float,
) -> list[tuple[int, ...]] | None:
    """List the places of an argument that move the result at `index`; None if that cannot be found out."""
    value = trial.case.arguments[place]
    here = _result(exercise, function, trial, place, value, index)
    if here is None:
        return None
    far = 3 * float(np.ptp(value)) + 1
    found = []
    for k in np.ndindex(value.shape):
        # Far to both sides, because a maximum notices the others only when they overtake it.
        for step in (far / 300, far, -far):
            if time.perf_counter() > until:
                return None
            moved = value.copy()
            moved[k] += step
            there = _result(exercise, function, trial, place, moved, index)
            if there is None:
                return None
            if abs(there - here) > _ROUNDING * max(abs(there), abs(here)):
                found.append(k)
                break
    return found


def _result(
    exercise: Exercise,
    function: Callable[..., Any],
    trial: Trial,
    place: int,
    value: np.ndarray,
    index: tuple[int, ...],
) -> float | None:
    """Call a function with one argument replaced; return one number of the result."""
    arguments = trial.case.arguments
    case = Case("", (*arguments[:place], value, *arguments[place + 1 :]))
    outcome = run(exercise, function, case)
    apart = None if outcome.error is not None else taken_apart(exercise, outcome.returned)
    leaf = None if apart is None else apart.get(trial.labels[0])
    if leaf is None or leaf.shape != trial.expected[trial.labels[0]].shape or leaf.dtype.kind not in "biuf":
        return None
    number = float(leaf[index])
    return number if np.isfinite(number) else None


def _listed(name: str, places: list[tuple[int, ...]]) -> str:
    named = [f"`{name}{list(k)}`" if k else f"`{name}`" for k in places[:_NAMED]]
    more = [f"{len(places) - _NAMED} more"] if len(places) > _NAMED else []
    return " or ".join([*named, *more])

"""What a wrong number depends on, and what it should depend on: found by moving the inputs one by one.

The last resort, where no mistake and no pattern is recognised. It often says enough: an input that should
matter and does not was never looked at; one that matters and should not is an index that goes astray.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.judging.running import parameter_names, run
from segnet_np.lessons.judging.trial import Trial, taken_apart

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
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.size > _LARGEST:
            continue
        right = _moves(exercise, exercise.solution, trial, place, until)
        mine = _moves(exercise, function, trial, place, until)
        missing = [k for k in right if right[k] and mine.get(k) is False]
        extra = [k for k in right if right[k] is False and mine.get(k)]
        if missing:
            return f"`{place_of}` should change when {_listed(name, missing)} changes, and yours does not."
        if extra:
            return f"yours changes when {_listed(name, extra)} changes, and `{place_of}` should not."
        if any(right.values()):
            same_for.append(f"`{name}`")
    if not same_for:
        return ""
    return (
        f"`{place_of}` depends on the right numbers of {' and '.join(same_for)}, so look at how they are put "
        "together: order, signs, factors."
    )


def _moves(
    exercise: Exercise, function: Callable[..., Any], trial: Trial, place: int, until: float
) -> dict[tuple[int, ...], bool | None]:
    """Say of each place of an argument whether it moves the worst element; None where it cannot be said."""
    value = trial.case.arguments[place]
    here = _result(exercise, function, trial, place, value)
    # Far to both sides, because a maximum notices the others only when they overtake it.
    far = 3 * float(np.ptp(value)) + 1 if value.size else 1.0
    steps = (far / 300, far, -far) if value.dtype.kind == "f" else (1, -1)
    found: dict[tuple[int, ...], bool | None] = {}
    for k in np.ndindex(value.shape):
        found[k] = None
        for step in steps if here is not None and time.perf_counter() < until else ():
            moved = value.copy()
            moved[k] += step
            there = _result(exercise, function, trial, place, moved)
            if there is None or here is None:
                continue
            found[k] = abs(there - here) > _ROUNDING * max(abs(there), abs(here))
            if found[k]:
                break
    return found


def _result(
    exercise: Exercise, function: Callable[..., Any], trial: Trial, place: int, value: np.ndarray
) -> float | None:
    """Call a function with one argument replaced; return one number of the result."""
    arguments = trial.case.arguments
    case = Case("", (*arguments[:place], value, *arguments[place + 1 :]))
    outcome = run(exercise, function, case)
    apart = None if outcome.error is not None else taken_apart(exercise, outcome.returned)
    leaf = None if apart is None else apart.get(trial.labels[0])
    if leaf is None or leaf.shape != trial.expected[trial.labels[0]].shape or leaf.dtype.kind not in "biuf":
        return None
    assert trial.difference is not None
    number = float(leaf[trial.difference.index])
    return number if np.isfinite(number) else None


def _listed(name: str, places: list[tuple[int, ...]]) -> str:
    named = [f"`{name}{list(k)}`" if k else f"`{name}`" for k in places[:_NAMED]]
    more = [f"{len(places) - _NAMED} more"] if len(places) > _NAMED else []
    return " or ".join([*named, *more])

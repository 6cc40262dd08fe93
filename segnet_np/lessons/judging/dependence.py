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

#: Of an array up to this size every number is moved; of a larger one so many, drawn; for so many seconds.
_LARGEST, _DRAWN, _SECONDS = 80, 40, 2.0

#: A smaller relative change is one of rounding.
_ROUNDING = 1e-7

#: How many inputs are named.
_NAMED = 3


def compare_dependence(exercise: Exercise, function: Callable[..., Any], trial: Trial) -> tuple[str, bool]:
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
    found : bool
        Whether they name an input to look at.
    """
    if trial.difference is None:
        return "", False
    index, label = trial.difference.index, trial.labels[0]
    place_of = label + (str(list(index)) if index else "")
    until = time.perf_counter() + _SECONDS
    same_for, tried = [], True
    for place, name in enumerate(parameter_names(exercise)[: len(trial.case.arguments)]):
        value = trial.case.arguments[place]
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
            tried = tried and not isinstance(value, np.ndarray | list | tuple | dict)
            continue
        right = _moves(exercise, exercise.solution, trial, place, until)
        mine = _moves(exercise, function, trial, place, until)
        missing = [k for k in right if right[k] and mine.get(k) is False]
        extra = [k for k in right if right[k] is False and mine.get(k)]
        if missing:
            named = _listed(name, missing, right, value.size)
            return f"`{place_of}` should change when {named} changes, and yours does not.", True
        if extra:
            named = _listed(name, extra, mine, value.size)
            return f"yours changes when {named} changes, and `{place_of}` should not.", True
        tried = tried and len(right) == value.size and None not in (*right.values(), *mine.values())
        if any(right.values()):
            same_for.append(f"`{name}`")
    # Of numbers that were not moved nobody knows whether they matter.
    if not same_for or not tried:
        return "", False
    words = (
        f"`{place_of}` depends on the right numbers of {' and '.join(same_for)}, so look at how they are put "
        "together: order, signs, factors."
    )
    return words, False


def _places(shape: tuple[int, ...], here: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All places of a small array; of a large one some: in each channel of each picture, and `here`."""
    if np.prod(shape, dtype=int) <= _LARGEST:
        return list(np.ndindex(shape))
    rng = np.random.default_rng(0)
    leading = list(np.ndindex(shape[:-2]))
    rng.shuffle(leading)
    starts = [*leading, *leading][:_DRAWN]
    starts += [leading[k] for k in rng.integers(len(leading), size=_DRAWN - len(starts))]
    drawn = [(*map(int, start), *(int(rng.integers(size)) for size in shape[-2:])) for start in starts]
    if len(here) == len(shape) and all(k < size for k, size in zip(here, shape, strict=True)):
        drawn.append(here)
    return sorted(set(drawn))


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
    for k in _places(value.shape, trial.difference.index if trial.difference else ()):
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


def _listed(
    name: str, places: list[tuple[int, ...]], moves: dict[tuple[int, ...], bool | None], size: int
) -> str:
    """Name places; in a large array the channels, where all places that matter in them are meant."""
    written = [", ".join(map(str, k)) for k in places]
    channels = sorted({k[:-2] for k in places})
    drawn = len(moves) < size and len(places[0]) > 2
    if drawn and all(k in places for k in moves if k[:-2] in channels and moves[k]):
        written = [", ".join(map(str, (*channel, "..."))) for channel in channels]
    named = [f"`{name}[{place}]`" if place else f"`{name}`" for place in written[:_NAMED]]
    more = [f"{len(written) - _NAMED} more"] if len(written) > _NAMED else []
    return " or ".join([*named, *more])

"""One case, tried: what was expected, what came, and the first thing that is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.judging.comparing import Difference, differ, leaves, split
from segnet_np.lessons.judging.running import Outcome, run


@dataclass(frozen=True)
class Trial:
    """A case with the right outcome and the learner's.

    Attributes
    ----------
    number : int
        Which case, counted from 1.
    case : Case
    expected, got : dict of str to ndarray
        The leaves of both results, by label; `got` is empty where there is nothing to compare.
    outcome : Outcome
        The learner's.
    fault : str
        Empty if all is right; else "raised", "returned None", "number of outputs", "structure", "type",
        "shape", "values" or "input written".
    labels : tuple of str
        The wrong outputs, the first of them being the one that the fault is about.
    difference : Difference or None
        Of the first wrong output, where the shapes agree.
    """

    number: int
    case: Case
    expected: dict[str, np.ndarray]
    got: dict[str, np.ndarray]
    outcome: Outcome
    fault: str = ""
    labels: tuple[str, ...] = ()
    difference: Difference | None = field(default=None, compare=False)


def attempt(exercise: Exercise, function: Callable[..., Any], number: int, case: Case) -> Trial:
    """Run the solution and a function on a case, and compare.

    Parameters
    ----------
    exercise : Exercise
    function : callable
    number : int
        Counted from 1.
    case : Case

    Returns
    -------
    trial : Trial
    """
    right = run(exercise, exercise.solution, case)
    if right.error is not None:
        raise RuntimeError(f"the solution of {exercise.name!r} fails in case {number}") from right.error
    expected = taken_apart(exercise, right.returned)
    assert expected is not None
    outcome = run(exercise, function, case)
    if outcome.error is not None:
        return Trial(number, case, expected, {}, outcome, "raised")
    if outcome.returned is None and right.returned is not None:
        return Trial(number, case, expected, {}, outcome, "returned None")
    got = taken_apart(exercise, outcome.returned)
    # One array instead of several may have as many rows as there should be outputs; that is chance.
    chance = isinstance(outcome.returned, np.ndarray) and any(leaf.ndim for leaf in expected.values())
    if got is None or (chance and len(exercise.outputs) > 1):
        return Trial(number, case, expected, {}, outcome, "number of outputs")
    if got.keys() != expected.keys():
        odd = tuple(label for label in [*expected, *got] if (label in got) != (label in expected))
        return Trial(number, case, expected, got, outcome, "structure", odd)
    faults: dict[str, str] = {}
    differences: dict[str, Difference] = {}
    for label, right_leaf in expected.items():
        leaf = got[label]
        if right_leaf.dtype.kind in "biuf" and leaf.dtype.kind not in "biuf":
            faults[label] = "type"
        elif leaf.shape != right_leaf.shape:
            faults[label] = "shape"
        elif (found := differ(label, right_leaf, leaf, exercise.rtol)) is not None:
            faults[label], differences[label] = "values", found
    if faults:
        first = next((label for label in faults if faults[label] != "values"), next(iter(faults)))
        labels = (first, *(label for label in faults if label != first))
        return Trial(number, case, expected, got, outcome, faults[first], labels, differences.get(first))
    if outcome.written:
        return Trial(number, case, expected, got, outcome, "input written")
    return Trial(number, case, expected, got, outcome)


def taken_apart(exercise: Exercise, returned: Any) -> dict[str, np.ndarray] | None:
    """Take a result apart into the leaves of its outputs; None if there are not as many outputs."""
    parts = split(returned, exercise.outputs)
    if parts is None:
        return None
    apart: dict[str, np.ndarray] = {}
    for name, part in zip(exercise.outputs, parts, strict=True):
        apart |= leaves(part, name)
    return apart

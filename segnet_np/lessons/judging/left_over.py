"""A kernel that reads what stands in the arrays that it is to fill, before it has written to them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.judging.comparing import same
from segnet_np.lessons.judging.running import parameter_names, run
from segnet_np.lessons.judging.trial import Trial, taken_apart

#: Numbers that lose, or win, against whatever is compared with them.
_FILLED = (-1e300, 1e300)


def reads_before_writing(exercise: Exercise, function: Callable[..., Any], failing: Sequence[Trial]) -> str:
    """Say so if a kernel would be right, had other numbers stood in its results before.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The learner's.
    failing : sequence of Trial

    Returns
    -------
    words : str
        Empty if that is not its fault, or it is no kernel that fills arrays.
    """
    names = parameter_names(exercise)
    for place, name in enumerate(names):
        given = failing[0].case.arguments[place]
        if exercise.call is None or name not in exercise.outputs or not isinstance(given, np.ndarray):
            continue
        for number in _FILLED if given.dtype.kind == "f" else ():
            if all(_right(exercise, function, trial, place, number) for trial in failing):
                return (
                    f"`{name}` is read before anything was written to it. What stands there is left from "
                    "before, and anything: begin with a value of your own, in each of its cells."
                )
    return ""


def _right(exercise: Exercise, function: Callable[..., Any], trial: Trial, place: int, number: float) -> bool:
    before = trial.case.arguments
    filled = np.full_like(before[place], number)
    outcome = run(exercise, function, Case("", (*before[:place], filled, *before[place + 1 :])))
    apart = None if outcome.error is not None else taken_apart(exercise, outcome.returned)
    return apart is not None and same(apart, trial.expected, exercise.rtol)

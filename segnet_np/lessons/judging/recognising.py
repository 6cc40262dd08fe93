"""Recognise one of an exercise's known mistakes by the numbers that it gives."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Exercise, Mistake
from segnet_np.lessons.judging.comparing import same
from segnet_np.lessons.judging.running import Outcome, run
from segnet_np.lessons.judging.trial import Trial, taken_apart

#: So many wrong elements that are the same are no coincidence.
_ENOUGH = 4


def recognise(exercise: Exercise, trials: Sequence[Trial]) -> tuple[Mistake | None, str]:
    """Find the mistake that gives what the learner's function gives.

    Best is one that agrees in all cases; then one that agrees in those that fail; then one that agrees in the
    first wrong output (with two mistakes in a function each may spoil an output of its own), there or at
    least in the first failing case.

    Parameters
    ----------
    exercise : Exercise
    trials : sequence of Trial

    Returns
    -------
    mistake : Mistake or None
    how : str
        Words to put before its cause, where it does not explain everything.
    """
    failing = [trial for trial in trials if trial.fault]
    tried = [(m, {t.number: run(exercise, m.answer, t.case) for t in trials}) for m in exercise.mistakes]

    def nearest(among: Sequence[Trial], alike: Callable[[Trial, Outcome], bool]) -> Mistake | None:
        """Of the mistakes that agree in some trials, the one whose numbers lie nearest in all of them."""
        agreeing = [
            (_distance(exercise, trials, outcomes), place)
            for place, (_, outcomes) in enumerate(tried)
            if all(alike(trial, outcomes[trial.number]) for trial in among)
        ]
        return tried[min(agreeing)[1]][0] if agreeing else None

    for among in (trials, failing):
        if mistake := nearest(among, lambda trial, other: _alike(exercise, trial, other)):
            return mistake, ""
    first = failing[0]
    if first.fault not in ("values", "shape") or not first.labels:
        return None, ""
    label = first.labels[0]
    wrong = [trial for trial in failing if label in trial.labels]
    for among, how in ((wrong, "Among other things: "), ([first], "In this case at least: ")):
        if sum(trial.expected[label].size for trial in among) < _ENOUGH:
            continue
        if mistake := nearest(among, lambda trial, other: _output_alike(exercise, trial, other, label)):
            alone = len(first.expected) == 1
            return mistake, "" if alone and among is wrong else how
    return None, ""


def _distance(exercise: Exercise, trials: Sequence[Trial], outcomes: dict[int, Outcome]) -> float:
    """Add up how far a mistake's numbers lie from the learner's, relative to those expected."""
    distance = 0.0
    for trial in trials:
        theirs = taken_apart(exercise, outcomes[trial.number].returned) or {}
        for label, right in trial.expected.items():
            mine, other = trial.got.get(label), theirs.get(label)
            if mine is None or other is None or mine.shape != other.shape or right.dtype.kind not in "iuf":
                continue
            if mine.dtype.kind in "biuf" and other.dtype.kind in "biuf":
                with np.errstate(all="ignore"):
                    apart = np.abs(mine.astype(float) - other.astype(float))
                distance += float(np.nansum(apart)) / (float(np.nansum(np.abs(right))) or 1.0)
    return distance


def gives_the_same(exercise: Exercise, answer: Callable[..., Any], trials: Sequence[Trial]) -> bool:
    """Whether an answer gives in every case what the learner's function gave.

    Parameters
    ----------
    exercise : Exercise
    answer : callable
    trials : sequence of Trial

    Returns
    -------
    same : bool
    """
    return all(_alike(exercise, trial, run(exercise, answer, trial.case)) for trial in trials)


def _alike(exercise: Exercise, trial: Trial, other: Outcome) -> bool:
    """Whether a mistake did in a case what the learner's function did."""
    mine = trial.outcome
    if mine.error is not None or other.error is not None:
        return type(mine.error) is type(other.error) and str(mine.error) == str(other.error)
    if mine.written != other.written or (mine.returned is None) != (other.returned is None):
        return False
    theirs, ours = taken_apart(exercise, other.returned), taken_apart(exercise, mine.returned)
    if theirs is None or ours is None:
        return theirs is ours
    return same(ours, theirs, exercise.rtol)


def _output_alike(exercise: Exercise, trial: Trial, other: Outcome, label: str) -> bool:
    if other.error is not None or trial.outcome.error is not None or label not in trial.got:
        return False
    theirs = taken_apart(exercise, other.returned)
    if theirs is None or label not in theirs:
        return False
    return same({label: trial.got[label]}, {label: theirs[label]}, exercise.rtol)

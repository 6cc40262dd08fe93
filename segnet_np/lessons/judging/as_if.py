"""Wrong numbers that a right answer would give if one of its arguments were another one.

An argument that is never used, two that are swapped, a kernel read backwards: the learner's numbers are then
those of the solution with that argument changed. So it is tried: the solution runs with each argument changed
in each way below, and the first change that explains every failing case is named.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.judging.comparing import same
from segnet_np.lessons.judging.running import parameter_names, run
from segnet_np.lessons.judging.suspicion import Suspicion
from segnet_np.lessons.judging.trial import Trial, taken_apart

#: So many numbers that are the same are no coincidence.
_ENOUGH = 3

_SCALARS = (int, float, np.integer, np.floating)

#: Numbers that people write where an argument belongs, besides those of the other cases.
_USUAL, _USUAL_LABELS = (1e-5, 0.9), (11, 255)

Change = Callable[[tuple[Any, ...]], tuple[Any, ...]]


def suspect_argument(
    exercise: Exercise, failing: Sequence[Trial], trials: Sequence[Trial]
) -> Suspicion | None:
    """Find a change of the arguments that turns the right answer into the learner's.

    Parameters
    ----------
    exercise : Exercise
    failing, trials : sequence of Trial
        Those that fail; and all.

    Returns
    -------
    suspicion : Suspicion or None
    """
    label = failing[0].labels[0]
    wrong = [trial for trial in failing if label in trial.labels and label in trial.got]
    # First what explains all cases, those that pass as well.
    if number := _hard_coded(exercise, label, trials):
        return number
    if sum(trial.expected[label].size for trial in wrong) < _ENOUGH:
        return None
    for words, change in _changes(exercise, wrong[0].case.arguments):
        if all(_explains(exercise, trial, label, change) for trial in wrong):
            return Suspicion("as if", "", f"these numbers are right for other arguments, in which {words}")
    return None


def _hard_coded(exercise: Exercise, label: str, trials: Sequence[Trial]) -> Suspicion | None:
    """Find a number that stands where an argument belongs: right in all cases, were it given that number."""
    known = [trial for trial in trials if label in trial.got]
    if sum(trial.expected[label].size for trial in known) < _ENOUGH:
        return None
    for place, name in enumerate(parameter_names(exercise)[: len(known[0].case.arguments)]):
        given = [trial.case.arguments[place] for trial in known]
        if not all(isinstance(value, _SCALARS) and not isinstance(value, bool) for value in given):
            continue
        whole = all(isinstance(value, int | np.integer) for value in given)
        usual = _USUAL_LABELS if "ignore" in name or "void" in name else () if whole else _USUAL
        for value in dict.fromkeys([*given, *usual]):
            change = _replace(place, _always(value))
            # With 0 or 1 it is more likely that the argument is not used at all.
            if value not in (0, 1) and all(_explains(exercise, trial, label, change) for trial in known):
                return Suspicion(
                    "as if",
                    "",
                    f"these numbers are right for `{name}` = {value:g}, whatever it is given: it stands "
                    f"where `{name}` belongs.",
                )
    return None


def _explains(exercise: Exercise, trial: Trial, label: str, change: Change) -> bool:
    try:
        arguments = change(trial.case.arguments)
    except Exception:  # no such axis, another type: this change is none for these arguments
        return False
    outcome = run(exercise, exercise.solution, Case("", arguments))
    if outcome.error is not None:
        return False
    apart = taken_apart(exercise, outcome.returned)
    if apart is None or label not in apart:
        return False
    return same({label: trial.got[label]}, {label: apart[label]}, max(exercise.rtol, 1e-9))


def _changes(exercise: Exercise, arguments: Sequence[Any]) -> Iterator[tuple[str, Change]]:
    """Yield each change, in words and as a function of the arguments."""
    names = parameter_names(exercise)[: len(arguments)]
    for (i, one), (j, other) in combinations(enumerate(names), 2):
        if type(arguments[i]) is type(arguments[j]) and not callable(arguments[i]):
            yield f"`{one}` and `{other}` are exchanged.", _exchange(i, j)
    for place, name in enumerate(names):
        value = arguments[place]
        if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            ways = _ARRAYS
        elif isinstance(value, bool | np.bool_):
            ways = {"`{}` is the opposite.": lambda v: not v}
        elif isinstance(value, int | np.integer):
            ways = _WHOLE
        elif isinstance(value, float | np.floating):
            ways = _FLOATS
        else:
            continue
        for words, way in ways.items():
            yield words.format(name), _replace(place, way)


def _exchange(i: int, j: int) -> Change:
    def change(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        moved = list(arguments)
        moved[i], moved[j] = moved[j], moved[i]
        return tuple(moved)

    return change


def _replace(place: int, way: Callable[[Any], Any]) -> Change:
    def change(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*arguments[:place], way(arguments[place]), *arguments[place + 1 :])

    return change


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _turned(axes: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda a: np.ascontiguousarray(np.flip(a, axes))


_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "`{}` is turned by 180 degrees, rows and columns backwards.": _turned((-2, -1)),
    "the rows of `{}` run backwards.": _turned((-2,)),
    "`{}` runs backwards in its last axis.": _turned((-1,)),
    "`{}` is flipped along its first axis.": _turned((0,)),
    "`{}` is flipped along all of its axes.": lambda a: np.flip(a).copy(),
    "rows and columns of `{}` are exchanged (transposed).": lambda a: a.swapaxes(-1, -2).copy(),
    "the first two axes of `{}` are exchanged.": lambda a: a.swapaxes(0, 1).copy(),
    "`{}` is turned by 90 degrees.": lambda a: np.rot90(a, 1, (-2, -1)).copy(),
    "`{}` is turned by 90 degrees, the other way.": lambda a: np.rot90(a, -1, (-2, -1)).copy(),
    "`{}` is transposed and turned by 180 degrees.": lambda a: np.flip(a, (-2, -1)).swapaxes(-1, -2).copy(),
    "`{}` has the opposite sign.": lambda a: -a,
    "`{}` is 0 throughout. Is it used at all?": np.zeros_like,
    "`{}` is 1 throughout. Is it used at all?": np.ones_like,
    "`{}` is taken without its sign.": np.abs,
    "`{}` is squared.": np.square,
    "the root of `{}` is taken.": lambda a: np.sqrt(np.abs(a)),
    "`{}` is doubled.": lambda a: 2 * a,
    "`{}` is halved.": lambda a: a / 2,
    "negative numbers of `{}` are 0.": lambda a: np.maximum(a, 0),
    "all of `{}` are its first element.": lambda a: np.full_like(a, a.flat[0]),
    "all along the first axis of `{}` is like its first entry.": lambda a: np.broadcast_to(
        a[:1], a.shape
    ).copy(),
    "`{}` is shifted by one along its last axis.": lambda a: np.roll(a, 1, -1),
    "`{}` is shifted by one along its last axis, backwards.": lambda a: np.roll(a, -1, -1),
    "each number of `{}` is 1 larger.": lambda a: a + 1,
    "each number of `{}` is 1 smaller.": lambda a: a - 1,
}

_WHOLE: dict[str, Callable[[Any], Any]] = {
    "`{}` is 0. Is it used at all?": lambda n: 0,
    "`{}` is 1. Is it used at all?": lambda n: 1,
    "`{}` is 1 larger.": lambda n: n + 1,
    "`{}` is 1 smaller.": lambda n: n - 1,
    "`{}` is doubled.": lambda n: 2 * n,
    "`{}` is halved.": lambda n: n // 2,
    "`{}` is -1, which nothing equals. Is it used at all?": lambda n: -1,
}

_FLOATS: dict[str, Callable[[Any], Any]] = {
    "`{}` is 0. Is it used at all?": lambda x: 0.0,
    "`{}` is 1. Is it used at all?": lambda x: 1.0,
    "`1 - {0}` stands where `{0}` belongs.": lambda x: 1 - x,
    "`{}` is doubled.": lambda x: 2 * x,
    "`{}` is halved.": lambda x: x / 2,
    "`{}` is squared.": lambda x: x * x,
    "the root of `{}` is taken.": lambda x: np.sqrt(x),
    "`{}` has the opposite sign.": lambda x: -x,
    "`1 / {0}` stands where `{0}` belongs.": lambda x: 1 / x,
}

"""What the cases that fail have in common, and the others have not: more than one picture, an odd width."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Exercise
from segnet_np.lessons.judging.running import parameter_names
from segnet_np.lessons.judging.trial import Trial

#: What the axes of activations are called, by how many there are; these are their names in the exercises.
_AXES = {4: ("picture", "channel", "row", "column"), 2: ("row", "column")}
_ACTIVATIONS = ("x", "y", "out", "dx", "dy", "dout", "logits", "labels")

#: How many properties are named: with few cases some set them apart by chance.
_NAMED = 2

Feature = Callable[[Any], bool]


def in_common(exercise: Exercise, trials: Sequence[Trial]) -> str:
    """Find a property of the arguments that all failing cases have and no other.

    Parameters
    ----------
    exercise : Exercise
    trials : sequence of Trial
        Some that fail, some that pass.

    Returns
    -------
    words : str
        A sentence; empty where nothing sets them apart.
    """
    failing = [trial for trial in trials if trial.fault]
    passing = [trial for trial in trials if not trial.fault]
    if not failing or not passing:
        return ""
    arguments = failing[0].case.arguments
    places = list(enumerate(parameter_names(exercise)[: len(arguments)]))
    # Numbers first: what is special about them is more often meant than the shape of an array.
    places.sort(key=lambda place: isinstance(arguments[place[0]], np.ndarray))
    found = []
    for place, name in places:
        for words, feature in _features(name, arguments[place]):
            have = [_has(feature, trial.case.arguments[place]) for trial in failing]
            have_not = [_has(feature, trial.case.arguments[place]) for trial in passing]
            if all(have) and not any(have_not):
                found.append(f"`{name}` {words}")
                break
    if not found:
        return ""
    cases = "case that fails" if len(failing) == 1 else "cases that fail"
    return f"In the {cases}, and in no other, {' and '.join(found[:_NAMED])}."


def _has(feature: Feature, value: Any) -> bool:
    try:
        return bool(feature(value))
    except Exception:  # an argument of another kind
        return False


def _features(name: str, value: Any) -> Iterator[tuple[str, Feature]]:
    """Yield what may be special about an argument, in words and as a question."""
    if isinstance(value, np.ndarray):
        yield from _features_of_array(name, value)
    elif isinstance(value, bool | np.bool_):
        yield "is True", lambda v: v
        yield "is False", lambda v: not v
    elif isinstance(value, int | float | np.number):
        yield "is 0", lambda v: v == 0
        yield "is not 0", lambda v: v != 0
        yield "is larger than 1", lambda v: v > 1
        yield "is smaller than 1", lambda v: v < 1
        yield "is odd", lambda v: v % 2 == 1
    elif isinstance(value, list | tuple):
        yield "has more than one element", lambda v: len(v) > 1
        yield "holds an odd number", lambda v: any(number % 2 == 1 for number in v)
        yield "holds two different numbers", lambda v: len(set(v)) > 1


def _features_of_array(name: str, value: np.ndarray) -> Iterator[tuple[str, Feature]]:
    axes = _AXES.get(value.ndim) if name in _ACTIVATIONS else None
    for axis in range(value.ndim):
        one = f"{axes[axis]} (axis {axis})" if axes else f"entry along axis {axis}"
        yield f"has more than one {one}", _longer_than_one(axis)
    for axis in range(max(value.ndim - 2, 0), value.ndim):
        many = f"{axes[axis]}s (axis {axis})" if axes else f"entries along axis {axis}"
        yield f"has an odd number of {many}", _odd(axis)
    yield "holds NaN", lambda a: np.isnan(a).any()
    yield "holds negative numbers", lambda a: (a < 0).any()
    yield "holds only negative numbers", lambda a: (a < 0).all()
    yield "holds zeros", lambda a: (a == 0).any()
    yield "holds equal numbers", lambda a: len(np.unique(a)) < a.size
    yield "holds numbers that are not whole", lambda a: (a != np.round(a)).any()
    yield "holds numbers beyond 100", lambda a: np.abs(a).max() > 100
    if value.ndim > 1:
        yield "is wider than high", lambda a: a.shape[-1] > a.shape[-2]
        yield "is higher than wide", lambda a: a.shape[-1] < a.shape[-2]
        yield "is no square", lambda a: a.shape[-1] != a.shape[-2]


def _longer_than_one(axis: int) -> Feature:
    return lambda a: a.shape[axis] > 1


def _odd(axis: int) -> Feature:
    return lambda a: a.shape[axis] % 2 == 1

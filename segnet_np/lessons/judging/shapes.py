"""A result of another shape: what may have become of its axes."""

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Exercise
from segnet_np.lessons.judging.comparing import differ, split
from segnet_np.lessons.judging.running import parameter_names
from segnet_np.lessons.judging.suspicion import Suspicion
from segnet_np.lessons.judging.trial import Trial

#: With fewer numbers a sum or a mean may be met by chance.
_ENOUGH = 3


def suspect_shape(exercise: Exercise, trial: Trial) -> Suspicion:
    """Say how an output's shape differs, and what is probably behind it.

    Parameters
    ----------
    exercise : Exercise
    trial : Trial

    Returns
    -------
    suspicion : Suspicion
    """
    label = trial.labels[0]
    expected, got = trial.expected[label], trial.got[label]
    said = f"`{label}` has shape {got.shape}, expected {expected.shape}."
    parts = split(trial.outcome.returned, exercise.outputs)
    part = None if parts is None else dict(zip(exercise.outputs, parts, strict=True)).get(label)
    cause = _put_around(expected, got, part, trial.case.arguments) or _cause(expected, got, exercise)
    return Suspicion("shape", said, cause)


def _put_around(expected: np.ndarray, got: np.ndarray, part: Any, arguments: Sequence[Any]) -> str:
    """Say what axes too many are, if they have the length 1 or are a tuple's."""
    if expected.ndim == 0 and isinstance(part, tuple | list) and len(part) > 1:
        return "one number is wanted, and several came. The task says how one is made of them."
    if got.size != expected.size or got.ndim <= expected.ndim or not isinstance(part, np.ndarray):
        return ""
    if got.ndim == expected.ndim + 1 and got.shape == (1, *expected.shape):
        pictures = any(isinstance(value, np.ndarray) and value.ndim == 4 for value in arguments)
        name = "axis 0 (the pictures)" if pictures else "axis 0"
        return f"{name} was not summed: it is still there, with the length 1. Or `keepdims` kept it."
    if [size for size in got.shape if size > 1] == [size for size in expected.shape if size > 1]:
        return "the axes of length 1 are those that `keepdims=True` keeps: leave `keepdims` out."
    return ""


def _cause(expected: np.ndarray, got: np.ndarray, exercise: Exercise) -> str:
    def equal(a: np.ndarray, b: np.ndarray) -> bool:
        return a.shape == b.shape and differ("", b, a, exercise.rtol) is None

    if got.dtype.kind not in "biufc" or expected.dtype.kind not in "biufc":
        return "lists of other lengths."
    if got.size == 0:
        return "it is empty: a size of 0, a slice past the end, or `[p:-p]`, which is empty for p = 0."
    for order in permutations(range(got.ndim)) if got.ndim < 6 else ():
        if order != tuple(range(got.ndim)) and equal(got.transpose(order), expected):
            return f"the axes are swapped: after `.transpose{order}` it would be right. Transposed somewhere?"
    if got.size == expected.size and equal(got.reshape(expected.shape), expected):
        if got.ndim == expected.ndim + 1 and got.shape[0] == 1:
            return "the right numbers in one list too many; a comma behind the result makes a tuple of it."
        return "the right numbers in another shape: `.reshape` them."
    for count in range(1, got.ndim + 1):
        for axes in combinations(range(got.ndim), count):
            if equal(got.sum(axis=axes), expected):
                return f"summed over {_axes(axes)} it would be right: a sum is missing."
            if equal(got.mean(axis=axes), expected):
                return f"the mean over {_axes(axes)} would be right: a mean is missing."
    for count in range(1, expected.ndim + 1) if got.size >= _ENOUGH else ():
        for axes in combinations(range(expected.ndim), count):
            if equal(got, expected.sum(axis=axes)):
                return f"it is summed over {_axes(axes)}, and should not be."
            if equal(got, expected.mean(axis=axes)):
                return f"it is averaged over {_axes(axes)}, and should not be."
    for axis in range(expected.ndim):
        if got.shape == (*expected.shape[:axis], *expected.shape[axis + 1 :]) and got.size < _ENOUGH:
            return f"axis {axis} is gone: by a sum, a mean, a maximum, an `argmax` or an index."
        if equal(got, expected.take(0, axis)):
            return (
                f"only the first entry of axis {axis} is there; {_axis_name(expected.ndim, axis)} is missing."
            )
    if got.ndim == expected.ndim:
        return _sizes(expected.shape, got.shape, "padding" in parameter_names(exercise))
    if got.ndim < expected.ndim:
        what = "a single number" if got.ndim == 0 else f"{got.ndim} axes"
        return f"{what} instead of {expected.ndim} axes: one got lost, by a sum, a mean, or an index `[0]`."
    return "axes too many: a sum or an index is missing, or a list was put around the result."


def _sizes(expected: tuple[int, ...], got: tuple[int, ...], pads: bool) -> str:
    """Compare the sizes of as many axes."""
    if sorted(expected) == sorted(got):
        return "the sizes are right but in another order: rows and columns, or two other axes, are swapped."
    pairs = [(axis, g, e) for axis, (g, e) in enumerate(zip(got, expected, strict=True)) if g != e]
    differences = {g - e for _, g, e in pairs}
    where = _axes(tuple(axis for axis, _, _ in pairs))
    if differences == {-1} and pads:
        return (
            f"one too few along {where}: padding on one side only, a missing + 1, or a range that ends early."
        )
    if differences == {-1}:
        return (
            f"one too few along {where}: a loop or a range that ends too early, or an odd size that is "
            "rounded down where it should be rounded up."
        )
    if differences == {1}:
        return (
            f"one too many along {where}: a loop that runs one step too far, or an odd size that is "
            "rounded up where it should be rounded down."
        )
    if all(g == 2 * e for _, g, e in pairs):
        return f"twice as many along {where}: it was not halved, or doubled once too often."
    if all(2 * g == e for _, g, e in pairs):
        return f"half as many along {where}: halved once too often, or not doubled."
    if all(g == 1 for _, g, _ in pairs):
        return f"{where} has length 1: summed, averaged or taken as one entry, and kept by `keepdims`."
    if pads and len(expected) == 4 and any(axis < 2 and g > e for axis, g, e in pairs):
        return (
            f"other sizes along {where}: `np.pad` with one number frames every axis, pictures and channels "
            "too. Only rows and columns get a frame: `((0, 0), (0, 0), (p, p), (p, p))`."
        )
    if pads and all(d % 2 == 0 for d in differences):
        return f"other sizes along {where}: is the padding counted on both sides, and once only?"
    return f"other sizes along {where}: write down how they follow from the size of the input."


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def _axis_name(ndim: int, axis: int) -> str:
    return (
        {0: "the batch axis", 1: "the channel axis"}.get(axis, f"axis {axis}")
        if ndim == 4
        else f"axis {axis}"
    )

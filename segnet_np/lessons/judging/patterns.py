"""Wrong numbers of the right shape: the trace that a common slip leaves in them.

Each question looks at one output in all cases where it is wrong, and fits only if it holds in all of them.
They are asked in order; the first that fits answers. A guess, never a verdict: the verdict is that the
numbers differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Exercise
from segnet_np.lessons.judging.as_if import suspect_argument
from segnet_np.lessons.judging.comparing import differ
from segnet_np.lessons.judging.dependence import compare_dependence
from segnet_np.lessons.judging.factors import constant_factor, factor, offset
from segnet_np.lessons.judging.places import advice, moved, region
from segnet_np.lessons.judging.running import parameter_names
from segnet_np.lessons.judging.suspicion import Suspicion
from segnet_np.lessons.judging.trial import Trial


@dataclass(frozen=True)
class Wrong:
    """A wrong output of one case.

    Attributes
    ----------
    expected, got : ndarray
        As float64, of one shape.
    mask : ndarray of bool
        Which elements are wrong.
    arguments : dict of str to object
        What the function was called with.
    others : dict of str to ndarray
        The other outputs, as they should be.
    dtype, wanted : dtype
        Of what came, and of what was expected.
    rtol : float
    """

    expected: np.ndarray
    got: np.ndarray
    mask: np.ndarray
    arguments: dict[str, Any]
    others: dict[str, np.ndarray]
    dtype: np.dtype
    wanted: np.dtype
    rtol: float

    def equal(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether two arrays are the same within the exercise's tolerance, but a little more leniently."""
        return one.shape == other.shape and differ("", other, one, max(100 * self.rtol, 1e-7)) is None


Question = Callable[[Sequence[Wrong]], tuple[str, str] | None]


def suspect_values(
    exercise: Exercise,
    function: Callable[..., Any],
    failing: Sequence[Trial],
    trials: Sequence[Trial],
    thorough: bool = True,
) -> Suspicion:
    """Guess why the numbers of the first wrong output are wrong.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The learner's.
    failing, trials : sequence of Trial
        Those that fail, the first with wrong values; and all.
    thorough : bool, default True
        Whether to call the learner's function again and again, should nothing else explain the numbers.

    Returns
    -------
    suspicion : Suspicion
    """
    label = failing[0].labels[0]
    names = parameter_names(exercise)
    wrong = [
        _wrong(trial, label, names, exercise.rtol)
        for trial in failing
        if label in trial.labels
        and label in trial.got
        and trial.got[label].shape == trial.expected[label].shape
    ]
    if any(w is None for w in wrong):
        return Suspicion("values", "", "it is another answer than the right one; work this case out by hand.")
    known = [w for w in wrong if w is not None]
    for question in QUESTIONS:
        if question in OF_MOST and _most_pass(label, failing, trials):
            continue
        if answer := question(known):
            return Suspicion(answer[0], "", answer[1])
    if other := suspect_argument(exercise, failing, trials):
        return other
    if words := region(known):
        return Suspicion("values", "", words)
    more = advice(known[0], trials)
    words, found = compare_dependence(exercise, function, failing[0]) if thorough else ("", False)
    if words:
        more = f"{words} {more[0].upper()}{more[1:]}"
    return Suspicion("values", "", more, vague=not found)


def _most_pass(label: str, failing: Sequence[Trial], trials: Sequence[Trial]) -> bool:
    """Whether an output is right in most cases in which it is not 0."""
    passing = [t for t in trials if label in t.expected and label not in t.labels and t.expected[label].any()]
    return len(passing) > len(failing)


def _wrong(trial: Trial, label: str, names: Sequence[str], rtol: float) -> Wrong | None:
    expected, got = trial.expected[label], trial.got[label]
    if expected.dtype.kind not in "biuf" or got.dtype.kind not in "biuf":
        return None
    found = differ(label, expected, got, rtol)
    mask = found.wrong if found is not None else np.zeros(expected.shape, bool)
    arguments = dict(zip(names, trial.case.arguments, strict=False))
    others = {name: leaf for name, leaf in trial.expected.items() if name != label}
    return Wrong(
        expected.astype(float), got.astype(float), mask, arguments, others, got.dtype, expected.dtype, rtol
    )


def _not_finite(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    bad = [w.mask & ~np.isfinite(w.got) for w in wrong]
    if not bad[0].any():
        return None
    count, size = int(bad[0].sum()), bad[0].size
    nan = "NaN" if np.isnan(wrong[0].got).any() else "infinite"
    return (
        "not finite",
        f"{f'{count} of {size} numbers are' if size > 1 else 'it is'} {nan}: a division by zero, the log "
        "of 0, an `exp` that overflows, a mean of nothing, or memory from `np.empty` that nobody filled.",
    )


def _swallowed_nan(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    if all(np.isnan(w.expected[w.mask]).all() for w in wrong):
        return (
            "NaN lost",
            "the right answer has NaN there: a comparison with NaN is always False, so it gets lost.",
        )
    return None


def _no_truth(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    if any(w.wanted.kind != "b" or w.dtype.kind == "b" for w in wrong):
        return None
    if all(np.array_equal(w.got != 0, w.expected != 0) for w in wrong):
        return "dtype", "True and False are wanted, and numbers came: compare, or use `.astype(bool)`."
    return None


def _fractions(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    if any(w.wanted.kind not in "iu" or not w.mask.any() for w in wrong):
        return None
    if all(np.all(w.got[w.mask] != np.round(w.got[w.mask])) for w in wrong):
        return "dtype", "whole numbers are wanted, and these have something behind the point: `//` or `/`?"
    return None


def _whole_numbers(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    for w in wrong:
        if w.dtype.kind not in "iub" or np.array_equal(w.expected, np.round(w.expected)):
            return None
    return (
        "dtype",
        f"the result has dtype {wrong[0].dtype}, which holds whole numbers only: everything behind the "
        "point is cut off. An array made from ints, by `np.zeros(..., int)` or by `np.zeros_like` of "
        "one, stays one of ints; or `//` stands where `/` belongs.",
    )


def _rounded(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    for name, operation in (("rounded", np.round), ("rounded down", np.floor), ("cut off", np.trunc)):
        if all(np.array_equal(w.got, operation(w.expected)) for w in wrong):
            return "dtype", f"the numbers are {name} to whole ones: by `//`, `int(...)`, or an array of ints."
    return None


def _coarse(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    for w in wrong:
        largest = np.abs(w.expected).max(initial=0.0)
        if not 0 < np.abs(w.got - w.expected).max(initial=0.0) <= 3e-6 * largest:
            return None
    return (
        "precision",
        "nearly right, but only to six or seven digits: somewhere it calculates in float32, a constant is "
        "rounded, or something small is added (or left out) that should not be, such as an eps.",
    )


def _zeros(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    if any(w.got.any() for w in wrong) or sum(w.got.size for w in wrong) < 2:
        return None
    return "zeros", "it is zero throughout: made by `np.zeros` and then never filled, or filled in a copy."


def _constant(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    for w in wrong:
        if w.got.size < 4 or np.ptp(w.got) > 0 or np.ptp(w.expected) == 0:
            return None
    return (
        "constant",
        "all of its elements are the same number: one value was written into the whole array, an index "
        "does not move with the loop, or a search for the largest begins with a number that wins at once.",
    )


def _argument(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    for name in wrong[0].arguments:
        values = [w.arguments.get(name) for w in wrong]
        if all(isinstance(v, np.ndarray) and w.equal(w.got, v) for v, w in zip(values, wrong, strict=True)):
            return (
                "input returned",
                f"it is the argument `{name}`, unchanged: it is returned as it came, or the change is "
                "made in something that is thrown away.",
            )
    for name in wrong[0].others:
        if all(w.got.size > 1 and w.equal(w.got, w.others[name]) for w in wrong):
            return "another output", f"these are the numbers that `{name}` should have."
    return None


def _opposite(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    if all(w.dtype.kind == "b" and np.array_equal(w.got, 1 - w.expected) for w in wrong):
        return "opposite", "True and False are exchanged: the condition is the wrong way round."
    if all(w.equal(w.got, -w.expected) for w in wrong):
        return "sign", "each number is right but for its sign: a minus is missing, or one too many."
    return None


def _absolute(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    for words, kind, operation in (
        ("negative numbers came out positive: an `abs` or a square loses the sign.", "negatives", np.abs),
        (
            "negative numbers came out as 0: `np.maximum(..., 0)`, or a search for the largest that "
            "starts with 0.",
            "negatives",
            lambda e: np.maximum(e, 0),
        ),
        (
            "the square of each number is expected without the square: or a root is missing.",
            "square",
            np.square,
        ),
        ("the root is one too many.", "square", lambda e: np.sqrt(np.abs(e))),
    ):
        if all(w.equal(w.got, operation(w.expected)) for w in wrong):
            return kind, words
    if all(np.all(w.expected != 0) and w.equal(w.got, 1 / w.expected) for w in wrong):
        return "reciprocal", "it is the reciprocal, 1 over what is expected: the division is upside down."
    return None


#: In this order; the first that fits answers.
QUESTIONS: tuple[Question, ...] = (
    _not_finite,
    _swallowed_nan,
    _no_truth,
    _fractions,
    _whole_numbers,
    _zeros,
    _opposite,
    _argument,
    _constant,
    _coarse,
    factor,
    constant_factor,
    offset,
    _rounded,
    moved,
    _absolute,
)

#: What would be wrong in nearly every case.
OF_MOST: tuple[Question, ...] = (constant_factor,)

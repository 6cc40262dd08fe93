"""From a learner's function to a verdict: try each case, recognise the mistake, or guess from its traces."""

from collections.abc import Callable, Sequence
from typing import Any

from segnet_np.lessons.exercise import Exercise
from segnet_np.lessons.judging.common import in_common
from segnet_np.lessons.judging.comparing import same
from segnet_np.lessons.judging.forms import not_usable, suspect_form
from segnet_np.lessons.judging.left_over import reads_before_writing
from segnet_np.lessons.judging.patterns import suspect_values
from segnet_np.lessons.judging.recognising import gives_the_same, recognise
from segnet_np.lessons.judging.running import at_most, run
from segnet_np.lessons.judging.suspicion import Suspicion
from segnet_np.lessons.judging.trial import Trial, attempt, taken_apart
from segnet_np.lessons.judging.verdict import Verdict

#: With fewer cases that pass, some property or other sets them apart by chance.
_ENOUGH_PASS = 2


def judge(exercise: Exercise, function: Callable[..., Any]) -> Verdict:
    """Try a function on every case of an exercise.

    Parameters
    ----------
    exercise : Exercise
    function : callable

    Returns
    -------
    verdict : Verdict
    """
    cases = list(exercise.cases())
    if refused := not_usable(exercise, function, cases[0].arguments):
        return Verdict(exercise.name, refused.kind, 0, len(cases), refused.said, refused.cause)
    trials: list[Trial] = []
    with at_most(exercise.seconds):
        for number, case in enumerate(cases, 1):
            trials.append(attempt(exercise, function, number, case))
            if isinstance(trials[-1].outcome.error, TimeoutError | NotImplementedError):
                break
    failing = [trial for trial in trials if trial.fault]
    if not failing:
        return _passed(exercise, function, trials)
    return _failed(exercise, function, trials, failing, len(cases))


def _passed(exercise: Exercise, function: Callable[..., Any], trials: Sequence[Trial]) -> Verdict:
    total = len(trials)
    if not _steady(exercise, function, trials[0]):
        return _unsteady(exercise, trials[0], total, total)
    if exercise.also is not None and (missing := exercise.also(function)):
        return Verdict(exercise.name, "something else", total, total, missing)
    note = f"The library does the same in {exercise.see}." if exercise.see else ""
    return Verdict(
        exercise.name,
        "passed",
        total,
        total,
        notes=(note,) if note else (),
        printed=trials[0].outcome.printed,
    )


def _failed(
    exercise: Exercise,
    function: Callable[..., Any],
    trials: Sequence[Trial],
    failing: Sequence[Trial],
    total: int,
) -> Verdict:
    first = failing[0]
    passed = sum(not trial.fault for trial in trials)
    suspicion = suspect_form(exercise, function, first)
    if suspicion is not None and suspicion.kind == "not yet":
        return Verdict(exercise.name, "not yet", 0, total, suspicion.said, suspicion.cause)
    if first.fault in ("values", "shape") and not _steady(exercise, function, first):
        return _unsteady(exercise, first, passed, total)
    if exercise.starts_from is not None and gives_the_same(exercise, exercise.starts_from, trials):
        return Verdict(
            exercise.name,
            "not yet",
            passed,
            total,
            "Your function still gives what the one with the bug gives.",
            case=first.case.what,
            number=first.number,
            difference=first.difference,
            printed=first.outcome.printed,
            by_hand=exercise.call is None,
        )
    mistake, how = recognise(exercise, trials)
    if suspicion is None and (words := reads_before_writing(exercise, function, failing)):
        # What a mistake of the exercise says of these numbers would be said of the wrong line.
        mistake, suspicion = None, Suspicion("read before", "", words)
    if suspicion is None:
        suspicion = suspect_values(exercise, function, failing, trials, thorough=mistake is None)
    cause, notes = suspicion.cause, _notes(suspicion, failing)
    if mistake is not None:
        cause = how + mistake.cause
    elif suspicion.vague and passed >= _ENOUGH_PASS and (shared := in_common(exercise, trials)):
        notes = (*notes, shared)
    elif passed and passed == total - 1:
        notes = (*notes, "All other cases pass, so look at what is special about this one.")
    return Verdict(
        exercise.name,
        suspicion.kind,
        passed,
        total,
        suspicion.said,
        cause,
        first.case.what,
        first.number,
        notes,
        None if suspicion.kind == "swapped outputs" else first.difference,
        first.outcome.printed,
        exercise.call is None,
    )


def _notes(suspicion: Suspicion, failing: Sequence[Trial]) -> tuple[str, ...]:
    notes, first = [], failing[0]
    if suspicion.kind == "swapped outputs":
        return ()
    right = [label for label in first.expected if label in first.got and label not in first.labels]
    if first.labels and right and first.fault in ("values", "shape", "type"):
        notes.append(f"{_listed(right)} {'is' if len(right) == 1 else 'are'} right here.")
    if first.labels[1:] and first.fault in ("values", "shape", "type"):
        also = first.labels[1:]
        notes.append(f"{_listed(also)} {'is' if len(also) == 1 else 'are'} not right either.")
    elsewhere = [label for label in right if first.labels and any(label in trial.labels for trial in failing)]
    if elsewhere:
        notes.append(
            f"In other cases {_listed(elsewhere)} {'is' if len(elsewhere) == 1 else 'are'} wrong, too."
        )
    if first.outcome.written and suspicion.kind != "input written":
        written = first.outcome.written
        notes.append(
            f"Besides, {_listed(written)} {'was' if len(written) == 1 else 'were'} changed; work on a copy."
        )
    return tuple(notes)


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names[:6]]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _steady(exercise: Exercise, function: Callable[..., Any], trial: Trial) -> bool:
    """Whether the same call gives the same once more."""
    with at_most(exercise.seconds):
        again = run(exercise, function, trial.case)
    if again.error is not None:
        return False
    apart = taken_apart(exercise, again.returned)
    before = taken_apart(exercise, trial.outcome.returned)
    return apart is not None and before is not None and same(apart, before, exercise.rtol)


def _unsteady(exercise: Exercise, trial: Trial, passed: int, total: int) -> Verdict:
    return Verdict(
        exercise.name,
        "between calls",
        min(passed, total - 1),
        total,
        "Called twice with the same arguments, it gives two different results.",
        "memory from `np.empty` that is not filled everywhere: `np.zeros` begins with zeros. Or something is "
        "kept between the calls: an array made outside of the function, a default argument that is changed "
        "(`def f(x, out=[])`), a global that adds up, or random numbers without a seed.",
        trial.case.what,
        trial.number,
    )

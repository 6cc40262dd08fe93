"""All exercises of the course: solutions pass, mistakes are recognised."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segnet_np.lessons import exercises
from segnet_np.lessons.judging.comparing import same
from segnet_np.lessons.judging.judge import judge
from segnet_np.lessons.judging.running import run
from segnet_np.lessons.judging.trial import taken_apart

ROOT = Path(__file__).parent.parent
ALL = [exercises.find(name) for name in exercises.names()]
EACH = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)
EACH_MISTAKE = pytest.mark.parametrize(
    ("exercise", "mistake"),
    [pytest.param(e, m, id=f"{e.name}-{k}") for e in ALL for k, m in enumerate(e.mistakes)],
)


def outputs(exercise, outcome):
    """The leaves of an outcome, by label."""
    return taken_apart(exercise, outcome.returned)


@EACH
def test_the_solution_passes(exercise):
    verdict = judge(exercise, exercise.solution)
    assert verdict.ok, str(verdict)
    assert verdict.passed == verdict.total


@EACH
def test_an_exercise_is_complete(exercise):
    assert exercises.find(exercise.name) is exercise
    assert re.fullmatch(r"0\d", exercise.lesson)
    assert exercise.task.strip()
    cases = exercise.cases()
    assert len({case.what for case in cases}) == len(cases) >= 2
    causes = [mistake.cause for mistake in exercise.mistakes]
    assert len(set(causes)) == len(causes) >= 5
    assert len(set(exercise.hints)) == len(exercise.hints) == 3
    assert all(hint.strip() for hint in exercise.hints)
    assert exercise.see, "where does the library do the same?"


@EACH
def test_what_it_points_to_is_there(exercise):
    files = re.findall(r"[\w/]+\.py", exercise.see)
    assert files
    assert all((ROOT / file).is_file() for file in files)
    for file, name in re.findall(r"([\w/]+\.py), (?!which|in |and )([\w.]+)", exercise.see):
        assert f"def {name.split('.')[-1]}(" in (ROOT / file).read_text(encoding="utf-8")


@EACH
def test_its_cases_are_the_same_each_time(exercise):
    once, again = exercise.cases(), exercise.cases()
    assert [case.what for case in once] == [case.what for case in again]
    for one, other in zip(once, again, strict=True):
        results = [outputs(exercise, run(exercise, exercise.solution, case)) for case in (one, other)]
        assert same(*results, 0.0)


@EACH_MISTAKE
def test_a_mistake_is_caught_and_recognised(exercise, mistake):
    verdict = judge(exercise, mistake.answer)
    assert not verdict.ok, f"passes, but is said to be a mistake: {mistake.cause}"
    # What must hold besides right numbers is said as a fact.
    assert mistake.cause in (verdict.cause, verdict.said), str(verdict)


@EACH
def test_code_with_a_bug_is_not_yet_mended(exercise):
    need(exercise.starts_from is not None, "starts from nothing")
    verdict = judge(exercise, exercise.starts_from)
    assert verdict.kind == "not yet"
    assert verdict.difference is not None
    assert 0 < verdict.passed < verdict.total, "a bug worth finding passes some cases"


# ------------------------------------------------------------------------- faults that any answer may have


def spoiled(exercise, spoil):
    """The exercise, and an answer to it that does what the solution does and then spoils the result."""

    def call(function, arguments):
        return exercise.solution(*arguments) if exercise.call is None else exercise.call(function, arguments)

    def answer(*arguments):
        return spoil(exercise.solution(*arguments), arguments)

    if exercise.call is None:
        return exercise, answer

    def spoiled_call(function, arguments):
        if function is answer:
            return spoil(call(exercise.solution, arguments), arguments)
        return call(function, arguments)

    return replace(exercise, call=spoiled_call, also=None), answer


def each_output(exercise, change):
    """Spoil a result by changing each of its outputs."""
    if len(exercise.outputs) == 1:
        return lambda result, _: change(result)
    return lambda result, _: tuple(map(change, result))


def kinds(exercise, spoil):
    return judge(*spoiled(exercise, spoil)).kind


def expected_leaves(exercise):
    return [outputs(exercise, run(exercise, exercise.solution, case)) for case in exercise.cases()]


def only_arrays(exercise):
    """Whether each output is an array (or number), and not lists or dicts of several."""
    return all(set(leaves) == set(exercise.outputs) for leaves in expected_leaves(exercise))


def need(condition, why):
    if not condition:
        pytest.skip(why)


@EACH
def test_a_forgotten_return_is_named(exercise):
    assert kinds(exercise, lambda *_: None) == "returned None"


@EACH
def test_an_exception_is_named(exercise):
    def fail(*_):
        raise IndexError("index 7 is out of bounds for axis 0 with size 7")

    verdict = judge(*spoiled(exercise, fail))
    assert verdict.kind == "raised"
    assert "IndexError: index 7 is out of bounds" in verdict.said


@EACH
def test_a_stub_is_not_yet(exercise):
    def stub(*_):
        raise NotImplementedError

    assert kinds(exercise, stub) == "not yet"


@EACH
def test_writing_to_an_argument_is_named(exercise):
    def writes(result, arguments):
        for argument in arguments:
            if isinstance(argument, np.ndarray) and argument.size and argument.dtype.kind in "iuf":
                argument.flat[-1] = argument.flat[-1] + 1
        return result

    first = exercise.cases()[0].arguments
    need(any(isinstance(a, np.ndarray) and a.dtype.kind in "iuf" for a in first), "takes no array")
    assert kinds(exercise, writes) == "input written"


@EACH
def test_swapped_outputs_are_named(exercise):
    need(len(exercise.outputs) > 1, "one output")
    assert kinds(exercise, lambda result, _: tuple(result)[::-1]) == "swapped outputs"


@EACH
def test_a_missing_output_is_named(exercise):
    need(len(exercise.outputs) > 1, "one output")
    assert kinds(exercise, lambda result, _: (*result, None)) == "number of outputs"


@EACH
def test_a_wrong_shape_is_named(exercise):
    need(only_arrays(exercise), "no arrays")
    assert kinds(exercise, each_output(exercise, lambda y: np.asarray(y)[None])) == "shape"


@EACH
@pytest.mark.parametrize(("by", "kind"), [(2.0, "factor"), (0.25, "factor"), (-1.0, "sign")])
def test_a_constant_factor_is_named(exercise, by, kind):
    need(only_arrays(exercise), "no arrays")
    leaves = [leaf for case in expected_leaves(exercise) for leaf in case.values()]
    need(all(leaf.dtype.kind == "f" for leaf in leaves), "whole numbers")
    assert kinds(exercise, each_output(exercise, lambda y: np.asarray(y) * by)) == kind


@EACH
def test_numbers_cut_to_whole_ones_are_caught(exercise):
    need(only_arrays(exercise) and exercise.call is None, "no arrays of the learner's own")
    leaves = [leaf for case in expected_leaves(exercise) for leaf in case.values()]
    need(any(leaf.dtype.kind == "f" for leaf in leaves), "whole numbers")
    assert kinds(exercise, each_output(exercise, lambda y: np.asarray(y).astype(int))) != "passed"


@EACH
def test_a_transposed_output_is_named(exercise):
    need(only_arrays(exercise), "no arrays")
    need(
        any(leaf.ndim > 1 for case in expected_leaves(exercise) for leaf in case.values()), "one axis at most"
    )

    def transposed(y):
        y = np.asarray(y)
        return y.swapaxes(-1, -2) if y.ndim > 1 else y

    verdict = judge(*spoiled(exercise, each_output(exercise, transposed)))
    assert verdict.kind in ("shape", "moved"), str(verdict)


@EACH
def test_nan_is_named(exercise):
    need(only_arrays(exercise), "no arrays")
    first = next(iter(expected_leaves(exercise)[0].values()))
    need(first.dtype.kind == "f", "whole numbers")
    assert kinds(exercise, each_output(exercise, lambda y: np.asarray(y) * np.nan)) == "not finite"


@EACH
def test_another_result_the_second_time_is_named(exercise):
    need(only_arrays(exercise), "no arrays")
    leaves = [leaf for case in expected_leaves(exercise) for leaf in case.values()]
    need(all(leaf.dtype.kind in "iuf" for leaf in leaves), "no numbers")
    calls = []

    def grows(result, arguments):
        calls.append(1)
        more = max(0, len(calls) - len(exercise.cases()))
        return each_output(exercise, lambda y: np.asarray(y) + more)(result, arguments)

    assert kinds(exercise, grows) == "between calls"

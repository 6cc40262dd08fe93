"""Wrong answers of every kind to one exercise, what `check` says of them; right ones that look different."""

import numpy as np
import pytest
from scale_exercise import SCALE, WRONG, solution

from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.judging.judge import judge
from segnet_np.lessons.judging.verdict_html import page


@pytest.mark.parametrize(
    ("function", "kind", "words"), [pytest.param(*wrong, id=name) for name, *wrong in WRONG]
)
def test_a_wrong_answer_gets_its_cause(function, kind, words):
    verdict = judge(SCALE, function)
    assert not verdict.ok
    assert verdict.kind == kind, str(verdict)
    assert words in verdict.cause, str(verdict)
    assert page(verdict).count("<div") == page(verdict).count("</div>")


@pytest.mark.parametrize(
    "function",
    [
        lambda x, gain: list(solution(x, gain)),
        lambda x, gain: tuple(y.tolist() for y in solution(x, gain)),
        lambda x, gain: dict(zip(("sums", "scaled"), solution(x, gain)[::-1], strict=True)),
        lambda *arguments: solution(*arguments),
        lambda x, gain, more=3: (np.asfortranarray(solution(x, gain)[0]), x.sum((2, 3)) * gain),
    ],
    ids=["a list", "lists of numbers", "a dict", "any arguments", "another order of sums"],
)
def test_right_answers_written_differently_pass(function):
    verdict = judge(SCALE, function)
    assert verdict.ok, str(verdict)
    assert "segnet_np/nowhere.py, scale" in str(verdict)


class OddError(Exception):
    def __str__(self):
        raise ValueError("no message")


@pytest.mark.parametrize(
    "error", [OddError(), SystemExit(3), RecursionError("deep"), Exception(np.arange(3))]
)
def test_no_exception_of_a_learner_gets_out(error):
    def raises(x, gain):
        raise error

    verdict = judge(SCALE, raises)
    assert verdict.kind == "raised"
    assert type(error).__name__ in verdict.said


def misspelt(x, gain):
    return inputs  # noqa: F821


def unbound(x, gain):
    if x is None:
        inp = x
    return inp


def numpy_forgotten(x, gain):
    return eval("np.zeros(3)", {})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (misspelt, "a typing error"),
        (unbound, "read before it gets a value"),
        (numpy_forgotten, "`import numpy as np`"),
    ],
)
def test_an_unknown_name_gets_its_own_cause(answer, words):
    verdict = judge(SCALE, answer)
    assert words in verdict.cause
    assert ("NumPy" in verdict.cause) == (answer is numpy_forgotten)


def test_an_index_past_the_end_need_not_be_a_windows():
    cause = judge(SCALE, lambda x, gain: x[99]).cause
    assert "Print the index and the `.shape`" in cause
    assert "another axis than meant" in cause


def test_numbas_errors_are_short_and_say_what_to_do():
    from numba import njit

    @njit
    def unknown(x, gain):
        return nowhere  # noqa: F821

    verdict = judge(SCALE, unknown)
    assert "'nowhere' is not defined" in verdict.said
    assert len(verdict.said) < 500
    assert "Take `@njit` away" in verdict.cause


def test_two_mistakes_in_two_outputs_are_each_seen():
    def answer(x, gain):
        return solution(x, gain**2)[0], solution(x, gain)[1] + 1

    verdict = judge(SCALE, answer)
    assert verdict.cause == "Among other things: the gain is squared."
    assert "`sums` is not right either." in verdict.notes


def smoothed(x):
    y = x.copy()
    y[1:] += x[:-1] ** 3 / 2
    return y


@pytest.mark.parametrize(
    ("at_2", "words"),
    [
        (lambda x: x[2] + x[1] / 4, "`y[2]` depends on the right numbers of `x`"),
        (lambda x: smoothed(x)[2] + np.exp(x[4]), "yours changes when `x[4]` changes, and `y[2]` should not"),
        (lambda x: x[2], "`y[2]` should change when `x[1]` changes, and yours does not"),
    ],
)
def test_where_nothing_is_recognised_it_says_what_a_number_depends_on(at_2, words):
    def answer(x):
        y = smoothed(x)
        y[2] = at_2(x)
        return y

    cases = [Case("five numbers", (np.array([0.3, 1.5, -0.7, 2.0, 0.9]),))]
    exercise = Exercise("smoothed", "09", "", ("y",), smoothed, lambda: cases, ("", "", ""), ())
    assert words in judge(exercise, answer).cause


@pytest.mark.parametrize(
    ("wrong_if", "words"),
    [
        (lambda x: x.shape[2] == 5, "In the case that fails, and in no other, `x` is higher than wide"),
        (
            lambda x: x.shape[3] == 3,
            "In the case that fails, and in no other, `x` has an odd number of columns",
        ),
    ],
)
def test_what_the_failing_cases_have_in_common_is_said(wrong_if, words):
    notes = judge(SCALE, wrong_where(wrong_if)).notes
    assert any(note.startswith(words) for note in notes), notes


def test_where_a_single_case_passes_nothing_is_said_to_be_in_common():
    """It would be chance: nearly anything sets one case apart."""
    notes = judge(SCALE, wrong_where(lambda x: len(x) > 1)).notes
    assert not any("in no other" in note for note in notes), notes


def wrong_where(wrong_if):
    def answer(x, gain):
        scaled, sums = solution(x, gain)
        return scaled + wrong_if(x) * np.sin(np.arange(x.size)).reshape(x.shape), sums

    return answer

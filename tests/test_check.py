"""`check` on wrong answers of every kind: what it says, and what a notebook and a terminal show of it."""

import re
import sys

import numpy as np
import pytest

from segnet_np import lessons
from segnet_np.lessons import checking, hints
from segnet_np.lessons.exercise import Case, Exercise, Mistake
from segnet_np.lessons.judging import judge
from segnet_np.lessons.verdict_html import page


def solution(x, gain):
    """Each picture's numbers times its channel's gain; and the sums over the pixels."""
    scaled = x * gain[:, None, None]
    return scaled, scaled.sum(axis=(2, 3))


def _cases():
    rng = np.random.default_rng(3)
    return [
        Case("one picture", (rng.normal(size=(1, 2, 3, 4)), np.array([0.5, -2.0]))),
        Case("an odd height", (rng.normal(size=(2, 3, 5, 4)), np.array([1.5, 2.0, -1.0]))),
        Case(
            "a row of zeros", (rng.normal(size=(2, 2, 3, 3)) * [[1.0], [0.0], [1.0]], np.array([3.0, 0.25]))
        ),
    ]


SCALE = Exercise(
    name="scale",
    lesson="09",
    task="`scale(x, gain)` ...",
    outputs=("scaled", "sums"),
    solution=solution,
    cases=_cases,
    hints=("one", "two", "three"),
    mistakes=(Mistake(lambda x, gain: solution(x, gain**2), "the gain is squared."),),
    see="segnet_np/nowhere.py, scale",
)


def with_scaled(change):
    """An answer whose first output is changed, the second one right."""

    def answer(x, gain):
        scaled, sums = solution(x, gain)
        return change(scaled), sums

    return answer


def late(x, gain):
    if x.shape[0] > 1:
        x = x[:, :, :4]
        return x @ np.ones((3, 4))
    return solution(x, gain)


def keeps_state(x, gain, seen=[]):  # noqa: B006
    seen.append(1)
    scaled, sums = solution(x, gain)
    return scaled * len(seen), sums


def in_place(x, gain):
    x *= gain[:, None, None]
    return x, x.sum(axis=(2, 3))


def zero_last(axis):
    def change(y):
        y = y.copy()
        np.moveaxis(y, axis, 0)[-1] = 7
        return y

    return change


def first_picture_only(y):
    y = y.copy()
    y[1:] = 0.125
    return y


WRONG = [
    ("nothing returned", lambda x, gain: None, "returned None", "no `return`"),
    ("not a function", 3, "not callable", "without brackets"),
    ("None given", None, "not callable", "without brackets"),
    ("other parameters", lambda x: x, "parameters", "`def`"),
    ("one output", lambda x, gain: x, "number of outputs", "`return scaled, sums`"),
    ("three outputs", lambda x, gain: (x, x, x), "number of outputs", "`return scaled, sums`"),
    ("swapped", lambda x, gain: solution(x, gain)[::-1], "swapped outputs", "swapped"),
    ("an exception", late, "raised", "inner sizes of a matrix product"),
    ("a typing error", lambda x, gain: solution(x, gian), "raised", "typing error"),  # noqa: F821
    ("an endless index", lambda x, gain: x[99], "raised", "past the end"),
    ("state", keeps_state, "between calls", "default argument"),
    ("written to", in_place, "input written", "`.copy()`"),
    ("words", with_scaled(lambda y: "large"), "type", "that is text"),
    ("None in it", with_scaled(lambda y: None), "type", "nothing was ever put there"),
    ("a function in it", with_scaled(lambda y: y.sum), "type", "that is a function itself"),
    ("complex", with_scaled(lambda y: np.sqrt(y.astype(complex))), "type", "complex numbers"),
    ("an object", with_scaled(lambda y: object()), "type", "a number or an array"),
    ("ragged", with_scaled(lambda y: [[1], [1, 2]]), "structure", "different lengths"),
    ("transposed", with_scaled(lambda y: y.swapaxes(2, 3)), "shape", "axes are swapped"),
    ("no batch axis", with_scaled(lambda y: y[0]), "shape", "right numbers in another shape"),
    ("summed", with_scaled(lambda y: y.sum(axis=0)), "shape", "right numbers in another shape"),
    ("sum missing", lambda x, gain: (solution(x, gain)[0],) * 2, "shape", "summed over axes 2, 3"),
    ("one row less", with_scaled(lambda y: y[:, :, :-1]), "shape", "one too few along axis 2"),
    (
        "one column more",
        with_scaled(lambda y: np.pad(y, ((0, 0),) * 3 + ((0, 1),))),
        "shape",
        "one too many along axis 3",
    ),
    ("twice", with_scaled(lambda y: 2 * y), "factor", "2 times the expected one: something is added twice"),
    ("a mean", with_scaled(lambda y: y / y[0, 0].size), "factor", "a mean where a sum belongs"),
    ("log2", with_scaled(lambda y: y / np.log(2)), "factor", "np.log2"),
    ("sign", with_scaled(np.negative), "sign", "sign"),
    ("one more", with_scaled(lambda y: y + 1), "offset", "1 too large"),
    ("flipped", with_scaled(lambda y: y[:, :, ::-1]), "moved", "flipped along axis 2"),
    ("turned", with_scaled(lambda y: y[:, :, ::-1, ::-1]), "moved", "turned by 180 degrees"),
    ("shifted", with_scaled(lambda y: np.roll(y, 1, 3)), "moved", "shifted by one along axis 3"),
    ("shuffled", with_scaled(lambda y: np.sort(y, axis=None).reshape(y.shape)), "moved", "in wrong places"),
    ("zeros", with_scaled(np.zeros_like), "zeros", "never filled"),
    ("constant", with_scaled(lambda y: np.full_like(y, y.max())), "constant", "the same number"),
    ("whole numbers", with_scaled(lambda y: y.astype(int)), "dtype", "whole numbers only"),
    ("rounded", with_scaled(np.trunc), "dtype", "cut off"),
    ("float32", with_scaled(lambda y: y.astype("float32")), "precision", "float32"),
    ("NaN", with_scaled(lambda y: y / (y > y.min())), "not finite", "division by zero"),
    ("absolute", with_scaled(np.abs), "negatives", "came out positive"),
    ("negatives lost", with_scaled(lambda y: np.maximum(y, 0)), "negatives", "came out as 0"),
    (
        "the input",
        with_scaled(lambda y: y) and (lambda x, gain: (x.copy(), solution(x, gain)[1])),
        "input returned",
        "`x`, unchanged",
    ),
    ("last row", with_scaled(zero_last(2)), "values", "last row"),
    ("last column", with_scaled(zero_last(3)), "values", "last column"),
    ("first picture", with_scaled(first_picture_only), "values", "first picture"),
    ("no sign", lambda x, gain: solution(x, np.abs(gain)), "as if", "`gain` is taken without its sign."),
    (
        "one gain for all",
        lambda x, gain: solution(x, np.full_like(gain, gain[0])),
        "as if",
        "all of `gain` are its first element.",
    ),
    ("the mistake", lambda x, gain: solution(x, np.square(gain)), "as if", "the gain is squared."),
]


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


def test_numbas_errors_are_short_and_say_what_to_do():
    from numba import njit

    @njit
    def unknown(x, gain):
        return nowhere  # noqa: F821

    verdict = judge(SCALE, unknown)
    assert "'nowhere' is not defined" in verdict.said
    assert len(verdict.said) < 500
    assert "Take `@njit` away" in verdict.cause


def empty(x, gain):
    """Not written yet."""


def dots(x, gain): ...


def kind_stub(x, gain):
    raise NotImplementedError("your turn")


@pytest.mark.parametrize("stub", [empty, dots, kind_stub])
def test_a_stub_is_not_yet_and_sees_the_task_again(stub):
    verdict = judge(SCALE, stub)
    assert verdict.kind == "not yet"
    assert "scale: not yet." in str(verdict)
    assert SCALE.task in verdict.said


def test_the_verdict_names_case_element_both_numbers_and_the_other_output():
    def answer(x, gain):
        scaled, sums = solution(x, gain)
        if x.shape[2] == 5:
            scaled[1, 2, 4, 3] += 0.5
        return scaled, sums

    expected = solution(*_cases()[1].arguments)[0][1, 2, 4, 3]
    text = str(judge(SCALE, answer))
    assert "2 of 3 cases pass" in text
    assert "case 2: an odd height" in text
    assert f"scaled[1, 2, 4, 3] is {expected + 0.5:.6g}, expected {expected:.6g} (off by 0.5)" in text
    assert "1 of 120 elements is wrong" in text
    assert "`sums` is right here" in text
    assert text.count("*") == 3  # the wrong cell, what the star means, and the call by hand
    assert 'lessons.case("scale", 2)' in text


def test_an_exception_is_shown_with_the_learners_line_and_no_other():
    verdict = judge(SCALE, late)
    assert re.search(
        r"It raised ValueError: matmul.*\(line \d+: `return x @ np.ones\(\(3, 4\)\)`\)", verdict.said
    )
    assert "running.py" not in str(verdict)


def test_two_mistakes_in_two_outputs_are_each_seen():
    def answer(x, gain):
        return solution(x, gain**2)[0], solution(x, gain)[1] + 1

    verdict = judge(SCALE, answer)
    assert verdict.cause == "Among other things: the gain is squared."
    assert "`sums` is not right either." in verdict.notes


def test_a_loop_without_end_is_stopped():
    from dataclasses import replace

    def endless(x, gain):
        while True:
            pass

    verdict = judge(replace(SCALE, seconds=0.2), endless)
    assert verdict.kind == "slow"
    assert "does not end" in verdict.cause


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


def test_ctrl_c_passes():
    def interrupted(x, gain):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(SCALE, interrupted)


def test_large_arrays_are_cut_out_around_the_worst_element():
    cases = [Case("large", (np.arange(2400.0).reshape(2, 30, 40),))]
    big = Exercise("big", "09", "", ("y",), lambda x: x * 2.0, lambda: cases, ("", "", ""), ())

    def answer(x):
        y = x * 2.0
        y[1, 20, 30] += 1
        return y

    verdict = judge(big, answer)
    text = str(verdict)
    assert "y[1] expected" in text
    assert "(rows 16 to 23 of 30, columns 26 to 33 of 40)" in text
    assert page(verdict).count("<td") == 2 * 64
    assert page(verdict).count("✗ ") == 3  # the verdict, what it means, and the one wrong cell


def test_numbers_that_look_alike_are_written_out_until_they_differ():
    one = Exercise("one", "09", "", ("y",), lambda x: x, lambda: [Case("pi", (np.pi,))], ("", "", ""), ())
    assert "y is 3.1415927, expected 3.1415926" in str(judge(one, lambda x: x + 5e-8)).replace(
        "3.14159270", "3.1415927"
    )


def test_exact_things_are_compared_exactly_and_nan_equals_nan():
    x, cases = [np.nan, np.inf, 1.0], [Case("all", ())]
    outputs = ("n", "x", "names")

    def all_three():
        return 10**9, np.array(x), {"a": "b"}

    numbers = Exercise("numbers", "09", "", outputs, all_three, lambda: cases, ("", "", ""), ())
    assert judge(numbers, lambda: (1e9, x, {"a": "b"})).ok
    for wrong in (
        (10**9 + 1, x, {"a": "b"}),
        (1e9, [0, np.inf, 1.0], {"a": "b"}),
        (1e9, x, {"a": "c"}),
        (1e9, x, {}),
    ):
        assert not judge(numbers, lambda wrong=wrong: wrong).ok


# -------------------------------------------------------------------------------- what the learner calls


def test_check_prints_where_there_is_no_notebook(capsys):
    assert lessons.check("central_difference", lambda f, x, h: None) is False
    assert capsys.readouterr().out.startswith("central_difference: not right yet.")
    assert lessons.check("central_difference", checking.find("central_difference").solution) is True
    assert capsys.readouterr().out.startswith("central_difference: right. All")


def test_check_shows_html_in_a_notebook(monkeypatch):
    shown = []
    monkeypatch.setattr(checking, "show_html", lambda markup, text: shown.append((markup, text)))
    lessons.check("central_difference", lambda f, x, h: x)
    (markup, text), *_ = shown
    assert "<table" in markup
    assert "✗" in markup
    assert "not right yet" in text


def test_check_does_without_ipython(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert lessons.check("central_difference", checking.find("central_difference").solution)
    assert "right" in capsys.readouterr().out


def test_name_and_function_may_come_the_other_way_round(capsys):
    assert lessons.check(checking.find("central_difference").solution, "central_difference")


def test_an_unknown_name_lists_those_that_sound_like_it():
    for ask in (lambda name: lessons.check(name, len), lessons.hint, lessons.solution, lessons.case):
        with pytest.raises(ValueError, match="did you mean 'central_difference'"):
            ask("central_diference")
    with pytest.raises(ValueError, match=r"there are .*central_difference"):
        lessons.hint("zzzzz")


def test_case_gives_the_arguments_of_a_case():
    _, x, h = lessons.case("central_difference", 2)
    assert x.shape == (4,)
    assert h == 0.5
    with pytest.raises(ValueError, match="cases 1 to 5, but 6"):
        lessons.case("central_difference", 6)


def test_hints_come_one_at_a_time_and_start_again(monkeypatch, capsys):
    monkeypatch.setattr(hints, "_given", {})
    said = []
    for _ in range(5):
        lessons.hint("central_difference")
        said.append(capsys.readouterr().out)
    assert [f"hint {k} of 3" in text for k, text in enumerate(said[:3], 1)] == [True] * 3
    assert 'lessons.solution("central_difference")' in said[3]
    assert said[4] == said[0]


def test_the_solution_is_shown_with_where_the_library_does_it(capsys):
    lessons.solution("central_difference")
    out = capsys.readouterr().out
    assert "def central_difference(f, x, h):" in out
    assert "segnet_np/verify/finite_differences.py" in out

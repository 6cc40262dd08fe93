"""`check`, `case`, `hint` and `solution` as a learner calls them, and what a verdict tells."""

import re
import sys

import nbclient
import nbformat
import numpy as np
import pytest
from scale_exercise import SCALE, late, solution

from segnet_np import lessons
from segnet_np.lessons import checking, hints
from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.judging.judge import judge
from segnet_np.lessons.judging.verdict_html import page


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

    expected = solution(*SCALE.cases()[1].arguments)[0][1, 2, 4, 3]
    text = str(judge(SCALE, answer))
    assert "2 of 3 cases pass" in text
    assert "case 2: an odd height" in text
    assert f"scaled[1, 2, 4, 3] is {expected + 0.5:.6g}, expected {expected:.6g} (off by 0.5)" in text
    assert "1 of 120 elements is wrong" in text
    assert "`sums` is right here" in text
    assert text.count("*") == 3  # the wrong cell, what the star means, and the call by hand
    assert 'scale(*lessons.case("scale", 2))' in text


def test_an_exception_is_shown_with_the_learners_line_and_no_other():
    verdict = judge(SCALE, late)
    assert re.search(
        r"It raised ValueError: matmul.*\(line \d+: `return x @ np.ones\(\(3, 4\)\)`\)", verdict.said
    )
    assert "running.py" not in str(verdict)


def test_a_loop_without_end_is_stopped():
    from dataclasses import replace

    def endless(x, gain):
        while True:
            pass

    verdict = judge(replace(SCALE, seconds=0.2), endless)
    assert verdict.kind == "slow"
    assert "does not end" in verdict.cause


def test_what_a_function_prints_is_shown_once_and_says_of_which_case(capsys):
    def prints(x, gain):
        print("shape", x.shape)
        scaled, sums = solution(x, gain)
        return scaled, sums + (x.shape[2] == 5)

    verdict = judge(SCALE, prints)
    assert "In case 2 your function printed:\n    shape (2, 3, 5, 4)\n" in str(verdict)
    assert "shape (2, 3, 5, 4)</pre>" in page(verdict)
    assert "(1, 2, 3, 4)" not in str(verdict)

    def chatty(x, gain):
        print("\n".join(map(str, range(40))))
        return solution(x, gain)

    text = str(judge(SCALE, chatty))
    assert "In case 1 your function printed:\n    0\n" in text
    assert "... and 28 lines more" in text
    assert capsys.readouterr().out == ""


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
    assert "those were all 3 hints" in said[3]
    assert 'lessons.solution("central_difference")' in said[3]
    assert said[4] == said[0]


def test_the_solution_is_shown_with_where_the_library_does_it(capsys):
    lessons.solution("central_difference")
    out = capsys.readouterr().out
    assert "def central_difference(f, x, h):" in out
    assert "segnet_np/verify/finite_differences.py" in out


def test_in_a_kernel_the_verdict_is_all_that_is_shown():
    cells = [
        "from segnet_np import lessons\nlessons.check('receptive_field', lambda layers: 1)",
        "ok = lessons.check('receptive_field', lambda layers: 1)\nprint(ok, bool(ok), not ok)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    first, second = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in first] == ["display_data"]
    assert "not right yet" in first[0].data["text/html"]
    assert second[1].text == "False False True\n"

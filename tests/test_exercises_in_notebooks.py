"""What notebooks show of the exercises: the calls and the code with a bug, and nothing of a solution."""

import inspect
import json
import re
import textwrap
from pathlib import Path

import pytest

from segnet_np.lessons import exercises
from segnet_np.lessons.judging.running import plain

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
ALL = [exercises.find(name) for name in exercises.names()]
EACH = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)


@EACH
def test_its_lesson_asks_for_it(exercise):
    text = lesson_of(exercise)
    for call in ("check", "hint"):
        assert f'lessons.{call}("{exercise.name}"' in text


@EACH
def test_code_with_a_bug_is_what_the_notebook_shows(exercise):
    if exercise.starts_from is None:
        pytest.skip("starts from nothing")
    shown = squeezed(lesson_of(exercise))
    assert all(line in shown for line in lines_of(exercise.starts_from))


def lesson_of(exercise):
    (source,) = NOTEBOOKS.glob(f"src/{exercise.lesson}_*.py")
    return source.read_text(encoding="utf-8")


# ---------------------------------------------------------------------------------- nothing is given away


@EACH
def test_no_solution_stands_in_a_notebook(exercise):
    for name, text in notebook_texts().items():
        found = given_away(exercise, text)
        assert not found, f"{name} gives {exercise.name} away: {found}"


@EACH
def test_a_planted_solution_is_found(exercise):
    """Else the test above could not fail: in the source and in the notebook, whole or another usual way."""
    function = inspect.getsource(plain(exercise.solution))
    for planted in (function, *(f"    answer = {line}" for line in exercise.other_ways)):
        cell = textwrap.dedent(planted)
        assert given_away(exercise, f"# %%\n{cell}\n")
        lines = cell.splitlines(keepends=True)
        assert given_away(exercise, json.dumps({"cells": [{"source": lines}]}, indent=1))


@EACH
def test_hints_leave_something_to_find(exercise):
    """The third may say nearly all, in words and a line of code; the first two hold no code of it."""
    secret = secret_of(exercise)
    for hint in exercise.hints[:2]:
        assert not given_away(exercise, hint)
    last = squeezed(exercise.hints[2])
    assert sum(line in last for line in secret) <= max(1, len(secret) // 2)


def given_away(exercise, text):
    """Which lines a text gives away: of the solution a long one, several, or all; of other ways, one."""
    shown = squeezed(text.replace("\\n", "\n").replace('\\"', '"'))
    secret = secret_of(exercise)
    found = [line for line in secret if line in shown]
    if len(found) == 1 < len(secret) and len(found[0]) <= 40:
        found = []
    return found + [line for line in exercise.other_ways if squeezed(line) in shown]


def secret_of(exercise):
    """The lines of a solution that the learner is to find."""
    secret = lines_of(exercise.solution)
    if exercise.starts_from is not None:
        secret -= lines_of(exercise.starts_from)
    assert secret, "no line of the solution is long enough to be looked for"
    return secret


def lines_of(function):
    """The lines of a function's source that say something of their own, without spaces and comments."""
    source = textwrap.dedent(inspect.getsource(plain(function)))
    lines = [line.partition("  #")[0].strip() for line in source.splitlines()]
    return {squeezed(line) for line in lines if telling(line)}


def telling(line):
    """Whether a line could give something away: not what every such function begins with."""
    everyday = line.startswith(("def ", "@", "#", "for ", '"""')) or re.search(
        r"= (\w+\.shape(\[.*\])?|np\.zeros\(.*\))$", line
    )
    return len(line) > 22 and not everyday


def squeezed(text):
    return re.sub(r"\s+", "", text)


def notebook_texts():
    paths = sorted([*NOTEBOOKS.glob("src/*.py"), *NOTEBOOKS.glob("*.ipynb")])
    return {path.name: path.read_text(encoding="utf-8") for path in paths}

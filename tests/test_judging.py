"""What `check` finds behind wrong answers to the course's exercises, and what it must not claim."""

import pytest

from segnet_np.lessons import exercises
from segnet_np.lessons.judging.judge import judge


def told(name, function):
    """The whole verdict on a function, in one line."""
    return " ".join(str(judge(exercises.find(name), function)).split())


# ------------------------------------------------------------------------------- arguments that are changed


@pytest.mark.parametrize(
    "change",
    [
        lambda layers: layers.reverse(),
        lambda layers: layers.sort(),
        lambda layers: layers.__setitem__(0, (9, 9)),
        lambda layers: layers.__setitem__(0, 9),
        lambda layers: layers.pop(),
    ],
    ids=["reverse", "sort", "assignment", "a number for a tuple", "pop"],
)
def test_a_list_that_the_function_changes_is_noticed(change):
    exercise = exercises.find("receptive_field")

    def answer(layers):
        size = exercise.solution(list(layers))
        change(layers)
        return size

    verdict = judge(exercise, answer)
    assert verdict.kind == "input written", str(verdict)
    assert "`layers`" in verdict.said

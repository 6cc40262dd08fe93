"""What `check` finds behind wrong answers to the course's exercises, and what it must not claim."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scale_exercise import SCALE

from segnet_np import lessons
from segnet_np.lessons import exercises, hints
from segnet_np.lessons.exercise import Case, Exercise
from segnet_np.lessons.judging import patterns
from segnet_np.lessons.judging.judge import judge
from segnet_np.lessons.judging.verdict_html import page


def told(name, function):
    """The whole verdict on a function, in one line."""
    return " ".join(str(judge(exercises.find(name), function)).split())


# --------------------------------------------------------------------------------- arguments that are changed


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


# ----------------------------------------------------------------------------- what a wrong number depends on


def per_picture(dout, x, weight, eps):
    """The exercise's answer, but each picture has statistics of its own."""
    right = exercises.find("bug_batch_norm").solution
    return np.concatenate([right(dout[n : n + 1], x[n : n + 1], weight, eps) for n in range(len(x))])


def test_which_numbers_of_a_large_array_count_is_found_by_moving_some_of_them():
    said = told("bug_batch_norm", per_picture)
    assert re.search(r"should change when `dout\[\d, \d, \.\.\.\]`", said), said
    assert "order, signs, factors" not in said


def test_it_is_not_said_of_numbers_that_nobody_moved_that_they_are_the_right_ones():
    def answer(running_mean, running_var, x, momentum):
        right = exercises.find("running_statistics").solution
        return right(running_mean, running_var, x, momentum)[0], (
            (1 - momentum) * running_var
            + momentum * x.var((0, 2, 3)) * x[:, 0].size / (x[0, 0].size - 0.5 - 0.5 / len(x))
        )

    said = told("running_statistics", answer)
    assert "not right yet" in said
    assert "depends on the right numbers" not in said


def test_a_recognised_mistake_costs_no_search_for_what_the_numbers_depend_on(monkeypatch):
    monkeypatch.setattr(patterns, "compare_dependence", lambda *_: pytest.fail("searched"))
    exercise = exercises.find("bug_batch_norm")
    for mistake in exercise.mistakes:
        assert mistake.cause in judge(exercise, mistake.answer).cause


# ------------------------------------------------------------------------------------- exceptions about sizes


def raised(name, wrong):
    """What is said of an answer to an exercise that raises."""
    verdict = judge(exercises.find(name), wrong)
    assert verdict.kind == "raised"
    return verdict.cause


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda f, x, h: x[7], "axis 0 has only 3 entries. Is the loop's range that of this array"),
        (lambda f, x, h: x.shape[1], "of a `.shape`, does the array have so many axes?"),
        (lambda f, x, h: x[0][1], "a single number already"),
        (lambda f, x, h: [1.0][3], "the list has fewer entries"),
    ],
)
def test_an_index_past_the_end_gets_the_cause_of_what_was_indexed(wrong, words):
    cause = raised("central_difference", wrong)
    assert words in cause
    assert "odd" not in cause


def test_an_odd_size_is_named_where_there_are_windows():
    assert "odd size" in raised("max_pool", lambda x: x[99])
    assert "2x2" in raised("max_pool", lambda x: x.reshape(7, 7))
    assert "2x2" not in raised("central_difference", lambda f, x, h: x.reshape(7, 7))


def put(shape):
    """Write ones of a shape into zeros (4, 4)."""
    np.zeros((4, 4))[:] = np.ones(shape)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x, p: x[p:-p] + np.ones(len(x)), "`[p:-p]` is empty for p = 0"),
        (lambda x, p: np.ones((5, 4)) + np.ones((4, 4)), "the sizes differ by 1: an odd size"),
        (lambda x, p: put((3, 3)), "the sizes differ by 1: an odd size"),
        (lambda x, p: put((6, 4)), "Is the slice as long"),
        (lambda x, p: np.ones((3, 4, 5)) * np.ones(4), "an axis is missing"),
    ],
)
def test_shapes_that_do_not_fit_together_get_the_cause_that_fits_them(wrong, words):
    cases = [Case("no padding", (np.arange(6.0), 0))]
    exercise = Exercise("padded", "09", "", ("y",), lambda x, p: x, lambda: cases, ("", "", ""), ())
    cause = judge(exercise, wrong).cause
    assert words in cause
    assert ("axis is missing" in words) == ("axis is missing" in cause)


# ------------------------------------------------------------------------------------ results of other shapes


def test_padding_is_named_only_where_there_is_some():
    trip = exercises.find("trip_of_the_indices").solution
    assert "padding" not in told("trip_of_the_indices", lambda h, w: [(*row, 0, 0) for row in trip(h, w)])
    convolution = exercises.find("convolution").solution
    assert "padding on one side only" in told("convolution", lambda *args: convolution(*args)[:, :, 1:])
    framed = ((0, 0), (0, 0), (3, 3), (3, 3))
    assert "counted on both sides" in told("convolution", lambda *args: np.pad(convolution(*args), framed))


def test_a_frame_around_pictures_and_channels_is_told():
    right = exercises.find("convolution").solution

    def pad_one_number(x, weight, bias, padding):
        out = right(x, weight, bias, padding)
        return np.pad(out, ((padding, padding), (0, 0), (0, 0), (0, 0)))

    assert "`np.pad` with one number frames every axis" in told("convolution", pad_one_number)


def test_a_batch_of_one_that_was_not_summed_is_no_tuple():
    def answer(running_mean, running_var, x, momentum):
        return tuple(
            (1 - momentum) * old + momentum * new
            for old, new in ((running_mean, x.mean((2, 3))), (running_var, x.var((2, 3), ddof=1)))
        )

    said = told("running_statistics", answer)
    assert "axis 0 (the pictures) was not summed" in said
    assert "comma" not in said
    assert "comma" in told("convolution_dbias", lambda dout: (dout.sum((0, 2, 3)),))


def test_axes_that_keepdims_keeps_are_called_so():
    said = told("convolution_dbias", lambda dout: dout.sum((0, 2, 3), keepdims=True))
    assert "leave `keepdims` out" in said


def test_no_mean_is_advised_where_one_number_is_wanted_and_a_tuple_came():
    right = exercises.find("boundary_f1").solution
    said = told("boundary_f1", lambda *args: (right(*args), right(*args)))
    assert "one number is wanted, and several came" in said
    assert "mean" not in said


# ------------------------------------------------------------------------------ numbers in place of arguments


@pytest.mark.parametrize(
    ("name", "place", "value", "words"),
    [
        ("bug_batch_norm", 3, 1e-5, "`eps` = 1e-05"),
        ("central_difference", 2, 1e-5, "`h` = 1e-05"),
        ("sgd_momentum", 4, 0.9, "`momentum` = 0.9"),
        ("weighted_cross_entropy", 3, 11, "`ignore_index` = 11"),
        ("boundary_f1", 2, 1.2, "`radius` = 1.2"),
    ],
)
def test_a_number_in_the_place_of_an_argument_is_found(name, place, value, words):
    """In whatever words: by the exercise's own mistake, or by its value."""
    exercise = exercises.find(name)

    def answer(*arguments):
        return exercise.solution(*arguments[:place], value, *arguments[place + 1 :])

    bare = replace(exercise, mistakes=())
    assert f"right for {words}, whatever it is given" in judge(bare, answer).cause


# ------------------------------------------------------------------------------------ causes that are general


def only_where(name, is_wrong, change):
    """The exercise's right answer, but changed for some arguments."""
    exercise = exercises.find(name)

    def answer(*arguments):
        right = exercise.solution(*arguments)
        return change(right) if is_wrong(*arguments) else right

    return judge(replace(exercise, mistakes=()), answer)


def test_a_factor_in_few_cases_is_not_called_constant():
    few = only_where("relu_backward", lambda dout, out: out.min() >= 1, lambda dx: 1.5 * dx)
    assert few.passed == few.total - 1
    assert "constant factor" not in few.cause
    assert "constant factor" in only_where("relu_backward", lambda *_: True, lambda dx: 1.5 * dx).cause


def test_what_failing_cases_share_is_said_only_where_the_cause_is_not_known():
    def noted(*how):
        return any("and in no other" in note for note in only_where("relu_backward", *how).notes)

    def noise(dx):
        return dx + np.sin(np.arange(dx.size)).reshape(dx.shape) ** 2

    assert noted(lambda dout, out: len(out) > 1, noise)
    assert not noted(lambda dout, out: len(out) > 1, np.negative)


def test_one_case_that_passes_is_too_few_to_set_the_others_apart():
    def answer(x, gain):
        scaled, sums = SCALE.solution(x, gain)
        return scaled + (len(x) > 1) * np.sin(np.arange(x.size)).reshape(x.shape), sums

    assert not any("and in no other" in note for note in judge(SCALE, answer).notes)


# ----------------------------------------------------------------------------------------- the task once more


def test_a_failed_check_says_where_the_task_stands_once_more():
    line = '`lessons.hint("max_pool")` repeats the task and helps in three steps.'
    exercise = exercises.find("max_pool")
    assert str(judge(exercise, lambda x: (x, x))).endswith(line)
    assert "repeats the task and helps" in page(judge(exercise, lambda x: (x, x)))
    for answer in (exercise.solution, lambda x: 1 / 0):
        assert "repeats the task" not in str(judge(exercise, answer))


def test_the_first_hint_repeats_the_task(monkeypatch, capsys):
    monkeypatch.setattr(hints, "_given", {})
    said = []
    for _ in range(2):
        lessons.hint("max_pool")
        said.append(" ".join(capsys.readouterr().out.split()))
    task = " ".join(exercises.find("max_pool").task.split())
    assert f"The task: {task} {exercises.find('max_pool').hints[0]}" in said[0]
    assert "The task" not in said[1]


# ---------------------------------------------------------------------------------- memory that nobody filled


def test_results_that_cannot_be_repeated_bring_up_np_empty_first():
    numbers = iter(range(1000))
    verdict = judge(SCALE, lambda x, gain: (SCALE.solution(x, gain)[0] + next(numbers), x.sum((2, 3))))
    assert verdict.kind == "between calls"
    assert verdict.cause.startswith("memory from `np.empty`")


def test_what_stands_where_zeros_belong_may_be_memory_of_np_empty():
    def answer(y, offsets, size):
        right = exercises.find("max_unpool").solution(y, offsets, size)
        return np.where(right == 0, 0.125 * (1 + np.arange(right.size).reshape(right.shape)), right)

    assert "`np.empty`" in judge(replace(exercises.find("max_unpool"), mistakes=()), answer).cause


def test_a_kernel_that_reads_its_result_before_it_writes_is_told_so():
    def answer(x, out, offsets):
        for i, j, c in np.ndindex(out.shape):
            for k in range(4):
                value = x[2 * i + k // 2, 2 * j + k % 2, c]
                if value > out[i, j, c]:
                    out[i, j, c], offsets[i, j, c] = value, k

    said = told("njit_max_pool", answer)
    assert "`out` is read before anything was written to it" in said
    assert "another array" not in said
    assert "is read before" not in told("njit_max_pool", lambda x, out, offsets: None)


# ------------------------------------------------------------------------------------------------------ words


def test_two_arguments_were_changed_and_one_was():
    def answer(x, gain):
        x += 1
        gain[:] = 5
        return x, x.sum((2, 3))

    assert "Besides, `x` and `gain` were changed" in " ".join(judge(SCALE, answer).notes)


def test_check_without_a_name_says_what_is_missing():
    with pytest.raises(TypeError, match=r'name of the exercise is missing.*check\("told", told\)'):
        lessons.check(told)

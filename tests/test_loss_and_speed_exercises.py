"""Lessons 05 and 06: solutions equal the library, right answers written otherwise pass, what kernels hear."""

import re
from pathlib import Path

import numpy as np
import pytest
from numba import njit, prange

from segnet_np import data, reference, softmax, softmax_cross_entropy
from segnet_np.layers import MaxPool2d
from segnet_np.lessons.exercises import find
from segnet_np.lessons.exercises import winograd_1d as exercise_of_winograd
from segnet_np.lessons.judging.judge import judge
from segnet_np.lessons.pictures import winograd as picture_of_winograd


def cases(name):
    return find(name).cases()


def solution(name):
    return find(name).solution


# ------------------------------------------------------------------------------ solutions equal the library


@pytest.mark.parametrize("case", cases("softmax"), ids=lambda case: case.what)
def test_softmax_equals_the_library(case):
    got = solution("softmax")(*case.arguments)
    assert np.allclose(got, softmax(*case.arguments), rtol=1e-12)
    assert np.allclose(got, reference.softmax(*case.arguments), rtol=1e-12)


@pytest.mark.parametrize("case", cases("weighted_cross_entropy"), ids=lambda case: case.what)
def test_loss_and_gradient_equal_the_library(case):
    loss, dlogits = softmax_cross_entropy(*case.arguments)
    assert solution("weighted_cross_entropy")(*case.arguments) == pytest.approx(loss, rel=1e-12)
    assert np.allclose(
        solution("weighted_cross_entropy_backward")(*case.arguments), dlogits, rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("case", cases("median_frequency_weights"), ids=lambda case: case.what)
def test_class_weights_equal_the_library(case):
    expected = data.median_frequency_weights(*case.arguments)
    assert np.allclose(solution("median_frequency_weights")(*case.arguments), expected, rtol=1e-12)


@pytest.mark.parametrize("case", cases("njit_max_pool"), ids=lambda case: case.what)
def test_max_pool_equals_the_library(case):
    x = case.arguments[0]
    out, offsets = find("njit_max_pool").call(solution("njit_max_pool"), case.arguments)
    expected, indices = MaxPool2d()(np.ascontiguousarray(x.transpose(2, 0, 1))[None])
    assert np.array_equal(out.transpose(2, 0, 1), expected[0])
    assert np.array_equal(offsets.transpose(2, 0, 1), indices.offsets[0])


@pytest.mark.parametrize("case", cases("winograd_1d"), ids=lambda case: case.what)
def test_winograd_equals_the_definition(case):
    assert np.allclose(solution("winograd_1d")(*case.arguments), np.correlate(*case.arguments, "valid"))


def test_the_mistakes_in_winograd_start_from_the_matrices_of_the_picture():
    for name in ("BT", "G", "AT"):
        assert getattr(exercise_of_winograd, name) is getattr(picture_of_winograd, name)


@pytest.mark.parametrize("case", cases("parallel_sum"), ids=lambda case: case.what)
def test_parallel_sum_equals_numpy(case):
    got = find("parallel_sum").call(solution("parallel_sum"), case.arguments)
    assert np.allclose(got, case.arguments[0].sum(axis=0), rtol=1e-12)


# --------------------------------------------------------------------------- right answers, written otherwise


def softmax_pixel_by_pixel(logits):
    out = np.zeros(logits.shape)
    for n, i, j in np.ndindex(logits.shape[0], *logits.shape[2:]):
        z = logits[n, :, i, j]
        out[n, :, i, j] = np.exp(z - np.log(np.sum(np.exp(z - max(z)))) - max(z))
    return out.tolist()


def loss_in_vectors(logits, labels, class_weights, ignore_index):
    counts = labels != ignore_index
    z = np.moveaxis(logits, 1, -1)[counts]
    label = labels[counts]
    z = z - z.max(1, keepdims=True)
    losses = np.log(np.exp(z).sum(1)) - z[np.arange(len(label)), label]
    w = class_weights[label]
    return np.array((w @ losses) / w.sum() if w.sum() else 0)


def gradient_in_vectors(logits, labels, class_weights, ignore_index):
    p = reference.softmax(logits)
    counts = labels != ignore_index
    safe = labels * counts
    w = np.where(counts, class_weights[safe], 0)[:, None]
    one_hot = np.moveaxis(np.eye(logits.shape[1])[safe], -1, 1)
    return w * (p - one_hot) / (w.sum() or 1)


def weights_by_bincount(label_maps, num_classes, ignore_index):
    length = max(num_classes, ignore_index + 1)
    counts = np.array([np.bincount(labels.ravel(), minlength=length) for labels in label_maps])
    here = counts > 0
    pixels, around = counts.sum(0), (counts.sum(1, keepdims=True) * here).sum(0)
    frequencies = pixels[pixels > 0] / around[pixels > 0]
    return list(np.median(frequencies) / frequencies)[:num_classes]


def pool_with_two_loops_in_a_window(x, out, offsets):
    height, width, channels = out.shape
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                best = -np.inf
                for ki in range(2):
                    for kj in range(2):
                        if x[2 * i + ki, 2 * j + kj, c] > best:
                            best = x[2 * i + ki, 2 * j + kj, c]
                            offsets[i, j, c] = 2 * ki + kj
                out[i, j, c] = best


def sum_over_channels_in_parallel(x, out):
    for c in prange(x.shape[1]):
        total = 0.0
        for p in range(x.shape[0]):
            total += x[p, c]
        out[c] = total


def sum_by_a_reduction(x, out):
    for c in range(x.shape[1]):
        total = 0.0
        for p in prange(x.shape[0]):
            total += x[p, c]
        out[c] = total


def sum_by_a_reduction_of_arrays(x, out):
    out[:] = 0
    for p in prange(x.shape[0]):
        out += x[p]


def sum_in_rows_of_numpy(x, out):
    partial = np.empty((4, x.shape[1]))
    for chunk in prange(4):
        partial[chunk, :] = 0
        for p in range(chunk, x.shape[0], 4):
            partial[chunk] += x[p]
    out[:] = partial[0] + partial[1] + partial[2] + partial[3]


def winograd_by_matrices(d, g):
    bt = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
    g_matrix = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
    at = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
    return at @ ((g_matrix @ g) * (bt @ d))


def winograd_with_conversions(d, g):
    d, g = as_floats(d), np.array(g, dtype=np.float64)
    halves = np.asarray([[1, 1, 1], [1, -1, 1]], float) / 2
    a, b = halves @ g
    y = np.zeros(2, float)
    m1, m2 = float(d[1] + d[2]) * a, (d[2] - d[1]) * np.float64(b)
    y[0] = (d[0] - d[2]) * g[0] + m1 + m2
    y[1] = m1 - m2 - (d[1] - d[3]) * g[2]
    return y


def as_floats(numbers):
    return np.asarray(numbers, float)


@njit
def winograd_compiled(d, g):
    m1 = (d[1] + d[2]) * 0.5 * (g[0] + g[1] + g[2])
    m2 = (d[2] - d[1]) * 0.5 * (g[0] - g[1] + g[2])
    return (d[0] - d[2]) * g[0] + m1 + m2, m1 - m2 - (d[1] - d[3]) * g[2]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("softmax", softmax_pixel_by_pixel),
        ("softmax", softmax),
        ("weighted_cross_entropy", loss_in_vectors),
        ("weighted_cross_entropy", lambda *arguments: softmax_cross_entropy(*arguments)[0]),
        ("weighted_cross_entropy_backward", gradient_in_vectors),
        ("median_frequency_weights", weights_by_bincount),
        ("njit_max_pool", pool_with_two_loops_in_a_window),
        ("njit_max_pool", njit(pool_with_two_loops_in_a_window)),
        ("njit_max_pool", njit(parallel=True)(pool_with_two_loops_in_a_window)),
        ("parallel_sum", sum_over_channels_in_parallel),
        ("parallel_sum", njit(parallel=True)(sum_over_channels_in_parallel)),
        ("parallel_sum", sum_by_a_reduction),
        ("parallel_sum", sum_by_a_reduction_of_arrays),
        ("parallel_sum", sum_in_rows_of_numpy),
        ("winograd_1d", winograd_by_matrices),
        ("winograd_1d", winograd_compiled),
        ("winograd_1d", winograd_with_conversions),
        ("winograd_1d", lambda d, g: list(winograd_by_matrices(d, g))),
    ],
)
def test_a_right_answer_written_otherwise_passes(name, answer):
    verdict = judge(find(name), answer)
    assert verdict.ok, str(verdict)


# -------------------------------------------------------------------------------------- what kernels are told


def test_right_in_python_but_numba_cannot_compile_it():
    def pool_by_numpy(x, out, offsets):
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].copy().reshape(4, -1)
                out[i, j] = window.max(axis=0)
                offsets[i, j] = window.argmax(axis=0)

    for answer in (pool_by_numpy, njit(pool_by_numpy)):
        verdict = judge(find("njit_max_pool"), answer)
        assert not verdict.ok
        assert "Right as Python, but Numba cannot compile it" in verdict.said
        assert "max" in verdict.said


def test_wrong_in_python_comes_before_whether_it_compiles():
    @njit
    def beyond_the_edge(x, out, offsets):
        for i in range(x.shape[0]):
            out[i, 0, 0] = x[i, 0, 0]

    verdict = judge(find("njit_max_pool"), beyond_the_edge)
    assert verdict.kind == "raised"
    assert "IndexError" in verdict.said


def test_compiled_without_threads():
    verdict = judge(find("parallel_sum"), njit(sum_over_channels_in_parallel))
    assert not verdict.ok
    assert "parallel=True" in verdict.said


def test_a_race_is_told_of_although_the_numbers_are_right():
    @njit(parallel=True)
    def racing(x, out):
        out[:] = 0
        for p in prange(x.shape[0]):
            for c in range(x.shape[1]):
                out[c] += x[p, c]

    verdict = judge(find("parallel_sum"), racing)
    assert not verdict.ok
    assert "race" in verdict.said


def six_products(d, g):
    return np.array([d[i] * g[0] + d[i + 1] * g[1] + d[i + 2] * g[2] for i in range(2)])


def six_by_a_closure():
    numpy = np

    def answer(d, g):
        return six_products(numpy.asarray(d, "float64"), g)

    return answer


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (lambda d, g: [d[i] * g[0] + d[i + 1] * g[1] + d[i + 2] * g[2] for i in range(2)], 6),
        (lambda d, g: np.array([d[:3] @ g, d[1:] @ g]), 6),
        (lambda d, g: six_products(np.asarray(d, float), g), 6),
        (lambda d, g: six_products(as_floats(d), as_floats(g)), 6),
        (lambda d, g: six_products([float(number) for number in d], g), 6),
        (njit(six_products), 6),
        (six_by_a_closure(), 6),
    ],
)
def test_winograd_with_too_many_products(answer, count):
    verdict = judge(find("winograd_1d"), answer)
    assert not verdict.ok
    assert f"{count} products" in verdict.said


def test_winograd_with_products_that_nobody_can_count():
    def answer(d, g):
        return six_products(d.astype(float), g)

    verdict = judge(find("winograd_1d"), answer)
    assert not verdict.ok
    assert "could not be counted" in verdict.said
    assert "`.astype(float)`" in verdict.said


# ------------------------------------------------------------------------------- figures quoted in the lesson


def test_the_lesson_quotes_the_figures_of_docs_performance():
    root = Path(__file__).parent.parent
    lesson = (root / "notebooks/src/06_fast_with_numba.py").read_text(encoding="utf-8")
    measured = (root / "docs/performance.md").read_text(encoding="utf-8")
    quoted = re.findall(
        r"^# \| ([^|]*(?:loops|threads|thread|Winograd)[^|]*) \| ([\d.]+) \|", lesson, re.MULTILINE
    )
    assert len(quoted) == 5
    for step, milliseconds in quoted:
        assert f"| {step} | {milliseconds} |" in measured
    for step, milliseconds in (("step, layers in turn", "716.0"), ("step, fused", "614.5")):
        assert milliseconds in lesson
        assert f"| {step} | {milliseconds} |" in measured
    for figure, line in (
        ("38 s cold", "cold start to the first step, width 16 | 37.88"),
        ("1.1 s warm", "warm start"),
    ):
        assert figure in lesson
        assert line in measured

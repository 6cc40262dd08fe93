"""The exercises of lesson 09: the library's answers, other ways to be right, unlisted ways to be wrong."""

import numpy as np
import pytest

import segnet_np as snp
from segnet_np import reference_decoders as reference
from segnet_np.layers import PoolingIndices
from segnet_np.lessons.exercises import find
from segnet_np.lessons.judging.judge import judge
from segnet_np.training import boundary_f1 as library

LAST = {1: "relu12", 2: "relu22", 3: "relu33", 4: "relu43", 5: "relu53"}


@pytest.mark.parametrize("size", [(360, 480), (45, 61)], ids=str)
def test_decoder_memory_is_what_a_real_net_keeps(size):
    steps = snp.SegNet(width=2).eval().trace(np.zeros((1, 3, *size), "float32"))
    windows = sum(maps.offsets.nbytes for maps in steps.values() if isinstance(maps, PoolingIndices))
    whole = sum(steps[name].nbytes for name in LAST.values())
    assert find("decoder_memory").solution(*size, [2, 4, 8, 16, 16]) == (windows / 4, windows, whole)


def test_decoder_memory_says_that_a_fraction_of_a_byte_stays():
    exercise = find("decoder_memory")
    assert "six windows are 1.5 bytes" in " ".join(exercise.task.split())
    assert exercise.solution(4, 6, [1])[0] == 1.5


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (5, 7)], ids=str)
def test_fixed_unpool_equals_the_reference(size):
    y = np.random.default_rng(0).standard_normal((3, 4))
    expected = reference.unpool_at(y[None, None], np.zeros((1, 1, 3, 4), int), size)[0, 0]
    assert np.array_equal(find("fixed_unpool").solution(y, size), expected)


def test_boundary_pixels_are_the_librarys():
    labels = np.random.default_rng(1).integers(0, 3, (9, 12)).repeat(2, axis=0)
    expected = library._edges(labels, np.ones(labels.shape, bool))
    assert np.array_equal(find("boundary_pixels").solution(labels), expected)


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.5])
def test_boundary_f1_is_the_librarys(radius):
    """Of each class of two label maps: their boundary pixels go in, the library is given the maps."""
    rng = np.random.default_rng(2)
    labels, guess = (rng.integers(0, 3, (4, 5)).repeat(4, axis=0).repeat(4, axis=1) for _ in range(2))
    expected = library.boundary_f1(labels, guess, 3, tolerance=radius / np.hypot(*labels.shape))
    edges = find("boundary_pixels").solution
    for k in range(3):
        true, predicted = edges(labels) & (labels == k), edges(guess) & (guess == k)
        got = find("boundary_f1").solution(true, predicted, radius * (1 + 1e-12))
        assert got == pytest.approx(expected[k], rel=1e-12)


def test_boundary_f1_of_nothing_is_the_librarys():
    nothing = np.zeros((4, 5), int)
    assert np.isnan(library.boundary_f1(nothing, nothing, 1)[0])
    assert np.isnan(find("boundary_f1").solution(nothing > 0, nothing > 0, 1.0))


def memory_by_array(height, width, channels):
    sides = np.array([(height >> k, width >> k) for k in range(len(channels) + 1)])
    pixels = sides.prod(axis=1)
    windows = (pixels[1:] * channels).sum()
    return [windows / 4, windows, 4 * (pixels[:-1] * np.array(channels)).sum()]


def unpool_by_kron(y, output_size):
    large = np.kron(np.pad(y, ((0, 1), (0, 1))), np.array([[1, 0], [0, 0]], y.dtype))
    return large[: output_size[0], : output_size[1]]


def edges_by_slices(labels):
    edges = np.zeros(labels.shape, bool)
    down, right = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= right
    edges[:, :-1] |= right
    return edges


def edges_as_numbers(labels):
    return edges_by_slices(labels).astype(int)


def f1_by_distance_transform(true, predicted, radius):
    from scipy.ndimage import distance_transform_edt

    if not true.any() or not predicted.any():
        return 0 if true.any() or predicted.any() else np.nan
    precision = np.mean(distance_transform_edt(~true)[predicted] <= radius)
    recall = np.mean(distance_transform_edt(~predicted)[true] <= radius)
    return 2 / (1 / precision + 1 / recall) if precision and recall else np.float64(0)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("decoder_memory", memory_by_array),
        ("fixed_unpool", unpool_by_kron),
        ("boundary_pixels", edges_by_slices),
        ("boundary_pixels", edges_as_numbers),
        ("boundary_f1", f1_by_distance_transform),
    ],
)
def test_right_answers_written_otherwise_pass(name, answer):
    verdict = judge(find(name), answer)
    assert verdict.ok, str(verdict)


def off_at_the_edge(y, output_size):
    out = find("fixed_unpool").solution(y, output_size)
    out[-1] = 0
    return out


def writes_into_labels(labels):
    edges = find("boundary_pixels").solution(labels)
    labels[edges] = 0
    return edges


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        (lambda y, output_size: unpool_by_kron(y, output_size).tolist(), True),
        (lambda y, output_size: unpool_by_kron(y, output_size).astype("float64"), False),
    ],
    ids=["a list has no dtype", "zeros of float64"],
)
def test_fixed_unpool_keeps_the_dtype_of_y(answer, ok):
    verdict = judge(find("fixed_unpool"), answer)
    assert verdict.ok == ok
    assert ("the result is float64" in verdict.said) != ok


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("decoder_memory", lambda height, width, channels: 12),
        ("decoder_memory", lambda height, width, channels: None),
        ("decoder_memory", lambda height, width, channels: (1, 2, 3)),
        ("fixed_unpool", off_at_the_edge),
        ("fixed_unpool", lambda y, output_size: np.zeros(output_size)),
        ("fixed_unpool", lambda y, output_size: y[100]),
        ("boundary_pixels", writes_into_labels),
        ("boundary_pixels", lambda labels: labels != 0),
        ("boundary_f1", lambda true, predicted, radius: np.nan),
        ("boundary_f1", lambda true, predicted, radius: true & predicted),
    ],
)
def test_unlisted_mistakes_are_caught_with_words(name, answer):
    verdict = judge(find(name), answer)
    assert not verdict.ok
    assert len(str(verdict)) > 40

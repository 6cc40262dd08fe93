"""The exercises of lessons 00 and 01: the reference, other ways to be right, unlisted ways to be wrong."""

import re

import numpy as np
import pytest
from comparing import grid_without_ties

from segnet_np import reference
from segnet_np.layers import MaxPool2d, MaxUnpool2d, PoolingIndices
from segnet_np.lessons.exercises import find
from segnet_np.lessons.judging.judge import judge
from segnet_np.training.metrics import Metrics

SIZES = [(4, 6), (5, 6), (6, 7), (7, 9)]


def flat_of(offsets, size):
    return PoolingIndices(offsets.astype(np.uint8)[None, None], size).flat


# ------------------------------------------------------------------------------- against the reference


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_solutions_equal_the_reference(size):
    rng = np.random.default_rng(0)
    x = grid_without_ties((1, 1, *size), float)[0, 0]
    y, offsets = find("max_pool").solution(x)
    expected, flat = reference.max_pool2d(x[None, None])
    assert np.array_equal(y, expected[0, 0])
    assert np.array_equal(flat_of(offsets, size), flat)
    dy, dout = rng.standard_normal(y.shape), rng.standard_normal(size)
    out = find("max_unpool").solution(y, offsets, size)
    assert np.array_equal(out, reference.max_unpool2d(y[None, None], flat, size)[0, 0])
    dx = find("max_pool_backward").solution(dy, offsets, x)
    assert np.array_equal(dx, reference.max_pool2d_backward(dy[None, None], flat, size)[0, 0])
    back = find("max_unpool_backward").solution(dout, offsets)
    assert np.array_equal(back, reference.max_unpool2d_backward(dout[None, None], flat)[0, 0])


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("size", [*SIZES, (3, 3), (1, 1), (1, 4), (5, 1)], ids=str)
def test_pool_of_unpool_is_what_the_layers_give(size, ceil_mode):
    pooled = [(n + ceil_mode) // 2 for n in size]
    if 0 in pooled:
        pytest.skip("no window fits")
    p = np.random.default_rng(1).standard_normal(pooled)
    places = PoolingIndices(np.zeros((1, 1, *pooled), np.uint8), size)
    expected, _ = MaxPool2d(ceil_mode=ceil_mode)(MaxUnpool2d()(p[None, None], places))
    assert np.array_equal(find("pool_of_unpool").solution(p, size), expected[0, 0])


def test_pixel_accuracy_is_the_librarys():
    rng = np.random.default_rng(2)
    labels, prediction = rng.integers(0, 4, (9, 7)), rng.integers(0, 3, (9, 7))
    known = labels != 3
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (labels[known], prediction[known]), 1)
    expected = Metrics(confusion, ("a", "b", "c")).global_accuracy
    assert find("pixel_accuracy").solution(prediction, labels, 3) == pytest.approx(expected)


# ------------------------------------------------------------------------- right, written in other ways


def vectorised_pool(x):
    rows, columns = x.shape[0] // 2, x.shape[1] // 2
    corners = [x[a : 2 * rows : 2, b : 2 * columns : 2] for a in (0, 1) for b in (0, 1)]
    windows = np.stack(corners)
    return windows.max(axis=0), windows.argmax(axis=0).astype(np.uint8)


def pool_with_lists(x):
    y, offsets = [], []
    for i in range(len(x) // 2):
        y.append([])
        offsets.append([])
        for j in range(len(x[0]) // 2):
            four = [x[2 * i, 2 * j], x[2 * i, 2 * j + 1], x[2 * i + 1, 2 * j], x[2 * i + 1, 2 * j + 1]]
            y[-1].append(max(four))
            offsets[-1].append(four.index(max(four)))
    return y, offsets


def unpool_with_put(y, offsets, size):
    out = np.zeros(size)
    i, j = np.indices(y.shape)
    out[2 * i + offsets // 2, 2 * j + offsets % 2] = y
    return out


def unpool_by_layer(y, offsets, size):
    return MaxUnpool2d()(y[None, None], flat_of(offsets, size), output_size=size)[0, 0]


def pool_backward_by_unpool(dy, offsets, x):
    return unpool_with_put(dy, offsets, x.shape)


def gathered_list(dout, offsets):
    i, j = np.indices(offsets.shape)
    return dout[2 * i + offsets // 2, 2 * j + offsets % 2].tolist()


def relu_but_for_the_corner(p, size):
    rows, columns = p.shape
    return [
        [
            p[i, j] if p[i, j] > 0 or (2 * i + 1 == size[0] and 2 * j + 1 == size[1]) else 0.0
            for j in range(columns)
        ]
        for i in range(rows)
    ]


def accuracy_in_a_loop(prediction, labels, void):
    right = total = 0
    for p, t in zip(prediction.ravel(), labels.ravel(), strict=True):
        if t != void:
            total += 1
            right += p == t
    return right / total


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("max_pool", vectorised_pool),
        ("max_pool", pool_with_lists),
        ("max_unpool", unpool_with_put),
        ("max_unpool", unpool_by_layer),
        ("max_pool_backward", pool_backward_by_unpool),
        ("max_unpool_backward", gathered_list),
        ("pool_of_unpool", relu_but_for_the_corner),
        ("pixel_accuracy", accuracy_in_a_loop),
        ("pixel_accuracy", lambda p, t, void: np.mean(p[t != void] == t[t != void])),
        ("pixel_accuracy", lambda p, t, void: np.float32(np.average(p == t, weights=t != void))),
    ],
)
def test_right_answers_written_otherwise_pass(name, answer):
    verdict = judge(find(name), answer)
    assert verdict.ok, str(verdict)


# ------------------------------------------------------------------------------ wrong, in ways not listed


def pool_of_the_left_column(x):
    windows = x[: x.shape[0] // 2 * 2 : 2, : x.shape[1] // 2 * 2 : 2]
    return windows.copy(), np.zeros(windows.shape, int)


def unpool_forgets_the_last_window(y, offsets, size):
    out = unpool_with_put(y, offsets, size)
    out[-2:, -2:] = 0
    return out


def pool_backward_with_the_sign_turned(dy, offsets, x):
    return -pool_backward_by_unpool(dy, offsets, x)


def unpool_into_the_argument(y, offsets, size):
    y *= 2
    return unpool_with_put(y, offsets, size)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("max_pool", pool_of_the_left_column, "4x4"),
        ("max_pool", lambda x: vectorised_pool(x)[0], "two|2"),
        ("max_pool", lambda x: vectorised_pool(x.T), "."),
        ("max_unpool", unpool_forgets_the_last_window, "4x4|case 1"),
        ("max_unpool", unpool_into_the_argument, "y"),
        ("max_pool_backward", pool_backward_with_the_sign_turned, "sign"),
        ("max_unpool_backward", lambda dout, offsets: 2 * np.asarray(gathered_list(dout, offsets)), "2"),
        ("max_unpool_backward", lambda dout, offsets: print("done"), "return"),
        ("pool_of_unpool", lambda p, size: np.full(p.shape, np.nan), "NaN"),
    ],
)
def test_wrong_answers_not_listed_are_described(name, answer, words):
    verdict = judge(find(name), answer)
    assert not verdict.ok
    assert re.search(words, str(verdict)), str(verdict)

"""Unfinished maps: finishing them is what batch norm, ReLU and unpooling would have done."""

import numpy as np
import pytest
from comparing import assert_close

from segnet_np import reference
from segnet_np.kernels.maps import write
from segnet_np.layers.lazy import finish, finished, unfinished, unpooled
from segnet_np.layers.workspace import Workspace


def example(dtype, channels=19, shape=(2, 3, 4)):
    rng = np.random.default_rng(0)
    raw = rng.standard_normal((*shape, channels)).astype(dtype)
    return raw, *rng.standard_normal((2, channels)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels", [1, 16, 19, 64])
def test_scale_shift_and_floor(channels, dtype):
    raw, scale, shift = example(dtype, channels)
    raw[0, 1, 2, 0] = np.nan
    got = finish(unfinished(raw, scale, shift, 0), Workspace())
    value = raw.astype("float64") * scale + shift
    assert_close(got, np.where(value <= 0, 0, value), 4 * np.finfo(dtype).eps)
    assert np.isnan(got[0, 1, 2, 0])
    assert (got[got == got] >= 0).all()


@pytest.mark.parametrize("size", [(6, 8), (7, 8), (6, 9), (5, 7), (7, 9)])
def test_unpooling(size):
    """Even sizes, odd ones with a row or column that no window covers, and windows that hang over (5, 7)."""
    raw, _, _ = example("float32")
    rng = np.random.default_rng(1)
    rows = np.where(2 * np.arange(3) + 1 < size[0], 2, 1)[:, None, None]
    columns = np.where(2 * np.arange(4) + 1 < size[1], 2, 1)[None, :, None]
    offsets = (2 * rng.integers(0, rows, raw.shape) + rng.integers(0, columns, raw.shape)).astype(np.uint8)
    got = finish(unpooled(finished(raw), offsets, size, Workspace()), Workspace())
    i = 2 * np.arange(3)[:, None, None] + offsets // 2
    j = 2 * np.arange(4)[:, None] + offsets % 2
    flat = (i * size[1] + j).transpose(0, 3, 1, 2)
    expected = reference.max_unpool2d(raw.transpose(0, 3, 1, 2), flat, size)
    assert np.array_equal(got.transpose(0, 3, 1, 2), expected)


def test_finished_maps_are_left_as_they_are():
    raw, _, _ = example("float32")
    raw[0, 0, 0, :5] = [-0.0, 0.0, np.inf, -np.inf, np.nan]
    assert finish(finished(raw), Workspace()) is raw
    copy = np.empty_like(raw)
    write(finished(raw), 0, 0, copy)
    assert copy.tobytes() == raw.tobytes()  # also the sign of zeros


@pytest.mark.parametrize(("top", "left"), [(1, 2), (0, 0), (-1, -2), (3, -1)])
def test_a_border_of_zeros_or_a_cut(top, left):
    raw, scale, shift = example("float32", channels=5, shape=(2, 4, 6))
    maps = unfinished(raw, scale, shift, 0)
    out = np.full((2, 7, 9, 16), np.nan, "float32")
    write(maps, top, left, out)
    whole = finish(maps, Workspace())
    expected = np.zeros_like(out)
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            if 0 <= i - top < 4 and 0 <= j - left < 6:
                expected[:, i, j, :5] = whole[:, i - top, j - left]
    assert np.array_equal(out, expected)


def test_unpooling_what_is_unpooled_already():
    """Two unpoolings in a row, or the gradients of two poolings: the first ones must not be forgotten."""
    raw, _, _ = example("float32")
    rng = np.random.default_rng(2)
    first = rng.integers(0, 4, raw.shape).astype(np.uint8)
    once = unpooled(finished(raw), first, (6, 8), Workspace())
    second = rng.integers(0, 4, (2, 6, 8, raw.shape[3])).astype(np.uint8)
    twice = finish(unpooled(once, second, (12, 16), Workspace()), Workspace())
    eager = unpooled(finished(finish(once, Workspace())), second, (12, 16), Workspace())
    assert np.array_equal(twice, finish(eager, Workspace()))
    assert np.count_nonzero(twice) == raw.size

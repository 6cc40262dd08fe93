"""Unpooling: the worked example, the oracles, the way there and back, and indices that must be refused."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, arrange, bad_maps, grid_without_ties
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from segnet_np import reference
from segnet_np.layers import MaxPool2d, MaxUnpool2d, PoolingIndices

DTYPES = ("float32", "float64")
SIZES = [(6, 8), (7, 9), (5, 4), (2, 3)]


def random_indices(rng, shape, size):
    """One place in each window of a plane of `size`; windows that hang over the edge keep to it."""
    rows = 2 * np.arange(shape[2])[:, None] + rng.integers(0, 2, shape)
    columns = 2 * np.arange(shape[3]) + rng.integers(0, 2, shape)
    return np.minimum(rows, size[0] - 1) * size[1] + np.minimum(columns, size[1] - 1)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_worked_example(dtype, ceil_mode):
    """The 4x4 map of the lessons, whose windows all hold 1, 2 / 3, 4."""
    x = np.array([[1, 2, 1, 2], [3, 4, 3, 4], [1, 2, 1, 2], [3, 4, 3, 4]], dtype)[None, None]
    y, indices = MaxPool2d(ceil_mode=ceil_mode)(x)
    assert y.tolist() == [[[[4, 4], [4, 4]]]]
    assert indices.flat.ravel().tolist() == [5, 7, 13, 15]
    out = MaxUnpool2d()(y, indices)
    assert out[0, 0].tolist() == [[0, 0, 0, 0], [0, 4, 0, 4], [0, 0, 0, 0], [0, 4, 0, 4]]
    assert (x + out)[0, 0].tolist() == [[1, 2, 1, 2], [3, 8, 3, 8], [1, 2, 1, 2], [3, 8, 3, 8]]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_reference_and_pytorch(dtype, ceil_mode, size):
    rng = np.random.default_rng(0)
    pooled = [(n + ceil_mode) // 2 for n in size]
    y = rng.standard_normal((2, 3, *pooled)).astype(dtype)
    flat = random_indices(rng, y.shape, size)
    layer = MaxUnpool2d()
    out = layer(y, flat, output_size=size)
    dout = rng.standard_normal(out.shape).astype(dtype)
    dy = layer.backward(dout)
    assert np.array_equal(out, reference.max_unpool2d(y, flat, size))
    assert np.array_equal(dy, reference.max_unpool2d_backward(dout, flat))
    ty = torch.tensor(y, requires_grad=True)
    expected = functional.max_unpool2d(ty, torch.tensor(flat), 2, output_size=size)
    expected.backward(torch.tensor(dout))
    assert np.array_equal(out, expected.detach())
    assert np.array_equal(dy, ty.grad)
    assert np.vdot(out, dout) == pytest.approx(np.vdot(y, dy), rel=1e-5 if dtype == "float32" else 1e-13)


@given(st.integers(2, 7), st.integers(2, 7), st.booleans(), st.booleans(), st.integers(0, 2**32 - 1))
def test_pooling_undoes_unpooling(height, width, ceil_mode, negative, seed):
    """pool(unpool(p, i)) == p, at the same places, for p > 0.

    For a negative p it does not hold: around it unpooling puts zeros, and a zero is larger. Only where
    the window has no other pixel (an odd corner in `ceil_mode`) does the negative value survive.
    """
    rng = np.random.default_rng(seed)
    pooled = ((height + ceil_mode) // 2, (width + ceil_mode) // 2)
    p = rng.uniform(0.1, 1, (2, 3, *pooled)) * (-1 if negative else 1)
    indices = PoolingIndices.from_flat(random_indices(rng, p.shape, (height, width)), (height, width))
    out = MaxUnpool2d()(p, indices)
    back, found = MaxPool2d(ceil_mode=ceil_mode)(out)
    if not negative:
        assert np.array_equal(back, p)
        assert np.array_equal(found.flat, indices.flat)
    else:
        alone = np.zeros(pooled, bool)
        alone[height // 2 :, width // 2 :] = True
        assert np.array_equal(back, np.where(alone, p, 0))


@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_backward_of_pooling_is_unpooling(height, width, seed):
    x = grid_without_ties((2, 3, height, width), "float64", seed)
    pool = MaxPool2d()
    y, indices = pool(x)
    dy = np.random.default_rng(seed).standard_normal(y.shape)
    assert np.array_equal(pool.backward(dy), MaxUnpool2d()(dy, indices))


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    y, indices = MaxPool2d()(grid_without_ties((2, 3, 7, 9), "float32"))
    layer = MaxUnpool2d()
    out = layer(y, indices)
    dout = np.random.default_rng(0).standard_normal(out.shape).astype("float32")
    dy = layer.backward(dout)
    flat = arrange(indices.flat, order) if order != "every other" else indices.flat[:, :, ::1]
    assert np.array_equal(layer(arrange(y, order), flat, (7, 9)), out)
    assert np.array_equal(layer.backward(arrange(dout, order)), dy)


def test_nan_is_placed_like_any_value():
    y, indices = MaxPool2d()(grid_without_ties((1, 2, 4, 6), "float32"))
    y[0, 1, 1, 2] = np.nan
    out = MaxUnpool2d()(y, indices)
    assert np.isnan(out).sum() == 1
    assert np.isnan(out[0, 1].ravel()[indices.flat[0, 1, 1, 2]])


def test_output_size_may_be_a_whole_shape():
    y, indices = MaxPool2d()(grid_without_ties((2, 3, 7, 9), "float32"))
    assert np.array_equal(MaxUnpool2d()(y, indices.flat, (2, 3, 7, 9)), MaxUnpool2d()(y, indices))
    with pytest.raises(ValueError, match=r"\(2, 4, 7, 9\) does not fit y of shape \(2, 3, 3, 4\)"):
        MaxUnpool2d()(y, indices.flat, (2, 4, 7, 9))


def test_sizes_that_contradict_each_other():
    y, indices = MaxPool2d()(grid_without_ties((2, 3, 7, 9), "float32"))
    with pytest.raises(
        ValueError, match=r"\(6, 8\) contradicts the indices, which come from maps of \(7, 9\)"
    ):
        MaxUnpool2d()(y, indices, output_size=(6, 8))
    with pytest.raises(ValueError, match=r"\(2, 3, 3, 4\) do not fit y of shape \(2, 2, 3, 4\)"):
        MaxUnpool2d()(y[:, 1:], indices)
    with pytest.raises(ValueError, match="flat indices need an output_size"):
        MaxUnpool2d()(y, indices.flat)
    with pytest.raises(ValueError, match="3x4 windows do not fit a plane of 9x9"):
        MaxUnpool2d()(y, indices.flat, (9, 9))


@pytest.mark.parametrize("size", [6, "ab", (6,), (1, 2, 3)])
def test_what_is_no_size(size):
    y, indices = MaxPool2d()(grid_without_ties((2, 3, 6, 8), "float32"))
    for either in (indices, indices.flat):
        with pytest.raises(ValueError, match=r"output_size must be \(H, W\), but"):
            MaxUnpool2d()(y, either, size)


def test_offsets_spoilt_afterwards_show_as_zeros():
    """They must not be changed; if they are, at least nothing is read that was never written."""
    y, indices = MaxPool2d()(grid_without_ties((2, 3, 6, 8), "float32"))
    layer = MaxUnpool2d()
    out = layer(y, indices)
    indices.offsets[...] = 9
    assert not layer.backward(out).any()


@pytest.mark.parametrize(("y", "error", "match"), bad_maps(1, "float32"))
def test_bad_input(y, error, match):
    with pytest.raises(error, match=f"MaxUnpool2d: .*{match}"):
        MaxUnpool2d()(y, np.zeros((2, 1, 6, 8), int), (12, 16))


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="MaxUnpool2d: backward needs a forward"):
        MaxUnpool2d().backward(np.zeros((1, 1, 2, 2)))

"""Max-pooling with indices: values, places, ties, NaN, odd sizes in both modes."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, arrange, bad_maps, grid_without_ties
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn import functional

from segnet_np import reference
from segnet_np.layers import MaxPool2d

DTYPES = ("float32", "float64")
SHAPES = [(2, 3, 6, 8), (1, 5, 7, 9), (3, 2, 5, 4), (1, 17, 2, 3), (2, 1, 3, 2)]


def check_against_oracles(x, ceil_mode, seed=0):
    """Values, indices and gradient, all exact: nothing here is rounded."""
    layer = MaxPool2d(ceil_mode=ceil_mode)
    y, indices = layer(x)
    dy = np.random.default_rng(seed).standard_normal(y.shape).astype(x.dtype)
    dx = layer.backward(dy)

    ref_y, ref_indices = reference.max_pool2d(x, ceil_mode)
    assert np.array_equal(y, ref_y, equal_nan=True)
    assert np.array_equal(indices.flat, ref_indices)
    assert indices.input_size == x.shape[2:]
    assert np.array_equal(dx, reference.max_pool2d_backward(dy, ref_indices, x.shape[2:]))

    tx = torch.tensor(x, requires_grad=True)
    expected, expected_indices = functional.max_pool2d(tx, 2, ceil_mode=ceil_mode, return_indices=True)
    expected.backward(torch.tensor(dy))
    assert np.array_equal(y, expected.detach(), equal_nan=True)
    assert np.array_equal(indices.flat, expected_indices)
    assert np.array_equal(dx, tx.grad)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_reference_and_pytorch(shape, dtype, ceil_mode):
    check_against_oracles(grid_without_ties(shape, dtype), ceil_mode)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_ties_go_to_the_first(ceil_mode):
    rng = np.random.default_rng(0)
    check_against_oracles(rng.integers(-1, 2, (2, 3, 7, 9)).astype("float32"), ceil_mode)
    _, indices = MaxPool2d(ceil_mode=ceil_mode)(np.zeros((1, 2, 6, 8), "float32"))
    assert not indices.offsets.any()


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_nan_propagates(ceil_mode):
    x = grid_without_ties((2, 3, 7, 9), "float32")
    x[np.random.default_rng(1).random(x.shape) < 0.3] = np.nan
    check_against_oracles(x, ceil_mode)


def test_minus_infinity_is_a_value_like_others():
    x = np.full((1, 1, 4, 4), -np.inf)
    x[0, 0, 3, 3] = -1e300
    check_against_oracles(x, ceil_mode=False)


@given(
    hnp.arrays(
        "float32",
        hnp.array_shapes(min_dims=4, max_dims=4, min_side=2, max_side=5),
        elements=st.sampled_from([-1.0, -0.0, 0.0, 0.5, 2.0, np.inf, -np.inf, np.nan]),
    ),
    st.booleans(),
)
def test_any_small_map(x, ceil_mode):
    check_against_oracles(x, ceil_mode)


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    x = grid_without_ties((2, 3, 7, 9), "float32")
    layer = MaxPool2d(ceil_mode=True)
    y, indices = layer(x)
    dy = np.random.default_rng(0).standard_normal(y.shape).astype("float32")
    dx = layer.backward(dy)
    again, indices_again = layer(arrange(x, order))
    assert np.array_equal(again, y)
    assert np.array_equal(indices_again.offsets, indices.offsets)
    assert np.array_equal(layer.backward(arrange(dy, order)), dx)


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(1, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"MaxPool2d: .*{match}"):
        MaxPool2d()(x)


def test_smaller_than_a_window():
    with pytest.raises(ValueError, match="1x8 pixels is smaller than a 2x2 window"):
        MaxPool2d()(np.zeros((1, 1, 1, 8)))
    y, indices = MaxPool2d(ceil_mode=True)(np.ones((1, 1, 1, 8)))
    assert y.shape == (1, 1, 1, 4)
    assert indices.flat.ravel().tolist() == [0, 2, 4, 6]


def test_only_windows_of_two():
    with pytest.raises(ValueError, match="kernel_size must be 2, but 3"):
        MaxPool2d(3)


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="MaxPool2d: backward needs a forward"):
        MaxPool2d().backward(np.zeros((1, 1, 2, 2)))
    layer = MaxPool2d()
    layer(np.zeros((1, 1, 5, 4)))
    with pytest.raises(ValueError, match=r"\(1, 1, 2, 2\)"):
        layer.backward(np.zeros((1, 1, 3, 2)))

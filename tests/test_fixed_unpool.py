"""Unpooling to the top left of each window: the oracles, odd sizes, and what is refused."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, arrange, bad_maps

import segnet_np as snp
from segnet_np import reference_decoders as reference
from segnet_np.layers import FixedUnpool2d, MaxUnpool2d, PoolingIndices
from segnet_np.verify import twin

SIZES = [(6, 8), (7, 9), (5, 8), (6, 7)]  # of maps of 3x4: twice as much, one more, one less


def numbers(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_reference_and_pytorch(dtype, size):
    y, dout = numbers(2, 3, 3, 4, dtype=dtype), numbers(2, 3, *size, dtype=dtype, seed=1)
    layer = FixedUnpool2d()
    out = layer(y, size)
    dy = layer.backward(dout)
    places = np.zeros(y.shape, np.uint8)
    assert np.array_equal(out, reference.unpool_at(y, places, size))
    assert np.array_equal(dy, reference.unpool_at_backward(dout, places))
    expected = twin.run(twin.counterpart(layer), (y, size), dout)
    assert np.array_equal(out, expected.output)
    assert np.array_equal(dy, expected.inputs[0])
    assert out.dtype == dy.dtype == dtype
    assert np.vdot(out, dout) == pytest.approx(np.vdot(y, dy), rel=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_differences(size):
    report = snp.gradcheck(FixedUnpool2d(), (numbers(2, 3, 3, 4), size))
    assert report.ok, report


def test_it_is_unpooling_by_indices_that_are_all_zero():
    y = numbers(2, 3, 3, 4)
    indices = PoolingIndices(np.zeros(y.shape, np.uint8), (7, 8))
    assert np.array_equal(FixedUnpool2d()(y, (7, 8)), MaxUnpool2d()(y, indices))


def test_without_a_size_it_is_twice_as_large():
    y = numbers(1, 2, 3, 5)
    out = FixedUnpool2d()(y)
    assert out.shape == (1, 2, 6, 10)
    assert np.array_equal(out[:, :, ::2, ::2], y)
    assert np.count_nonzero(out) == y.size


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    y, dout = numbers(2, 3, 3, 4), numbers(2, 3, 7, 8, seed=1)
    layer = FixedUnpool2d()
    out, dy = layer(y, (7, 8)), layer.backward(dout)
    assert np.array_equal(layer(arrange(y, order), (7, 8)), out)
    assert np.array_equal(layer.backward(arrange(dout, order)), dy)


@pytest.mark.parametrize(
    ("size", "match"),
    [
        ((8, 8), r"\(8, 8\) does not fit maps of 3x4; expected 6x8, or one less or more"),
        ((6, 6), r"\(6, 6\) does not fit"),
        ((6,), r"must be \(H, W\), but \(6,\)"),
        (6, r"must be \(H, W\), but 6"),
    ],
)
def test_sizes_that_do_not_fit(size, match):
    with pytest.raises(ValueError, match=f"FixedUnpool2d: output_size {match}"):
        FixedUnpool2d()(numbers(2, 3, 3, 4), size)


@pytest.mark.parametrize(("y", "error", "match"), bad_maps(1, "float32"))
def test_bad_input(y, error, match):
    with pytest.raises(error, match=f"FixedUnpool2d: .*{match}"):
        FixedUnpool2d()(y)


def test_forward_then_backward_once():
    layer = FixedUnpool2d()
    with pytest.raises(RuntimeError, match="FixedUnpool2d: backward needs a forward"):
        layer.backward(numbers(1, 1, 2, 2))
    layer(numbers(1, 1, 2, 2))
    with pytest.raises(ValueError, match=r"FixedUnpool2d: dout must have the shape .* \(1, 1, 4, 4\)"):
        layer.backward(numbers(1, 1, 2, 2))
    layer.backward(numbers(1, 1, 4, 4))
    with pytest.raises(RuntimeError, match="each forward serves one"):
        layer.backward(numbers(1, 1, 4, 4))


def test_a_tensor_of_pytorch_is_refused():
    with pytest.raises(TypeError, match=r"numpy.ndarray, but a Tensor was given"):
        FixedUnpool2d()(torch.zeros(1, 1, 2, 2))

"""Bilinear upsampling: numbers by hand, the oracles, any size, and that backward is the transpose."""

import numpy as np
import pytest
from comparing import ORDERS, TOLERANCE, arrange, assert_close, bad_maps

import segnet_np as snp
from segnet_np import reference_decoders as reference
from segnet_np.layers import UpsampleBilinear2d
from segnet_np.layers.upsample_bilinear import shares
from segnet_np.verify import twin

# Of maps of 3x4: twice as much, odd, one less, the same, smaller, a line, and more than twice.
SIZES = [(6, 8), (7, 9), (5, 8), (3, 4), (2, 3), (1, 8), (11, 13)]


def numbers(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def test_by_hand():
    """Centres of four output pixels lie at -0.25, 0.25, 0.75 and 1.25 of the two input pixels'."""
    out = UpsampleBilinear2d()(np.array([[[[0.0, 4.0], [8.0, 12.0]]]]))
    assert out[0, 0].tolist() == [[0, 1, 3, 4], [2, 3, 5, 6], [6, 7, 9, 10], [8, 9, 11, 12]]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_reference_and_pytorch(dtype, size):
    x, dout = numbers(2, 5, 3, 4, dtype=dtype), numbers(2, 5, *size, dtype=dtype, seed=1)
    layer = UpsampleBilinear2d()
    out = layer(x, size)
    dx = layer.backward(dout)
    assert_close(out, reference.upsample_bilinear2d(x, size), TOLERANCE[dtype])
    assert_close(dx, reference.upsample_bilinear2d_backward(dout, (3, 4)), TOLERANCE[dtype])
    expected = twin.run(twin.counterpart(layer), (x, size), dout)
    assert_close(out, expected.output, TOLERANCE[dtype])
    assert_close(dx, expected.inputs[0], TOLERANCE[dtype])
    assert out.dtype == dx.dtype == dtype
    assert np.vdot(out, dout) == pytest.approx(np.vdot(x, dx), rel=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1)], ids=str)
def test_maps_of_one_row_or_column(shape):
    x, dout = numbers(2, 3, *shape), numbers(2, 3, 2 * shape[0], 2 * shape[1] + 1, seed=1)
    layer = UpsampleBilinear2d()
    expected = twin.run(twin.counterpart(layer), (x, dout.shape[2:]), dout)
    assert_close(layer(x, dout.shape[2:]), expected.output, TOLERANCE["float64"])
    assert_close(layer.backward(dout), expected.inputs[0], TOLERANCE["float64"])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_differences(size):
    report = snp.gradcheck(UpsampleBilinear2d(), (numbers(2, 3, 3, 4), size))
    assert report.ok, report


@pytest.mark.parametrize(("size", "out_size"), [(1, 2), (3, 6), (4, 9), (7, 3), (22, 45)])
def test_shares_add_up(size, out_size):
    matrix = shares(size, out_size)
    assert matrix.shape == (out_size, size)
    assert np.allclose(matrix.sum(axis=1), 1, rtol=1e-15)
    assert (matrix >= 0).all()
    assert ((matrix > 0).sum(axis=1) <= 2).all()


def test_a_constant_map_stays_what_it_is():
    assert np.allclose(UpsampleBilinear2d()(np.full((1, 2, 5, 6), 3.0), (11, 12)), 3, rtol=1e-15)


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    x, dout = numbers(2, 3, 3, 4), numbers(2, 3, 7, 8, seed=1)
    layer = UpsampleBilinear2d()
    out, dx = layer(x, (7, 8)), layer.backward(dout)
    assert np.array_equal(layer(arrange(x, order), (7, 8)), out)
    assert np.array_equal(layer.backward(arrange(dout, order)), dx)


def test_a_nan_spreads_no_further_than_its_neighbours():
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, 2, 2] = np.nan
    found = np.isnan(UpsampleBilinear2d()(x)[0, 0])
    assert found[3:7, 3:7].all()
    assert found.sum() == 16


@pytest.mark.parametrize("size", [(0, 4), (6,), 6, (2.5, 3)])
def test_what_is_no_size(size):
    with pytest.raises((TypeError, ValueError), match="UpsampleBilinear2d: output_size must be"):
        UpsampleBilinear2d()(numbers(2, 3, 3, 4), size)


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(1, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"UpsampleBilinear2d: .*{match}"):
        UpsampleBilinear2d()(x)


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="UpsampleBilinear2d: backward needs a forward"):
        UpsampleBilinear2d().backward(np.zeros((1, 1, 2, 2)))

"""Convolution against the reference, against PyTorch, and against its own adjoint."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, TOLERANCE, arrange, assert_close, bad_maps
from torch.nn import functional

from segnet_np import reference
from segnet_np.layers import Conv2d

DTYPES = ("float32", "float64")

# (N, C, O, H, W, kernel_size, padding): dimensions differ pairwise, so that a swapped axis shows; O covers
# one, two and four vectors a tile row, and widths that fill none of them.
SHAPES = [
    (2, 3, 5, 6, 8, 3, 1),
    (2, 3, 5, 7, 9, 3, 0),
    (1, 4, 11, 8, 5, 7, 3),
    (2, 5, 3, 9, 7, 1, 0),
    (1, 2, 3, 6, 4, 5, 4),
    (2, 7, 32, 5, 6, 3, 1),
    (1, 20, 70, 3, 4, 3, 1),
    (3, 66, 17, 1, 2, 3, 1),
    (1, 3, 2, 4, 30, 3, 6),
]


def example(shape, dtype, seed=0):
    batch, channels, out_channels, height, width, size, padding = shape
    rng = np.random.default_rng(seed)
    layer = Conv2d(channels, out_channels, size, padding, dtype=dtype, seed=seed)
    layer.bias.data[:] = rng.standard_normal(out_channels)
    x = rng.standard_normal((batch, channels, height, width)).astype(dtype)
    out = layer(x)
    dout = rng.standard_normal(out.shape).astype(dtype)
    return layer, x, out, dout


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_pytorch(shape, dtype):
    layer, x, out, dout = example(shape, dtype)
    dx = layer.backward(dout)

    tx, weight, bias = (torch.tensor(a, requires_grad=True) for a in (x, layer.weight.data, layer.bias.data))
    expected = functional.conv2d(tx, weight, bias, padding=shape[-1])
    expected.backward(torch.tensor(dout))

    assert_close(out, expected.detach(), TOLERANCE[dtype], "out")
    assert_close(dx, tx.grad, TOLERANCE[dtype], "dx")
    assert_close(layer.weight.grad, weight.grad, TOLERANCE[dtype], "dweight")
    assert_close(layer.bias.grad, bias.grad, TOLERANCE[dtype], "dbias")
    assert out.dtype == dx.dtype == layer.weight.grad.dtype == layer.bias.grad.dtype == dtype


@pytest.mark.parametrize("shape", SHAPES[:4], ids=str)
def test_equals_the_reference(shape):
    layer, x, out, dout = example(shape, "float64")
    dx = layer.backward(dout)
    padding = shape[-1]
    ref = reference.conv2d(x, layer.weight.data, layer.bias.data, padding)
    ref_dx, ref_dweight, ref_dbias = reference.conv2d_backward(dout, x, layer.weight.data, padding)
    assert_close(out, ref, 1e-13, "out")
    assert_close(dx, ref_dx, 1e-13, "dx")
    assert_close(layer.weight.grad, ref_dweight, 1e-13, "dweight")
    assert_close(layer.bias.grad, ref_dbias, 1e-13, "dbias")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_backward_is_the_transpose_of_forward(shape):
    """<conv(x), dout> = <x, dx> = <weight, dweight>: out is linear in x and in weight."""
    layer, x, out, dout = example(shape, "float64", seed=3)
    layer.bias.data[:] = 0
    out = layer(x)
    dx = layer.backward(dout)
    product = np.vdot(out, dout)
    size = np.linalg.norm(out) * np.linalg.norm(dout)
    assert abs(np.vdot(x, dx) - product) < 1e-13 * size
    assert abs(np.vdot(layer.weight.data, layer.weight.grad) - product) < 1e-13 * size


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    layer, x, out, dout = example(SHAPES[0], "float64")
    dx = layer.backward(dout)
    dweight = layer.weight.grad
    layer.zero_grad()
    given = arrange(x, order)
    before = given.copy()
    assert np.array_equal(layer(given), out)
    assert np.array_equal(layer.backward(arrange(dout, order)), dx)
    assert np.array_equal(layer.weight.grad, dweight)
    assert np.array_equal(given, before)


def test_without_bias():
    layer = Conv2d(3, 5, 3, padding=1, bias=False, dtype="float64")
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 8))
    assert layer.bias is None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert_close(layer(x), reference.conv2d(x, layer.weight.data, padding=1), 1e-13)


def test_gradients_add_up_and_start_anew():
    layer, x, _, dout = example(SHAPES[0], "float64")
    layer.backward(dout)
    once = layer.weight.grad.copy()
    layer(x)
    layer.backward(2 * dout)
    assert_close(layer.weight.grad, 3 * once, 1e-15)
    layer.zero_grad()
    assert layer.weight.grad is None
    layer(x)
    layer.backward(dout)
    assert np.array_equal(layer.weight.grad, once)


def test_no_input_gradient_unless_wanted():
    layer, _, _, dout = example(SHAPES[0], "float64")
    assert layer.backward(dout, input_grad=False) is None
    assert layer.weight.grad is not None


def test_weights_changed_in_place_take_effect():
    layer, x, out, _ = example(SHAPES[0], "float64")
    layer.weight.data[...] *= 2
    layer.bias.data[...] *= 2
    assert_close(layer(x), 2 * out, 1e-15)


def test_a_nan_stays_where_it_belongs():
    """A NaN reaches exactly the outputs whose patch holds it, and no other channel's or row's numbers."""
    layer, x, _, _ = example((2, 3, 5, 6, 8, 3, 1), "float32")
    x[1, 2, 3, 4] = np.nan
    expected = np.zeros((2, 5, 6, 8), bool)
    expected[1, :, 2:5, 3:6] = True
    assert np.array_equal(np.isnan(layer(x)), expected)


def test_he_initialisation():
    weight = Conv2d(50, 60, 3, seed=1).weight.data
    # 27,000 numbers: the standard deviation of their standard deviation is 0.4 %.
    assert weight.std() == pytest.approx(np.sqrt(2 / (50 * 9)), rel=0.02)
    assert np.array_equal(weight, Conv2d(50, 60, 3, seed=1).weight.data)
    assert not np.array_equal(weight, Conv2d(50, 60, 3, seed=2).weight.data)


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(3, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"Conv2d: .*{match}"):
        Conv2d(3, 5, 3)(x)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((3, 5, 4), ValueError, "odd, but 4"),
        ((0, 5, 3), ValueError, "in_channels must be at least 1, but 0"),
        ((3, 5, 3, -1), ValueError, "padding must be at least 0, but -1"),
        ((3, 5.0, 3), TypeError, "out_channels must be a whole number, but 5.0"),
        ((3, True, 3), TypeError, "out_channels must be a whole number, but True"),
    ],
)
def test_bad_settings(arguments, error, match):
    with pytest.raises(error, match=match):
        Conv2d(*arguments)


@pytest.mark.parametrize("dtype", ["float16", "int32", "no such", None])
def test_bad_dtype(dtype):
    with pytest.raises(TypeError, match="float32 or float64"):
        Conv2d(3, 5, 3, dtype=dtype)


def test_input_smaller_than_the_kernel():
    with pytest.raises(ValueError, match="2x8 pixels with padding 0 is smaller than the kernel of 3x3"):
        Conv2d(3, 5, 3)(np.zeros((1, 3, 2, 8), "float32"))


def test_backward_out_of_order():
    layer, _, _, dout = example(SHAPES[0], "float32")
    with pytest.raises(ValueError, match=r"\(2, 5, 6, 8\), but an array of shape \(2, 5, 6, 7\)"):
        layer.backward(dout[..., 1:])
    with pytest.raises(TypeError, match="float64"):
        layer.backward(dout.astype("float64"))
    layer.backward(dout)  # the failed calls did not use the forward up
    with pytest.raises(RuntimeError, match="forward"):
        layer.backward(dout)
    with pytest.raises(RuntimeError, match="forward"):
        Conv2d(3, 5, 3).backward(dout)

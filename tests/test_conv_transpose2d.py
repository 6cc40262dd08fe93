"""Transposed convolution: the oracles, odd sizes, and that it is the transpose of a strided convolution."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, TOLERANCE, arrange, assert_close, bad_maps
from torch.nn import functional

import segnet_np as snp
from segnet_np import reference_decoders as reference
from segnet_np.layers import ConvTranspose2d
from segnet_np.verify import twin

SIZES = [(6, 8), (7, 9), (5, 8), (6, 7), (5, 9)]


def numbers(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def make(channels=3, out_channels=5, dtype="float64", bias=True):
    layer = ConvTranspose2d(channels, out_channels, bias=bias, dtype=dtype, seed=1)
    if bias:
        layer.bias.data[...] = numbers(out_channels, seed=9)
    return layer


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_reference_and_pytorch(dtype, bias, size):
    layer = make(dtype=dtype, bias=bias)
    x, dout = numbers(2, 3, 3, 4, dtype=dtype), numbers(2, 5, *size, dtype=dtype, seed=1)
    out = layer(x, size)
    dx = layer.backward(dout)
    given = None if layer.bias is None else layer.bias.data
    assert_close(out, reference.conv_transpose2d(x, layer.weight.data, given, size), TOLERANCE[dtype])
    slow = reference.conv_transpose2d_backward(dout, x, layer.weight.data)
    assert_close(dx, slow[0], TOLERANCE[dtype])
    expected = twin.run(twin.counterpart(layer), (x, size), dout)
    assert_close(out, expected.output, TOLERANCE[dtype])
    assert_close(dx, expected.inputs[0], TOLERANCE[dtype])
    for parameter, wanted in zip(layer.named_parameters(), slow[1:], strict=False):
        name, own = parameter
        assert_close(own.grad, wanted, TOLERANCE[dtype], name)
        assert_close(own.grad, expected.parameters[name], TOLERANCE[dtype], name)
    assert out.dtype == dx.dtype == dtype


@pytest.mark.parametrize("channels", [(1, 1), (2, 33), (40, 3), (64, 64)])
def test_any_number_of_channels(channels):
    layer = make(*channels, dtype="float32")
    x = numbers(2, channels[0], 5, 6, dtype="float32")
    dout = numbers(2, channels[1], 10, 12, dtype="float32", seed=1)
    expected = twin.run(twin.counterpart(layer), (x,), dout)
    assert_close(layer(x), expected.output, TOLERANCE["float32"])
    assert_close(layer.backward(dout), expected.inputs[0], TOLERANCE["float32"])
    assert_close(layer.weight.grad, expected.parameters["weight"], TOLERANCE["float32"])


def test_by_hand():
    layer = ConvTranspose2d(1, 1, dtype="float64")
    layer.weight.data[...] = [[[[1, 2], [3, 4]]]]
    layer.bias.data[...] = 10
    out = layer(np.array([[[[1.0, 100.0]]]]), (3, 4))
    assert out[0, 0].tolist() == [[11, 12, 110, 210], [13, 14, 310, 410], [10, 10, 10, 10]]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_differences(size):
    report = snp.gradcheck(make(), (numbers(2, 3, 3, 4), size))
    assert report.ok, report


def test_it_is_the_transpose_of_a_convolution_with_stride_2():
    """<convT(x), z> = <x, conv(z)> with the same weights, which a convolution calls (O, C) as (C, O)."""
    layer = make(bias=False)
    x, z = numbers(2, 3, 3, 4), numbers(2, 5, 6, 8, seed=1)
    conv = functional.conv2d(torch.tensor(z), torch.tensor(layer.weight.data), stride=2).numpy()
    assert np.vdot(layer(x), z) == pytest.approx(np.vdot(x, conv), rel=1e-12)
    assert_close(layer.backward(z), conv, TOLERANCE["float64"])


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    layer = make()
    x, dout = numbers(2, 3, 3, 4), numbers(2, 5, 7, 8, seed=1)
    out, dx = layer(x, (7, 8)), layer.backward(dout)
    grad = layer.weight.grad.copy()
    layer.zero_grad()
    assert np.array_equal(layer(arrange(x, order), (7, 8)), out)
    assert np.array_equal(layer.backward(arrange(dout, order)), dx)
    assert np.array_equal(layer.weight.grad, grad)


def test_gradients_add_up():
    layer = make()
    x, dout = numbers(2, 3, 3, 4), numbers(2, 5, 6, 8, seed=1)
    layer(x)
    layer.backward(dout)
    once = {name: p.grad.copy() for name, p in layer.named_parameters()}
    layer(x)
    layer.backward(dout)
    for name, parameter in layer.named_parameters():
        assert np.array_equal(parameter.grad, 2 * once[name])


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"kernel_size": 3}, ValueError, "kernel_size must be 2, but 3"),
        ({"stride": 1}, ValueError, "stride must be 2, but 1"),
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1, but 0"),
        ({"out_channels": 1.5}, TypeError, "out_channels must be a whole number, but 1.5"),
        ({"dtype": "int32"}, TypeError, "dtype must be float32 or float64"),
        ({"bias": "no"}, TypeError, "bias must be True or False"),
    ],
)
def test_nonsense_is_refused(arguments, error, match):
    with pytest.raises(error, match=f"ConvTranspose2d: {match}"):
        ConvTranspose2d(**{"in_channels": 2, "out_channels": 3} | arguments)


def test_a_size_that_does_not_fit():
    with pytest.raises(ValueError, match=r"output_size \(8, 8\) does not fit maps of 3x4; expected 6x8"):
        make()(numbers(2, 3, 3, 4), (8, 8))


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(3, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"ConvTranspose2d: .*{match}"):
        make(dtype="float32")(x)


def test_a_replaced_weight():
    layer = make()
    layer.weight.data = layer.weight.data[:, :4]
    with pytest.raises(ValueError, match=r"weight must have shape \(3, 5, 2, 2\), but has \(3, 4, 2, 2\)"):
        layer(numbers(2, 3, 3, 4))


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="ConvTranspose2d: backward needs a forward"):
        make().backward(np.zeros((1, 5, 2, 2)))

"""ConvBNReLU equals the three layers one after the other, and PyTorch's three."""

import numpy as np
import pytest
from comparing import ORDERS, TOLERANCE, arrange, assert_close, bad_maps

from segnet_np.layers import BatchNorm2d, Conv2d, ConvBNReLU, ReLU
from segnet_np.verify import twin


def example(dtype, relu=True, training=True):
    rng = np.random.default_rng(0)
    block = ConvBNReLU(3, 5, 3, 1, relu=relu, dtype=dtype, seed=1).train(training)
    block.bn.weight.data[:] = rng.standard_normal(5)  # negative ones too
    block.bn.bias.data[:] = rng.standard_normal(5)
    block.bn.running_var[:] = rng.uniform(0.5, 2, 5)
    return (
        block,
        rng.standard_normal((2, 3, 6, 8)).astype(dtype),
        rng.standard_normal((2, 5, 6, 8)).astype(dtype),
    )


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_pytorch(dtype, relu, training):
    block, x, dout = example(dtype, relu, training)
    expected = twin.run(twin.counterpart(block), (x,), dout)
    assert_close(block(x), expected.output, TOLERANCE[dtype], "out")
    assert_close(block.backward(dout), expected.inputs[0], TOLERANCE[dtype], "dx")
    for name, parameter in block.named_parameters():
        # A bias in front of batch norm has no gradient but rounding, on the scale of the weights beside it.
        scale = block.conv.weight.grad if name == "conv.bias" and training else expected.parameters[name]
        error = np.abs(parameter.grad - expected.parameters[name]).max()
        assert error <= TOLERANCE[dtype] * np.abs(scale).max(), name


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("relu", [True, False])
def test_equals_the_layers_in_turn(relu, training):
    """Fused and unfused, values and all gradients."""
    block, x, dout = example("float64", relu, training)
    conv, bn, last = Conv2d(3, 5, 3, 1, dtype="float64"), BatchNorm2d(5, dtype="float64"), ReLU()
    bn.train(training)
    bn.running_var[:] = block.bn.running_var
    alone = [*conv.named_parameters(), *bn.named_parameters()]
    for (_, p), (_, q) in zip(block.named_parameters(), alone, strict=True):
        q.data[...] = p.data
    out = bn(conv(x))
    assert_close(block(x), last(out) if relu else out, 1e-13)
    dx = conv.backward(bn.backward(last.backward(dout) if relu else dout))
    assert_close(block.backward(dout), dx, 1e-13)
    for (name, p), (_, q) in zip(block.named_parameters(), alone, strict=True):
        if name == "conv.bias" and training:
            assert np.abs(p.grad - q.grad).max() <= 1e-13 * np.abs(dout).sum()
        else:
            assert_close(p.grad, q.grad, 1e-12, name)
    for statistic in ("running_mean", "running_var"):
        assert_close(getattr(block.bn, statistic), getattr(bn, statistic), 1e-13)


def test_a_layer_of_ones_own_inside_is_used():
    class Doubled(BatchNorm2d):
        def forward(self, x):
            return 2 * super().forward(x)

        def backward(self, dout):
            return super().backward(2 * dout)

    block, x, dout = example("float64", relu=False)
    out, dx = block(x), block.backward(dout)
    block.bn.__class__ = Doubled
    assert_close(block(x), 2 * out, 1e-13)
    assert_close(block.backward(dout), 2 * dx, 1e-13)


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    block, x, dout = example("float32")
    out, dx = block(x), block.backward(dout)
    assert np.array_equal(block(arrange(x, order)), out)
    assert np.array_equal(block.backward(arrange(dout, order)), dx)


def test_no_input_gradient_unless_wanted():
    block, x, dout = example("float32")
    block(x)
    assert block.backward(dout, input_grad=False) is None
    assert all(p.grad is not None for p in block.parameters())


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(3, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=match):
        ConvBNReLU(3, 5, 3, 1)(x)


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="needs a forward"):
        ConvBNReLU(3, 5, 3, 1).backward(np.zeros((2, 5, 6, 8), "float32"))


def test_a_forward_that_fails_leaves_nothing_to_go_backward_with():
    """Else backward would mix two passes: maps of the one with gradients of the other's size."""
    block, x, dout = example("float32")
    block(x)
    with pytest.raises(ValueError, match="more than one value per channel"):
        block(x[:1, :, :1, :1])
    with pytest.raises(RuntimeError, match="backward needs a forward"):
        block.backward(dout)


def test_the_convolution_alone_in_between_changes_nothing():
    block, x, dout = example("float32")
    block(x)
    expected = block.backward(dout)
    gradients = [parameter.grad.copy() for parameter in block.parameters()]
    block.zero_grad()
    block(x)
    block.conv(2 * x)
    assert np.array_equal(block.backward(dout), expected)
    for parameter, gradient in zip(block.parameters(), gradients, strict=True):
        assert np.array_equal(parameter.grad, gradient)


@pytest.mark.parametrize("shape", [(3, 7, 9), (1, 13, 6)], ids=str)
def test_winograd_inside_equals_the_layers_in_turn(shape):
    """In float32 and with so many channels the block runs by Winograd, which hands batch norm its moments."""
    batch, height, width = shape
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, 16, height, width)).astype("float32")
    dout = rng.standard_normal((batch, 24, height, width)).astype("float32")
    block, conv, bn, relu = ConvBNReLU(16, 24, 3, 1), Conv2d(16, 24, 3, 1), BatchNorm2d(24), ReLU()
    conv.weight.data[...] = block.conv.weight.data
    assert_close(block(x), relu(bn(conv(x))), TOLERANCE["float32"], "out")
    dx = conv.backward(bn.backward(relu.backward(dout)))
    assert_close(block.backward(dout), dx, TOLERANCE["float32"], "dx")
    for name, one, other in (
        ("conv.weight", block.conv.weight, conv.weight),
        ("bn.weight", block.bn.weight, bn.weight),
        ("bn.bias", block.bn.bias, bn.bias),
    ):
        assert_close(one.grad, other.grad, TOLERANCE["float32"], name)
    assert_close(block.bn.running_mean, bn.running_mean, TOLERANCE["float32"], "running_mean")
    assert_close(block.bn.running_var, bn.running_var, TOLERANCE["float32"], "running_var")


@pytest.mark.parametrize("relu", [True, False])
def test_a_nan_goes_the_same_way_through_both(relu):
    block, x, _ = example("float64", relu, training=False)
    x[1, 2, 3, 4] = np.nan
    out = block.bn(block.conv(x))
    expected = ReLU()(out) if relu else out
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(np.isnan(block(x)), np.isnan(expected))

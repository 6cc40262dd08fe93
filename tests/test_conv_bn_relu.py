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
    """Fused and unfused, values and all gradients; a NaN goes the same way through both."""
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

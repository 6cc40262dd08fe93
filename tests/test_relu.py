"""ReLU: zero, negative, NaN."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, arrange, bad_maps

from segnet_np import reference
from segnet_np.layers import ReLU


def example(dtype):
    rng = np.random.default_rng(0)
    x, dout = rng.standard_normal((2, 2, 3, 6, 8)).astype(dtype)
    x[0, 0, 0, :6] = [0.0, -0.0, np.nan, np.inf, -np.inf, np.finfo(dtype).tiny]
    return x, dout


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_reference_and_pytorch_exactly(dtype, order):
    x, dout = example(dtype)
    layer = ReLU()
    out = layer(arrange(x, order))
    dx = layer.backward(arrange(dout, order))
    assert np.array_equal(out, reference.relu(x), equal_nan=True)
    assert np.array_equal(dx, reference.relu_backward(dout, x))
    tx = torch.tensor(x, requires_grad=True)
    expected = torch.relu(tx)
    expected.backward(torch.tensor(dout))
    assert np.array_equal(out, expected.detach(), equal_nan=True)
    assert np.array_equal(dx, tx.grad)


def test_the_input_is_not_written_to():
    x, dout = example("float32")
    x = arrange(x, "channels_last")
    before, dout_before = x.copy(), dout.copy()
    layer = ReLU()
    layer(x)
    layer.backward(dout)
    assert np.array_equal(x, before, equal_nan=True)
    assert np.array_equal(dout, dout_before)


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(1, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"ReLU: .*{match}"):
        ReLU()(x)


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="ReLU: backward needs a forward"):
        ReLU().backward(np.zeros((1, 1, 2, 2)))

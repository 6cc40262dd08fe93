"""Batch norm against the reference and PyTorch, training and evaluation, and what it promises."""

import numpy as np
import pytest
import torch
from comparing import ORDERS, TOLERANCE, arrange, assert_close, bad_maps

from segnet_np import reference
from segnet_np.layers import BatchNorm2d

DTYPES = ("float32", "float64")
SHAPES = [(2, 3, 6, 8), (1, 5, 3, 2), (3, 17, 1, 1), (1, 2, 1, 70)]


def example(shape, dtype, training=True, seed=0):
    rng = np.random.default_rng(seed)
    layer = BatchNorm2d(shape[1], dtype=dtype).train(training)
    layer.weight.data[:] = rng.standard_normal(shape[1])
    layer.bias.data[:] = rng.standard_normal(shape[1])
    layer.running_mean[:] = rng.standard_normal(shape[1])
    layer.running_var[:] = rng.uniform(0.5, 2, shape[1])
    x = (3 * rng.standard_normal(shape) + 2).astype(dtype)
    dout = rng.standard_normal(shape).astype(dtype)
    return layer, x, dout


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_pytorch(shape, dtype, training):
    layer, x, dout = example(shape, dtype, training)
    twin = torch.nn.BatchNorm2d(shape[1], dtype=getattr(torch, dtype)).train(training)
    names = ("weight", "bias", "running_mean", "running_var")
    arrays = (layer.weight.data, layer.bias.data, layer.running_mean, layer.running_var)
    twin.load_state_dict(
        {name: torch.tensor(a) for name, a in zip(names, arrays, strict=True)}
        | {"num_batches_tracked": torch.tensor(0)}
    )
    tx = torch.tensor(x, requires_grad=True)

    out = layer(x)
    dx = layer.backward(dout)
    expected = twin(tx)
    expected.backward(torch.tensor(dout))

    tolerance = TOLERANCE[dtype]
    assert_close(out, expected.detach(), tolerance, "out")
    assert_close(dx, tx.grad, tolerance, "dx")
    assert_close(layer.weight.grad, twin.weight.grad, tolerance, "dweight")
    assert_close(layer.bias.grad, twin.bias.grad, tolerance, "dbias")
    assert_close(layer.running_mean, twin.running_mean, tolerance, "running_mean")
    assert_close(layer.running_var, twin.running_var, tolerance, "running_var")
    assert layer.num_batches_tracked == twin.num_batches_tracked
    assert layer.running_var.dtype == out.dtype == dx.dtype == dtype


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_training_equals_the_reference(shape):
    layer, x, dout = example(shape, "float64")
    weight, bias, mean, var = (
        a.copy() for a in (layer.weight.data, layer.bias.data, layer.running_mean, layer.running_var)
    )
    out = layer(x)
    dx = layer.backward(dout)
    ref, ref_mean, ref_var = reference.batch_norm_train(x, weight, bias, mean, var)
    ref_dx, ref_dweight, ref_dbias = reference.batch_norm_train_backward(dout, x, weight)
    assert_close(out, ref, 1e-12, "out")
    assert_close(dx, ref_dx, 1e-12, "dx")
    assert_close(layer.weight.grad, ref_dweight, 1e-12, "dweight")
    assert_close(layer.bias.grad, ref_dbias, 1e-12, "dbias")
    assert_close(layer.running_mean, ref_mean, 1e-12, "running_mean")
    assert_close(layer.running_var, ref_var, 1e-12, "running_var")


def test_evaluation_equals_the_reference():
    layer, x, dout = example((2, 3, 6, 8), "float64", training=False)
    out = layer(x)
    dx = layer.backward(dout)
    settings = (layer.weight.data, layer.running_mean, layer.running_var)
    ref = reference.batch_norm_eval(x, layer.weight.data, layer.bias.data, *settings[1:])
    ref_dx, ref_dweight, ref_dbias = reference.batch_norm_eval_backward(dout, x, *settings)
    assert_close(out, ref, 1e-12, "out")
    assert_close(dx, ref_dx, 1e-12, "dx")
    assert_close(layer.weight.grad, ref_dweight, 1e-12, "dweight")
    assert_close(layer.bias.grad, ref_dbias, 1e-12, "dbias")


def test_the_mode_of_forward_decides_backward():
    layer, x, dout = example((2, 3, 6, 8), "float64")
    layer(x)
    dx = layer.backward(dout)
    layer(x)
    layer.eval()
    assert np.array_equal(layer.backward(dout), dx)


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    layer, x, dout = example((2, 3, 6, 8), "float64")
    out, dx = layer(x), layer.backward(dout)
    assert np.array_equal(layer(arrange(x, order)), out)
    assert np.array_equal(layer.backward(arrange(dout, order)), dx)


def test_a_large_mean_costs_no_digits():
    """Values around 10,000 that differ by 1: in float32 the one-pass variance would be pure rounding."""
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((4, 2, 16, 16)) + 1e4).astype("float32")
    out = BatchNorm2d(2)(x)
    exact, _, _ = reference.batch_norm_train(
        x.astype("float64"), np.ones(2), np.zeros(2), np.zeros(2), np.ones(2)
    )
    # Near 1e4 float32 numbers lie 1e-3 apart; rounding the mean shifts all by half of that at most.
    assert np.abs(out - exact).max() < 1e-3


def test_a_constant_channel_is_not_divided_by_zero():
    layer, _, dout = example((2, 3, 6, 8), "float64")
    out = layer(np.full((2, 3, 6, 8), 7.0))
    assert_close(out, np.broadcast_to(layer.bias.data[:, None, None], out.shape), 1e-15)
    assert np.isfinite(layer.backward(dout)).all()


def test_a_nan_stays_in_its_channel():
    layer, x, _ = example((2, 3, 6, 8), "float32")
    x[1, 2, 3, 4] = np.nan
    assert np.isnan(layer(x)).all(axis=(0, 2, 3)).tolist() == [False, False, True]
    assert not np.isnan(layer(x)[:, :2]).any()


def test_one_value_per_channel_cannot_be_normalised():
    layer = BatchNorm2d(3)
    x = np.zeros((1, 3, 1, 1), "float32")
    with pytest.raises(ValueError, match="more than one value per channel"):
        layer(x)
    assert layer.num_batches_tracked == 0
    layer.eval()(x)  # with running statistics there is nothing wrong with it


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(3, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"BatchNorm2d: .*{match}"):
        BatchNorm2d(3)(x)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"eps": -1}, ValueError, "eps must be finite, not negative, but -1"),
        ({"eps": "a"}, TypeError, "eps must be a number, but 'a'"),
        ({"momentum": 5}, ValueError, "momentum must be finite, not negative and at most 1, but 5"),
        ({"momentum": None}, TypeError, "momentum must be a number, but None"),
        ({"eps": float("nan")}, ValueError, "eps must be finite"),
    ],
)
def test_bad_settings(settings, error, match):
    with pytest.raises(error, match=f"BatchNorm2d: {match}"):
        BatchNorm2d(3, **settings)


def test_backward_needs_a_forward():
    layer, x, dout = example((2, 3, 6, 8), "float64")
    with pytest.raises(RuntimeError, match="BatchNorm2d: backward needs a forward"):
        layer.backward(dout)
    layer(x)
    layer.backward(dout)
    with pytest.raises(RuntimeError, match="each forward serves one backward"):
        layer.backward(dout)

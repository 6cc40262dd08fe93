"""The specification itself against PyTorch, in float64; loops this slow are tried on small maps."""

import numpy as np
import pytest
import torch
from comparing import assert_close, grid_without_ties
from torch.nn import functional

from segnet_np import reference

EXACT = 1e-12


def tensors(*arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


@pytest.mark.parametrize(("size", "padding"), [((3, 3), 1), ((1, 1), 0), ((3, 5), 2)])
def test_conv2d(size, padding):
    rng = np.random.default_rng(0)
    x, weight, bias = (
        rng.standard_normal((2, 3, 6, 8)),
        rng.standard_normal((5, 3, *size)),
        rng.standard_normal(5),
    )
    tx, tweight, tbias = tensors(x, weight, bias)
    expected = functional.conv2d(tx, tweight, tbias, padding=padding)
    dout = rng.standard_normal(expected.shape)
    expected.backward(torch.tensor(dout))
    assert_close(reference.conv2d(x, weight, bias, padding), expected.detach(), EXACT)
    gradients = reference.conv2d_backward(dout, x, weight, padding)
    for got, tensor in zip(gradients, (tx, tweight, tbias), strict=True):
        assert_close(got, tensor.grad, EXACT)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(training):
    rng = np.random.default_rng(0)
    x, dout = rng.standard_normal((2, 2, 3, 6, 8))
    weight, bias, mean = rng.standard_normal((3, 3))
    var = rng.uniform(0.5, 2, 3)
    tx, tweight, tbias = tensors(x, weight, bias)
    tmean, tvar = torch.tensor(mean), torch.tensor(var)
    expected = functional.batch_norm(tx, tmean, tvar, tweight, tbias, training)
    expected.backward(torch.tensor(dout))
    if training:
        out, new_mean, new_var = reference.batch_norm_train(x, weight, bias, mean, var)
        gradients = reference.batch_norm_train_backward(dout, x, weight)
        assert_close(new_mean, tmean, EXACT)
        assert_close(new_var, tvar, EXACT)
    else:
        out = reference.batch_norm_eval(x, weight, bias, mean, var)
        gradients = reference.batch_norm_eval_backward(dout, x, weight, mean, var)
    assert_close(out, expected.detach(), EXACT)
    for got, tensor in zip(gradients, (tx, tweight, tbias), strict=True):
        assert_close(got, tensor.grad, EXACT)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pool_and_unpool(ceil_mode):
    rng = np.random.default_rng(0)
    x = grid_without_ties((2, 3, 5, 7), "float64")
    (tx,) = tensors(x)
    ty, tindices = functional.max_pool2d(tx, 2, ceil_mode=ceil_mode, return_indices=True)
    tout = functional.max_unpool2d(ty, tindices, 2, output_size=(5, 7))
    y, indices = reference.max_pool2d(x, ceil_mode)
    assert np.array_equal(y, ty.detach())
    assert np.array_equal(indices, tindices)
    assert np.array_equal(reference.max_unpool2d(y, indices, (5, 7)), tout.detach())
    dout = rng.standard_normal(x.shape)
    tout.backward(torch.tensor(dout))
    dy = reference.max_unpool2d_backward(dout, indices)
    assert np.array_equal(reference.max_pool2d_backward(dy, indices, (5, 7)), tx.grad)


def test_relu():
    rng = np.random.default_rng(0)
    x, dout = rng.standard_normal((2, 2, 3, 6, 8))
    (tx,) = tensors(x)
    torch.relu(tx).backward(torch.tensor(dout))
    assert np.array_equal(reference.relu(x), np.maximum(x, 0))
    assert np.array_equal(reference.relu_backward(dout, x), tx.grad)


@pytest.mark.parametrize("weighted", [False, True])
def test_softmax_cross_entropy(weighted):
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((2, 5, 6, 8)), rng.integers(0, 6, (2, 6, 8))
    weights = rng.uniform(0.1, 3, 5) if weighted else None
    (tz,) = tensors(logits)
    expected = functional.cross_entropy(
        tz, torch.tensor(labels), None if weights is None else torch.tensor(weights), ignore_index=5
    )
    expected.backward()
    loss, dlogits = reference.softmax_cross_entropy(logits, labels, weights, ignore_index=5)
    assert loss == pytest.approx(expected.item(), rel=EXACT)
    assert_close(dlogits, tz.grad, EXACT)
    assert_close(reference.softmax(logits), torch.softmax(tz.detach(), 1), EXACT)

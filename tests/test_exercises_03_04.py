"""The solutions of lessons 03 and 04 against PyTorch, and that no two of their mistakes look alike."""

import numpy as np
import pytest
import torch
from comparing import assert_close
from torch.nn import functional

from segnet_np.lessons.exercises import find
from segnet_np.lessons.pictures.convolution import fields

NAMES = (
    "convolution",
    "convolution_dx",
    "convolution_dweight",
    "convolution_dbias",
    "receptive_field",
    "batch_norm",
    "batch_norm_backward",
    "running_statistics",
    "relu_backward",
)


def each_case(name):
    return [pytest.param(case.arguments, id=case.what) for case in find(name).cases()]


def tensors(*arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


@pytest.mark.parametrize("arguments", each_case("convolution"))
def test_convolution(arguments):
    x, weight, bias, padding = arguments
    expected = functional.conv2d(*map(torch.tensor, (x, weight, bias)), padding=padding)
    assert np.array_equal(find("convolution").solution(*arguments), expected)


@pytest.mark.parametrize("name", ["convolution_dx", "convolution_dweight"])
def test_gradients_of_a_convolution(name):
    for case in find(name).cases():
        dout, x, weight, padding = case.arguments
        tx, tweight = tensors(x, weight)
        functional.conv2d(tx, tweight, padding=padding).backward(torch.tensor(dout))
        expected = tx.grad if name == "convolution_dx" else tweight.grad
        assert np.array_equal(find(name).solution(*case.arguments), expected), case.what


@pytest.mark.parametrize("arguments", each_case("convolution_dbias"))
def test_dbias(arguments):
    (dout,) = arguments
    (bias,) = tensors(np.zeros(dout.shape[1]))
    (bias[:, None, None] + torch.zeros(dout.shape)).backward(torch.tensor(dout))
    assert_close(find("convolution_dbias").solution(dout), bias.grad, 1e-13)


def test_receptive_field():
    """By moving gradients: an output depends on what its one-dimensional convolutions of ones reach."""
    for case in find("receptive_field").cases():
        (layers,) = case.arguments
        x = torch.zeros(1, 1, 500, dtype=torch.float64, requires_grad=True)
        out = x
        for kernel_size, stride in layers:
            out = functional.conv1d(out, torch.ones(1, 1, kernel_size, dtype=torch.float64), stride=stride)
        out[0, 0, 1].backward()
        assert find("receptive_field").solution(layers) == int((x.grad != 0).sum()), case.what


def test_the_table_of_fields_is_the_exercise():
    sizes = [size for _, size, _ in fields()]
    encoder = find("receptive_field").cases()[-1].arguments[0]
    solution = find("receptive_field").solution
    assert sizes == [solution(encoder[: k + 1]) for k in range(len(encoder))]
    assert solution([(7, 1), (2, 2)] * 4) == 106, "SegNet-Basic's, as the paper states it"


@pytest.mark.parametrize("arguments", each_case("batch_norm"))
def test_batch_norm(arguments):
    x, weight, bias, eps = arguments
    x, weight, bias = map(torch.tensor, (x, weight, bias))
    expected = functional.batch_norm(x, None, None, weight, bias, training=True, eps=eps)
    assert_close(find("batch_norm").solution(*arguments), expected, 1e-12)


@pytest.mark.parametrize("arguments", each_case("batch_norm_backward"))
def test_batch_norm_backward(arguments):
    dout, x, weight, eps = arguments
    tx, tweight, tbias = tensors(x, weight, np.zeros_like(weight))
    functional.batch_norm(tx, None, None, tweight, tbias, training=True, eps=eps).backward(torch.tensor(dout))
    dx, dweight, dbias = find("batch_norm_backward").solution(*arguments)
    assert np.abs(dx - tx.grad.numpy()).max() < 1e-12  # for ones it is zero
    assert np.abs(dweight - tweight.grad.numpy()).max() < 1e-12
    assert np.abs(dbias - tbias.grad.numpy()).max() < 1e-12


@pytest.mark.parametrize("arguments", each_case("running_statistics"))
def test_running_statistics(arguments):
    mean, var, x, momentum = arguments
    layer = torch.nn.BatchNorm2d(len(mean), momentum=momentum, dtype=torch.float64)
    layer.running_mean[:], layer.running_var[:] = torch.tensor(mean), torch.tensor(var)
    layer(torch.tensor(x))
    new_mean, new_var = find("running_statistics").solution(*arguments)
    assert_close(new_mean, layer.running_mean, 1e-12)
    assert_close(new_var, layer.running_var, 1e-12)


@pytest.mark.parametrize("arguments", each_case("relu_backward"))
def test_relu_backward(arguments):
    dout, out = arguments
    (x,) = tensors(np.where(out > 0, out, -1))
    functional.relu(x).backward(torch.tensor(dout))
    assert np.array_equal(find("relu_backward").solution(dout, out), x.grad)


def answers(exercise, function):
    """What a function gives for all cases, as one comparable thing."""
    given = []
    for case in exercise.cases():
        try:
            result = function(*case.arguments)
        except (ValueError, IndexError, ZeroDivisionError) as error:
            result = type(error).__name__
        parts = result if isinstance(result, tuple) else (result,)
        given.append(
            tuple((np.shape(p), tuple(np.round(p, 9).ravel() + 0.0)) for p in map(np.asarray, parts))
        )
    return given


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_shows_and_none_looks_like_another(name):
    exercise = find(name)
    functions = [exercise.solution, *(mistake.answer for mistake in exercise.mistakes)]
    seen = [answers(exercise, function) for function in functions]
    names = [getattr(function, "__name__", "?") for function in functions]
    for k, one in enumerate(seen):
        for j in range(k):
            assert one != seen[j], f"{names[k]} ({k}) cannot be told from {names[j]} ({j})"

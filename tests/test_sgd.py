"""SGD: equal to PyTorch's, over steps, in groups, resumed; and what it refuses."""

import json
from types import SimpleNamespace

import numba
import numpy as np
import pytest
import torch
from optimizing import TOLERANCE, parameters, walk

from segnet_np.training.adamw import AdamW
from segnet_np.training.sgd import SGD


def grouped(params, **settings):
    """As the authors train: biases without weight decay and at the double rate."""
    biases = {"params": [params[1], params[3]], "weight_decay": 0.0, "lr": 2 * settings["lr"]}
    return [{"params": [params[0], params[2]]}, biases]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("in_groups", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        dict(lr=0.1),
        dict(lr=0.1, weight_decay=5e-4, momentum=0.9),
        dict(lr=0.1, weight_decay=5e-4, momentum=0.9, dampening=0.3),
        dict(lr=0.1, weight_decay=5e-4, momentum=0.9, nesterov=True),
    ],
    ids=["plain", "momentum", "dampening", "nesterov"],
)
def test_ten_steps_equal_pytorch(settings, in_groups, dtype):
    ours = parameters(dtype)
    theirs = [torch.nn.Parameter(torch.tensor(p.data)) for p in ours]
    group = grouped if in_groups else lambda params, **_: params
    walk(SGD(group(ours, **settings), **settings), ours, 10)
    walk(torch.optim.SGD(group(theirs, **settings), **settings), theirs, 10)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=0, atol=TOLERANCE[dtype])


def test_defaults_are_pytorchs():
    ours = SGD(parameters("float32")).param_groups[0]
    theirs = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]
    assert {key: theirs[key] for key in ours if key != "params"} == {
        key: value for key, value in ours.items() if key != "params"
    }


def test_lr_is_settable_and_used():
    params = parameters("float64")
    before = params[0].data.copy()
    optimizer = SGD(params, lr=0.5)
    optimizer.lr = 0.25
    assert optimizer.lr == 0.25
    params[0].grad = np.ones_like(before)
    optimizer.step()
    np.testing.assert_array_equal(params[0].data, before - 0.25)
    with pytest.raises(ValueError, match="lr must be"):
        optimizer.lr = -1.0


def test_a_resumed_walk_is_the_undisturbed_one():
    settings = dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=5e-4)
    whole = parameters("float32")
    walk(SGD(grouped(whole, **settings), **settings), whole, 6)

    params = parameters("float32")
    first = SGD(grouped(params, **settings), **settings)
    walk(first, params, 3)
    state = first.state_dict()
    groups = json.loads(json.dumps(state["param_groups"]))
    second = SGD(grouped(params, lr=9.0), lr=9.0)
    second.load_state_dict({"state": state["state"], "param_groups": groups})
    walk(second, params, 3, first=3)
    for p, q in zip(params, whole, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_zero_grad_sets_none():
    params = parameters("float32")
    params[0].grad = np.ones_like(params[0].data)
    SGD(params).zero_grad()
    assert all(p.grad is None for p in params)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(lr=-1.0), "lr must be"),
        (dict(lr=float("nan")), "lr must be"),
        (dict(momentum=-0.1), "momentum must be"),
        (dict(dampening=float("nan")), "dampening must be"),
        (dict(weight_decay=-1e-4), "weight_decay must be"),
        (dict(nesterov=True), "nesterov needs"),
        (dict(nesterov=True, momentum=0.9, dampening=0.1), "nesterov needs"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SGD(parameters("float32"), **settings)
    with pytest.raises(ValueError, match=message):
        SGD([{"params": parameters("float32"), **settings}])


@pytest.mark.parametrize("name", ["lr", "momentum", "dampening", "weight_decay"])
def test_settings_that_are_no_numbers_are_named(name):
    for value in ("a", None, True):
        with pytest.raises(TypeError, match=f"SGD: {name} must be a number, but {value!r} was given"):
            SGD(parameters("float32"), **{name: value})


def test_bad_parameters_are_refused():
    params = parameters("float32")
    with pytest.raises(ValueError, match="no parameter"):
        SGD([])
    with pytest.raises(ValueError, match="appears twice"):
        SGD([*params, params[1]])
    with pytest.raises(ValueError, match="appears twice"):
        SGD([{"params": params}, {"params": params[1]}])
    with pytest.raises(ValueError, match=r"unknown settings.*rate"):
        SGD([{"params": params, "rate": 1.0}])
    with pytest.raises(TypeError, match="must be an iterable"):
        SGD(params[0])
    with pytest.raises(TypeError, match="got ndarray"):
        SGD([np.zeros(3)])
    for data, given in (
        (np.zeros(3, "float16"), "float16"),
        (np.zeros(3, "int64"), "int64"),
        (torch.zeros(3), "torch.float32"),
        ([0.0], "list"),
    ):
        with pytest.raises(TypeError, match=f"must be an ndarray of float32 or float64, got {given}"):
            SGD([SimpleNamespace(data=data, grad=None)])
    with pytest.raises(ValueError, match=r"shape \(2, 3\) must be C-contiguous and writeable"):
        SGD([SimpleNamespace(data=np.zeros((3, 2)).T, grad=None)])


@pytest.mark.parametrize(
    ("grad", "error", "message"),
    [
        (np.zeros(5, "float64"), TypeError, "float64 gradient for a float32"),
        (np.zeros(6, "float32"), ValueError, r"shape \(6,\) for a parameter of shape \(5,\)"),
        ([0.0] * 5, TypeError, "a gradient must be an ndarray, got list"),
    ],
)
def test_a_gradient_that_does_not_fit_is_refused_before_anything_moves(grad, error, message):
    params = parameters("float32")
    optimizer = SGD(params, momentum=0.9)
    before = params[0].data.copy()
    params[0].grad, params[1].grad = np.ones_like(before), grad
    with pytest.raises(error, match=message):
        optimizer.step()
    np.testing.assert_array_equal(params[0].data, before)
    assert optimizer.state_dict()["state"] == {}


def test_a_parameter_that_can_no_longer_be_moved_is_refused_before_anything_moves():
    params = parameters("float32")
    optimizer = SGD(params)
    before = params[0].data.copy()
    for p in params[:2]:
        p.grad = np.ones_like(p.data)
    params[1].data = params[1].data.astype("float16")
    with pytest.raises(TypeError, match="got float16"):
        optimizer.step()
    np.testing.assert_array_equal(params[0].data, before)


@pytest.mark.parametrize("make", [lambda params: SGD(params, momentum=0.9), AdamW])
def test_a_parameter_that_became_another_one_is_refused(make):
    params = parameters("float32")
    optimizer = make(params)
    walk(optimizer, params, 2)
    for data in (np.zeros(5000, "float32"), params[1].data.astype("float64")):
        params[1].data, params[1].grad = data, np.zeros_like(data)
        with pytest.raises(ValueError, match="a new parameter needs a new optimizer"):
            optimizer.step()


def test_settings_of_numpy_can_be_stored_too():
    optimizer = SGD(parameters("float32"), lr=np.float64(0.25), momentum=np.float32(0.5))
    optimizer.lr = np.float32(0.125)
    groups = json.loads(json.dumps(optimizer.state_dict()["param_groups"]))
    assert (groups[0]["lr"], groups[0]["momentum"]) == (0.125, 0.5)


def test_a_state_that_does_not_fit_is_refused_whole():
    params = parameters("float32")
    optimizer = SGD(params, momentum=0.9)
    walk(optimizer, params, 1)
    state = optimizer.state_dict()
    state["state"]["0.momentum_buffer"] = np.zeros(3, "float32")
    state["state"]["9.momentum_buffer"] = np.zeros(3, "float32")
    state["state"]["2.speed"] = np.zeros(3, "float32")
    before = optimizer.state_dict()["state"]
    with pytest.raises(ValueError, match=r"0\.momentum_buffer is .*'9\.momentum_buffer'.*'2\.speed'"):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()["state"]
    assert all(np.array_equal(before[key], after[key]) for key in before)
    with pytest.raises(ValueError, match="groups of"):
        optimizer.load_state_dict(SGD(params[:2]).state_dict())


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS == 1, reason="one thread has none to be compared with")
def test_results_do_not_depend_on_threads():
    weights = []
    before = numba.get_num_threads()
    try:
        for threads in (1, numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(threads)
            params = [SimpleNamespace(data=np.linspace(-1, 1, 50_001, dtype="float32"), grad=None)]
            walk(SGD(params, lr=0.1, momentum=0.9, weight_decay=0.1), params, 3)
            weights.append(params[0].data)
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(*weights)

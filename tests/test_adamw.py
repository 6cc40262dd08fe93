"""AdamW: equal to PyTorch's, over steps, in groups, resumed; and what it refuses."""

import copy
import json

import numpy as np
import pytest
import torch
from optimizing import TOLERANCE, parameters, walk

from segnet_np.training.adamw import AdamW


def grouped(params, lr):
    biases = {"params": [params[1], params[3]], "weight_decay": 0.0, "lr": 2 * lr, "betas": (0.8, 0.99)}
    return [{"params": [params[0], params[2]]}, biases]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("in_groups", [False, True])
@pytest.mark.parametrize(
    "settings", [dict(lr=1e-2), dict(lr=1e-2, betas=(0.7, 0.9), eps=1e-3, weight_decay=0.3)]
)
def test_ten_steps_equal_pytorch(settings, in_groups, dtype):
    ours = parameters(dtype)
    theirs = [torch.nn.Parameter(torch.tensor(p.data)) for p in ours]
    group = grouped if in_groups else lambda params, lr: params
    walk(AdamW(group(ours, settings["lr"]), **settings), ours, 10)
    walk(torch.optim.AdamW(group(theirs, settings["lr"]), **settings), theirs, 10)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=0, atol=TOLERANCE[dtype])


def test_defaults_are_pytorchs():
    ours = AdamW(parameters("float32")).param_groups[0]
    theirs = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))]).param_groups[0]
    assert {key: theirs[key] for key in ours if key != "params"} == {
        key: value for key, value in ours.items() if key != "params"
    }


def test_a_resumed_walk_is_the_undisturbed_one():
    whole = parameters("float32")
    walk(AdamW(grouped(whole, 0.1), lr=0.1), whole, 6)

    params = parameters("float32")
    first = AdamW(grouped(params, 0.1), lr=0.1)
    walk(first, params, 3)
    state = first.state_dict()
    groups = json.loads(json.dumps(state["param_groups"]))
    second = AdamW(grouped(params, 9.0), lr=9.0)
    second.load_state_dict({"state": state["state"], "param_groups": groups})
    walk(second, params, 3, first=3)
    for p, q in zip(params, whole, strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert second.param_groups[1]["betas"] == (0.8, 0.99)


def test_a_deep_copy_walks_on_by_itself():
    whole = parameters("float32")
    walk(AdamW(grouped(whole, 0.1), lr=0.1), whole, 6)

    params = parameters("float32")
    optimizer = AdamW(grouped(params, 0.1), lr=0.1)
    walk(optimizer, params, 3)
    copied, copied_optimizer = copy.deepcopy((params, optimizer))
    assert copied_optimizer.state_dict()["state"].keys() == optimizer.state_dict()["state"].keys()
    walk(copied_optimizer, copied, 3, first=3)
    walk(optimizer, params, 3, first=3)  # the copy has left the moments of the first one alone
    for p, q, r in zip(copied, params, whole, strict=True):
        np.testing.assert_array_equal(p.data, r.data)
        np.testing.assert_array_equal(q.data, r.data)


def test_a_state_that_lacks_a_part_is_refused():
    params = parameters("float32")
    optimizer = AdamW(params)
    walk(optimizer, params, 1)
    state = optimizer.state_dict()
    del state["state"]["2.exp_avg"]
    with pytest.raises(ValueError, match="2 lacks one of"):
        optimizer.load_state_dict(state)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(lr=-1.0), "lr must be"),
        (dict(betas=(1.0, 0.9)), "betas must be"),
        (dict(betas=(0.9, -0.1)), "betas must be"),
        (dict(betas=(0.9,)), "betas must be"),
        (dict(betas=(0.9, float("nan"))), "betas must be"),
        (dict(eps=-1e-8), "eps must be"),
        (dict(weight_decay=-1.0), "weight_decay must be"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        AdamW(parameters("float32"), **settings)


@pytest.mark.parametrize("settings", [dict(betas=0.9), dict(betas=("a", 0.9)), dict(eps="a")])
def test_settings_that_are_no_numbers_are_named(settings):
    with pytest.raises(TypeError, match=f"AdamW: {next(iter(settings))} must be"):
        AdamW(parameters("float32"), **settings)

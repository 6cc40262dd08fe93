"""Fifty steps from the same weights on the same batches: the losses are PyTorch's, as far as rounding lets.

In float64 they are equal. In float32 no two programs stay together for fifty steps, and PyTorch's two memory
formats do not either; the question is whether we keep as close to them as they to each other.
"""

from functools import cache

import numpy as np
import pytest
import torch
from optimizing import TOLERANCE

from segnet_np.data.scenes import Scenes
from segnet_np.models import SegNetBasic
from segnet_np.verify import trajectory, twin
from segnet_np.verify.trajectory import OPTIMIZERS, RATES, STEPS, Case, Losses, relative

CASES = pytest.mark.parametrize(("model", "optimizer"), RATES, ids=map(" ".join, RATES))

#: Seen in float64 over 20 seeds: 4e-12 in the median and 7e-9 at most for SegNet, 8e-14 for SegNet-Basic; but
#: for one seed of SegNet with each optimizer, in which PyTorch's formats part as far (docs/equality.md).
FLOAT64 = 1e-6

#: Seen in float32 over 20 seeds: 0.9 to 1.2. Of single seeds up to 1.8, but 6 for SegNet-Basic with AdamW: in
#: which of three trainings a near-tie first falls the other way is chance. Hence one seed more.
TIMES_THE_SPREAD = 3
SEEDS = {"segnet": 2, "segnet-basic": 3}

#: The first two losses of SegNet-Basic in float32, before and after the first step, of a seed without a
#: near-tie there, as four in five are. Seen: 4e-7.
UNDISTURBED = 1e-6


@pytest.mark.parametrize(
    ("model", "optimizer", "width"),
    [(*pair, width) for pair in RATES for width in ((4, 8) if pair[0] == "segnet" else (4,))],
)
def test_float64(model, optimizer, width):
    case = Case(model, optimizer, "float64", seed=width, width=width)
    losses, expected = trajectory.ours(case), trajectory.pytorch(case)
    assert losses.shape == (STEPS,)
    assert losses[-10:].mean() < losses[:3].mean()
    assert relative(losses, expected).max() <= FLOAT64


@cache
def float32(model, optimizer):
    """A few trainings, each on the three sides; the spread is measured here, on this machine."""
    return [trajectory.run(Case(model, optimizer, "float32", seed)) for seed in range(SEEDS[model])]


@CASES
def test_float32_is_no_farther_from_pytorch_than_its_formats_are_apart(model, optimizer):
    many = float32(model, optimizer)
    # Formats that agree to the bit would say nothing; here a near-tie has parted them somewhere.
    assert max(losses.spread.max() for losses in many) > 1e-5
    assert trajectory.ratio(many) <= TIMES_THE_SPREAD


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_float32_begins_alike(optimizer):
    """Later on, chaos would hide a small mistake. A near-tie disturbs some seeds, a mistake disturbs all."""
    many = float32("segnet-basic", optimizer)
    assert min(losses.difference[:2].max() for losses in many) <= UNDISTURBED


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_groups_mean_the_same_in_torch_optim(optimizer):
    """No weight decay on biases and batch norms, twice the rate for biases; each is halved on the way."""
    net = SegNetBasic(3, 5, width=2, kernel_size=3, dtype="float64")
    module = twin.counterpart(net)
    kind, torch_kind, settings, _ = OPTIMIZERS[optimizer]
    ours = kind(trajectory.groups(net.named_parameters(), 0.1, 0.02), lr=0.1, **settings)
    theirs = torch_kind(trajectory.groups(module.named_parameters(), 0.1, 0.02), lr=0.1, **settings)
    assert len(ours.param_groups) == len(theirs.param_groups)
    for own, other in zip(ours.param_groups, theirs.param_groups, strict=True):
        assert {**own, "params": 0} == {**{key: other[key] for key in own}, "params": 0}
        assert [p.data.shape for p in own["params"]] == [tuple(p.shape) for p in other["params"]]
    of = {id(p): group for group in ours.param_groups for p in group["params"]}
    for name, p in net.named_parameters():
        weight = name.endswith("weight") and not name.startswith("bn")
        assert of[id(p)]["weight_decay"] == (0.02 if weight else 0), name
        assert of[id(p)]["lr"] == (0.2 if name.endswith("bias") else 0.1), name

    rng = np.random.default_rng(0)
    others = dict(module.named_parameters())
    for step in range(6):
        for name, p in net.named_parameters():
            p.grad = rng.standard_normal(p.data.shape)
            others[name].grad = torch.from_numpy(p.grad)
        if step == 3:
            for group in (*ours.param_groups, *theirs.param_groups):
                group["lr"] /= 2
        ours.step()
        theirs.step()
    for name, p in net.named_parameters():
        np.testing.assert_allclose(p.data, others[name].detach(), rtol=0, atol=TOLERANCE["float64"])


def test_the_batches_have_what_the_loss_must_handle():
    """Ignored pixels, and classes of very different weight."""
    for _, crop in trajectory.SIZES.values():
        labels = np.stack([y for _, y in trajectory._pictures(0, crop)])
        counts = np.bincount(labels.ravel(), minlength=12)
        assert Scenes.classes.ignore_index == 11
        assert (counts > 0).all()


def test_ratio_by_hand():
    # Ours is off by 3 parts in 100 from one format and 1 from the other: 2 on the mean; they are 2 apart.
    pair = Losses(np.array([103.0, 100.0]), np.array([100.0, 100.0]), np.array([102.0, 100.0]))
    expected = (0.03 + 1 / 102) / 2 / 0.02
    assert trajectory.ratio([pair, pair]) == pytest.approx(expected)
    assert trajectory.ratio([pair, pair._replace(ours=pair.contiguous)]) < expected


def test_unknown_cases_are_named():
    with pytest.raises(ValueError, match="'segnet' with 'adam'; expected one of segnet with sgd"):
        Case("segnet", "adam", "float64")

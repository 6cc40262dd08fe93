"""Planted bugs: each is caught, in the row it belongs to, with a note that helps; nothing else fails."""

import copy
import sys

import learner_layers as mine
import numba
import numpy as np
import pytest
from planted_bugs import CONV, PLANTED, MeanForSum, NoXHatTerm, maps

from segnet_np import layers, models
from segnet_np.verify import gradcheck


@pytest.mark.parametrize("pytorch", [False, None], ids=["differences alone", "with PyTorch"])
@pytest.mark.parametrize(
    ("layer", "x", "rows", "said"), PLANTED, ids=[type(case[0]).__name__ for case in PLANTED]
)
def test_planted_bugs_are_caught_where_they_are(layer, x, rows, said, pytorch):
    report = gradcheck(layer, x, pytorch=pytorch)
    assert not report.ok
    assert list(report.failures) == rows, str(report)
    assert said in report[rows[0]].note, report[rows[0]].note
    right = next(kind for kind in type(layer).__mro__ if kind.__module__.startswith("segnet_np.layers"))
    fixed = copy.deepcopy(layer)
    fixed.__class__ = right
    assert gradcheck(fixed, x, pytorch=pytorch).ok


LEARNERS = [
    ("Linear", "transposed", "weight", "shape (3, 4) instead of (4, 3); right after transpose(1, 0)"),
    ("Linear", "none", "weight", "leaves None here"),
    ("Linear", "nan", "weight", "of 12 entries are NaN"),
    ("Linear", "list", "weight", "not an ndarray but list"),
    ("Linear", "mean", "weight", "too small by the factor 6"),
    ("Linear", "zero", "weight", "all zero"),
    ("Linear", "sign", "weight", "a wrong sign"),
    ("Linear", "twice", "weight", "exactly twice as large"),
    ("Linear", "ones", "weight", "for another dout: backward does not use it"),
    ("Linear", "no sum", "bias", "summed over axis 0 it would be right: a forgotten sum"),
    ("Linear", "one row", "bias", "a forgotten sum: of dout only one entry is taken along axis 0"),
    ("Linear", "sum of all", "bias", "one axis too many"),
    ("Linear", "as a row", "bias", "shape (1, 3) instead of (3,)"),
    ("Linear", "half adds", "calls", "writes over the gradient of weight; expected: it adds"),
    ("Linear", "adds half", "calls", "neither adds to the gradient of bias nor writes it anew"),
    ("Linear", "writes dout", "calls", "writes into dout, which belongs to the caller"),
    ("Linear", "first x", "weight", "of an earlier forward: a stale cache"),
    ("Linear", "casts in the middle", "input weight", "casts to float32, too coarse for differences"),
    ("Linear", "casts", "input weight bias", "it returned float32"),
    ("BatchNorm", "no mean term", "input", "constant along axis 0 is missing"),
    ("BatchNorm", "no x_hat term", "input", "proportional to x_hat along axis 0 is missing"),
    ("ReLU", "in place", "calls", "writes into its input"),
    ("ReLU", "no mask", "input", "does not use what the latest forward saw"),
    ("Pool", "both", "ties", "do not add up to one upstream gradient: a wrong tie"),
    ("Pool", "last", "ties", "of tied maxima the first"),
    ("Pool", "shared", "ties", "of tied maxima the first"),
    ("Pool", "next place", "input ties", "a wrong scatter"),
    ("Pool", "everywhere", "input ties", "does not use what the latest forward saw"),
    ("Pool", "rows for columns", "input ties", "a wrong scatter"),
]


@pytest.mark.parametrize(("kind", "bug", "rows", "said"), LEARNERS)
def test_bugs_of_learners_are_caught_and_named(kind, bug, rows, said):
    x = maps(2, 3, 4, 6) if kind == "Pool" else maps(6, 4)
    report = gradcheck(getattr(mine, kind)(bug=bug), x)
    assert list(report.failures) == rows.split(), str(report)
    assert said in report[report.failures[0]].note
    assert gradcheck(getattr(mine, kind)(), x).ok


def test_in_a_whole_net_the_wrong_layer_is_named():
    net = models.SegNetBasic(width=3, num_classes=5, kernel_size=3)
    net.decoder[1]["_decode3"].conv.__class__ = MeanForSum  # in front of a batch norm: no effect there
    net.encoder[2]["3"].bn.__class__ = NoXHatTerm
    report = gradcheck(net, maps(2, 3, 17, 23), pytorch=False)
    assert report.failures == ("input", "all parameters", "conv1", "bn1", "conv2", "bn2", "conv3")
    assert "start here, the wrong one nearest to the output: from bn3 on all is right" in report["conv3"].note
    assert report["conv3"].index is not None
    assert "analytic" in report["conv3"].note


class Stack:
    """A learner's net: layers in a list, parameters without names."""

    def __init__(self, bug=""):
        self.layers = [
            mine.Linear(40, 60),
            mine.ReLU(),
            mine.Linear(60, 50, bug=bug),
            mine.ReLU(),
            mine.Linear(50, 7),
        ]

    def parameters(self):
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


def test_a_learners_net_is_checked_along_directions():
    x = maps(9, 40)
    assert gradcheck(Stack(), x).ok
    report = gradcheck(Stack("mean"), x)
    assert report.failures == ("all parameters", "parameters()[2]")
    for seed in range(5):
        report = gradcheck(Stack("casts"), x, seed=seed)
        assert report.failures[:5] == ("input", "all parameters", *(f"parameters()[{k}]" for k in range(3)))
        assert "casts to float32" in report["input"].note


class Counting(models.SegNetBasic):
    forwards = 0

    def run_forward(self, x):
        Counting.forwards += 1
        return super().run_forward(x)


def test_a_net_costs_evaluations_by_layers_not_by_parameters():
    counts = []
    for width in (1, 4):
        Counting.forwards = 0
        gradcheck(Counting(width=width, num_classes=2, kernel_size=3), maps(1, 3, 16, 18), pytorch=False)
        counts.append(Counting.forwards)
    rows = 2 + 4 * 4 + 1  # input, all, and a convolution and a batch norm for each of eight blocks
    assert 2 * rows < counts[0] < 3 * rows
    assert counts[1] <= counts[0] + 12  # kinks may ask for a smaller step here and there


def test_a_large_layer_is_checked_along_directions_and_bugs_still_have_a_place(monkeypatch):
    monkeypatch.setattr(sys.modules[gradcheck.__module__], "EVERY_ENTRY_UP_TO", 10)
    assert gradcheck(layers.Conv2d(**CONV), maps()).ok
    report = gradcheck(MeanForSum(**CONV), maps())
    assert report.failures == ("all parameters", "bias")
    assert report["bias"].checked == "direction"
    assert "worst of a sample: bias[" in report["bias"].note


def test_a_bias_in_front_of_a_batch_norm_passes_and_is_explained():
    block = layers.ConvBNReLU(3, 5, 3, 1)
    row = gradcheck(block, maps())["conv.bias"]
    assert row.ok
    assert "zero but for rounding" in row.note

    class WrongBias(layers.ConvBNReLU):
        def backward(self, dout, input_grad=True):
            dx = super().backward(dout, input_grad)
            self.conv.bias.grad = self.conv.bias.grad + 0.01
            return dx

    assert gradcheck(WrongBias(3, 5, 3, 1), maps()).failures == ("conv.bias",)


@pytest.mark.parametrize("x", [1e-4 * maps(), 255 * maps(), 100 + maps(), 1e4 + maps()])
def test_numbers_of_any_size_pass(x):
    for layer in (layers.BatchNorm2d(3), layers.Conv2d(**CONV), layers.ReLU(), layers.MaxPool2d()):
        assert gradcheck(layer, x).ok


def test_kernels_get_their_threads_back():
    before = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(before)
    gradcheck(layers.ReLU(), maps())
    with pytest.raises(ZeroDivisionError):
        gradcheck(FailsLater(), maps(6, 4))
    assert numba.get_num_threads() == before


class FailsLater(mine.Linear):
    def forward(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return super().forward(x) / (self.calls < 6 or 0 // 0)


def test_the_same_seed_gives_the_same_report():
    reports = [str(gradcheck(layers.ConvBNReLU(3, 5, 3, 1), maps(), seed=seed)) for seed in (4, 4, 5)]
    assert reports[0] == reports[1] != reports[2]


def test_a_random_forward_is_told_apart_from_a_wrong_gradient():
    class Dropout(mine.ReLU):
        rng = np.random.default_rng(0)

        def forward(self, x):
            return super().forward(x) * (self.rng.random(x.shape) < 0.5)

    report = gradcheck(Dropout(), maps(6, 4))
    assert report.failures == ("forward",)
    assert "fix the seed" in report["forward"].note

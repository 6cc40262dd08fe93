"""Where there is no derivative: kinks, ties, and the jumps that unpooling makes of them."""

import sys

import learner_layers as mine
import numpy as np
from planted_bugs import NoXHatTerm, maps

from segnet_np import layers, models
from segnet_np.verify import gradcheck


def test_a_step_across_a_kink_is_made_smaller_and_said():
    x = maps(2, 3, 2, 2)
    x[0, 1, 0, 1], x[1, 0, 1, 1] = 3e-6, -2e-6
    row = gradcheck(layers.ReLU(), x)["input"]
    assert row.ok
    assert row.note.startswith("2 of 24 entries: kink within h = ")


def test_a_net_that_jumps_at_ties_is_moved_along_them():
    x = maps(2, 3, 16, 18)
    x[:, :, :8] = 0.5  # a flat patch: all of its windows are tied, in the first pool and in the next
    net = models.SegNetBasic(width=2, num_classes=3, kernel_size=3)
    report = gradcheck(net, x, pytorch=False)
    assert report.ok
    assert "equal values moved together" in report["input"].note
    net.encoder[1]["2"].bn.__class__ = NoXHatTerm
    assert "input" in gradcheck(net, x, pytorch=False).failures


def test_where_every_step_crosses_a_kink_another_direction_is_drawn(monkeypatch):
    monkeypatch.setattr(sys.modules[gradcheck.__module__], "EVERY_ENTRY_UP_TO", 0)
    x = np.array([[1.0, 1e-8, -1.0, 1e-8]])
    rows = [gradcheck(mine.ReLU(), x, seed=seed)["input"] for seed in range(20)]
    assert any("redrawn" in row.note and row.ok for row in rows)


def test_a_kink_nearby_is_not_taken_for_a_tie():
    class Jagged(mine.ReLU):
        """|x - n| for the integer n nearest to x, its kink moved a little away from n."""

        def forward(self, x):
            self.x = x - np.round(x) + 3e-5
            return np.abs(self.x)

        def backward(self, dout):
            return dout * np.sign(self.x)

    x = np.random.default_rng(0).permutation(np.arange(24.0))
    assert [row.name for row in gradcheck(Jagged(), x)] == ["input", "calls"]


def test_exactly_at_a_kink_a_subgradient_passes():
    x = maps(2, 3, 4, 6)
    x[0, 0] = 0.0
    x[1, 2, :2, :2] = 1.5
    for layer in (layers.ReLU(), layers.MaxPool2d(), mine.Pool("shared")):
        row = gradcheck(layer, x)["input"]
        assert row.ok
        assert "at a kink" in row.note

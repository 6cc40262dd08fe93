import sys

import learner_layers as mine
import pytest
from planted_bugs import CONV, maps

import segnet_np.verify.against_pytorch as against
from segnet_np import layers
from segnet_np.verify import gradcheck


class AnotherForward(layers.Conv2d):
    """Backward fits forward, but forward is not the convolution it says it is."""

    def forward(self, x):
        return 2 * super().forward(x)

    def backward(self, dout, input_grad=True):
        return super().backward(2 * dout, input_grad)


def test_pytorch_tells_a_wrong_forward_that_differences_cannot():
    layer, x = AnotherForward(**CONV), maps()
    assert gradcheck(layer, x, pytorch=False).ok
    report = gradcheck(layer, x)
    assert report.failures == ("output", "input", "weight", "bias")
    assert "forward differs from PyTorch's" in report["output"].note
    assert "agrees with differences but not with PyTorch" in report["weight"].note
    assert report["weight"].pytorch == pytest.approx(1.0)


def test_without_pytorch_the_report_says_so(monkeypatch):
    assert "PyTorch" in str(gradcheck(layers.ReLU(), maps()))
    monkeypatch.setattr(against, "find_spec", lambda name: None)
    report = gradcheck(layers.ReLU(), maps())
    assert report.ok
    assert report.remark == "without the column for PyTorch: it is not installed (pip install torch)"
    assert "no counterpart of Linear" in gradcheck(mine.Linear(), maps(6, 4), pytorch=True).remark


def test_pytorch_can_be_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "segnet_np.verify.twin", raising=False)
    monkeypatch.delattr("segnet_np.verify.twin", raising=False)
    assert gradcheck(layers.ReLU(), maps()).ok
    with pytest.raises(ImportError, match="torch"):
        gradcheck(layers.ReLU(), maps(), pytorch=True)

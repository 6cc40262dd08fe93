import subprocess
import sys

import pytest

from segnet_np.layers import MaxPool2d, MaxUnpool2d
from segnet_np.verify.suite import check_everything


def test_every_layer_and_both_nets_pass():
    reports = list(check_everything())
    assert [report.title for report in reports if not report.ok] == []
    titles = "\n".join(report.title for report in reports)
    usual = ("Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "MaxUnpool2d", "ConvBNReLU", "CrossEntropy")
    others = ("FixedUnpool2d", "RandomUnpool2d", "UpsampleBilinear2d", "ConvTranspose2d", "Concatenate")
    for name in (*usual, *others):
        assert f"{name}(" in titles or f"{name} on" in titles
    assert titles.count("SegNet(") == titles.count("SegNetBasic(") == 2
    assert "BatchNorm2d(3, eps=1e-05, momentum=0.1) on (2, 3, 6, 8), eval mode" in titles
    # Each side draws for itself what dropout drops and where, so only finite differences can check it.
    alone = [report.title for report in reports if not any(row.pytorch is not None for row in report)]
    assert [title.partition("(")[0] for title in alone] == ["Dropout", "RandomUnpool2d"]


def test_reports_come_one_by_one_and_a_wrong_layer_shows(monkeypatch):
    forwards = []
    scatter = MaxUnpool2d.forward
    monkeypatch.setattr(MaxUnpool2d, "forward", lambda *args: forwards.append(1) or scatter(*args))
    backward = MaxPool2d.backward
    monkeypatch.setattr(MaxPool2d, "backward", lambda self, dy: backward(self, dy)[..., ::-1])
    reports = check_everything(model="segnet-basic")
    while "MaxPool2d" not in (report := next(reports)).title:
        assert report.ok
    assert report.failures == ("input", "ties")
    assert not forwards


def test_a_model_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ValueError, match="no model 'unet'; expected one of segnet, segnet-basic"):
        next(check_everything(model="unet"))


def test_importing_the_check_does_not_import_torch():
    code = "import sys, segnet_np, segnet_np.verify, segnet_np.verify.suite; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

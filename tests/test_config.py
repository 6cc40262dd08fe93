"""The settings of a run: wrong ones are refused, all at once."""

import json

import pytest

from segnet_np.training.config import Config


def test_settings_are_checked_all_at_once(tmp_path):
    with pytest.raises(ValueError, match=r"model 'unet'.*width 0.*steps 2.5.*lr -1") as error:
        Config(model="unet", width=0, steps=2.5, lr=-1)
    assert "segnet-basic" in str(error.value)
    with pytest.raises(ValueError, match=r"width True, expected a whole number.*seed False.*lr True"):
        Config(width=True, seed=False, lr=True)
    with pytest.raises(ValueError, match="kernel_size 5, expected 3: the kernels of segnet are 3x3"):
        Config(model="segnet", kernel_size=5)
    with pytest.raises(ValueError, match="kernel_size 4, expected an odd number"):
        Config(model="segnet-basic", kernel_size=4)
    with pytest.raises(ValueError, match="views 1, expected true or false"):
        Config(views=1)
    (tmp_path / "config.json").write_text(json.dumps({"widht": 3}))
    with pytest.raises(ValueError, match=r"config\.json: settings: unknown widht"):
        Config.read(tmp_path / "config.json")


def test_what_is_not_said_is_as_usual():
    assert [Config(model=model).kernel_size for model in ("segnet", "segnet-basic")] == [3, 7]
    assert [Config(optimizer=name).lr for name in ("adamw", "sgd")] == [3e-3, 0.1]

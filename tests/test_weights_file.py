"""Saving and loading: the same net comes back, and everything else is refused by name."""

import json
import os
import pickle
import tracemalloc

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as torch_save

import segnet_np as snp


@pytest.fixture
def net():
    net = snp.SegNetBasic(3, 5, 4, kernel_size=3, ceil_mode=True, seed=1)
    net.input_mean, net.input_std = (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)
    net.class_names = ("sky", "road", "car", "tree", "sign")
    net.class_colours = tuple((k, 2 * k, 3 * k) for k in range(5))
    return net


def test_there_and_back(net, tmp_path):
    path = tmp_path / "net with space.safetensors"
    snp.save(net, path)
    again = snp.load(path)
    assert type(again) is snp.SegNetBasic
    assert not again.training
    for name in ("config", "input_mean", "input_std", "class_names", "class_colours"):
        assert getattr(again, name) == getattr(net, name)
    image = np.random.default_rng(0).integers(0, 256, (45, 31, 3), dtype=np.uint8)
    for one, other in zip(net.predict(image), again.predict(image), strict=True):
        assert np.array_equal(one, other)
    assert os.listdir(tmp_path) == [path.name]


def test_float64_and_defaults(tmp_path):
    net = snp.SegNet(2, 3, 1, dtype="float64")
    snp.save(net, tmp_path / "a.safetensors")
    again = snp.load(tmp_path / "a.safetensors")
    assert again.dtype == np.float64
    assert again.class_names is None
    assert all(np.array_equal(v, again.state_dict()[name]) for name, v in net.state_dict().items())


def test_the_file_holds_what_pytorch_would_read(net, tmp_path):
    snp.save(net, tmp_path / "a.safetensors")
    arrays = load_file(tmp_path / "a.safetensors")
    assert arrays["conv2.weight"].shape == (4, 4, 3, 3)
    assert np.array_equal(arrays["conv2.weight"], net.state_dict()["conv2.weight"])


def test_half_precision_is_widened(net, tmp_path):
    snp.save(net, tmp_path / "a.safetensors")
    arrays, metadata = load_file(tmp_path / "a.safetensors"), metadata_of(tmp_path / "a.safetensors")
    halves = {name: v.astype("float16") if v.dtype == np.float32 else v for name, v in arrays.items()}
    save_file(halves, tmp_path / "half.safetensors", metadata)
    again = snp.load(tmp_path / "half.safetensors")
    assert again.dtype == np.float32
    assert np.array_equal(again.state_dict()["conv2.weight"], halves["conv2.weight"].astype("float32"))


def metadata_of(path):
    with open(path, "rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))["__metadata__"]


def test_what_is_no_net(tmp_path):
    with pytest.raises(TypeError, match="expected a SegNet or SegNetBasic, but a dict"):
        snp.save({}, tmp_path / "a.safetensors")
    assert not os.listdir(tmp_path)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.safetensors"):
        snp.load(tmp_path / "nothing.safetensors")


class Bomb:
    """Unpickling this writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_is_never_opened(tmp_path):
    trap = tmp_path / "trap"
    with open(tmp_path / "a.safetensors", "wb") as file:
        pickle.dump(Bomb(trap), file)
    torch.save({"conv11.weight": Bomb(trap)}, tmp_path / "b.pth")
    for name in ("a.safetensors", "b.pth"):
        with pytest.raises(ValueError, match=f"{name} is a pickle"):
            snp.load(tmp_path / name)
    assert not trap.exists()


@pytest.mark.parametrize("keep", [0, 5, 8, 100, -1], ids=lambda n: f"{n} bytes")
def test_a_truncated_file(net, tmp_path, keep):
    path = tmp_path / "a.safetensors"
    snp.save(net, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"a\.safetensors is no whole safetensors file"):
        snp.load(path)


def test_a_foreign_file(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(np.random.default_rng(0).bytes(1000))
    with pytest.raises(ValueError, match="no whole safetensors file"):
        snp.load(path)
    save_file({"weight": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="does not say which net it holds"):
        snp.load(path)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"format": 2}, "format 2 instead of 1"),
        ({"config": {"model": "unet"}}, "unknown model 'unet'; expected one of segnet, segnet-basic"),
        ({"config": {"model": "segnet", "depth": 3}}, "depth"),
        ({"config": {"model": "segnet", "ceil_mode": "no"}}, "ceil_mode must be True or False, but 'no'"),
        ({"input_mean": [0.5, 10**400, 0.5]}, "not understood"),
        ({"input_mean": None}, "not understood"),
        ({"input_mean": [0.5]}, "instead of 3 finite numbers"),
        ({"input_mean": [0.5, float("nan"), 0.5]}, "instead of 3 finite numbers"),
        ({"input_std": [0.25, 0, 0.25]}, "instead of numbers above 0"),
        ({"class_names": ["sky"]}, "1 class_names instead of 5"),
        ({"class_names": [1, 2, 3, 4, 5]}, "class name 1 instead of a string"),
        ({"class_colours": [[-1, 2, 3]] * 5}, "three numbers 0 to 255"),
    ],
)
def test_a_description_that_is_not_understood(net, tmp_path, change, match):
    path = tmp_path / "a.safetensors"
    snp.save(net, path)
    description = json.loads(metadata_of(path)["segnet_np"]) | change
    save_file(load_file(path), path, {"segnet_np": json.dumps(description)})
    with pytest.raises(ValueError, match=match):
        snp.load(path)


def described(path, text):
    """Give a file another description, as text."""
    save_file(load_file(path), path, {"segnet_np": text})


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"width": 10**6}, "width 1000000, but the file holds 1309 numbers"),
        ({"width": 1300}, "its net has more weights than the file holds numbers"),
        ({"width": 5}, "its net has more weights"),
        ({"in_channels": 10**9}, "in_channels 1000000000, but the file"),
        ({"num_classes": 1300}, "more weights"),
        ({"kernel_size": 1301}, "more weights"),
        (
            {"kernel_size": 10**9 + 1, "width": 10**400},
            "width 10+, kernel_size 1000000001, but the file holds",
        ),
        ({"model": "segnet", "kernel_size": None}, "not understood"),
        ({"width": 3}, "of another shape: conv1.weight"),
        ({"width": -4}, "width"),
        ({"width": 4.0}, "width"),
    ],
)
def test_a_net_larger_than_its_file_takes_no_memory(net, tmp_path, change, match):
    path = tmp_path / "a.safetensors"
    snp.save(net, path)
    assert sum(array.size for array in load_file(path).values()) == 1309
    description = json.loads(metadata_of(path)["segnet_np"])
    description["config"] = dict(sorted((description["config"] | change).items(), reverse=True))
    described(path, json.dumps(description))
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"a\.safetensors.*{match}"):
        snp.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_net_as_large_as_its_file_is_read_at_any_settings(tmp_path):
    """The bound is exact: it holds what was saved, also without the counts of batches, and nothing larger."""
    for model in (snp.SegNet(2, 3, 1), snp.SegNetBasic(1, 1, 1, kernel_size=1), snp.SegNetBasic(4, 2, 3, 5)):
        path = tmp_path / "a.safetensors"
        snp.save(model, path)
        arrays = {name: v for name, v in load_file(path).items() if "num_batches" not in name}
        save_file(arrays, path, metadata_of(path))
        again = snp.load(path).state_dict()
        assert all(np.array_equal(array, again[name]) for name, array in arrays.items())


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 1, "format": 1}', "3", "[]", "{", ""])
def test_a_description_that_is_no_description(net, tmp_path, text):
    path = tmp_path / "a.safetensors"
    snp.save(net, path)
    described(path, text)
    with pytest.raises(ValueError, match=r"a\.safetensors has a description that is not understood"):
        snp.load(path)


def test_a_dtype_that_numpy_has_not(tmp_path):
    torch_save({"conv11.weight": torch.zeros(3, dtype=torch.bfloat16)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"a\.safetensors .*bfloat16"):
        snp.load(tmp_path / "a.safetensors")


def test_arrays_that_do_not_fit(net, tmp_path):
    path = tmp_path / "a.safetensors"
    snp.save(net, path)
    arrays, metadata = load_file(path), metadata_of(path)
    del arrays["bn3.weight"]
    save_file(arrays, path, metadata)
    with pytest.raises(ValueError, match=r"a\.safetensors: .*missing: bn3\.weight"):
        snp.load(path)


def test_a_failed_save_leaves_the_old_file(net, tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    snp.save(net, path)
    before = path.read_bytes()

    def full_disk(arrays, temporary, metadata):
        temporary.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segnet_np.models.tensors_file.save_file", full_disk)
    with pytest.raises(OSError, match="No space left"):
        snp.save(snp.SegNet(width=1), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_weights_that_are_no_numbers(net, tmp_path):
    state = net.state_dict()
    name = next(iter(state))
    state[name].flat[3] = np.nan
    net.load_state_dict(state)
    snp.save(net, tmp_path / "spoilt.safetensors")
    with pytest.raises(ValueError, match=f"NaN or infinity in {name}; expected finite"):
        snp.load(tmp_path / "spoilt.safetensors")


def test_half_precision_rounds_kernels_and_nothing_else(tmp_path):
    net = snp.SegNet(width=2)
    snp.save(net, tmp_path / "whole.safetensors")
    snp.save(net, tmp_path / "half.safetensors", half=True)
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("half", "whole")]
    kernels = sum(p.data.size for p in net.parameters() if p.data.ndim == 4)
    assert sizes[1] - sizes[0] == pytest.approx(2 * kernels, abs=100)
    state, again = net.state_dict(), snp.load(tmp_path / "half.safetensors").state_dict()
    for name, array in state.items():
        assert again[name].dtype == array.dtype, name
        expected = array.astype(np.float16).astype(np.float32) if array.ndim == 4 else array
        np.testing.assert_array_equal(again[name], expected, err_msg=name)


def test_half_precision_refuses_what_it_cannot_hold(tmp_path):
    net = snp.SegNetBasic(width=1)
    net.encoder[0]["1"].conv.weight.data[0, 0, 0, 0] = 70000
    with pytest.raises(ValueError, match=r"conv1.weight has numbers beyond the range of float16"):
        snp.save(net, tmp_path / "half.safetensors", half=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("input_scale", 0),
        ("input_scale", 9),
        ("input_normalisation", "x"),
        ("input_side", 0.5),
        ("input_side", 10**400),
        ("input_views", 2),
    ],
)
def test_settings_of_the_input_out_of_range_are_refused(tmp_path, key, value):
    net = snp.SegNet(width=1)
    setattr(net, key, value)
    snp.save(net, tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match=f"not understood: .*{key}"):
        snp.load(tmp_path / "net.safetensors")

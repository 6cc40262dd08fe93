"""Names and arrays of the state dict: PyTorch's, whole, and all that is wrong with one named at once."""

import numpy as np
import pytest

import segnet_np as snp
from segnet_np.verify import twin


@pytest.mark.parametrize("model", [snp.SegNet, snp.SegNetBasic])
def test_names_order_and_arrays_are_pytorchs(model):
    net = model(3, 5, 2, dtype="float64", seed=1)
    state = net.state_dict()
    expected = twin.counterpart(model(3, 5, 2, dtype="float64", seed=1)).state_dict()
    assert list(state) == list(expected)
    for name, value in state.items():
        assert np.array_equal(value, expected[name].numpy()), name
        assert value.dtype == expected[name].numpy().dtype
        assert value.flags.c_contiguous


def test_names():
    assert {"conv53d.bias", "bn12d.running_var", "conv11d.weight", "bn41.num_batches_tracked"} < set(
        snp.SegNet(width=1).state_dict()
    )
    assert {"conv_decode4.weight", "bn_decode1.bias", "conv_classifier.bias"} < set(
        snp.SegNetBasic(width=1).state_dict()
    )
    assert snp.SegNet(width=2).state_dict()["conv41d.weight"].shape == (8, 16, 3, 3)


def test_a_state_is_a_copy_both_ways():
    net = snp.SegNet(3, 5, 1)
    state = net.state_dict()
    state["conv11.weight"][...] = 7
    assert not (net.state_dict()["conv11.weight"] == 7).any()
    net.load_state_dict(state)
    state["conv11.weight"][...] = 8
    assert (net.state_dict()["conv11.weight"] == 7).all()


def test_loading_gives_the_same_net():
    rng = np.random.default_rng(0)
    source, target = snp.SegNet(3, 5, 2, seed=1), snp.SegNet(3, 5, 2, seed=2)
    x = rng.standard_normal((2, 3, 32, 40)).astype("float32")
    source(x)  # moves the running statistics
    target.load_state_dict({name: np.array(value, order="F") for name, value in source.state_dict().items()})
    assert np.array_equal(source.eval()(x), target.eval()(x))


def test_batches_tracked_may_be_absent():
    net = snp.SegNet(3, 5, 1)
    net.load_state_dict({name: v for name, v in net.state_dict().items() if "num_batches" not in name})


def test_everything_wrong_is_named_and_nothing_is_loaded():
    net = snp.SegNet(3, 5, 1)
    before = net.state_dict()
    state = {name: value + 1 for name, value in before.items()}
    del state["conv21.bias"], state["bn33.running_mean"]
    state["conv61.weight"] = np.zeros(3, "float32")
    state["conv52.weight"] = np.zeros((8, 8, 1, 1), "float32")
    state["conv11.bias"] = np.zeros(1, "float64")
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        net.load_state_dict(state)
    for part in (
        "missing: conv21.bias, bn33.running_mean",
        "not in this net: conv61.weight",
        "conv52.weight: (8, 8, 1, 1) instead of (8, 8, 3, 3)",
        "conv11.bias: float64 instead of float32",
    ):
        assert part in str(caught.value)
    assert all(np.array_equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("state", [None, [("conv11.weight", 0)], "weights"])
def test_what_is_no_state_dict(state):
    with pytest.raises(TypeError, match=f"dict of arrays, but a {type(state).__name__}"):
        snp.SegNet(3, 5, 1).load_state_dict(state)


def test_keys_that_are_no_strings_and_masks():
    net = snp.SegNet(3, 5, 1)
    with pytest.raises(ValueError, match="not in this net: 7"):
        net.load_state_dict(net.state_dict() | {7: np.zeros(3)})
    masked = np.ma.masked_array(net.state_dict()["conv11.bias"])
    with pytest.raises(TypeError, match=r"conv11\.bias: MaskedArray"):
        net.load_state_dict(net.state_dict() | {"conv11.bias": masked})


def test_another_dtype_is_a_type_error():
    net, other = snp.SegNet(3, 5, 1), snp.SegNet(3, 5, 1, dtype="float64")
    with pytest.raises(TypeError, match=r"conv11\.weight: float64 instead of float32"):
        net.load_state_dict(other.state_dict())
    with pytest.raises(TypeError, match=r"conv11\.bias: list instead of ndarray"):
        net.load_state_dict(net.state_dict() | {"conv11.bias": [0.0]})

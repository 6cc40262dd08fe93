"""One encoder, six decoders: against SegNet-Basic, PyTorch and differences; names, files, wrong places."""

import re

import numpy as np
import pytest
from comparing import assert_close

import segnet_np as snp
from segnet_np.layers import FixedUnpool2d, MaxUnpool2d, PoolingIndices, RandomUnpool2d
from segnet_np.models import DecoderVariant
from segnet_np.models.decoder_variants import DECODERS
from segnet_np.verify import twin
from segnet_np.verify.tolerances import TORCH_FLOAT64

ALONE = [decoder for decoder in DECODERS if decoder != "random"]  # those that PyTorch can have the same


def make(decoder, **options):
    settings = {"in_channels": 3, "num_classes": 5, "width": 4, "kernel_size": 3, "seed": 1} | options
    return DecoderVariant(decoder=decoder, **settings)


def other_width(decoder):
    """A width of the decoder that is not the encoder's, where that is possible."""
    return 4 if decoder == "indices" else 6


def numbers(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_with_indices_it_is_segnet_basic_number_for_number(ceil_mode, dtype):
    ours = make("indices", dtype=dtype, ceil_mode=ceil_mode, kernel_size=7)
    basic = snp.SegNetBasic(3, 5, 4, dtype=dtype, seed=1, ceil_mode=ceil_mode)
    assert ours.state_dict().keys() == basic.state_dict().keys()
    assert list(ours.children()) == list(basic.children())
    x, dlogits = numbers(2, 3, 23, 34, dtype=dtype), numbers(2, 5, 23, 34, dtype=dtype, seed=1)
    assert np.array_equal(ours(x), basic(x))
    assert np.array_equal(ours.backward(dlogits), basic.backward(dlogits))
    for (name, own), (_, other) in zip(ours.named_parameters(), basic.named_parameters(), strict=True):
        assert np.array_equal(own.grad, other.grad), name
    assert np.array_equal(ours.eval()(x), basic.eval()(x))


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("decoder", ALONE)
def test_float64_equals_pytorch(decoder, ceil_mode):
    """Logits, the gradient of x and of each parameter; then evaluation with the statistics of that pass."""
    net = make(decoder, dtype="float64", ceil_mode=ceil_mode, decoder_width=other_width(decoder))
    module = twin.counterpart(net)
    assert list(net.state_dict()) == list(module.state_dict())
    x, dlogits = numbers(2, 3, 23, 38), numbers(2, 5, 23, 38, seed=1)
    expected = twin.run(module, (x,), dlogits)
    assert_close(net(x), expected.output, TORCH_FLOAT64, "logits")
    assert_close(net.backward(dlogits), expected.inputs[0], TORCH_FLOAT64, "dx")
    for name, parameter in net.named_parameters():
        layer, kind = name.split(".")
        wanted = expected.parameters[name]
        if kind == "bias" and layer.startswith("conv") and layer != net.classifier_name:
            # In front of a batch norm: nothing but rounding, on the scale of the weights' gradient beside it.
            scale = np.abs(expected.parameters[f"{layer}.weight"]).max()
            assert np.abs(parameter.grad - wanted).max() <= TORCH_FLOAT64 * scale, name
        else:
            assert_close(parameter.grad, wanted, TORCH_FLOAT64, name)
    theirs = twin.run(twin.counterpart(net.eval()), (x,), dlogits)
    assert_close(net(x), theirs.output, TORCH_FLOAT64, "logits in evaluation")


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("decoder", DECODERS)
def test_differences(decoder, ceil_mode):
    report = snp.gradcheck(make(decoder, ceil_mode=ceil_mode), numbers(2, 3, 21, 35))
    assert report.ok, report
    assert ("no counterpart" in str(report)) == (decoder == "random")


@pytest.mark.parametrize("decoder", DECODERS)
def test_both_dtypes_agree_and_sizes_come_back(decoder):
    nets = [make(decoder, dtype=dtype, ceil_mode=True) for dtype in ("float32", "float64")]
    nets[1].load_state_dict(
        {k: v.astype("float64") if v.dtype == "float32" else v for k, v in nets[0].state_dict().items()}
    )
    x = numbers(1, 3, 29, 18, dtype="float32")
    out = [net.eval()(x.astype(net.dtype)) for net in nets]
    assert out[0].shape == (1, 5, 29, 18)
    assert_close(out[0], out[1], 1e-3)


@pytest.mark.parametrize("decoder", DECODERS)
def test_training_lowers_the_loss_the_same_way_each_time(decoder):
    x, labels = numbers(2, 3, 32, 32, dtype="float32"), np.random.default_rng(0).integers(0, 5, (2, 32, 32))
    losses = []
    for _ in range(2):
        net = make(decoder, width=8)
        optimizer = snp.AdamW(net.parameters(), lr=1e-2)
        losses.append([])
        for _ in range(6):
            loss, dlogits = snp.softmax_cross_entropy(net(x), labels)
            losses[-1].append(loss)
            net.zero_grad()
            net.backward(dlogits, input_grad=False)
            optimizer.step()
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0]


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_file_brings_the_same_net_back(decoder, tmp_path):
    net = make(decoder, decoder_width=other_width(decoder)).eval()
    net.seed_dropout(0)
    snp.save(net, tmp_path / "net.safetensors")
    again = snp.load(tmp_path / "net.safetensors")
    assert type(again) is DecoderVariant
    assert again.config == net.config
    image = np.random.default_rng(0).integers(0, 256, (45, 31, 3), dtype=np.uint8)
    assert np.array_equal(net.predict(image)[1], again.predict(image)[1])


def test_the_encoder_starts_the_same_whatever_the_decoder():
    states = [make(decoder).state_dict() for decoder in DECODERS]
    for k in (1, 2, 3, 4):
        assert all(np.array_equal(state[f"conv{k}.weight"], states[0][f"conv{k}.weight"]) for state in states)


def test_names_and_what_a_trace_shows():
    net = make("concatenation")
    names = list(net.children())
    assert names[-9:] == [
        "unpool2", "concatenate2", "conv_decode2", "bn_decode2",
        "unpool1", "concatenate1", "conv_decode1", "bn_decode1", "conv_classifier",
    ]  # fmt: skip
    steps = net.trace(numbers(1, 3, 21, 35, dtype="float32"))
    assert set(names) <= set(steps)
    assert isinstance(steps["indices2"], PoolingIndices)
    assert np.array_equal(steps["concatenate2"][:, :4], steps["unpool2"])
    assert np.array_equal(steps["concatenate2"][:, 4:], steps["relu2"])
    assert "unpool4.weight" in make("transposed").state_dict()
    assert re.search(r"conv_decode4 +Conv2d\(8, 4,", str(net))


def test_wrong_places_in_one_stage_for_the_length_of_a_block():
    net = make("indices", width=8).eval()
    x = numbers(1, 3, 37, 45, dtype="float32")
    right = net(x)
    steps = net.trace(x)
    for stage in (1, 2, 3, 4):
        for how, kind in (("fixed", FixedUnpool2d), ("random", RandomUnpool2d)):
            with net.misplaced(stage, how, seed=3) as same:
                assert same is net
                assert [type(layer) for layer in net.unpools].count(MaxUnpool2d) == 3
                assert type(net.unpools[-stage]) is kind
                wrong = net.trace(x)
            # Everything up to that stage is as it was; the values are there, elsewhere.
            before = f"bn_decode{stage + 1}" if stage < 4 else "pool4"
            assert np.array_equal(wrong[before], steps[before])
            moved, there = wrong[f"unpool{stage}"], steps[f"unpool{stage}"]
            assert not np.array_equal(moved, there)
            assert np.array_equal(np.sort(moved.ravel()), np.sort(there.ravel()))
            assert not np.array_equal(wrong["conv_classifier"], right)
    assert np.array_equal(net(x), right)


def test_wrong_places_in_training_too():
    net = make("indices")
    with net.misplaced(2, "random"):
        report = snp.gradcheck(net, numbers(2, 3, 21, 35), pytorch=False)
    assert report.ok, report


def test_an_error_within_the_block_leaves_the_net_as_it_was():
    net = make("indices")
    with pytest.raises(KeyError), net.misplaced(2, "random"):
        raise KeyError
    assert all(type(layer) is MaxUnpool2d for layer in net.unpools)


@pytest.mark.parametrize(
    ("decoder", "stage", "how", "match"),
    [
        ("bilinear", 1, "fixed", "needs the decoder 'indices', but this one is 'bilinear'"),
        ("indices", 0, "fixed", "a stage from 1 to 4 and one of .*but 0 and 'fixed'"),
        ("indices", 5, "fixed", "but 5 and 'fixed'"),
        ("indices", 1, "wrong", "but 1 and 'wrong'"),
    ],
)
def test_places_that_cannot_be_made_wrong(decoder, stage, how, match):
    with pytest.raises(ValueError, match=match), make(decoder).misplaced(stage, how):
        pass


def test_random_places_follow_the_seed_of_dropout():
    net, other = make("random").eval(), make("random", seed=1).eval()
    x = numbers(1, 3, 32, 32, dtype="float32")
    first = net(x)
    assert np.array_equal(other(x), first)
    assert not np.array_equal(net(x), first)
    net.seed_dropout(0)
    assert np.array_equal(net(x), first)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"decoder": "unet"}, ValueError, "decoder must be one of .*but 'unet' was given"),
        ({"decoder": "indices", "decoder_width": 0}, ValueError, "decoder_width must be at least 1"),
        ({"decoder": "indices", "decoder_width": 5}, ValueError, "must be width, 4, but 5 was given"),
        ({"decoder": "indices", "kernel_size": 4}, ValueError, "kernel_size must be odd"),
    ],
)
def test_nonsense_is_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        make(**arguments)

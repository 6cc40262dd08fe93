"""SegNet and SegNet-Basic as wholes: against PyTorch, sizes, modes, what they give and what they refuse."""

import copy
import sys
import threading

import numba
import numpy as np
import pytest
import torch
from comparing import ORDERS, arrange, assert_close, bad_maps

import segnet_np as snp
from segnet_np import layers
from segnet_np.layers import PoolingIndices
from segnet_np.verify import twin
from segnet_np.verify.tolerances import (
    TORCH_FLOAT32_NET_GRADIENTS,
    TORCH_FLOAT32_NET_LOGITS,
    TORCH_FLOAT64,
)

NETS = [
    pytest.param(lambda **kw: snp.SegNet(3, 5, 3, **kw), (2, 3, 45, 61), id="SegNet"),
    pytest.param(lambda **kw: snp.SegNet(2, 4, 5, ceil_mode=True, **kw), (1, 2, 37, 50), id="SegNet ceil"),
    pytest.param(lambda **kw: snp.SegNetBasic(3, 5, 6, **kw), (2, 3, 23, 34), id="Basic"),
    pytest.param(
        lambda **kw: snp.SegNetBasic(4, 3, 9, 3, ceil_mode=True, **kw), (3, 4, 17, 29), id="Basic ceil"
    ),
]


def shake(net, seed):
    """Batch norms as they are after some training, some weights negative; drawn anew for each seed."""
    rng = np.random.default_rng(seed)
    state = net.state_dict()
    for name, value in state.items():
        if name.endswith(("running_mean", "bias")):
            state[name] = (0.3 * rng.standard_normal(value.shape)).astype(value.dtype)
        elif name.endswith("running_var"):
            state[name] = rng.uniform(0.5, 2, value.shape).astype(value.dtype)
        elif ".weight" in name and name.startswith("bn"):
            state[name] = (
                rng.uniform(0.5, 1.5, value.shape) * rng.choice([1, 1, 1, -1], value.shape)
            ).astype(value.dtype)
    net.load_state_dict(state)
    return net


def run_both(make, shape, dtype, seed):
    rng = np.random.default_rng(seed)
    net = shake(make(dtype=dtype, seed=seed), seed)
    x = rng.standard_normal(shape).astype(dtype)
    dlogits = rng.standard_normal((shape[0], net.num_classes, *shape[2:])).astype(dtype)
    expected = twin.run(twin.counterpart(net), (x,), dlogits)
    logits = net(x)
    dx = net.backward(dlogits)
    return net, logits, dx, expected


@pytest.mark.parametrize(("make", "shape"), NETS)
def test_float64_equals_pytorch(make, shape):
    """Strictly: logits, the gradient of x and of each parameter."""
    net, logits, dx, expected = run_both(make, shape, "float64", seed=1)
    assert_close(logits, expected.output, TORCH_FLOAT64, "logits")
    assert_close(dx, expected.inputs[0], TORCH_FLOAT64, "dx")
    for name, parameter in net.named_parameters():
        wanted = expected.parameters[name]
        layer, kind = name.split(".")
        if kind == "bias" and layer.startswith("conv") and layer != net.classifier_name:
            # In front of a batch norm: nothing but rounding, on the scale of the weights' gradient beside it.
            scale = np.abs(expected.parameters[f"{layer}.weight"]).max()
            assert np.abs(parameter.grad - wanted).max() <= TORCH_FLOAT64 * scale, name
        else:
            assert_close(parameter.grad, wanted, TORCH_FLOAT64, name)


@pytest.mark.parametrize(("make", "shape"), NETS)
def test_evaluation_equals_pytorch(make, shape):
    net = shake(make(dtype="float64", seed=2), 2).eval()
    x = np.random.default_rng(2).standard_normal(shape)
    with torch.no_grad():
        expected = twin.counterpart(net)(torch.tensor(x))
    assert_close(net(x), expected, TORCH_FLOAT64)


def relative_l2(got, expected):
    return np.linalg.norm(got - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize(("make", "shape"), NETS[::2])
def test_float32_equals_pytorch(make, shape):
    """In the median over seeds, because a near-tie in a pool may fall the other way in float32."""
    logits_errors, gradient_errors = [], []
    for seed in range(5):
        net, logits, _, expected = run_both(make, (4, *shape[1:]), "float32", seed)
        logits_errors.append(relative_l2(logits, expected.output))
        pairs = [(p.grad.ravel(), expected.parameters[name].ravel()) for name, p in net.named_parameters()]
        gradient_errors.append(relative_l2(*(np.concatenate(arrays) for arrays in zip(*pairs, strict=True))))
    assert np.median(logits_errors) < TORCH_FLOAT32_NET_LOGITS
    assert np.median(gradient_errors) < TORCH_FLOAT32_NET_GRADIENTS


def test_the_classic_shape():
    net = snp.SegNet(3, 19, width=8).eval()
    assert net(np.zeros((1, 3, 224, 224), "float32")).shape == (1, 19, 224, 224)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_any_size_from_the_smallest_on(ceil_mode):
    for net, sizes in (
        (snp.SegNet(3, 5, 1, ceil_mode=ceil_mode), [(32, 32), (33, 47), (63, 64), (45, 360 // 8)]),
        (snp.SegNetBasic(3, 5, 1, ceil_mode=ceil_mode), [(16, 16), (17, 31), (45, 60)]),
    ):
        for height, width in sizes:
            logits = net(np.random.default_rng(0).standard_normal((1, 3, height, width)).astype("float32"))
            assert logits.shape == (1, 5, height, width)
            assert net.backward(np.ones_like(logits)).shape == (1, 3, height, width)
        too_small = net.min_size - 1
        with pytest.raises(ValueError, match=f"at least {net.min_size}, .*{too_small}x40"):
            net(np.zeros((1, 3, too_small, 40), "float32"))


def test_caffes_sizes():
    """The paper's 360x480 pools to 45, 23, 12 rows with ceil_mode as in Caffe, to 45, 22, 11 without."""
    for ceil_mode, rows in ((True, [180, 90, 45, 23, 12]), (False, [180, 90, 45, 22, 11])):
        steps = snp.SegNet(3, 2, 1, ceil_mode=ceil_mode).trace(np.zeros((1, 3, 360, 480), "float32"))
        assert [steps[f"pool{k}"].shape[2] for k in range(1, 6)] == rows
        assert steps["conv11d"].shape == (1, 2, 360, 480)


def test_the_papers_number_of_parameters():
    assert sum(p.data.size for p in snp.SegNet().parameters()) == 29_449_355
    basic = snp.SegNetBasic()
    weights = sum(
        p.data.size for name, p in basic.named_parameters() if name.endswith("weight") and p.data.ndim == 4
    )
    assert weights == 64 * 49 * (3 + 7 * 64) + 64 * 11  # 1.415 M; the paper's Table 1 says 1.425 M


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    net = snp.SegNet(3, 5, 2).eval()
    x = np.random.default_rng(0).standard_normal((2, 3, 33, 40)).astype("float32")
    assert np.array_equal(net(arrange(x, order)), net(x))


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one processor has one thread")
@pytest.mark.parametrize("model", [snp.SegNet, snp.SegNetBasic])
def test_bitwise_the_same_for_one_thread_and_for_all(model):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 40, 48)).astype("float32")
    labels = rng.integers(0, 11, (2, 40, 48))
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        try:
            net = model(width=9)
            loss, dlogits = snp.softmax_cross_entropy(net(x), labels)
            dx = net.backward(dlogits)
            results.append([np.float64(loss), dx, *(p.grad for p in net.parameters())])
        finally:
            numba.set_num_threads(before)
    for one, many in zip(*results, strict=True):
        assert np.array_equal(one, many)


def test_gradients_add_up_over_batches():
    rng = np.random.default_rng(0)
    net = snp.SegNet(3, 5, 2, dtype="float64")
    singles = []
    xs = rng.standard_normal((2, 1, 3, 40, 48))
    dlogits = rng.standard_normal((2, 1, 5, 40, 48))
    for x, d in zip(xs, dlogits, strict=True):
        net.zero_grad()
        net(x)
        net.backward(d)
        singles.append([p.grad for p in net.parameters()])
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    for x, d in zip(xs, dlogits, strict=True):
        net(x)
        net.backward(d, input_grad=False)
    for parameter, first, second in zip(net.parameters(), *singles, strict=True):
        assert_close(parameter.grad, first + second, 1e-12)


def test_order_of_calls():
    net = snp.SegNet(3, 5, 1)
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 40)).astype("float32")
    with pytest.raises(RuntimeError, match="backward needs a forward"):
        net.backward(np.zeros((1, 5, 32, 40), "float32"))
    logits = net(x)
    with pytest.raises(ValueError, match=r"\(1, 5, 32, 40\), but an array of shape \(1, 5, 40, 32\)"):
        net.backward(logits.transpose(0, 1, 3, 2))
    assert net.backward(logits, input_grad=False) is None
    with pytest.raises(RuntimeError, match="each forward serves one backward"):
        net.backward(logits)
    net.eval()
    net(x)
    with pytest.raises(RuntimeError, match=r"call train\(\)"):
        net.backward(logits)


def test_an_interrupted_forward_has_no_backward():
    """Half of the layers remember the new batch and half the old one: that must not pass for a gradient."""
    net = snp.SegNet(3, 5, 1)
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 40)).astype("float32")
    logits = net(x)

    def interrupt(output):
        raise KeyboardInterrupt

    net.classifier.observer = interrupt
    with pytest.raises(KeyboardInterrupt):
        net(2 * x)
    net.classifier.observer = None
    with pytest.raises(RuntimeError, match="backward needs a forward"):
        net.backward(logits)


def test_predicting_in_one_thread_while_another_trains():
    rng = np.random.default_rng(0)
    net, alone = snp.SegNet(3, 5, 1), snp.SegNet(3, 5, 1)
    xs = rng.standard_normal((20, 1, 3, 32, 40)).astype("float32")
    image = rng.integers(0, 256, (36, 44, 3), dtype=np.uint8)
    stop = threading.Event()

    def predict():
        while not stop.is_set():
            net.predict(image)

    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=predict)
    thread.start()
    try:
        for x in xs:
            assert np.array_equal(net.backward(net(x)), alone.backward(alone(x)))
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(switch_interval)


def test_blocks_follow_the_mode_of_their_net():
    net = snp.SegNet(3, 5, 1).eval()
    assert not any(block.training for stage in net.encoder + net.decoder for block in stage.values())
    assert not any(layer.training for layer in net.children().values())


def test_a_net_in_evaluation_mode_keeps_nothing():
    net = snp.SegNet(3, 5, 2)
    x = np.zeros((1, 3, 32, 40), "float32")
    net(x)
    assert any(layer._remembered for layer in net.children().values())
    net.eval()
    net(x)
    assert not any(layer._remembered for layer in net.children().values())


def test_evaluation_leaves_the_running_statistics_alone():
    net = snp.SegNet(3, 5, 2)
    before = net.state_dict()
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 40)).astype("float32")
    net.eval()(x)
    net.train()
    net.predict(np.zeros((32, 40, 3), np.uint8))
    net.trace(x)
    assert net.training
    assert all(np.array_equal(value, before[name]) for name, value in net.state_dict().items())


def test_predicting_between_forward_and_backward_changes_nothing():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 32, 40)).astype("float32")
    dlogits = rng.standard_normal((2, 5, 32, 40)).astype("float32")
    plain, disturbed = snp.SegNet(3, 5, 2), snp.SegNet(3, 5, 2)
    plain(x)
    disturbed(x)
    disturbed.predict(rng.integers(0, 256, (50, 35, 3), dtype=np.uint8))
    assert np.array_equal(plain.backward(dlogits), disturbed.backward(dlogits))


def test_trace_names_every_map():
    net = snp.SegNet(3, 5, 2).eval()
    x = np.random.default_rng(0).standard_normal((1, 3, 45, 61)).astype("float32")
    steps = net.trace(x)
    names = list(steps)
    assert names[:9] == ["input", "conv11", "bn11", "relu11", "conv12", "bn12", "relu12", "pool1", "indices1"]
    assert names[-5:] == ["unpool1", "conv12d", "bn12d", "relu12d", "conv11d"]
    assert isinstance(steps["indices3"], PoolingIndices)
    assert steps["indices3"].input_size == steps["relu33"].shape[2:] == steps["unpool3"].shape[2:]
    assert np.array_equal(
        steps["relu12"].reshape(1, 2, -1)[0, 1, steps["indices1"].flat[0, 1]], steps["pool1"][0, 1]
    )
    assert np.array_equal(steps["conv11d"], net(x))
    basic = list(snp.SegNetBasic(3, 5, 2).trace(x))
    assert basic[-4:] == ["unpool1", "conv_decode1", "bn_decode1", "conv_classifier"]


def test_predict():
    net = snp.SegNet(3, 5, 2)
    net.input_mean, net.input_std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    image = np.random.default_rng(0).integers(0, 256, (45, 61, 3), dtype=np.uint8)
    labels, probabilities = net.predict(image)
    x = (image / 255 - (0.1, 0.2, 0.3)) / (0.5, 0.6, 0.7)
    expected = snp.softmax(net.eval()(x.transpose(2, 0, 1)[None].astype("float32")))[0]
    assert_close(probabilities, expected, 1e-5)
    assert np.array_equal(labels, probabilities.argmax(axis=0))
    assert labels.shape == (45, 61)


@pytest.mark.parametrize(
    ("image", "error", "match"),
    [
        (np.zeros((45, 61, 3)), TypeError, "uint8, 0 to 255, but have dtype float64"),
        ([[0]], TypeError, "numpy.ndarray"),
        (np.zeros((45, 61), np.uint8), ValueError, r"\(H, W, 3\), but \(45, 61\)"),
        (np.zeros((45, 61, 4), np.uint8), ValueError, r"\(H, W, 3\), but \(45, 61, 4\)"),
        (np.zeros((45, 31, 3), np.uint8), ValueError, "at least 32"),
    ],
)
def test_what_is_no_picture(image, error, match):
    with pytest.raises(error, match=match):
        snp.SegNet(3, 5, 1).predict(image)


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(3, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"SegNet: .*{match}"):
        snp.SegNet(3, 5, 1)(x)


@pytest.mark.parametrize("arguments", [{"width": 0}, {"num_classes": 0}, {"in_channels": -1}])
def test_sizes_below_one(arguments):
    for model in (snp.SegNet, snp.SegNetBasic):
        with pytest.raises(ValueError, match="at least 1"):
            model(**arguments)


def test_seeds():
    first, again, other = (snp.SegNet(width=2, seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["conv11.weight"], other["conv11.weight"])
    assert not np.array_equal(first["conv52.weight"], first["conv53.weight"])


def test_a_copy_lives_on_its_own():
    net = snp.SegNet(3, 5, 2)
    twin_net = copy.deepcopy(net)
    twin_net.classifier.weight.data[...] = 0
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 40)).astype("float32")
    assert net(x).any()
    assert not twin_net(x).any()


def test_print_is_the_table_of_layers():
    text = str(snp.SegNet())
    assert "conv51d  Conv2d(512, 512, kernel_size=3, padding=1, bias=True)   2,359,808" in text
    assert text.endswith("29,449,355 parameters, 117.8 MB as float32")


def test_a_layer_of_ones_own_is_used_by_a_net_however_it_was_made():
    """A subclass, and a mixin in front of the layer, which the fast path must not step over."""

    class Doubled:
        def forward(self, x):
            return 2 * super().forward(x)

    class DoubledConv(Doubled, layers.Conv2d):
        pass

    class DoubledAgain(DoubledConv):
        pass

    x = np.random.default_rng(0).standard_normal((1, 3, 32, 32)).astype("float32")
    net = snp.SegNet(3, 5, 1).eval()
    expected = 2 * net(x)
    for kind in (DoubledConv, DoubledAgain):
        net.classifier.__class__ = kind
        assert np.array_equal(net(x), expected)

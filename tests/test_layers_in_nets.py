"""What users do to layers inside nets: call them in between, freeze them, replace them and their weights."""

import numpy as np
import pytest

import segnet_np as snp
from segnet_np import layers


def maps(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


@pytest.mark.parametrize(
    "call",
    [
        lambda net: net.classifier(maps(1, 8, 32, 32)),
        lambda net: net.pools[0](maps(1, 8, 4, 4)),
        lambda net: net.unpools[-1](maps(1, 8, 2, 2), net.pools[0](maps(1, 8, 4, 4))[1]),
        lambda net: net.encoder[0]["1"](maps(1, 3, 32, 32)),
        lambda net: net.decoder[0]["_decode4"](maps(1, 8, 3, 4)),
    ],
    ids=["classifier", "pool", "unpool", "encoder", "decoder"],
)
def test_a_layer_called_between_forward_and_backward_is_noticed(call):
    net = snp.SegNetBasic(3, 5, 8, kernel_size=3)
    logits = net(maps(2, 3, 64, 48))
    call(net)
    with pytest.raises(RuntimeError, match=r"between the net's forward and backward"):
        net.backward(logits)


@pytest.mark.parametrize("frozen", ["bn", "all but bn"])
def test_a_frozen_batch_norm_in_a_block(frozen):
    """Its own mode decides, in both directions; conv.bias counts where the statistics are fixed."""
    block = layers.ConvBNReLU(2, 3, 3, 1, dtype="float64", seed=1)
    block.bn.running_var[:] = [0.5, 1.5, 2]
    if frozen == "bn":
        block.bn.eval()
    else:
        block.eval()
        block.bn.train()
    report = snp.gradcheck(block, np.random.default_rng(0).standard_normal((2, 2, 5, 6)))
    assert report.ok, report


def test_looking_thaws_nothing_and_forgets_nothing():
    class Twice(layers.Conv2d):
        """Made of another layer, whose memory is needed for backward."""

        def __init__(self):
            super().__init__(8, 8, 3, 1)
            self.inner = layers.Conv2d(8, 8, 3, 1)

        def children(self):
            return {"inner": self.inner}

        def forward(self, x):
            return self.inner(x)

        def backward(self, dout, input_grad=True):
            return self.inner.backward(dout, input_grad)

    net = snp.SegNetBasic(3, 5, 8, kernel_size=3)
    net.encoder[1]["2"].conv = Twice()
    net.children()["bn1"].eval()
    x = maps(2, 3, 32, 48)
    logits = net(x)
    net.trace(x)
    net.predict(np.zeros((32, 48, 3), np.uint8))
    assert not net.children()["bn1"].training
    assert net.children()["bn2"].training
    net.backward(logits)


def returning(change):
    class Changed(layers.ReLU):
        def forward(self, x):
            return change(super().forward(x))

    return Changed()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda y: y * np.float64(1), TypeError, "Changed.forward: what it returns must be float32"),
        (lambda y: y.tolist(), TypeError, "numpy.ndarray, but a list"),
        (lambda y: y[:, :2], ValueError, "maps of 2 channels|8 channels"),
        (lambda y: y[0], ValueError, r"\(N, C, H, W\)"),
    ],
)
def test_a_layer_of_ones_own_that_returns_something_else(change, error, message):
    net = snp.SegNetBasic(3, 5, 8, kernel_size=3)
    net.encoder[1]["2"].relu = returning(change)
    with pytest.raises(error, match=message):
        net(maps(2, 3, 32, 48))


def test_a_gradient_of_ones_own_that_does_not_fit():
    class Halved(layers.ReLU):
        def backward(self, dout):
            return super().backward(dout)[:1]

    net = snp.SegNetBasic(3, 5, 8, kernel_size=3)
    net.encoder[1]["2"].relu = Halved()
    logits = net(maps(2, 3, 32, 48))
    with pytest.raises(ValueError, match=r"Halved.backward: dx must have the shape of x, \(2, 8, 16, 24\)"):
        net.backward(logits)


@pytest.mark.parametrize("algorithm", ["direct", "winograd"])
def test_replaced_weights_that_do_not_fit(algorithm):
    conv = layers.Conv2d(16, 16, 3, 1, algorithm=algorithm)
    good = conv.weight.data
    for data, error, message in (
        (good - np.float64(0.1), TypeError, "weight must be float32, but is float64; was p.data replaced"),
        (good[:, :7], ValueError, r"weight must have shape \(16, 16, 3, 3\), but has \(16, 7, 3, 3\)"),
        (np.zeros((16, 16, 5, 3), "float32"), ValueError, r"has \(16, 16, 5, 3\)"),
        (good.tolist(), TypeError, "but is list"),
    ):
        conv.weight.data = data
        with pytest.raises(error, match=message):
            conv(maps(2, 16, 6, 7))


def test_a_convolution_of_ones_own_in_a_block_alone():
    class Doubled(layers.Layer):
        def forward(self, x):
            return 2 * x

        def backward(self, dout):
            return 2 * dout

    block = layers.ConvBNReLU(3, 3, 3, 1)
    block.conv = Doubled()
    x = maps(2, 3, 6, 8)
    assert np.array_equal(block(x), layers.ReLU()(layers.BatchNorm2d(3)(2 * x)))


@pytest.mark.parametrize("make", [lambda flag: layers.Conv2d(2, 3, 3, 1, flag),
                                  lambda flag: layers.ConvBNReLU(2, 3, 3, 1, flag)])  # fmt: skip
def test_flags_are_true_or_false(make):
    with pytest.raises(TypeError, match="must be True or False, but 'no' was given"):
        make("no")


def test_a_replaced_weight_of_batch_norm():
    bn = layers.BatchNorm2d(8)
    bn.bias.data = np.zeros(3, "float32")
    with pytest.raises(ValueError, match=r"BatchNorm2d: bias must have shape \(8,\), but has \(3,\)"):
        bn(maps(2, 8, 5, 6))


def test_a_kept_result_keeps_no_more_memory_than_its_own():
    """Logits and gradients outlive the step; in blocks of larger maps they would hold these."""
    net = snp.SegNet(3, 11, 16)
    x = maps(4, 3, 160, 160)
    for _ in range(2):
        logits = net(x)
        dx = net.backward(logits)
    kept = [logits, dx, *(p.grad for p in net.parameters())]
    assert any(array.nbytes > 1 << 20 for array in kept)
    for array in kept:
        base = array
        while isinstance(base.base, np.ndarray):
            base = base.base
        block = getattr(base.base, "block", base)
        assert block.nbytes <= array.nbytes + 64

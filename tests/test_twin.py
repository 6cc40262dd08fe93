import numpy as np
import pytest
import torch

from segnet_np import layers, models
from segnet_np.verify import twin
from segnet_np.verify.loss import CrossEntropy
from segnet_np.verify.tolerances import TORCH_FLOAT64

NETS = [
    models.SegNet(width=2, num_classes=5, dtype="float64"),
    models.SegNet(in_channels=1, width=1, num_classes=3, dtype="float64", ceil_mode=True),
    models.SegNetBasic(width=3, num_classes=5, dtype="float64"),
    models.SegNetBasic(width=2, num_classes=4, kernel_size=3, dtype="float64", ceil_mode=True),
]


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def assert_near(got, expected):
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() <= TORCH_FLOAT64 * np.abs(expected).max()


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_state_dicts_have_the_same_names_shapes_and_order(net):
    module = twin.counterpart(net)
    theirs = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    ours = {name: value.shape for name, value in net.state_dict().items()}
    assert list(ours.items()) == list(theirs.items())
    module.load_state_dict({name: torch.from_numpy(value) for name, value in net.state_dict().items()})


def test_a_whole_segnet_has_as_many_parameters_as_the_papers():
    module = twin.SegNet(in_channels=3, num_classes=11, width=64)
    assert sum(parameter.numel() for parameter in module.parameters()) == 29_449_355


@pytest.mark.parametrize("net", NETS, ids=repr)
@pytest.mark.parametrize("training", [True, False])
def test_nets_give_what_their_twins_give(net, training):
    x = random(2, net.in_channels, 45, 61)
    net.train(training)
    module = twin.counterpart(net)
    assert module.training is training
    logits = net.forward(x)
    dlogits = random(*logits.shape, seed=1)
    theirs = twin.run(module, (x,), dlogits)
    assert_near(logits, theirs.output)
    for name, value in net.state_dict().items():  # running statistics included
        assert_near(value, module.state_dict()[name].numpy())
    if training:
        net.zero_grad()
        assert_near(net.backward(dlogits), theirs.inputs[0])
        assert {name for name, _ in net.named_parameters()} == set(theirs.parameters)


LAYERS = [
    (layers.Conv2d(3, 5, 3, padding=1), random(2, 3, 6, 8)),
    (layers.Conv2d(3, 5, 3, bias=False, dtype="float64"), random(2, 3, 6, 8)),
    (layers.BatchNorm2d(3, eps=1e-3, momentum=0.3), random(2, 3, 6, 8)),
    (layers.BatchNorm2d(3).eval(), random(2, 3, 6, 8)),
    (layers.ReLU(), random(2, 3, 6, 8)),
    (layers.MaxPool2d(ceil_mode=True), random(2, 3, 5, 7)),
    (layers.ConvBNReLU(3, 5, 3, 1), random(2, 3, 6, 8)),
    (layers.ConvBNReLU(3, 5, 3, 1, relu=False), random(2, 3, 6, 8)),
]


@pytest.mark.parametrize(("layer", "x"), LAYERS, ids=[repr(layer) for layer, _ in LAYERS])
def test_layers_have_twins_with_their_weights_dtype_and_mode(layer, x):
    module = twin.counterpart(layer)
    assert module.training is layer.training
    named = dict(module.named_parameters())
    for name, parameter in layer.named_parameters():
        assert np.array_equal(parameter.data, named.pop(name).detach().numpy())
    assert not named
    x = x.astype(getattr(layer, "dtype", "float32"))
    out = layer.forward(x)
    out = out[0] if isinstance(out, tuple) else out
    theirs = twin.run(module, (x,), random(*out.shape))
    assert theirs.output.dtype == out.dtype
    np.testing.assert_allclose(out, theirs.output, rtol=0, atol=1e-5)


def test_unpooling_takes_indices_of_both_kinds():
    y, indices = layers.MaxPool2d().forward(random(2, 3, 5, 7))
    module, dout = twin.counterpart(layers.MaxUnpool2d()), random(2, 3, 5, 7, seed=1)
    expected = layers.MaxUnpool2d().forward(y, indices)
    for inputs in ((y, indices), (y, indices.flat, (5, 7))):
        assert np.array_equal(twin.run(module, inputs, dout).output, expected)


def test_the_loss_has_a_twin():
    logits, labels = random(2, 4, 6, 8), np.random.default_rng(1).integers(0, 5, (2, 6, 8))
    loss = CrossEntropy(np.array([0.5, 1.0, 2.0, 0.0]), ignore_index=4)
    theirs = twin.run(twin.counterpart(loss), (logits, labels), np.array(1.5))
    assert loss.forward(logits, labels) == pytest.approx(float(theirs.output), rel=1e-12)
    assert_near(loss.backward(1.5), theirs.inputs[0])


def test_what_has_no_twin_is_refused_by_name():
    assert not twin.has_counterpart(object())
    with pytest.raises(TypeError, match="no PyTorch counterpart of Layer"):
        twin.counterpart(layers.Layer())


def test_the_twin_does_not_share_memory_with_the_layer():
    conv = layers.Conv2d(3, 5, 3)
    before = conv.weight.data.copy()
    with torch.no_grad():
        twin.counterpart(conv).weight.add_(1.0)
    assert np.array_equal(conv.weight.data, before)

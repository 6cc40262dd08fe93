"""Dropout: what is kept, how often, the same again, and nets that are trained with it."""

import numpy as np
import pytest

import segnet_np as snp
from segnet_np.layers import Dropout

NETS = [
    (
        lambda **o: snp.SegNet(width=2, **o),
        ["dropout3", "dropout4", "dropout5", "dropout5d", "dropout4d", "dropout3d"],
    ),
    (
        lambda **o: snp.SegNetBasic(width=3, kernel_size=3, **o),
        ["dropout3", "dropout4", "dropout4d", "dropout3d"],
    ),
]


def numbers(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_kept_is_scaled_and_the_gradient_takes_the_same_way(dtype):
    x, dout = numbers(2, 3, 40, 50, dtype=dtype), numbers(2, 3, 40, 50, dtype=dtype, seed=1)
    layer = Dropout(0.3, seed=5)
    out = layer(x)
    kept = out != 0
    np.testing.assert_array_equal(out[kept], (x * x.dtype.type(1 / 0.7))[kept])
    # 12000 draws: the share of those kept has a standard deviation of 0.0042.
    assert abs(kept.mean() - 0.7) < 0.02
    dx = layer.backward(dout)
    np.testing.assert_array_equal(dx, np.where(kept, dout * x.dtype.type(1 / 0.7), 0))
    assert out.dtype == dx.dtype == dtype


def test_each_forward_drops_others_and_a_generator_set_anew_the_same():
    x, layer = numbers(1, 2, 9, 9), Dropout(0.5)
    first, second = layer(x), layer(x)
    assert not np.array_equal(first == 0, second == 0)
    layer.generator = np.random.default_rng(0)
    np.testing.assert_array_equal(layer(x), first)


def test_what_is_not_finite_can_be_dropped():
    x = np.full((1, 1, 8, 8), np.nan, "float32")
    out = Dropout(0.5)(x)
    assert 0 < np.isnan(out).sum() < 64
    assert (out[~np.isnan(out)] == 0).all()


def test_evaluation_changes_nothing():
    x, dout = numbers(1, 2, 6, 8), numbers(1, 2, 6, 8, seed=1)
    for layer in (Dropout(0.5).eval(), Dropout(0)):
        out = layer(x)
        np.testing.assert_array_equal(out, x)
        assert not np.shares_memory(out, x)
        np.testing.assert_array_equal(layer.backward(dout), dout)


@pytest.mark.parametrize(
    ("p", "error"), [(1, ValueError), (-0.1, ValueError), ("0.5", TypeError), (np.nan, ValueError)]
)
def test_nonsense_is_refused(p, error):
    with pytest.raises(error, match="Dropout: p"):
        Dropout(p)


@pytest.mark.parametrize(("build", "names"), NETS)
def test_nets_have_it_where_bayesian_segnet_does(build, names):
    net = build(dropout=0.5)
    assert [name for name in net.children() if "dropout" in name] == names
    assert net.config["dropout"] == 0.5
    assert not any("dropout" in name for name in build().children())
    assert build(dropout=0.5).state_dict().keys() == build().state_dict().keys()


@pytest.mark.parametrize(("build", "names"), NETS)
def test_the_gradients_of_a_net_that_drops(build, names):
    net = build(dropout=0.4, dtype="float64")
    report = snp.gradcheck(net, numbers(2, 3, 32, 40, dtype="float64"))
    assert report.ok, str(report)


@pytest.mark.parametrize(("build", "names"), NETS)
def test_a_net_drops_by_its_key_in_training_and_nothing_when_judged(build, names):
    x = numbers(2, 3, 32, 48)
    net, plain = build(dropout=0.5), build()
    plain.load_state_dict(net.state_dict())
    np.testing.assert_array_equal(net.eval()(x), plain.eval()(x))
    net.train()
    net.seed_dropout(3, 7)
    first = net(x)
    assert not np.array_equal(net(x), first)
    net.seed_dropout(3, 7)
    np.testing.assert_array_equal(net(x), first)
    net.seed_dropout(3, 8)
    assert not np.array_equal(net(x), first)
    with pytest.raises(ValueError, match="dropout"):
        build(dropout=1.5)

"""Concatenation of maps: the oracles, any numbers of channels, and what is refused."""

import numpy as np
import pytest
from comparing import ORDERS, arrange, bad_maps

import segnet_np as snp
from segnet_np import reference_decoders as reference
from segnet_np.layers import Concatenate
from segnet_np.layers.concatenate import add_gradients
from segnet_np.layers.lazy import finished, unpooled
from segnet_np.layers.workspace import Workspace
from segnet_np.verify import twin


def numbers(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("channels", [(3, 5), (1, 1), (16, 7), (40, 64)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_reference_and_pytorch(dtype, channels):
    a, b = (numbers(2, c, 5, 7, dtype=dtype, seed=c) for c in channels)
    dout = numbers(2, sum(channels), 5, 7, dtype=dtype, seed=1)
    layer = Concatenate()
    out = layer(a, b)
    da, db = layer.backward(dout)
    assert np.array_equal(out, reference.concatenate(a, b))
    slow = reference.concatenate_backward(dout, channels[0])
    expected = twin.run(twin.counterpart(layer), (a, b), dout)
    assert np.array_equal(out, expected.output)
    for got, wanted, theirs in zip((da, db), slow, expected.inputs, strict=True):
        assert np.array_equal(got, wanted)
        assert np.array_equal(got, theirs)
    near = 1e-5 if dtype == "float32" else 1e-12
    assert np.vdot(out, dout) == pytest.approx(np.vdot(a, da) + np.vdot(b, db), rel=near)


def test_differences():
    report = snp.gradcheck(Concatenate(), (numbers(2, 3, 5, 4), numbers(2, 2, 5, 4, seed=1)))
    assert report.ok, report


@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order(order):
    a, b, dout = numbers(2, 3, 5, 7), numbers(2, 4, 5, 7, seed=1), numbers(2, 7, 5, 7, seed=2)
    layer = Concatenate()
    out = layer(arrange(a, order), arrange(b, order))
    assert np.array_equal(out, np.concatenate([a, b], axis=1))
    da, db = layer.backward(arrange(dout, order))
    assert np.array_equal(da, dout[:, :3])
    assert np.array_equal(db, dout[:, 3:])


def test_the_sum_of_two_gradients_of_one_map():
    """One of them still to be unpooled, as it comes from a pool."""
    dmaps, other = numbers(2, 3, 4, 5), numbers(2, 7, 9, 5, seed=1)
    offsets = np.random.default_rng(2).integers(0, 4, dmaps.shape, np.uint8)
    expected = other.copy()
    for n, i, j, c in np.ndindex(dmaps.shape):
        a, b = divmod(int(offsets[n, i, j, c]), 2)
        expected[n, 2 * i + a, 2 * j + b, c] += dmaps[n, i, j, c]
    lazy = unpooled(finished(dmaps), offsets, (7, 9), Workspace())
    total = add_gradients(lazy, finished(other))
    assert np.array_equal(total.raw, expected)


@pytest.mark.parametrize(
    ("shape", "dtype", "error", "match"),
    [
        ((2, 4, 5, 6), "float64", ValueError, r"\(2, 3, 5, 7\) and b of shape \(2, 4, 5, 6\) must agree"),
        ((2, 4, 6, 7), "float64", ValueError, "must agree in N, H and W"),
        ((1, 4, 5, 7), "float64", ValueError, "must agree in N, H and W"),
        ((2, 4, 5, 7), "float32", TypeError, "b must be float64 here, but has dtype float32"),
    ],
)
def test_maps_that_do_not_go_together(shape, dtype, error, match):
    with pytest.raises(error, match=f"Concatenate: .*{match}"):
        Concatenate()(numbers(2, 3, 5, 7), numbers(*shape, dtype=dtype))


@pytest.mark.parametrize(("x", "error", "match"), bad_maps(1, "float32"))
def test_bad_input(x, error, match):
    with pytest.raises(error, match=f"Concatenate: .*{match}"):
        Concatenate()(x, numbers(2, 1, 6, 8))


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="Concatenate: backward needs a forward"):
        Concatenate().backward(np.zeros((1, 2, 2, 2)))

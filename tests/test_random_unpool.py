"""Unpooling to random places: what is drawn, how often, the same again, and the oracles at what was drawn."""

import numpy as np
import pytest
from comparing import bad_maps

import segnet_np as snp
from segnet_np import reference_decoders as reference
from segnet_np.layers import MaxUnpool2d, PoolingIndices, RandomUnpool2d
from segnet_np.verify import twin

SIZES = [(6, 8), (7, 9), (5, 8), (6, 7), (5, 7)]


def numbers(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def drawn(layer, shape, size):
    """The places that the next forward will draw, (N, C, PH, PW)."""
    n, c, h, w = shape
    generator = layer.generator
    state = generator.bit_generator.state
    places = layer.places((n, h, w, c), size).transpose(0, 3, 1, 2).copy()
    generator.bit_generator.state = state
    return places


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_reference_and_pytorch_at_the_places_drawn(dtype, size):
    """PyTorch's own unpooling, by way of MaxUnpool2d's twin, given the same places."""
    y, dout = numbers(2, 3, 3, 4, dtype=dtype), numbers(2, 3, *size, dtype=dtype, seed=1)
    layer = RandomUnpool2d(seed=4)
    places = drawn(layer, y.shape, size)
    out = layer(y, size)
    dy = layer.backward(dout)
    assert np.array_equal(out, reference.unpool_at(y, places, size))
    assert np.array_equal(dy, reference.unpool_at_backward(dout, places))
    expected = twin.run(twin.counterpart(MaxUnpool2d()), (y, PoolingIndices(places, size)), dout)
    assert np.array_equal(out, expected.output)
    assert np.array_equal(dy, expected.inputs[0])
    assert np.vdot(out, dout) == pytest.approx(np.vdot(y, dy), rel=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_differences(size):
    report = snp.gradcheck(RandomUnpool2d(seed=2), (numbers(2, 3, 3, 4), size))
    assert report.ok, report
    assert "no counterpart" in str(report)


def test_each_place_is_drawn_as_often():
    places = drawn(RandomUnpool2d(), (2, 3, 100, 100), (200, 200))
    shares = np.bincount(places.ravel(), minlength=4) / places.size
    # 60000 draws: a share has a standard deviation of 0.0018.
    assert np.abs(shares - 0.25).max() < 0.01


def test_windows_over_the_edge_keep_to_it():
    places = drawn(RandomUnpool2d(), (2, 3, 50, 50), (99, 99))
    assert set(np.unique(places[:, :, -1, :-1])) == {0, 1}
    assert set(np.unique(places[:, :, :-1, -1])) == {0, 2}
    assert set(np.unique(places[:, :, -1, -1])) == {0}
    assert set(np.unique(places[:, :, :-1, :-1])) == {0, 1, 2, 3}


def test_each_forward_draws_anew_in_both_modes_and_a_generator_set_anew_the_same():
    y = numbers(1, 2, 9, 9)
    for layer in (RandomUnpool2d(), RandomUnpool2d().eval()):
        first, second = layer(y), layer(y)
        assert not np.array_equal(first, second)
        layer.generator = np.random.default_rng(0)
        assert np.array_equal(layer(y), first)
    assert not np.array_equal(RandomUnpool2d(seed=1)(y), first)


def test_a_size_that_does_not_fit():
    with pytest.raises(ValueError, match=r"RandomUnpool2d: output_size \(8, 8\) does not fit maps of 3x4"):
        RandomUnpool2d()(numbers(2, 3, 3, 4), (8, 8))


@pytest.mark.parametrize(("y", "error", "match"), bad_maps(1, "float32"))
def test_bad_input(y, error, match):
    with pytest.raises(error, match=f"RandomUnpool2d: .*{match}"):
        RandomUnpool2d()(y)


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="RandomUnpool2d: backward needs a forward"):
        RandomUnpool2d().backward(np.zeros((1, 1, 2, 2)))

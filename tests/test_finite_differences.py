import numpy as np
import pytest

from segnet_np.verify.finite_differences import along, each_entry, settle, sides, step_size


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_each_entry_gives_the_gradient_of_a_known_function(rng):
    x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    numeric = each_entry(lambda: np.sin(x), x, dout, 1e-5)
    np.testing.assert_allclose(numeric, dout * np.cos(x), rtol=0, atol=1e-9)


def test_along_gives_the_derivative_through_several_arrays(rng):
    x, w, dout = rng.normal(size=(3, 4)), rng.normal(size=(4, 5)), rng.normal(size=(3, 5))
    dx, dw = rng.normal(size=x.shape), rng.normal(size=w.shape)
    numeric = along(lambda: x @ w, [x, w], [dx, dw], dout, 1e-5)
    assert numeric == pytest.approx(np.vdot(dout @ w.T, dx) + np.vdot(x.T @ dout, dw), rel=1e-8)


@pytest.mark.parametrize(
    "differentiate",
    [
        lambda f, x, d: each_entry(f, x, d, 1e-5),
        lambda f, x, d: along(f, [x], [np.ones_like(x)], d, 1e-5),
        lambda f, x, d: sides(f, [x], [np.ones_like(x)], d, 1e-5),
    ],
)
def test_moved_arrays_come_back_bit_for_bit(rng, differentiate):
    x = rng.normal(size=7) * 1e3
    before = x.copy()
    differentiate(lambda: x**3, x, np.ones(7))
    assert np.array_equal(x, before)

    def fails():
        raise FloatingPointError

    with pytest.raises(FloatingPointError):
        differentiate(fails, x, np.ones(7))
    assert np.array_equal(x, before)


def test_a_function_that_reuses_its_output_is_no_trap():
    x, out = np.array([2.0]), np.empty(1)

    def square():
        np.multiply(x, x, out=out)
        return out

    assert each_entry(square, x, np.ones(1), 1e-5)[0] == pytest.approx(4.0, rel=1e-8)
    assert along(square, [x], [np.ones(1)], np.ones(1), 1e-5) == pytest.approx(4.0, rel=1e-8)


@pytest.mark.parametrize(
    ("array", "h"),
    [
        (np.full(3, 200.0), 2e-3),
        (np.full(3, 0.05), 5e-7),
        (np.zeros(3), 1e-5),
        (np.full(3, 1e-30), 1e-8),
        (np.array([99.0, 101.0, 99.0, 101.0]), 1e-5),
        (np.array([9999.0, 10001.0]), 1e-3),
    ],
)
def test_the_step_follows_the_size_of_the_numbers(array, h):
    assert step_size(array) == pytest.approx(h, rel=1e-3)


def settled(f, at, claimed):
    x = np.array([at])
    return settle(lambda: f(x), [x], [np.ones(1)], np.ones(1), 1e-5, claimed, 1e-6)


def test_settle_accepts_what_is_right_and_nothing_else():
    assert settled(np.exp, 0.0, 1.0).agrees
    assert not settled(np.exp, 0.0, 1.001).agrees
    assert settled(np.exp, 0.0, 1.001).note == ""


def test_settle_shrinks_the_step_where_it_crosses_a_kink():
    found = settled(lambda x: np.maximum(x, 0), 3e-6, 1.0)
    assert found.agrees
    assert "agrees at h = 1e-06" in found.note
    assert not settled(lambda x: np.maximum(x, 0), 3e-6, 0.0).agrees


def test_at_a_kink_any_subgradient_is_right():
    for claimed in (0.0, 0.25, 1.0):
        found = settled(lambda x: np.maximum(x, 0), 0.0, claimed)
        assert found.agrees
        assert "at a kink (left 0, right 1)" in found.note
    found = settled(lambda x: np.maximum(x, 0), 0.0, 1.5)
    assert not found.agrees
    assert "outside" in found.note


def test_a_bend_is_no_kink():
    # left -10 and right 10, but -1 and 1 a tenth as far: a parabola, whose derivative is 0 and nothing else
    assert not settled(lambda x: 1e6 * x**2, 0.0, 0.5).agrees


def test_noise_is_no_kink():
    # differences of float32 numbers: left, right and the claim lie anywhere, also in this order
    found = [settled(lambda x: np.sin(x, dtype=np.float32), at, 1.0) for at in np.linspace(0.5, 1.0, 200)]
    assert not any(row.agrees for row in found)

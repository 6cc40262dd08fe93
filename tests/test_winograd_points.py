"""Winograd's matrices: they make a convolution, and those of backward are the transposes."""

import numpy as np
import pytest
from numba import njit

from segnet_np.kernels import winograd_points as points
from segnet_np.kernels.simd import load, store
from segnet_np.kernels.tile import VECTOR_BYTES

LANES = VECTOR_BYTES // 8


def matrix(function, taken):
    """The matrix of a linear function of vectors, column by column."""

    @njit
    def apply(x, out):
        for k, value in enumerate(function(tuple_of(x))):
            store(value, out, k * LANES, LANES)

    @njit
    def three(x):
        return load(x, 0, LANES), load(x, LANES, LANES), load(x, 2 * LANES, LANES)

    takers = {
        2: njit(lambda x: (load(x, 0, LANES), load(x, LANES, LANES))),
        3: three,
        4: njit(lambda x: (*three(x), load(x, 3 * LANES, LANES))),
        6: njit(lambda x: (*three(x), *three(x[3 * LANES :]))),
    }
    tuple_of = takers[taken]
    columns = []
    for k in range(taken):
        x, out = np.zeros((taken, LANES)), np.full((6, LANES), np.nan)
        x[k] = np.arange(1, LANES + 1)  # a different number in each lane
        apply(x.reshape(-1), out.reshape(-1))
        given = ~np.isnan(out[:, 0])
        assert np.allclose(out[given], out[given][:, :1] * x[k])
        columns.append(out[given][:, 0])
    return np.array(columns).T


@pytest.mark.parametrize("m", [2, 4])
def test_the_matrices_make_a_convolution_along_a_line(m):
    bt = matrix(getattr(points, f"input_{m}"), m + 2)
    g = matrix(getattr(points, f"weight_{m}"), 3)
    at = matrix(getattr(points, f"output_{m}"), m + 2)
    rng = np.random.default_rng(0)
    d, kernel = rng.standard_normal(m + 2), rng.standard_normal(3)
    expected = np.correlate(d, kernel)
    np.testing.assert_allclose(at @ ((bt @ d) * (g @ kernel)), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("name", ["weight", "output"])
def test_the_transposes_are_transposes(name, m):
    taken = 3 if name == "weight" else m + 2
    forward = matrix(getattr(points, f"{name}_{m}"), taken)
    backward = matrix(getattr(points, f"{name}_{m}_transposed"), len(forward))
    np.testing.assert_allclose(backward, forward.T, rtol=0, atol=1e-15)


def test_the_points_are_those_that_the_text_names():
    """A row of G is 1, p, p**2 times a factor: the kernel's polynomial at p."""
    g = matrix(points.weight_4, 3)
    s = np.sqrt(2)
    for row, p in zip(g, [0, 1 / s, -1 / s, s, -s], strict=False):
        np.testing.assert_allclose(row / row[0], [1, p, p * p], rtol=0, atol=1e-14)
    np.testing.assert_array_equal(g[5], [0, 0, 1])

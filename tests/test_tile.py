"""The micro-kernel alone: every width, both dtypes, strides that no contiguous array has."""

import numpy as np
import pytest
from comparing import assert_close
from numba import njit

from segnet_np.kernels.tile import MAX_ROWS, VECTOR_BYTES, add_product, panel_width, tile_rows


@njit
def product(vectors, a, a_start, a_strides, b, b_start, b_strides, depth, c, c_start, fresh):
    add_product(vectors, a, a_start, a_strides, b, b_start, b_strides, depth, c, c_start, fresh)
    return tile_rows(vectors)


@pytest.mark.parametrize("vectors", [1, 2, 4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_adds_a_block_of_a_product(dtype, vectors):
    """Against NumPy, with a guard of NaN around the tile that must stay."""
    rng = np.random.default_rng(0)
    columns = vectors * VECTOR_BYTES // np.dtype(dtype).itemsize
    a = rng.standard_normal(2000).astype(dtype)
    b = rng.standard_normal((40, columns + 3)).astype(dtype)
    guard = np.full(columns, np.nan, dtype)
    rows = MAX_ROWS
    before = rng.standard_normal((rows, columns)).astype(dtype)
    c = np.concatenate([guard, before.ravel(), guard])
    a_strides, b_strides, depth = (7, 200, 3), (8 * (columns + 3), columns + 3), (4, 5)
    rows = product(vectors, a, 11, a_strides, b.ravel(), 2, b_strides, depth, c, columns, False)

    expected = before.astype("float64")
    for r in range(rows):
        for outer in range(4):
            for inner in range(5):
                value = a[11 + 7 * r + 200 * outer + 3 * inner]
                expected[r] += np.float64(value) * b[8 * outer + inner, 2 : 2 + columns]
    tile = c[columns:-columns].reshape(MAX_ROWS, columns)
    assert_close(tile, expected, 1e-5 if dtype == "float32" else 1e-14)
    assert np.isnan(c[:columns]).all()
    assert np.isnan(c[-columns:]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_panels_idle_little(dtype):
    dtype = np.dtype(dtype)
    lanes = VECTOR_BYTES // dtype.itemsize
    for channels in range(1, 200):
        width = panel_width(channels, dtype)
        assert width in (lanes, 2 * lanes, 4 * lanes)
        assert -channels % width == -channels % lanes  # no more idles than a single vector would
    assert panel_width(4 * lanes, dtype) == 4 * lanes

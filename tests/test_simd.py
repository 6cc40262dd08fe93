"""The vocabulary of vectors: each word against NumPy, and nothing touched beyond what was asked for."""

import numpy as np
import pytest
from numba import njit

from segnet_np.kernels import simd, simd_blocks
from segnet_np.kernels.tile import VECTOR_BYTES

DTYPES = ("float32", "float64")


def lanes_of(dtype):
    return VECTOR_BYTES // np.dtype(dtype).itemsize


def numbers(dtype, count=200, seed=0):
    return np.random.default_rng(seed).standard_normal(count).astype(dtype)


@njit
def copy(x, at, out, to, count):
    simd.store(simd.load(x, at, count), out, to, count)


@njit
def copy_all(x, at, out, to, lanes, count):
    simd.store(simd.load(x, at, count), out, to, lanes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_load_and_store_touch_only_what_they_are_asked_for(dtype):
    x, lanes = numbers(dtype), lanes_of(dtype)
    for count in range(-1, lanes + 1):
        out = np.full(lanes + 9, np.nan, dtype)
        copy(x, 7, out, 3, count)
        assert np.array_equal(out[3 : 3 + max(count, 0)], x[7 : 7 + max(count, 0)])
        assert np.isnan(out[:3]).all()
        assert np.isnan(out[3 + max(count, 0) :]).all()
        copy_all(x, 7, out, 3, lanes, count)
        assert (out[3 + max(count, 0) : 3 + lanes] == 0).all()  # the lanes that were not read


@njit
def formula(x, y, out, lanes):
    v, w = simd.load(x, 0, lanes), simd.load(y, 0, lanes)
    simd.store(2.5 * v - w * v + 1 - simd.spread(0.5, w), out, 0, lanes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_arithmetic_is_lane_by_lane(dtype):
    x, y, lanes = numbers(dtype), numbers(dtype, seed=1), lanes_of(dtype)
    out = np.zeros(lanes, dtype)
    formula(x, y, out, lanes)
    expected = (2.5 * x - y * x + 0.5)[:lanes]
    np.testing.assert_allclose(out, expected, rtol=0, atol=20 * np.finfo(dtype).eps)


@njit
def compare(x, gate, floor, marks, out, lanes, count):
    v, g, f = simd.load(x, 0, lanes), simd.load(gate, 0, lanes), simd.load(floor, 0, lanes)
    simd.store(simd.at_least(v, f), out, 0, lanes)
    simd.store(simd.only_above(v, g, f), out, lanes, lanes)
    simd.store(simd.only_where(v, marks, 2, count, 3), out, 2 * lanes, lanes)


@pytest.mark.parametrize("dtype", DTYPES)
def test_comparisons_let_nan_through(dtype):
    lanes = lanes_of(dtype)
    x, gate, floor = (numbers(dtype, lanes, seed) for seed in range(3))
    x[1], gate[0] = np.nan, np.nan
    marks = np.random.default_rng(3).integers(2, 5, lanes + 2).astype(np.uint8)
    out = np.zeros((3, lanes), dtype)
    compare(x, gate, floor, marks, out.reshape(-1), lanes, lanes - 1)
    np.testing.assert_array_equal(out[0], np.where(x <= floor, floor, x))
    np.testing.assert_array_equal(out[1], np.where(gate <= floor, 0, x))
    here = (marks[2:] == 3) & (np.arange(lanes) < lanes - 1)
    np.testing.assert_array_equal(out[2], np.where(here, x, 0))


@njit
def sum_and_difference(v):
    return v[0] + v[1] + v[2], v[0] - v[2]


@njit
def both_ways(x, out):
    columns = simd_blocks.read_columns(sum_and_difference, None, x, 5, 61, 20, 3)
    simd_blocks.write_rows(sum_and_difference, simd_blocks.turn(columns), None, out, 1, 40, 17)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_function_down_the_columns_and_along_the_rows(dtype):
    x, out, lanes = numbers(dtype), np.full(100, np.nan, dtype), lanes_of(dtype)
    both_ways(x, out)
    matrix = np.array([[1, 1, 1], [1, 0, -1]])
    grid = np.array([[x[5 + 61 * i + 20 * j :][:lanes] for j in range(3)] for i in range(3)])
    expected = np.einsum("ai,ijl,bj->abl", matrix, grid.astype("float64"), matrix)
    for a in range(2):
        for b in range(2):
            got = out[1 + 40 * a + 17 * b :][:lanes]
            np.testing.assert_allclose(got, expected[a, b], rtol=0, atol=50 * np.finfo(dtype).eps)
    assert np.isnan(out).sum() == 100 - 4 * lanes


@njit
def transpose(x, at, row, rows, count, out, to, out_row):
    simd_blocks.transpose(x, at, row, rows, count, out, to, out_row)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("out_row", [40, -40])
def test_transpose_touches_only_its_block(dtype, out_row):
    lanes = lanes_of(dtype)
    x = numbers(dtype, 2000)
    for rows, count in ((lanes, lanes), (lanes, 2), (2, lanes), (1, 1), (2, 1)):
        block = np.full(5 + 70 * lanes, np.nan, dtype)  # beyond it, x would show
        for i in range(rows):
            block[5 + 70 * i : 5 + 70 * i + count] = x[70 * i : 70 * i + count]
        out = np.full(3000, np.nan, dtype)
        expected = out.copy()
        transpose(block, 5, 70, rows, count, out, 1000, out_row)
        for i in range(rows):
            for j in range(count):
                expected[1000 + j * out_row + i] = block[5 + 70 * i + j]
        assert np.array_equal(out, expected, equal_nan=True)

"""PoolingIndices: both forms say the same, and what is no index is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segnet_np.layers import PoolingIndices

FLAT = np.array([5, 7, 13, 15]).reshape(1, 1, 2, 2)


@given(st.integers(1, 9), st.integers(1, 9), st.booleans(), st.integers(0, 2**32 - 1))
def test_flat_and_offsets_say_the_same(height, width, ceil_mode, seed):
    rng = np.random.default_rng(seed)
    shape = (2, 3, (height + ceil_mode) // 2, (width + ceil_mode) // 2)
    rows = np.minimum(2 * np.arange(shape[2])[:, None] + rng.integers(0, 2, shape), height - 1)
    columns = np.minimum(2 * np.arange(shape[3]) + rng.integers(0, 2, shape), width - 1)
    indices = PoolingIndices.from_flat(rows * width + columns, (height, width))
    assert np.array_equal(indices.flat, rows * width + columns)
    assert np.array_equal(indices.offsets, rows % 2 * 2 + columns % 2)
    assert indices.flat.dtype == np.int64
    assert indices.offsets.dtype == np.uint8
    assert indices.shape == shape
    again = PoolingIndices(indices.offsets, indices.input_size)
    assert np.array_equal(again.flat, indices.flat)


def test_any_integer_dtype():
    for dtype in ("uint8", "int32", "int64", "uint64"):
        assert PoolingIndices.from_flat(FLAT.astype(dtype), (4, 4)).offsets.ravel().tolist() == [3, 3, 3, 3]


def test_a_plane_may_be_larger_than_the_dtype_of_its_indices():
    flat = np.arange(0, 256, 2, dtype=np.uint8).reshape(1, 1, 1, 128)
    assert np.array_equal(PoolingIndices.from_flat(flat, (2, 256)).flat, flat)
    with pytest.raises(ValueError, match="lies outside"):
        PoolingIndices.from_flat(np.full((1, 1, 1, 1), 2**64 - 1, np.uint64), (2, 2))


@pytest.mark.parametrize(
    ("flat", "size", "error", "match"),
    [
        (FLAT * 1.0, (4, 4), TypeError, "integers, but have dtype float64"),
        (FLAT.tolist(), (4, 4), TypeError, "numpy.ndarray, but a list"),
        (FLAT[0], (4, 4), ValueError, r"\(N, C, PH, PW\)"),
        (FLAT, (6, 4), ValueError, "2x2 windows do not fit a plane of 6x4 pixels"),
        (FLAT, (4, 2), ValueError, "2x2 windows do not fit a plane of 4x2 pixels"),
        (FLAT, 4, ValueError, r"output_size must be \(H, W\), but 4"),
        (FLAT, (4, 4.0), TypeError, "4.0"),
        (FLAT, (0, 4), ValueError, "at least 1, but 0"),
        (np.where(FLAT == 7, -1, FLAT), (4, 4), ValueError, r"index -1 at \(0, 0, 0, 1\)"),
        (np.where(FLAT == 15, 16, FLAT), (4, 4), ValueError, r"index 16 at \(0, 0, 1, 1\) .* plane of 4x4"),
        (np.where(FLAT == 15, 2**62, FLAT), (4, 4), ValueError, "index 4611686018427387904"),
        (np.where(FLAT == 7, 5, FLAT), (4, 4), ValueError, r"index 5 at \(0, 0, 0, 1\)"),  # repeated
        (np.where(FLAT == 5, 9, FLAT), (4, 4), ValueError, r"index 9 at \(0, 0, 0, 0\)"),  # the window below
        (np.array([5, 7, 13, 14]).reshape(1, 1, 2, 2), (3, 5), ValueError, "outside of its own 2x2 window"),
    ],
)
def test_what_is_no_flat_index(flat, size, error, match):
    with pytest.raises(error, match=match):
        PoolingIndices.from_flat(flat, size)


@pytest.mark.parametrize(
    ("offsets", "size", "error", "match"),
    [
        (np.zeros((1, 1, 2, 2)), (4, 4), TypeError, "uint8, but have dtype float64"),
        ([[0]], (4, 4), TypeError, "numpy.ndarray, but a list"),
        (np.zeros((2, 2), np.uint8), (4, 4), ValueError, r"\(N, C, PH, PW\)"),
        (np.full((1, 1, 2, 2), 4, np.uint8), (4, 4), ValueError, "0 to 3, but 4"),
        (np.zeros((1, 1, 2, 2), np.uint8), (6, 4), ValueError, "2x2 windows do not fit a plane of 6x4"),
        (np.full((1, 1, 2, 2), 2, np.uint8), (3, 4), ValueError, "outside of the plane of 3x4"),
        (np.full((1, 1, 2, 2), 1, np.uint8), (4, 3), ValueError, "outside of the plane of 4x3"),
    ],
)
def test_what_is_no_offset(offsets, size, error, match):
    with pytest.raises(error, match=match):
        PoolingIndices(offsets, size)


def test_one_byte_a_window():
    indices = PoolingIndices(np.zeros((2, 3, 4, 5), np.uint8), (9, 11))
    assert indices.offsets.nbytes == 2 * 3 * 4 * 5
    assert repr(indices) == "PoolingIndices(shape=(2, 3, 4, 5), input_size=(9, 11))"

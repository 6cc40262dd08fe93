"""Kernels in slow motion: which iteration writes which cell, and whether that is a race."""

import numba
import numpy as np
import pytest
from numba import njit, prange

from segnet_np.kernels.channel_sum import channel_sum
from segnet_np.lessons.owners import python_of, watch


def row_sums(x, out):
    for i in prange(x.shape[0]):
        out[i] = 0
        for j in range(x.shape[1]):
            out[i] += x[i, j]


def column_sums_racing(x, out):
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] += x[i, j]


def column_sums_racing_by_rows(x, out):
    for i in prange(x.shape[0]):
        out[:] += x[i]


def running(x, out):
    for i in prange(1, x.shape[0]):
        out[i] = out[i - 1] + x[i, 0]


def own_array_shared(x, out):
    total = np.zeros(x.shape[1])
    for i in prange(x.shape[0]):
        total[0] += x[i, 0]
    out[0] = total[0]


def own_array_in_rows(x, out):
    partial = np.zeros((x.shape[0], 2))
    for i in prange(x.shape[0]):
        row = partial[i]
        row += x[i, 0]
    out[:2] = partial.sum(axis=0)


def array_of_each_iteration(x, out):
    for i in prange(x.shape[0]):
        own = np.zeros(2)
        own[0] += x[i, 0]
        out[i] = own[0]


def second_loop_reads(x, out):
    for i in numba.prange(x.shape[0]):
        out[i] = x[i, 0]
    for i in numba.prange(x.shape[0] - 1):
        x[i, 1] = out[i] + out[i + 1]


def inner_prange(x, out):
    for i in prange(x.shape[0]):
        out[i] = 0
        for j in prange(x.shape[1]):
            out[i] += x[i, j]


def reduction_of_arrays(x, out):
    total = np.zeros(x.shape[1])
    for i in prange(x.shape[0]):
        total += x[i]
    out[:3] = total


def reduction_into_the_argument(x, out):
    for i in prange(x.shape[0]):
        out += x[i]


RACING = [column_sums_racing, column_sums_racing_by_rows, running, own_array_shared]
SAFE = [
    reduction_of_arrays,
    row_sums,
    own_array_in_rows,
    array_of_each_iteration,
    second_loop_reads,
    inner_prange,
]


def arguments():
    return np.arange(12.0).reshape(4, 3), np.zeros(3 + 1)


@pytest.mark.parametrize("function", RACING)
def test_a_race_is_seen(function):
    x, out = arguments()
    assert watch(function, (x, out[:3] if "column" in function.__name__ else out)).shared


@pytest.mark.parametrize("function", SAFE)
def test_cells_with_one_owner_are_no_race(function):
    assert not watch(function, arguments()).shared


def test_a_reduction_is_no_race():
    x, out = arguments()
    assert not watch(reduction_into_the_argument, (x, out[:3])).shared


def test_writers_of_each_cell():
    x, out = arguments()
    assert watch(row_sums, (x, out)).writers[1].tolist() == [{0}, {1}, {2}, {3}]
    assert watch(column_sums_racing, (x, out[:3])).writers[1].tolist() == [{0, 1, 2, 3}] * 3
    assert watch(row_sums, (x, out)).writers[0].tolist() == [[set()] * 3] * 4


def test_arguments_are_left_alone_and_loops_are_counted():
    x, out = arguments()
    assert watch(second_loop_reads, (x, out)).loops == 2
    assert watch(lambda x, out: None, (x, out)).loops == 0
    assert np.array_equal(x, arguments()[0])
    assert not out.any()


def test_compiled_functions_and_the_packages_kernels():
    compiled = njit(column_sums_racing)
    assert python_of(compiled) is column_sums_racing
    assert watch(compiled, (np.ones((4, 3)), np.zeros(3))).shared
    owners = watch(channel_sum, (np.ones((6, 2)), np.zeros((3, 2))))
    assert owners.writers[1].tolist() == [[{0}] * 2, [{1}] * 2, [{2}] * 2]
    assert not owners.shared


def test_a_helper_that_is_compiled_is_watched_too():
    @njit
    def add(out, j, value):
        out[j] += value

    def with_helper(x, out):
        for i in prange(x.shape[0]):
            add(out, 0, x[i, 0])

    assert watch(with_helper, arguments()).shared

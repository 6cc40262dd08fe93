"""What the machine could do at best: multiply-adds in its registers, and copying memory."""

import time
from collections.abc import Callable

import numpy as np
from numba import get_num_threads, prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.tile import VECTOR_BYTES, add_product, tile_rows

_DEPTH = 64
_COLUMNS = VECTOR_BYTES  # four vectors of float32
_SECONDS = 0.3


@kernel
def _multiply(a, b, c, products):  # type: ignore[no-untyped-def]
    for thread in prange(len(c)):
        for _ in range(products):
            add_product(4, a, 0, (_DEPTH, 0, 1), b, 0, (0, _COLUMNS), (1, _DEPTH), c[thread], 0, False)


@kernel
def _copy(x, out):  # type: ignore[no-untyped-def]
    for k in prange(x.size):
        out[k] = x[k]


def gflops() -> float:
    """1e9 float32 operations a second of the micro-kernel on numbers in the innermost cache, all threads."""
    rows, threads = tile_rows(4), get_num_threads()
    a, b = np.zeros(rows * _DEPTH, "float32"), np.zeros(_DEPTH * _COLUMNS, "float32")
    c = np.zeros((threads, rows * _COLUMNS), "float32")
    products = 20_000
    best = _best(lambda: _multiply(a, b, c, products))
    return 2e-9 * threads * products * rows * _DEPTH * _COLUMNS / best


def gigabytes() -> float:
    """1e9 bytes a second read and written by copying arrays larger than the caches, all threads."""
    x, out = np.ones(50_000_000, "float32"), np.ones(50_000_000, "float32")
    return 1e-9 * (x.nbytes + out.nbytes) / _best(lambda: _copy(x, out))


def _best(once: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs: a peak is what is possible, not what is usual."""
    once()
    times: list[float] = []
    until = time.perf_counter() + _SECONDS
    while time.perf_counter() < until or len(times) < 3:
        began = time.perf_counter()
        once()
        times.append(time.perf_counter() - began)
    return min(times)

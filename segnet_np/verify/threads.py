"""How many threads the kernels use, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import numba


@contextmanager
def using_threads(count: int) -> Iterator[None]:
    """Run Numba's kernels on `count` threads; afterwards on as many as before. The numbers are the same."""
    before = numba.get_num_threads()
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)

"""Memory that is used again: the arrays inside one training step serve the next step too.

A large fresh array is slow: the operating system hands out its pages one by one, filled with zeros, at
the first touch, in every step anew. So a net asks its workspace. The workspace keeps what comes back and
lends it out again; and what comes back is decided by Python itself: an array returns when nobody refers to it
any longer. That is why nothing here can be overwritten too early. Who still holds an array, or any view of
it, keeps it.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

CACHE_LINE = 64
"""Bytes that a processor moves at once between memory and its caches."""


LARGE, WASTE = 1 << 20, 4
"""From so many bytes on, an array may lie in a block that is up to so many times larger. So what served the
large maps of one stage serves the smaller ones of the next."""


class Workspace:
    """Lends arrays, and takes each back when nobody refers to it any longer.

    Parameters
    ----------
    recycles : bool, default True
        False lends fresh memory each time: for a layer alone, which may meet any size and never meet it
        again.

    Examples
    --------
    >>> workspace = Workspace()
    >>> a = workspace.empty((2, 3), "float32")
    >>> address = a.ctypes.data
    >>> del a
    >>> workspace.empty((3, 2), "float32").ctypes.data == address
    True
    """

    def __init__(self, recycles: bool = True) -> None:
        self.recycles = recycles
        self._free: dict[int, list[np.ndarray]] = {}

    def empty(
        self, shape: tuple[int, ...], dtype: DTypeLike, slack: int = 0, leaves: bool = False
    ) -> np.ndarray:
        """Lend an uninitialised, C-contiguous array.

        Parameters
        ----------
        shape : tuple of int
        dtype : dtype-like
        slack : int
            How many numbers behind the array must be readable too, for kernels whose last tile has idle rows,
            which read on behind the end.
        leaves : bool, default False
            Whether it may outlive the step, as a gradient or a result: then its block is no larger than it.

        Returns
        -------
        ndarray, shape `shape`
        """
        dtype = np.dtype(dtype)
        size = (math.prod(shape) + slack) * dtype.itemsize
        block = self._take(size, size if leaves else WASTE * size)
        if block is None:
            block = _aligned(size)
        return np.asarray(_Loan(self, block, shape, dtype))

    def _take(self, size: int, most: int) -> np.ndarray | None:
        """A free block of this size or, if it is large, the smallest that is not larger than `most`."""
        if size >= LARGE and not self._free.get(size):
            # Of a copy: a block may come home at any moment, from another Python thread.
            fitting = [other for other in list(self._free) if size < other <= most and self._free[other]]
            size = min(fitting, default=size)
        try:
            return self._free[size].pop()
        except (KeyError, IndexError):
            return None

    def clear(self) -> None:
        """Let go of all memory that is not on loan."""
        self._free = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Workspace":
        return Workspace(self.recycles)

    def __reduce__(self) -> tuple[type["Workspace"], tuple[bool]]:
        return Workspace, (self.recycles,)  # a copy or a pickle starts with an empty one


def _aligned(size: int) -> np.ndarray:
    """`size` bytes that begin with a cache line, so that a vector never lies across two of them.

    Winograd's transform of the input took three times as long without.
    """
    whole = np.empty(size + CACHE_LINE, np.uint8)
    first = -whole.ctypes.data % CACHE_LINE
    return whole[first : first + size]


class _Loan:
    """What a lent array and all its views refer to; when the last of them goes, the block goes home."""

    def __init__(
        self, workspace: Workspace, block: np.ndarray, shape: tuple[int, ...], dtype: np.dtype
    ) -> None:
        self.workspace = workspace
        self.block = block
        self.__array_interface__ = {
            "version": 3,
            "data": (block.__array_interface__["data"][0], False),
            "shape": shape,
            "typestr": dtype.str,
        }

    def __del__(self) -> None:
        if self.workspace.recycles:
            self.workspace._free.setdefault(self.block.nbytes, []).append(self.block)

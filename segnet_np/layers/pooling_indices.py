"""Pooling indices: where each maximum stood. They are what SegNet's encoder tells its decoder.

A 2x2 window has four places, so two bits are enough to say which one held the maximum (arXiv 1511.00561,
section 3); here each takes a byte:

    offset   0 1      in window (i, j) the place has the row  2 * i + offset // 2
             2 3                            and the column    2 * j + offset % 2

PyTorch says the same with one flat number per window, ``row * W + column`` over the whole plane, in eight
bytes. The flat form means nothing without W, and the odd sizes show why: 5 and 4 rows both pool to 2. So this
object remembers the size that it came from.
"""

from collections.abc import Sequence

import numpy as np

from segnet_np.layers.checks import check_array, check_count

WINDOW = 2

# Up to how many offsets are printed with the object.
_SHOWN = 16


class PoolingIndices:
    """The place of the maximum in each 2x2 window of a batch of maps.

    Parameters
    ----------
    offsets : ndarray of uint8, shape (N, C, PH, PW)
        0 to 3, row-major within each window. They are kept, not copied, and must not be changed.
    input_size : tuple of int
        (H, W) of the maps before pooling; PH is H / 2 rounded down, or up with `ceil_mode`, and PW likewise.

    Attributes
    ----------
    offsets, input_size
        As given.
    shape : tuple of int
        (N, C, PH, PW).
    flat : ndarray of int64, shape (N, C, PH, PW)
        Row-major positions in the plane of H * W pixels, as PyTorch's ``return_indices`` gives them.

    Raises
    ------
    TypeError
        If `offsets` is no uint8 array.
    ValueError
        If shapes do not fit, an offset exceeds 3, or points over the edge of an odd map.

    Examples
    --------
    >>> indices = PoolingIndices(np.full((1, 1, 2, 2), 3, np.uint8), (4, 4))
    >>> indices.flat.ravel()
    array([ 5,  7, 13, 15])
    """

    def __init__(self, offsets: np.ndarray, input_size: Sequence[int]) -> None:
        check_array("PoolingIndices", "offsets", offsets)
        if offsets.dtype != np.uint8:
            raise TypeError(f"PoolingIndices: offsets must be uint8, but have dtype {offsets.dtype}")
        if offsets.ndim != 4:
            raise ValueError(
                f"PoolingIndices: offsets must have shape (N, C, PH, PW), but {offsets.shape} was given"
            )
        self.offsets = offsets
        self.input_size = check_size("PoolingIndices", "input_size", input_size)
        _check_windows(offsets.shape, self.input_size)
        if offsets.size and offsets.max() > 3:
            raise ValueError(f"PoolingIndices: offsets must be 0 to 3, but {offsets.max()} was given")
        height, width = self.input_size
        # With ceil_mode the last window of an odd map hangs over: its second row or column does not exist.
        over_bottom = (offsets[:, :, height // WINDOW :] >= 2).any()
        over_right = (offsets[..., width // WINDOW :] % 2 == 1).any()
        if over_bottom or over_right:
            raise ValueError(
                f"PoolingIndices: an offset points outside of the plane of {height}x{width} pixels"
            )

    @classmethod
    def from_flat(cls, flat: np.ndarray, output_size: Sequence[int]) -> "PoolingIndices":
        """Read indices in PyTorch's form.

        Parameters
        ----------
        flat : ndarray of integers, shape (N, C, PH, PW)
            Row-major positions in planes of H * W pixels, each within its own 2x2 window.
        output_size : tuple of int
            (H, W) of the plane.

        Returns
        -------
        indices : PoolingIndices

        Raises
        ------
        TypeError
            If `flat` is no array of integers.
        ValueError
            If the shapes do not fit, or an index is negative, outside of the plane or of its own window,
            which also a repeated one always is. The message names the first of them.
        """
        check_array("PoolingIndices", "flat indices", flat)
        if flat.dtype.kind not in "iu":
            raise TypeError(f"PoolingIndices: flat indices must be integers, but have dtype {flat.dtype}")
        if flat.ndim != 4:
            raise ValueError(
                f"PoolingIndices: flat indices must have shape (N, C, PH, PW), but {flat.shape} was given"
            )
        height, width = check_size("PoolingIndices", "output_size", output_size)
        _check_windows(flat.shape, (height, width))
        # The size of the plane may not fit into a narrow dtype. What int64 cannot hold lies outside anyway.
        flat = (np.minimum(flat, 2**63 - 1) if flat.dtype == np.uint64 else flat).astype(np.int64)
        rows, columns = np.divmod(flat, width)
        down = rows - WINDOW * np.arange(flat.shape[2])[:, None]
        right = columns - WINDOW * np.arange(flat.shape[3])
        wrong = (flat < 0) | (flat >= height * width) | (down < 0) | (down > 1) | (right < 0) | (right > 1)
        if wrong.any():
            first = tuple(int(k) for k in np.argwhere(wrong)[0])
            raise ValueError(
                f"PoolingIndices: the index {flat[first]} at {first} of {flat.shape} lies outside of "
                f"its own 2x2 window in a plane of {height}x{width} pixels"
            )
        # Channels last, as the kernels want it.
        offsets = np.ascontiguousarray((2 * down + right).astype(np.uint8).transpose(0, 2, 3, 1))
        return cls(offsets.transpose(0, 3, 1, 2), (height, width))

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, PH, PW)."""
        return self.offsets.shape

    @property
    def flat(self) -> np.ndarray:
        """Row-major positions per plane, int64, shape (N, C, PH, PW)."""
        offsets = self.offsets.astype(np.int64)
        rows = WINDOW * np.arange(self.shape[2])[:, None] + offsets // WINDOW
        columns = WINDOW * np.arange(self.shape[3]) + offsets % WINDOW
        return rows * self.input_size[1] + columns  # docs/derivations/pooling_and_unpooling.md (2)

    def __repr__(self) -> str:
        height, width = self.input_size
        few = f", offsets={self.offsets.tolist()}" if self.offsets.size <= _SHOWN else ""
        return f"PoolingIndices(shape={self.shape}, input_size=({height}, {width}){few})"


def pooled_size(size: tuple[int, int], ceil_mode: bool) -> tuple[int, int]:
    """(PH, PW) of a map of (H, W) pixels: half, rounded down or, with `ceil_mode`, up."""
    up = WINDOW - 1 if ceil_mode else 0
    return (size[0] + up) // WINDOW, (size[1] + up) // WINDOW


def check_size(owner: str, name: str, size: Sequence[int]) -> tuple[int, int]:
    """Return (H, W) as two ints; raise ValueError or TypeError unless it is such a pair, each at least 1."""
    if np.shape(size) != (2,):
        raise ValueError(f"{owner}: {name} must be (H, W), but {size!r} was given")
    height, width = size
    return check_count(owner, name, height, 1), check_count(owner, name, width, 1)


def _check_windows(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    for windows, pixels in zip(shape[2:], size, strict=True):
        if windows not in (pixels // WINDOW, (pixels + 1) // WINDOW):
            raise ValueError(
                f"PoolingIndices: indices of {shape[2]}x{shape[3]} windows do not fit "
                f"a plane of {size[0]}x{size[1]} pixels"
            )

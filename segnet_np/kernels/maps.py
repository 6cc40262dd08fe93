"""Feature maps that are not finished yet: what is left to do is done by whoever reads them.

A large map costs more to write and read than to compute. So a fused block stores only what its convolution
gave, and batch norm, ReLU and unpooling happen on the fly, pixel by pixel, where the next one reads:

    value[n, i, j, c] = max(raw[n, i, j, c] * scale[c] + shift[c], floor[c])

With `offsets` the maps are unpooled: `raw` has one value for each 2x2 window, which stands where its offset
says, and all other pixels are 0. A finished map has scale 1, shift 0 and floor minus infinity.
"""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.simd import at_least, load, only_where, spread, store
from segnet_np.kernels.tile import VECTOR_BYTES


class LazyMaps(NamedTuple):
    """Maps of (N, H, W, C), and what is left to do to them.

    Attributes
    ----------
    raw : ndarray, shape (N, H, W, C), or (N, PH, PW, C) with offsets
    scale, shift, floor : ndarray, shape (C,)
        Of the dtype of `raw`.
    offsets : ndarray of uint8, shape (N, PH, PW, C), or without any elements
    height, width : int
        H and W.
    """

    raw: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    floor: np.ndarray
    offsets: np.ndarray
    height: int
    width: int


@njit(forceinline=True, fastmath=FASTMATH)
def read_row(maps, n, i, start, pixels, first, count, out, at, step):
    """Write pixels (i, start) to (i, start + pixels) to ``out[at:]``, `step` numbers apart.

    Of each pixel `count` channels from `first` on, and zeros up to `step`; only zeros outside of the map.
    """
    raw, scale, shift, floor, offsets = maps.raw, maps.scale, maps.shift, maps.floor, maps.offsets
    _, raw_h, raw_w, channels = raw.shape
    lanes = VECTOR_BYTES // raw.itemsize
    pooled = offsets.size > 0
    halve = 1 if pooled else 0
    # What lies beyond the edge is zero; so is the last row or column of an odd size, which no window covers.
    inside = 0 <= i < maps.height and i >> halve < raw_h
    end = min(start + pixels, maps.width, raw_w << halve) if inside else start
    line = (n * raw_h + (i >> halve)) * raw_w
    for c in range(0, step, lanes):
        some = min(lanes, count - c)
        scale_c, shift_c = load(scale, first + c, some), load(shift, first + c, some)
        floor_c = load(floor, first + c, some)
        to = min(lanes, step - c)
        for j in range(start, min(start + pixels, 0)):
            store(spread(0, scale_c), out, at + (j - start) * step + c, to)
        if pooled:
            for pj in range(max(start, 0) >> 1, (end + 1) >> 1):
                pixel = (line + pj) * channels + first + c
                value = at_least(load(raw, pixel, some) * scale_c + shift_c, floor_c)
                for j in range(max(2 * pj, start), min(2 * pj + 2, end)):
                    here = only_where(value, offsets, pixel, some, 2 * (i & 1) + (j & 1))
                    store(here, out, at + (j - start) * step + c, to)
        else:
            for j in range(max(start, 0), end):
                pixel = (line + j) * channels + first + c
                value = at_least(load(raw, pixel, some) * scale_c + shift_c, floor_c)
                store(value, out, at + (j - start) * step + c, to)
        for j in range(max(start, end, 0), start + pixels):
            store(spread(0, scale_c), out, at + (j - start) * step + c, to)


@kernel
def write(maps, top, left, out):
    """Finish the maps: out (N, OH, OW, CP) gets them from row `top` and column `left` on, zeros around.

    Negative `top` or `left` cut instead. CP may exceed C: the channels beyond are zeros too.
    """
    batch, rows, columns, step = out.shape
    channels = maps.raw.shape[3]
    for row in prange(batch * rows):
        n = row // rows
        i = row % rows
        read_row(maps, n, i - top, -left, columns, 0, channels, out, row * columns * step, step)

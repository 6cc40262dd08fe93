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
from segnet_np.kernels.simd import at_least, lanes_of, load, only_where, spread, store


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
def read_pixels(maps, n, top, left, rows, columns, c, count, out, at, row_step, pixel_step, width):
    """Read a patch of pixels, finished: channels `c` to c + `width`, at most one vector of them.

    Pixel (top + i, left + j) goes to ``out[at + i * row_step + j * pixel_step:]``. Only `count` channels are
    there, the others are zeros; so is what lies outside of the map.
    """
    raw, offsets = maps.raw, maps.offsets
    _, raw_h, raw_w, channels = raw.shape
    scale, shift, floor = load(maps.scale, c, count), load(maps.shift, c, count), load(maps.floor, c, count)
    nothing = spread(0, scale)
    pooled = offsets.size > 0
    halve = 1 if pooled else 0
    # The last row or column of an odd size may have no window, and then is zero too.
    bottom, right = min(maps.height, raw_h << halve), min(maps.width, raw_w << halve)
    start = min(columns, max(0, -left))
    end = max(start, min(columns, right - left))
    for i in range(rows):
        row = top + i
        to = at + i * row_step
        inside = 0 <= row < bottom
        if not inside or start > 0 or end < columns:
            for j in range(columns):
                store(nothing, out, to + j * pixel_step, width)
        if not inside or start == end:
            continue
        line = (n * raw_h + (row >> halve)) * raw_w
        if pooled:
            for pj in range((left + start) >> 1, (left + end + 1) >> 1):
                pixel = (line + pj) * channels + c
                value = at_least(load(raw, pixel, count) * scale + shift, floor)
                for side in range(2):
                    j = 2 * pj + side - left
                    if start <= j < end:
                        here = only_where(value, offsets, pixel, count, 2 * (row & 1) + side)
                        store(here, out, to + j * pixel_step, width)
        else:
            for j in range(start, end):
                pixel = (line + left + j) * channels + c
                value = at_least(load(raw, pixel, count) * scale + shift, floor)
                store(value, out, to + j * pixel_step, width)


@njit(fastmath=FASTMATH)
def read_row(maps, n, i, start, pixels, first, count, out, at, step):
    """Write pixels (i, start) to (i, start + pixels) to ``out[at:]``, `step` numbers apart.

    Of each pixel `count` channels from `first` on, and zeros up to `step`; only zeros outside of the map.
    """
    lanes = lanes_of(maps.raw)
    for c in range(0, step, lanes):
        read_pixels(
            maps, n, i, start, 1, pixels, first + c, min(lanes, count - c),
            out, at + c, 0, step, min(lanes, step - c),
        )  # fmt: skip


@kernel
def write(maps, top, left, out):
    """Finish the maps: out (N, OH, OW, CP) gets them from row `top` and column `left` on, zeros around.

    Negative `top` or `left` cut instead. CP may exceed C: the channels beyond are zeros too.
    """
    batch, rows, columns, step = out.shape
    channels = maps.raw.shape[3]
    flat = out.reshape(-1)
    for row in prange(batch * rows):
        n = row // rows
        i = row % rows
        read_row(maps, n, i - top, -left, columns, 0, channels, flat, row * columns * step, step)

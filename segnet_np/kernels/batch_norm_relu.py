"""Backward of batch norm and ReLU in one go, where neither of their outputs was ever written.

`maps` is what the convolution gave, with batch norm and ReLU left to do; `dmaps` is the gradient of what they
would have given, which in front of a pooling is unfinished too. One kernel makes the sums that batch norm's
gradient needs, the other the gradient itself (:mod:`segnet_np.layers.batch_norm` has the formulas).
"""

import numpy as np
from numba import njit, prange

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.maps import read_row
from segnet_np.kernels.simd import lanes_of, load, only_above, spread, store


@njit(forceinline=True, fastmath=FASTMATH)
def row_of(dmaps, row, scratch):
    """An array, and where row `row` of all N * H begins in it: of unpooled gradients made in `scratch`."""
    _, _, width, channels = dmaps.raw.shape
    if dmaps.offsets.size == 0:
        return dmaps.raw.reshape(-1), row * width * channels
    read_row(
        dmaps, row // dmaps.height, row % dmaps.height, 0, dmaps.width, 0, channels, scratch, 0, channels
    )  # fmt: skip
    return scratch, 0


@kernel
def gradient_sums(maps, dmaps, mean, inv_std, sums):
    """sums[0, chunk, c] = sum of dout, sums[1, chunk, c] = sum of dout * x_hat, by chunks of the N * H rows.

    dout is the gradient of batch norm's output: `dmaps` where ReLU let the value through, else 0. The sums of
    a row are added up in float64, as which `sums` come.
    """
    raw, scale, shift, floor = maps.raw, maps.scale, maps.shift, maps.floor
    _, chunks, channels = sums.shape
    batch, height, width, _ = raw.shape
    rows = batch * height
    lanes = lanes_of(raw)
    for chunk in prange(chunks):
        scratch = np.empty(width * channels, raw.dtype)
        of_row = np.empty((2, channels), raw.dtype)
        sums[:, chunk] = 0
        for row in range(chunk * rows // chunks, (chunk + 1) * rows // chunks):
            d, first = row_of(dmaps, row, scratch)
            for c in range(0, channels, lanes):
                some = min(lanes, channels - c)
                scale_c, shift_c = load(scale, c, some), load(shift, c, some)
                floor_c = load(floor, c, some)
                mean_c, inv_std_c = load(mean, c, some), load(inv_std, c, some)
                total = spread(0, mean_c)
                total_x_hat = spread(0, mean_c)
                for j in range(width):
                    x = load(raw, (row * width + j) * channels + c, some)
                    dout = only_above(load(d, first + j * channels + c, some), x * scale_c + shift_c, floor_c)
                    total = total + dout
                    total_x_hat = total_x_hat + dout * ((x - mean_c) * inv_std_c)
                store(total, of_row, c, some)
                store(total_x_hat, of_row, channels + c, some)
            for k in range(2):
                for c in range(channels):
                    sums[k, chunk, c] += of_row[k, c]


@kernel
def input_gradient(maps, dmaps, mean, inv_std, mean_dout, mean_dout_x_hat, dx):
    """dx = scale * (dout - mean_dout - x_hat * mean_dout_x_hat), with dout as in :func:`gradient_sums`.

    dx may be the array of `dmaps`: each row is read before it is written.
    """
    raw, scale, shift, floor = maps.raw, maps.scale, maps.shift, maps.floor
    batch, height, width, channels = dx.shape
    lanes = lanes_of(raw)
    for row in prange(batch * height):
        d, first = row_of(dmaps, row, np.empty(width * channels, raw.dtype))
        for c in range(0, channels, lanes):
            some = min(lanes, channels - c)
            scale_c, shift_c = load(scale, c, some), load(shift, c, some)
            floor_c = load(floor, c, some)
            mean_c, inv_std_c = load(mean, c, some), load(inv_std, c, some)
            mean_dout_c = load(mean_dout, c, some)
            mean_dout_x_hat_c = load(mean_dout_x_hat, c, some)
            for j in range(width):
                at = (row * width + j) * channels + c
                x = load(raw, at, some)
                dout = only_above(load(d, first + j * channels + c, some), x * scale_c + shift_c, floor_c)
                x_hat = (x - mean_c) * inv_std_c
                store(scale_c * (dout - mean_dout_c - x_hat * mean_dout_x_hat_c), dx, at, some)

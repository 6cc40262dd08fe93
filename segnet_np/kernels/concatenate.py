"""Maps side by side in one array, and apart again; and the sum of two gradients of one map."""

import numpy as np
from numba import prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.maps import read_pixels, read_row
from segnet_np.kernels.simd import lanes_of


@kernel
def put_channels(maps, first, out):
    """Finish maps of (N, H, W, C) into the channels `first` to first + C of out (N, H, W, D)."""
    batch, height, width, step = out.shape
    channels = maps.raw.shape[3]
    lanes = lanes_of(maps.raw)
    flat = out.reshape(-1)
    for row in prange(batch * height):
        n = row // height
        i = row % height
        for c in range(0, channels, lanes):
            some = min(lanes, channels - c)
            at = row * width * step + first + c
            read_pixels(maps, n, i, 0, 1, width, c, some, flat, at, 0, step, some)


@kernel
def take_channels(dout, first, dx):
    """dx (N, H, W, C) gets the channels `first` to first + C of dout (N, H, W, D)."""
    batch, height, width, channels = dx.shape
    for row in prange(batch * height):
        n = row // height
        i = row % height
        for j in range(width):
            here = dx[n, i, j]
            pixel = dout[n, i, j]
            for c in range(channels):
                here[c] = pixel[first + c]


@kernel
def add_maps(maps, total):
    """Add maps of (N, H, W, C), finished while they are read, to total (N, H, W, C)."""
    batch, height, width, channels = total.shape
    for row in prange(batch * height):
        n = row // height
        i = row % height
        line = np.empty(width * channels, total.dtype)
        read_row(maps, n, i, 0, width, 0, channels, line, 0, channels)
        here = total[n, i].reshape(-1)
        for k in range(line.size):
            here[k] += line[k]

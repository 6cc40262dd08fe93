"""Bring maps to another size: each output pixel a weighted sum of a few input pixels, rows and columns apart.

The weights come as two small matrices. With the transposed ones the same kernel goes backward.
"""

import numpy as np
from numba import prange

from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.maps import read_row


@kernel
def resample(maps, rows, row_reach, columns, column_reach, out):
    """out (N, OH, OW, C) = rows (OH, H) times maps of (N, H, W, C) times the transpose of columns (OW, W).

    Row i of a matrix is zero outside of ``reach[i, 0]`` to ``reach[i, 1] - 1``.
    """
    width = maps.width
    batch, out_h, out_w, channels = out.shape
    for row in prange(batch * out_h):
        n = row // out_h
        i = row % out_h
        one = np.empty(width * channels, out.dtype)
        line = np.zeros(width * channels, out.dtype)
        for p in range(row_reach[i, 0], row_reach[i, 1]):
            read_row(maps, n, p, 0, width, 0, channels, one, 0, channels)
            share = rows[i, p]
            for k in range(line.size):
                line[k] += share * one[k]
        x = line.reshape(width, channels)
        for j in range(out_w):
            pixel = out[n, i, j]
            for c in range(channels):
                pixel[c] = 0
            for q in range(column_reach[j, 0], column_reach[j, 1]):
                share = columns[j, q]
                for c in range(channels):
                    pixel[c] += share * x[q, c]

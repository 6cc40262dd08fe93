"""What the stepper must show, by the package's layers."""

import numpy as np

from segnet_np.layers import MaxPool2d, MaxUnpool2d

MAPS = ("y", "offsets", "flat", "unpooled", "dy", "dx")


def golden(x, dout, ceil_mode):
    """All maps that x and dout lead to, by name, as lists."""
    pool, unpool = MaxPool2d(ceil_mode=ceil_mode), MaxUnpool2d()
    y, indices = pool(np.array(x, dtype=float)[None, None])
    unpooled = unpool(y, indices)
    dy = unpool.backward(np.array(dout, dtype=float)[None, None])
    dx = pool.backward(dy)
    maps = (y, indices.offsets, indices.flat, unpooled, dy, dx)
    return {name: array[0, 0].tolist() for name, array in zip(MAPS, maps, strict=True)}

"""No convolution reads or writes behind an array: each ends at a page that the processor refuses to touch.

The idle rows of a tile read on, by at most `slack` numbers, and what they read ends in sums that nobody looks
at. So no result shows whether they read too far; the operating system does.
"""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, math, mmap, sys
import numba
import numpy as np
from segnet_np import reference
from segnet_np.kernels import conv2d
from segnet_np.layers import convolve_direct, convolve_winograd
from segnet_np.layers.lazy import finished
from segnet_np.layers.workspace import Workspace

conv2d.slack = eval(sys.argv[1]) or conv2d.slack
numba.set_num_threads(1)
kept = []

def walled(shape, dtype, slack=0):
    size = (math.prod(shape) + slack) * np.dtype(dtype).itemsize
    memory = mmap.mmap(-1, (-(-size // mmap.PAGESIZE) + 1) * mmap.PAGESIZE)
    kept.append((memory, ctypes.c_char.from_buffer(memory)))
    last = len(memory) - mmap.PAGESIZE
    wall = ctypes.c_void_p(ctypes.addressof(kept[-1][1]) + last)
    assert ctypes.CDLL(None).mprotect(wall, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    array = np.frombuffer(memory, dtype, math.prod(shape) + slack, last - size)
    array[:] = np.nan
    return array[: math.prod(shape)].reshape(shape)

class Walled(Workspace):
    def empty(self, shape, dtype, slack=0, leaves=False):
        return walled(shape, dtype, slack)

rng = np.random.default_rng(0)

def drawn(*shape):
    array = walled(shape, "float32")
    array[...] = rng.standard_normal(shape)
    return array

def wide(array):
    return array.transpose(0, 3, 1, 2).astype("float64")

# N, C, O, H, W, K, padding
for batch, channels, out_channels, height, width, size, padding in [
    (1, 1, 1, 1, 1, 1, 0), (1, 1, 2, 4, 4, 1, 2), (1, 64, 11, 5, 3, 1, 0), (2, 3, 64, 5, 7, 3, 1),
    (1, 2, 16, 5, 9, 3, 4), (1, 3, 64, 6, 5, 7, 3), (1, 1, 1, 7, 7, 7, 0), (2, 5, 17, 4, 6, 5, 2),
    (1, 130, 140, 5, 6, 3, 1), (1, 31, 1, 2, 3, 3, 1),
]:
    for m in (0, 2, 4) if size > 1 else (0,):
        module = convolve_winograd if m else convolve_direct
        options, more = ((m, False), (m,)) if m else ((), ())
        x, weight = drawn(batch, height, width, channels), drawn(out_channels, channels, size, size)
        bias = drawn(out_channels)
        out, _ = module.correlate(Walled(), finished(x), weight, bias, padding, False, *options)
        dout = drawn(*out.shape)
        back, no_bias = size - 1 - padding, np.zeros(channels, "float32")
        dx, _ = module.correlate(Walled(), finished(dout), weight, no_bias, back, True, *options)
        dweight = module.weight_gradient(Walled(), finished(x), dout, padding, size, *more)
        w = weight.astype("float64")
        expected = [
            reference.conv2d(wide(x), w, bias.astype("float64"), padding),
            *reference.conv2d_backward(wide(dout), wide(x), w, padding)[:2],
        ]
        for got, right in zip((wide(out), wide(dx), dweight), expected):
            assert np.abs(got - right).max() < 2e-5 * np.abs(right).max(), (channels, size, m)
        kept.clear()
print("right")
"""


def run(slack):
    return subprocess.run([sys.executable, "-c", PROGRAM, slack], capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="pages are refused by mprotect, tried on Linux alone")
def test_nothing_is_touched_behind_an_array():
    done = run("None")
    assert done.stdout == "right\n", done.stderr[-2000:]


@pytest.mark.skipif(sys.platform != "linux", reason="pages are refused by mprotect, tried on Linux alone")
def test_the_wall_is_felt():
    """Without the room that idle rows need, the process is ended."""
    assert run("lambda channels: 0").returncode < 0

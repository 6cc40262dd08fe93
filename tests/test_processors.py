"""The same numbers for any number of threads, and right ones for any width of the vectors.

Both are settled when Numba starts, so each case runs in a process of its own.
"""

import os
import subprocess
import sys

import pytest

# Trains two steps and prints a digest of everything: logits, gradients, weights, what evaluation gives.
TRAIN = """
import hashlib, sys
import numba, numpy as np
import segnet_np as snp

def digest(make, shape):
    rng = np.random.default_rng(0)
    net = make()
    opt = snp.SGD(net.parameters(), lr=0.1, momentum=0.9)
    digest = hashlib.sha256()
    for _ in range(2):
        x = rng.standard_normal((shape[0], 3, *shape[1:])).astype("float32")
        opt.zero_grad()
        logits = net(x)
        loss, dlogits = snp.softmax_cross_entropy(logits, rng.integers(0, 5, (shape[0], *shape[1:])))
        dx = net.backward(dlogits)
        opt.step()
        for array in (logits, dx, *(p.grad for p in net.parameters()), *net.state_dict().values()):
            digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(np.ascontiguousarray(net.eval()(x)).tobytes())
    return digest.hexdigest()

for threads in map(int, sys.argv[1:]):
    numba.set_num_threads(threads)
    print(digest(lambda: snp.SegNet(3, 5, 8), (3, 45, 61)), end=" ")
    print(digest(lambda: snp.SegNetBasic(3, 5, 16), (2, 40, 56)))
"""

# Every algorithm against the loops of the reference; float32 alone, because compiling takes long.
COMPARE = """
import sys
import numpy as np
from segnet_np import layers, reference
from segnet_np.kernels import tile

assert tile.VECTOR_BYTES == int(sys.argv[1]), tile.VECTOR_BYTES
rng = np.random.default_rng(0)
dtype, tolerance = "float32", 1e-5
for algorithm in ("direct", "winograd"):
    # Winograd's algorithm takes tiles of 2x2 for the smaller maps and of 4x4 for the larger ones.
    for shape in ((5, 3, 7, 9), (17, 33, 15, 17), (3, 64, 7, 9), (3, 64, 15, 17)):
        channels, out_channels, height, width = shape
        conv = layers.Conv2d(channels, out_channels, 3, 1, dtype=dtype, algorithm=algorithm)
        x = rng.standard_normal((2, channels, height, width)).astype(dtype)
        dout = rng.standard_normal((2, out_channels, height, width)).astype(dtype)
        got = conv(x), conv.backward(dout), conv.weight.grad
        x, w, b, d = (a.astype("float64") for a in (x, conv.weight.data, conv.bias.data, dout))
        expected = reference.conv2d(x, w, b, 1), *reference.conv2d_backward(d, x, w, 1)
        for a, b in zip(got, expected):
            error = np.abs(a - b).max() / np.abs(b).max()
            assert error < tolerance, (dtype, algorithm, channels, error)
block = layers.ConvBNReLU(17, 18, 3, 1, dtype=dtype)
x, dout = (rng.standard_normal((2, c, 7, 9)).astype(dtype) for c in (17, 18))
conv, bn, relu = layers.Conv2d(17, 18, 3, 1), layers.BatchNorm2d(18), layers.ReLU()
got = block(x), block.backward(dout)
expected = relu(bn(conv(x))), conv.backward(bn.backward(relu.backward(dout)))
for a, b in zip(got, expected):
    assert np.abs(a - b).max() < 10 * tolerance * np.abs(b).max()
y, indices = layers.MaxPool2d()(x)
flat = reference.max_pool2d(x)
assert np.array_equal(y, flat[0]) and np.array_equal(indices.flat, flat[1])
assert np.array_equal(layers.MaxUnpool2d()(y, indices), reference.max_unpool2d(y, flat[1], (7, 9)))
print("right")
"""


def run(program, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_any_number_of_threads_gives_the_same_bits():
    digests = run(TRAIN, 1, 2, 3, 4, 2, NUMBA_NUM_THREADS="4")
    assert len(digests) == 5
    assert len(set(digests)) == 1


@pytest.mark.parametrize("width", [16, 32])
def test_narrower_vectors_of_other_processors(width, tmp_path):
    """Compiled for this processor, but with the tiles and vectors that one without AVX-512, or AVX2, gets."""
    environment = {"SEGNET_NP_VECTOR_BYTES": str(width), "NUMBA_CACHE_DIR": str(tmp_path)}
    assert run(COMPARE, width, **environment) == ["right"]

"""The two algorithms for convolution: equal results, no byte touched outside, a choice one can explain."""

import numpy as np
import pytest
import torch
from comparing import assert_close
from torch.nn import functional

from segnet_np.layers import BatchNorm2d, Conv2d, convolve_direct, convolve_winograd
from segnet_np.layers.convolve import ALGORITHMS, correlate, tile_size, weight_gradient
from segnet_np.layers.lazy import finish, finished, unfinished, unpooled
from segnet_np.layers.workspace import Workspace
from segnet_np.verify import gradcheck
from segnet_np.verify.threads import using_threads

# (N, C, O, H, W, K, padding): part tiles on both sides, channels that fill vectors and panels and some that
# do not, several blocks of tiles and of channels; kernels of one, four and nine pieces; a border that cuts
# and one wider than the kernel.
SHAPES = [
    (2, 3, 5, 6, 8, 3, 1),
    (2, 3, 5, 7, 9, 3, 0),
    (1, 16, 64, 4, 4, 3, 1),
    (3, 66, 17, 1, 2, 3, 1),
    (1, 20, 70, 3, 105, 3, 1),
    (1, 3, 2, 4, 30, 3, 6),
    (5, 8, 8, 21, 13, 3, 1),
    (1, 130, 140, 5, 6, 3, 1),
    (2, 10, 12, 13, 9, 5, 2),
    (1, 34, 66, 9, 9, 7, 3),
    (2, 13, 70, 5, 6, 3, 1),
    (1, 65, 40, 4, 5, 3, 1),
    (1, 32, 16, 9, 8, 3, 60),
    (1, 3, 4, 9, 10, 9, 2),
]

# Rounding against float64 in the worst element, as a share of the largest. Measured over these shapes and
# both tile sizes: 3.0e-6 and 6.9e-15; F(2x2) alone 1.0e-6 and 2.0e-15.
TOLERANCE = {"float32": 1e-5, "float64": 2e-14}


class GuardedWorkspace(Workspace):
    """Lends arrays full of NaN, with a zone of it around, and can say whether anybody wrote there."""

    zone = 64

    def __init__(self):
        super().__init__(recycles=False)
        self.lent = []

    def empty(self, shape, dtype, slack=0, leaves=False):
        size = int(np.prod(shape))
        whole = np.full(size + 2 * self.zone + slack, np.nan, dtype)
        self.lent.append((whole, size))
        return whole[self.zone : self.zone + size].reshape(shape)

    def intact(self):
        return all(
            np.isnan(whole[: self.zone]).all() and np.isnan(whole[self.zone + size :]).all()
            for whole, size in self.lent
        )


@pytest.fixture(params=[0, 2, 4], ids=["direct", "F(2x2)", "F(4x4)"])
def m(request):
    return request.param


@pytest.fixture(params=[1, 2], ids=["1 thread", "2 threads"])
def threads(request):
    """One thread has the scratch memory for itself, and so the zone of NaN right behind its end."""
    with using_threads(request.param):
        yield


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_pytorch_and_stays_within_its_arrays(shape, dtype, m, threads):
    batch, channels, out_channels, height, width, size, padding = shape
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, height, width, channels)).astype(dtype)
    weight = rng.standard_normal((out_channels, channels, size, size)).astype(dtype)
    bias = rng.standard_normal(out_channels).astype(dtype)
    workspace = GuardedWorkspace()
    if m == 0:
        correlate_, gradient = convolve_direct.correlate, convolve_direct.weight_gradient
        options, more = (), ()
    else:
        correlate_, gradient = convolve_winograd.correlate, convolve_winograd.weight_gradient
        options, more = (m, True), (m,)
    out, moments = correlate_(workspace, finished(x), weight, bias, padding, False, *options)
    dout = rng.standard_normal(out.shape).astype(dtype)
    back = size - 1 - padding
    dx, _ = correlate_(workspace, finished(dout), weight, np.zeros(channels, dtype), back, True, *options)
    dweight = gradient(workspace, finished(x), dout, padding, size, *more)
    assert workspace.intact()
    if m:
        # The moments, put together, are those of the whole.
        counts, means, squares = moments.transpose(1, 0, 2)
        assert (counts.sum(axis=0) == out[..., 0].size).all()
        mean = (counts * means).sum(axis=0) / counts.sum(axis=0)
        # Each channel in a row, which NumPy adds up in pairs and so more exactly than one after the other.
        whole = np.ascontiguousarray(out.astype("float64").reshape(-1, out_channels).T)
        assert_close(mean, whole.mean(axis=1), TOLERANCE[dtype], "mean")
        variance = (squares + counts * (means - mean) ** 2).sum(axis=0) / whole.shape[1]
        assert_close(variance, whole.var(axis=1), TOLERANCE[dtype], "variance")

    tx, tw = (
        torch.tensor(a.astype("float64"), requires_grad=True) for a in (x.transpose(0, 3, 1, 2), weight)
    )
    expected = functional.conv2d(tx, tw, torch.tensor(bias.astype("float64")), padding=padding)
    expected.backward(torch.tensor(dout.astype("float64")).permute(0, 3, 1, 2))
    assert_close(out.transpose(0, 3, 1, 2), expected.detach(), TOLERANCE[dtype], "out")
    assert_close(dx.transpose(0, 3, 1, 2), tx.grad, TOLERANCE[dtype], "dx")
    assert_close(dweight, tw.grad, TOLERANCE[dtype], "dweight")


def test_the_error_at_512_channels_is_what_the_points_promise():
    """Against float64, relative to the root mean square of the result.

    Measured 2.1e-6 and 1.4e-5 for F(4x4), 6.9e-7 and 3.4e-6 for F(2x2).
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 16, 16, 512)).astype("float32")
    weight = rng.standard_normal((64, 512, 3, 3)).astype("float32")
    exact = functional.conv2d(
        torch.tensor(x.transpose(0, 3, 1, 2).astype("float64")),
        torch.tensor(weight.astype("float64")),
        padding=1,
    ).numpy()
    for m, rms, most in ((4, 5e-6, 5e-5), (2, 1e-6, 5e-6)):
        got, _ = convolve_winograd.correlate(
            Workspace(), finished(x), weight, np.zeros(64, "float32"), 1, False, m, False
        )
        error = (got.transpose(0, 3, 1, 2) - exact) / np.sqrt((exact**2).mean())
        assert np.sqrt((error**2).mean()) < rms
        assert np.abs(error).max() < most


@pytest.mark.parametrize("size", [3, 5])
def test_winograd_passes_the_gradient_check(size):
    layer = Conv2d(3, 4, size, size // 2, dtype="float64", algorithm="winograd")
    report = gradcheck(layer, np.random.default_rng(0).standard_normal((2, 3, 7, 6)))
    assert report.ok, report


def test_both_algorithms_are_there_on_request_and_wrong_requests_refused():
    x = np.random.default_rng(0).standard_normal((2, 16, 12, 12)).astype("float32")
    layers = {algorithm: Conv2d(16, 16, 3, 1, algorithm=algorithm) for algorithm in ALGORITHMS}
    outs = {algorithm: layer(x) for algorithm, layer in layers.items()}
    assert_close(outs["winograd"], outs["direct"], 1e-5)
    assert not np.array_equal(outs["winograd"], outs["direct"])  # they round differently
    assert np.array_equal(outs["auto"], outs["winograd"])
    with pytest.raises(ValueError, match=r"auto.*direct.*winograd.*'fft' was given"):
        Conv2d(3, 4, 3, algorithm="fft")
    with pytest.raises(ValueError, match="3x3 and more, but kernel_size 1 was given"):
        Conv2d(3, 4, 1, algorithm="winograd")


@pytest.mark.parametrize(
    ("arguments", "m"),
    [
        (("auto", "float32", 3, 64, (8, 96, 96)), 4),
        (("auto", "float32", 3, 512, (8, 6, 6)), 2),  # F(4x4) would waste most of four tiles
        (("auto", "float32", 3, 512, (1, 2, 2)), 0),  # fewer pixels than preparing the weights is worth
        (("auto", "float32", 7, 64, (4, 48, 48)), 4),
        (("auto", "float32", 1, 64, (8, 96, 96)), 0),
        (("auto", "float32", 3, 3, (8, 96, 96)), 0),
        (("auto", "float64", 3, 64, (8, 96, 96)), 0),
        (("winograd", "float64", 3, 3, (8, 96, 96)), 4),
        (("direct", "float32", 3, 64, (8, 96, 96)), 0),
    ],
)
def test_the_choice(arguments, m):
    algorithm, dtype, *shape = arguments
    assert tile_size(algorithm, np.dtype(dtype), *shape) == m


@pytest.mark.parametrize("algorithm", ["direct", "winograd"])
def test_direct_and_winograd_finish_unfinished_maps_alike(algorithm):
    """Batch norm, ReLU and unpooling are applied by whoever reads; here against finishing first."""
    rng = np.random.default_rng(0)
    raw = rng.standard_normal((2, 3, 4, 20)).astype("float32")
    offsets = rng.integers(0, 4, raw.shape).astype(np.uint8)
    unpooled_from = unfinished(raw, rng.standard_normal(20), rng.standard_normal(20), 0)
    maps = unpooled(unpooled_from, offsets, (7, 8), Workspace())
    whole = finished(finish(maps, Workspace()))
    weight = rng.standard_normal((18, 20, 3, 3)).astype("float32")
    dout = rng.standard_normal((2, 7, 8, 18)).astype("float32")
    results = [
        (
            correlate(Workspace(), m, weight, np.zeros(18, "float32"), 1, algorithm)[0],
            weight_gradient(Workspace(), m, dout, 1, 3, algorithm),
        )
        for m in (maps, whole)
    ]
    for lazy, eager in zip(*results, strict=True):
        assert np.array_equal(lazy, eager)


def test_moments_keep_a_small_variance_beside_a_large_mean():
    """Where E[x**2] - E[x]**2 would lose everything: a mean a thousand times the standard deviation."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 40, 40, 16)).astype("float32")
    weight = np.zeros((16, 16, 3, 3), "float32")
    weight[np.arange(16), np.arange(16), 1, 1] = 1
    bias = np.full(16, 1000, "float32")
    out, moments = convolve_winograd.correlate(Workspace(), finished(x), weight, bias, 1, False, 4, True)
    mean, inv_std = BatchNorm2d(16).statistics(out.reshape(-1, 16), moments)
    whole = out.astype("float64").reshape(-1, 16)
    assert_close(mean, whole.mean(axis=0), 1e-7)
    assert_close(inv_std, 1 / np.sqrt(whole.var(axis=0) + 1e-5), 1e-6)


@pytest.mark.parametrize("algorithm", ["direct", "winograd"])
def test_weights_and_bias_in_any_memory_order(algorithm):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 16, 6, 7)).astype("float32")
    conv = Conv2d(16, 24, 3, 1, algorithm=algorithm)
    conv.bias.data[:] = rng.standard_normal(24)
    expected = conv(x)
    conv.bias.data = np.repeat(conv.bias.data, 2)[::2]
    conv.weight.data = np.asfortranarray(conv.weight.data)
    assert not conv.bias.data.flags.c_contiguous
    assert np.array_equal(conv(x), expected)

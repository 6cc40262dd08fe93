"""No timing of layers that were not compared with the reference before, in the same run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from segnet_np import reference
from segnet_np.layers import Conv2d, ConvBNReLU, MaxPool2d, MaxUnpool2d
from segnet_np.verify.bench import ours
from segnet_np.verify.bench.cases import PASSES, Case, algorithm_of, convolutions_of

# Relative error (L2): many times what rounding makes in float32, about 1e-6, and far below a mistake's.
TOLERANCE = 1e-4

# Algorithm, C, K, H and W of convolutions: few channels and many; F(2x2) on small maps, F(4x4) on large.
_KINDS = (
    ("direct", 16, 3, 7, 9),
    ("direct", 3, 3, 7, 9),
    ("direct", 3, 7, 7, 9),
    ("winograd", 16, 3, 7, 9),
    ("winograd", 16, 3, 15, 17),
)


def verify_layers() -> list[str]:
    """Compare the fast paths in float32, forward and backward, with the plain loops.

    Loss and optimizer, which take a few hundredths of a step, are left to the tests.

    Returns
    -------
    checked : list of str
        What was compared, with the relative error (L2).

    Raises
    ------
    RuntimeError
        If one differs.
    """
    lines = [_verify_convolution(*kind) for kind in _KINDS]
    rng = np.random.default_rng(0)
    x, dout = (rng.standard_normal((2, c, 7, 9)).astype("float32") for c in (16, 32))
    weight = rng.standard_normal((32, 16, 3, 3)).astype("float32")
    x_, w_, d_ = (a.astype("float64") for a in (x, weight, dout))
    y = reference.conv2d(x_, w_, None, 1)
    block = ConvBNReLU(16, 32, 3, 1)
    block.conv.weight.data[...] = weight
    zeros, ones = np.zeros(32), np.ones(32)
    normalised = reference.batch_norm_train(y, ones, zeros, zeros, ones)[0]
    d_bn, *d_affine = reference.batch_norm_train_backward(reference.relu_backward(d_, normalised), y, ones)
    got = [block(x), block.backward(dout), block.conv.weight.grad, block.bn.weight.grad, block.bn.bias.grad]
    expected = [
        reference.relu(normalised),
        *reference.conv2d_backward(d_bn, x_, w_, 1)[:2],
        *d_affine,
    ]
    lines.append(_compare("batch norm and ReLU, fused", got, expected))
    pool, unpool = MaxPool2d(), MaxUnpool2d()
    pooled, indices = pool(x)
    unpooled = unpool(pooled, indices)
    pooled_, flat = reference.max_pool2d(x)
    got = [pooled, indices.flat, unpooled, unpool.backward(x), pool.backward(pooled)]
    expected = [
        pooled_,
        flat,
        reference.max_unpool2d(pooled_, flat, (7, 9)),
        reference.max_unpool2d_backward(x, flat),
        reference.max_pool2d_backward(pooled_, flat, (7, 9)),
    ]
    return [*lines, _compare("pooling and unpooling", got, expected)]


def _verify_convolution(algorithm: str, channels: int, kernel_size: int, height: int, width: int) -> str:
    rng = np.random.default_rng(0)
    padding = kernel_size // 2
    conv = Conv2d(channels, 32, kernel_size, padding, algorithm=algorithm)
    x, dout = (rng.standard_normal((2, c, height, width)).astype("float32") for c in (channels, 32))
    got = [conv(x), conv.backward(dout), conv.weight.grad]
    x_, w_, d_ = (a.astype("float64") for a in (x, conv.weight.data, dout))
    expected = [
        reference.conv2d(x_, w_, None, padding),
        *reference.conv2d_backward(d_, x_, w_, padding)[:2],
    ]
    shape = f"{channels} channels, {kernel_size}x{kernel_size} on {height}x{width}"
    return _compare(f"convolution, {algorithm}, {shape}", got, expected)


def verify_convolutions(case: Case) -> str:
    """Compare each convolution of a net that Winograd's algorithm does, at its own size, with the direct one.

    Whole nets are not compared: where two values of a pooling window are nearly equal, rounding decides which
    of them wins, and in a large picture there is always such a window.

    Returns
    -------
    checked : str

    Raises
    ------
    RuntimeError
        If one differs.
    """
    worst = 0.0
    for convolution in dict.fromkeys(convolutions_of(case).values()):
        for what in PASSES:
            one = replace(convolution, what=what)
            if algorithm_of(one) == "direct":
                continue  # it would be compared with itself; `verify_layers` compares it with the loops
            chosen, direct = (ours.prepare(one, algorithm)() for algorithm in ("auto", "direct"))
            error = _error(chosen, direct)
            _check(f"{one.name} by {algorithm_of(one)}", error)
            worst = max(worst, error)
    return f"all convolutions of {case.model}, three passes, Winograd's against direct: {worst:.0e}"


def _compare(what: str, got: Sequence[Any], expected: Sequence[Any]) -> str:
    error = max(_error(a, b) for a, b in zip(got, expected, strict=True))
    _check(what, error)
    return f"{what}: {error:.0e}"


def _error(got: Any, expected: Any) -> float:
    return float(np.linalg.norm(np.subtract(got, expected)) / np.linalg.norm(expected))


def _check(what: str, error: float) -> None:
    if not error <= TOLERANCE:
        raise RuntimeError(f"{what}: an error of {error:.1e}, {TOLERANCE:.0e} is allowed; nothing was timed")

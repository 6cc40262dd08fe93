"""No timing of what was not compared with the reference before, in the same run."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from segnet_np import reference
from segnet_np.layers import Conv2d, ConvBNReLU, MaxPool2d, MaxUnpool2d
from segnet_np.layers.softmax_cross_entropy import softmax_cross_entropy
from segnet_np.verify.bench.cases import Case, batch_of, build

# Relative errors (L2): many times what rounding makes in float32, about 1e-6 in a layer and 1e-4 in the
# logits of a whole net, and far below what a mistake makes. Gradients of a whole net turn on the signs of
# values near zero, so there rounding makes up to some 3e-2, in PyTorch as here.
LAYER = 1e-4
LOGITS = 1e-3
GRADIENT = 1e-1
SEEDS = 5


def verify_layers() -> list[str]:
    """Compare every fast path in float32 with the plain loops.

    Returns
    -------
    checked : list of str
        What was compared, with the error as a share of the largest value.

    Raises
    ------
    RuntimeError
        If one differs.
    """
    rng = np.random.default_rng(0)
    x, dout = (rng.standard_normal((2, c, 7, 9)).astype("float32") for c in (16, 32))
    weight = rng.standard_normal((32, 16, 3, 3)).astype("float32")
    x_, w_, d_ = (a.astype("float64") for a in (x, weight, dout))
    y = reference.conv2d(x_, w_, None, 1)
    lines = []
    for algorithm in ("direct", "winograd"):
        conv = Conv2d(16, 32, 3, 1, algorithm=algorithm)
        conv.weight.data[...] = weight
        got = [conv(x), conv.backward(dout), conv.weight.grad]
        lines.append(
            _compare(
                f"convolution, {algorithm}", LAYER, got, [y, *reference.conv2d_backward(d_, x_, w_, 1)[:2]]
            )
        )
    block = ConvBNReLU(16, 32, 3, 1)
    block.conv.weight.data[...] = weight
    zeros, ones = np.zeros(32), np.ones(32)
    normalised = reference.batch_norm_train(y, ones, zeros, zeros, ones)[0]
    lines.append(_compare("batch norm and ReLU, fused", LAYER, [block(x)], [reference.relu(normalised)]))
    pooled, indices = MaxPool2d()(x)
    pooled_, flat = reference.max_pool2d(x)
    got = [pooled, indices.flat, MaxUnpool2d()(pooled, indices)]
    expected = [pooled_, flat, reference.max_unpool2d(pooled_, flat, (7, 9))]
    return [*lines, _compare("pooling and unpooling", 0, got, expected)]


def verify_net(case: Case) -> str:
    """Compare a whole net's logits and gradients with those of direct convolution.

    Where two values of a pooling window are nearly equal, rounding decides which of them wins; then a value
    moves by a pixel and everything after it changes. So of several inputs one has to agree; a mistake would
    spoil all.

    Returns
    -------
    checked : str

    Raises
    ------
    RuntimeError
        If they differ.
    """
    what = f"{case.model}, logits and gradients, as chosen against direct"
    for seed in range(SEEDS):
        x, labels = batch_of(case, seed)
        results = []
        for algorithm in ("auto", "direct"):
            net = build(case, seed)
            for layer in net.children().values():
                if isinstance(layer, Conv2d):
                    layer.algorithm = algorithm
            logits = net(x)
            net.backward(softmax_cross_entropy(logits, labels)[1], input_grad=False)
            results.append((logits, next(p.grad for p in net.parameters())))
        logits_error, gradient_error = (_error(*pair) for pair in zip(*results, strict=True))
        if logits_error <= LOGITS and gradient_error <= GRADIENT:
            return f"{what}: {logits_error:.0e}, {gradient_error:.0e}"
    raise RuntimeError(
        f"{what}: errors of {logits_error:.1e} and {gradient_error:.1e}, {LOGITS:.0e} and {GRADIENT:.0e} are "
        "allowed; nothing was timed"
    )


def _compare(what: str, most: float, got: Sequence[Any], expected: Sequence[Any]) -> str:
    error = max(_error(a, b) for a, b in zip(got, expected, strict=True))
    if not error <= most:
        raise RuntimeError(f"{what}: an error of {error:.1e}, {most:.0e} is allowed; nothing was timed")
    return f"{what}: {error:.0e}"


def _error(got: Any, expected: Any) -> float:
    return float(np.linalg.norm(np.subtract(got, expected)) / np.linalg.norm(expected))

"""Exercise: a convolution, forward."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    """Each output is the bias plus the sum of products of the kernel with the patch beneath it."""
    batch, _, height, width = x.shape
    out_channels, _, kernel_h, kernel_w = weight.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out_h = height + 2 * padding - kernel_h + 1
    out_w = width + 2 * padding - kernel_w + 1
    out = np.zeros((batch, out_channels, out_h, out_w))
    for n in range(batch):
        for o in range(out_channels):
            for i in range(out_h):
                for j in range(out_w):
                    patch = padded[n, :, i : i + kernel_h, j : j + kernel_w]
                    out[n, o, i, j] = bias[o] + np.sum(weight[o] * patch)
    return out


def example(
    batch: int, channels: int, out_channels: int, size: tuple[int, int], kernel: tuple[int, int], seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make x, weight and bias of small whole numbers, so that wrong sums can be followed by hand."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-4, 6, (batch, channels, *size))
    weight = rng.integers(-3, 4, (out_channels, channels, *kernel))
    bias = 10.0 * (1 + np.arange(out_channels))
    return x.astype(float), weight.astype(float), bias


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    x = np.array([[[[1.0, 2.0, 0.0], [3.0, 1.0, 2.0], [0.0, 2.0, 4.0]]]])
    weight = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    parts = tuple(part / 8 for part in example(1, 2, 2, (3, 4), (3, 3), 7))
    return [
        Case("one map of 3x3, one kernel of 2x2, no padding", (x, weight, np.zeros(1), 0)),
        Case("the same with a bias", (x, weight, np.full(1, 100.0), 0)),
        Case("padding 1", (*example(1, 1, 1, (4, 5), (3, 3), 1), 1)),
        Case("three input channels", (*example(1, 3, 1, (4, 5), (3, 3), 2), 1)),
        Case("as many output as input channels", (*example(1, 2, 2, (5, 4), (3, 3), 3), 1)),
        Case("a batch, more channels out than in", (*example(2, 3, 5, (4, 6), (3, 3), 4), 1)),
        Case("a large kernel that is not square", (*example(2, 2, 3, (7, 6), (5, 3), 5), 2)),
        Case("a 1x1 kernel", (*example(2, 3, 2, (3, 4), (1, 1), 6), 0)),
        Case("numbers that are not whole", (*parts, 1)),
    ]


def _flipped(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight[:, :, ::-1, ::-1], bias, padding)


def _upside_down(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight[:, :, ::-1], bias, padding)


def _transposed(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight.swapaxes(2, 3), bias, padding)


def _no_padding(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight, bias, 0)


def _padded_behind(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding))), weight, bias, 0)


def _padded_before(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(np.pad(x, ((0, 0), (0, 0), (2 * padding, 0), (2 * padding, 0))), weight, bias, 0)


def _padded_once(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(np.pad(x, ((0, 0), (0, 0), (padding, 0), (padding, 0))), weight, bias, 0)


def _padded_once_behind(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(np.pad(x, ((0, 0), (0, 0), (0, padding), (0, padding))), weight, bias, 0)


def _all_axes_padded(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    batch, channels = x.shape[:2]
    return solution(np.pad(x, padding)[:batch, :channels], weight, bias, 0)


def _one_too_few(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight, bias, padding)[:, :, :-1, :-1]


def _padded_with_edge(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    around = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return solution(np.pad(x, around, mode="edge"), weight, bias, 0)


def _channels_swapped(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    if weight.shape[0] == weight.shape[1]:
        weight = weight.swapaxes(0, 1)
    return solution(x, weight, bias, padding)


def _first_channel_only(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x[:, :1], weight[:, :1], bias, padding)


def _last_channel_only(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x[:, -1:], weight[:, -1:], bias, padding)


def _no_bias(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight, 0 * bias, padding)


def _bias_per_product(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight, bias * weight[0].size, padding)


def _bias_per_channel(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight, bias * weight.shape[1], padding)


def _mean(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight / weight[0].size, bias, padding)


def _strided(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int) -> np.ndarray:
    return solution(x, weight, bias, padding)[:, :, :: weight.shape[2], :: weight.shape[3]]


EXERCISE = Exercise(
    name="convolution",
    lesson="03",
    task="""Write `convolution(x, weight, bias, padding)`. `x` has shape (N, C, H, W), `weight` (O, C, KH,
KW), `bias` (O,). Put `padding` rows and columns of zeros around each map of x. Output `out[n, o, i, j]`
is `bias[o]` plus the sum, over all channels c and all places (ki, kj) of the kernel, of `weight[o, c, ki,
kj]` times the padded x at (i + ki, j + kj). Return `out`, shape (N, O, H + 2 * padding - KH + 1, W + 2 *
padding - KW + 1).""",
    outputs=("out",),
    solution=solution,
    cases=cases,
    hints=(
        "Think of one output first. Which patch of x lies under the kernel, and what shape has it, with all "
        "of its channels? Then four loops (n, o, i, j) do the same for all.",
        "Pad once, before the loops: `np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))`. "
        "The patch of output (i, j) starts at row i and column j of the padded maps and is as large as the "
        "kernel.",
        "Inside of the loops: `patch = padded[n, :, i : i + KH, j : j + KW]`. It has the shape (C, KH, KW), "
        "as `weight[o]` has. Multiply the two element by element, sum everything, add `bias[o]` once.",
    ),
    mistakes=(
        Mistake(
            _flipped,
            "The kernel is turned by 180 degrees. That is what mathematicians call convolution; networks "
            "lay the kernel on the patch as it is: `weight[..., 0, 0]` meets the upper left corner of the "
            "patch.",
        ),
        Mistake(
            _upside_down,
            "The kernel stands upside down: its first row belongs on the first row of the patch.",
        ),
        Mistake(
            _transposed,
            "Rows and columns of the kernel are exchanged: ki goes with the rows of x, kj with its columns.",
        ),
        Mistake(_no_padding, "The padding is forgotten: x was not given its rows and columns of zeros."),
        Mistake(
            _padded_behind,
            "All padding was put below and to the right, so everything is shifted. `padding` zeros belong "
            "on each side.",
        ),
        Mistake(
            _padded_before,
            "All padding was put above and to the left, so everything is shifted. `padding` zeros belong on "
            "each side.",
        ),
        Mistake(
            _padded_once,
            "The padding was put above and to the left only. `padding` zeros belong on each side, so a map "
            "grows by twice as many.",
        ),
        Mistake(
            _padded_once_behind,
            "The padding was put below and to the right only. `padding` zeros belong on each side, so a map "
            "grows by twice as many.",
        ),
        Mistake(
            _all_axes_padded,
            "`np.pad(x, padding)` pads all four axes: it also adds pictures and channels of zeros, and "
            "picture 0 is then empty. Only rows and columns get padding: one pair for each axis.",
        ),
        Mistake(
            _one_too_few,
            "The result has a row and a column too few. A kernel of KH rows has H - KH + 1 places in H rows: "
            "count them for H = KH.",
        ),
        Mistake(_padded_with_edge, "The padding repeats the edge of x. Here it is zeros."),
        Mistake(
            _channels_swapped,
            "Output and input channel are exchanged in the weights: the first axis of `weight` is the "
            "output channel o, the second the input channel c.",
        ),
        Mistake(
            _first_channel_only,
            "Only the first input channel is used. An output sums over all of them.",
        ),
        Mistake(
            _last_channel_only,
            "Only the last input channel is in the result: where the loop over channels comes round again, "
            "it must add to what is there (`+=`), not write over it.",
        ),
        Mistake(_no_bias, "The bias is missing."),
        Mistake(
            _bias_per_product,
            "The bias is added once for each product, inside of the innermost loop. It belongs to an output "
            "once.",
        ),
        Mistake(
            _bias_per_channel,
            "The bias is added once for each input channel. It belongs to an output once.",
        ),
        Mistake(_mean, "This is the mean of the products. A convolution is their sum: nothing is divided."),
        Mistake(
            _strided,
            "The kernel jumps by its own size from output to output. Patches overlap: each output is one "
            "pixel further on.",
        ),
    ),
    see="segnet_np/reference.py, conv2d, and fast in segnet_np/layers/conv2d.py",
)

"""Exercise: the gradient of a convolution's input."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    """Each output hands its gradient back to the patch it looked at, times the weights it looked with."""
    batch, out_channels, out_h, out_w = dout.shape
    height, width = x.shape[2:]
    kh, kw = weight.shape[2:]
    dpadded = np.zeros((batch, x.shape[1], height + 2 * padding, width + 2 * padding))
    for n in range(batch):
        for o in range(out_channels):
            for i in range(out_h):
                for j in range(out_w):
                    # forward was: out[n, o, i, j] = sum(weight[o] * patch) + bias[o]
                    dpadded[n, :, i : i + kh, j : j + kw] += dout[n, o, i, j] * weight[o]
    # What fell on the padding belongs to nobody.
    return dpadded[:, :, padding : padding + height, padding : padding + width]


def example(
    batch: int,
    channels: int,
    out_channels: int,
    size: tuple[int, int],
    kernel: tuple[int, int],
    padding: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Make dout, x, weight, padding of small whole numbers."""
    rng = np.random.default_rng(seed)
    out_size = [side + 2 * padding - k + 1 for side, k in zip(size, kernel, strict=True)]
    x = rng.integers(-4, 6, (batch, channels, *size))
    weight = rng.integers(-3, 4, (out_channels, channels, *kernel))
    dout = rng.integers(-3, 4, (batch, out_channels, *out_size))
    return dout.astype(float), x.astype(float), weight.astype(float), padding


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    x = np.array([[[[1.0, 2.0, 0.0], [3.0, 1.0, 2.0], [0.0, 2.0, 4.0]]]])
    weight = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    dout = np.array([[[[1.0, 0.0], [2.0, -1.0]]]])
    *parts, padding = example(1, 2, 3, (4, 5), (3, 3), 1, 7)
    return [
        Case("one map of 3x3, one kernel of 2x2, no padding", (dout, x, weight, 0)),
        Case("a 3x3 kernel with padding 1", example(1, 1, 1, (4, 5), (3, 3), 1, 1)),
        Case("a 3x3 kernel without padding", example(1, 1, 1, (5, 6), (3, 3), 0, 2)),
        Case("as many output as input channels", example(1, 2, 2, (4, 5), (3, 3), 1, 3)),
        Case("a batch, more channels out than in", example(2, 3, 5, (4, 6), (3, 3), 1, 4)),
        Case("a large kernel that is not square", example(2, 2, 3, (6, 7), (5, 3), 2, 5)),
        Case("a 1x1 kernel", example(2, 3, 2, (3, 4), (1, 1), 0, 6)),
        Case("numbers that are not whole", (*(part / 8 for part in parts), padding)),
    ]


def _as_correlation(dout: np.ndarray, weight: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Correlate dout, with so many zeros around it, with weight as it is, giving each c the sum over o."""
    kernel_h, kernel_w = weight.shape[2:]
    padded = np.pad(dout, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    dx = np.zeros(
        (len(dout), weight.shape[1], padded.shape[2] - kernel_h + 1, padded.shape[3] - kernel_w + 1)
    )
    for n, c, i, j in np.ndindex(dx.shape):
        dx[n, c, i, j] = np.sum(weight[:, c] * padded[n, :, i : i + kernel_h, j : j + kernel_w])
    return dx


def _not_turned(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight[:, :, ::-1, ::-1], padding)


def _transposed(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight.swapaxes(2, 3), padding) if weight.shape[2] == weight.shape[3] else 0 * x


def _same_padding(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    size = 2 * padding + np.array(dout.shape[2:]) - weight.shape[2:]
    if size.min() < 0:
        return np.zeros((*x.shape[:2], 0, 0))
    return _as_correlation(dout, weight[:, :, ::-1, ::-1], padding, padding)


def _not_cropped(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    around = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return solution(dout, np.pad(x, around), weight, 0)


def _cropped_behind(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return _not_cropped(dout, x, weight, padding)[:, :, : x.shape[2], : x.shape[3]]


def _overwritten(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    height, width = x.shape[2:]
    kernel_h, kernel_w = weight.shape[2:]
    dpadded = np.zeros((*x.shape[:2], height + 2 * padding, width + 2 * padding))
    for n, o, i, j in np.ndindex(dout.shape):
        dpadded[n, :, i : i + kernel_h, j : j + kernel_w] = dout[n, o, i, j] * weight[o]
    return dpadded[:, :, padding : padding + height, padding : padding + width]


def _channels_swapped(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    if weight.shape[0] == weight.shape[1]:
        weight = weight.swapaxes(0, 1)
    return solution(dout, x, weight, padding)


def _last_output_channel(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout[:, -1:], x, weight[-1:], padding)


def _first_output_channel(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout[:, :1], x, weight[:1], padding)


def _batch_summed(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(np.broadcast_to(dout.sum(0), dout.shape), x, weight, padding)


def _divided_by_batch(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding) / len(x)


def _times_x(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding) * x


EXERCISE = Exercise(
    name="convolution_dx",
    lesson="03",
    task="""Write `convolution_dx(dout, x, weight, padding)`. `dout`, shape (N, O, OH, OW), is the
gradient of the loss with respect to what the convolution returned; `x` (N, C, H, W), `weight` (O, C, KH,
KW) and `padding` are what it was given. Return `dx`, the gradient with respect to x, of the shape of x:
for each input, the sum over all outputs that looked at it of their `dout` times the weight that they
looked at it with. (Of x you need only the shape.)""",
    outputs=("dx",),
    solution=solution,
    cases=cases,
    hints=(
        "Forward, output (i, j) read a patch of the padded x. Take the same loops and turn the arrow round: "
        "what does this output give back, and to which cells?",
        "Make an array of zeros as large as the *padded* x. Output (n, o, i, j) adds `dout[n, o, i, j] * "
        "weight[o]` to the patch that it had read. Patches overlap, so add.",
        "`dpadded[n, :, i : i + KH, j : j + KW] += dout[n, o, i, j] * weight[o]` in four loops; at the end "
        "cut `padding` rows and columns off each side: `dpadded[:, :, padding : padding + H, padding : "
        "padding + W]`.",
    ),
    mistakes=(
        Mistake(
            _not_turned,
            "The kernel is the wrong way round. If you scatter (`dpadded[patch] += ...`), the kernel stays "
            "as it is; if you gather, as a convolution of dout, it has to be turned by 180 degrees.",
        ),
        Mistake(
            _transposed,
            "Rows and columns of the kernel are exchanged: turning by 180 degrees is not transposing.",
        ),
        Mistake(
            _same_padding,
            "As a convolution of dout, dx needs KH - 1 - padding rows of zeros around dout, not `padding`. "
            "The two are the same only for a 3x3 kernel with padding 1 and its like.",
        ),
        Mistake(
            _not_cropped,
            "This is the gradient of the padded x. What fell on the padding belongs to nobody: cut it off "
            "on all four sides.",
        ),
        Mistake(
            _cropped_behind,
            "The padding was cut off below and to the right only, so that everything is shifted. It stands "
            "on all four sides.",
        ),
        Mistake(
            _overwritten,
            "A later output writes over what an earlier one gave. Patches overlap, so an input collects "
            "from several outputs: add (`+=`).",
        ),
        Mistake(
            _channels_swapped,
            "Output and input channel are exchanged in the weights: `weight[o, c]` leads from input c to "
            "output o, on the way back too.",
        ),
        Mistake(
            _last_output_channel,
            "Only the last output channel gave something back. Every output channel looked at x: their "
            "shares add up.",
        ),
        Mistake(
            _first_output_channel,
            "Only the first output channel gave something back. Every output channel looked at x: their "
            "shares add up.",
        ),
        Mistake(
            _batch_summed,
            "The pictures of the batch are mixed: each got the sum of all their gradients. dx of a picture "
            "comes from the dout of that picture alone; only the parameters, which all pictures share, sum "
            "over the batch.",
        ),
        Mistake(
            _divided_by_batch,
            "This is divided by the number of pictures. If the loss is a mean, its division is in `dout` "
            "already.",
        ),
        Mistake(
            _times_x,
            "There is a factor x too many. In the product weight * x, the derivative with respect to x is "
            "the weight alone.",
        ),
    ),
    see="segnet_np/reference.py, conv2d_backward; segnet_np/layers/conv2d.py gathers instead",
)

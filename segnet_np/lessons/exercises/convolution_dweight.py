"""Exercise: the gradient of a convolution's weights."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake
from segnet_np.lessons.exercises.convolution_dx import example


def solution(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    """Each weight was used once for each output: sum over all of them dout times the x it met there."""
    out_channels, channels, kernel_h, kernel_w = weight.shape
    out_h, out_w = dout.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dweight = np.zeros((out_channels, channels, kernel_h, kernel_w))
    for o in range(out_channels):
        for c in range(channels):
            for ki in range(kernel_h):
                for kj in range(kernel_w):
                    # forward was: out[n, o, i, j] += weight[o, c, ki, kj] * padded[n, c, i + ki, j + kj]
                    met = padded[:, c, ki : ki + out_h, kj : kj + out_w]
                    dweight[o, c, ki, kj] = np.sum(dout[:, o] * met)
    return dweight


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    x = np.array([[[[1.0, 2.0, 0.0], [3.0, 1.0, 2.0], [0.0, 2.0, 4.0]]]])
    weight = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    dout = np.array([[[[1.0, 0.0], [2.0, -1.0]]]])
    *parts, padding = example(1, 2, 3, (4, 5), (3, 3), 1, 7)
    return [
        Case("one map of 3x3, one kernel of 2x2, no padding", (dout, x, weight, 0)),
        Case("a 3x3 kernel with padding 1", example(1, 1, 1, (4, 5), (3, 3), 1, 1)),
        Case("a batch of three pictures", example(3, 1, 1, (4, 5), (3, 3), 1, 2)),
        Case("as many output as input channels", example(1, 2, 2, (4, 5), (3, 3), 1, 3)),
        Case("a batch, more channels out than in", example(2, 3, 5, (4, 6), (3, 3), 1, 4)),
        Case("a large kernel that is not square", example(2, 2, 3, (6, 7), (5, 3), 2, 5)),
        Case("a 1x1 kernel", example(2, 3, 2, (3, 4), (1, 1), 0, 6)),
        Case("numbers that are not whole", (*(part / 8 for part in parts), padding)),
    ]


def _divided_by_batch(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding) / len(x)


def _mean_of_outputs(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding) / (dout.size / dout.shape[1])


def _first_picture(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout[:1], x[:1], weight, padding)


def _last_picture(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout[-1:], x[-1:], weight, padding)


def _last_output(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    alone = np.zeros_like(dout)
    alone[-1, :, -1, -1] = dout[-1, :, -1, -1]
    return solution(alone, x, weight, padding)


def _batch_kept(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return np.stack([solution(dout[n : n + 1], x[n : n + 1], weight, padding) for n in range(len(x))])


def _padding_forgotten(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    """The zeros are missing in front, so that each dout meets the x that lies `padding` further on."""
    behind = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))
    return solution(dout, behind, weight, 0)


def _turned(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding)[:, :, ::-1, ::-1]


def _transposed(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding).swapaxes(2, 3)


def _channels_swapped(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding).swapaxes(0, 1)


def _times_weight(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(dout, x, weight, padding) * weight


def _without_dout(dout: np.ndarray, x: np.ndarray, weight: np.ndarray, padding: int) -> np.ndarray:
    return solution(np.ones_like(dout), x, weight, padding)


EXERCISE = Exercise(
    name="convolution_dweight",
    lesson="03",
    task="""Write `convolution_dweight(dout, x, weight, padding)`: arguments as for `convolution_dx`.
Return `dweight`, the gradient of the loss with respect to the weights, of the shape of `weight`, (O, C,
KH, KW). Weight (o, c, ki, kj) was used once for each output of channel o in each picture: sum over all n,
i, j the `dout[n, o, i, j]` times the padded x that the weight met there. (Of weight you need only the
shape.)""",
    outputs=("dweight",),
    solution=solution,
    cases=cases,
    hints=(
        "Take a single weight. For which outputs was it used, and which x did it meet each time? The "
        "forward formula, `out[n, o, i, j] += weight[o, c, ki, kj] * padded[n, c, i + ki, j + kj]`, has "
        "both.",
        "Keep ki and kj fixed while i and j run over all outputs: the x that are met form a window as large "
        "as the output, which starts at row ki and column kj of the padded map.",
        "`met = padded[:, c, ki : ki + OH, kj : kj + OW]`, with all pictures at once, has the shape of "
        "`dout[:, o]`. Multiply the two and sum everything, the batch too.",
    ),
    mistakes=(
        Mistake(
            _divided_by_batch,
            "This is divided by the number of pictures N. Gradients sum over the batch; if the loss is a "
            "mean, its division is in `dout` already.",
        ),
        Mistake(
            _mean_of_outputs,
            "This is the mean over all outputs. The gradient is the sum: a weight that is used more often "
            "has more influence.",
        ),
        Mistake(
            _first_picture,
            "Only the first picture counts. All pictures of the batch use the same weights: sum over n too.",
        ),
        Mistake(
            _last_picture,
            "Only the last picture counts: what the earlier ones gave was overwritten. Add (`+=`) over the "
            "batch.",
        ),
        Mistake(
            _last_output,
            "Only the last output counts: what the earlier ones gave was overwritten. Add (`+=`) over all "
            "n, i, j.",
        ),
        Mistake(
            _batch_kept,
            "There is one gradient for each picture. All pictures use the same weights: sum over the first "
            "axis.",
        ),
        Mistake(
            _padding_forgotten,
            "The padding is forgotten: output (i, j) met the *padded* x at (i + ki, j + kj), which is x at "
            "(i + ki - padding, j + kj - padding).",
        ),
        Mistake(
            _turned,
            "The result is turned by 180 degrees. Turning the kernel belongs to dx alone; here `weight[ki, "
            "kj]` met x at (i + ki, j + kj), with a plus.",
        ),
        Mistake(
            _transposed,
            "Rows and columns of the kernel are exchanged: ki goes with rows, kj with columns.",
        ),
        Mistake(
            _channels_swapped,
            "Output and input channel are exchanged: the first axis of `dweight` is the channel of dout, "
            "the second that of x.",
        ),
        Mistake(
            _times_weight,
            "There is a factor weight too many. In the product weight * x, the derivative with respect to "
            "the weight is x alone.",
        ),
        Mistake(_without_dout, "The upstream gradient `dout` is missing: this sums the x alone."),
    ),
    see="segnet_np/reference.py, conv2d_backward, in another order of the loops",
)

"""Lesson 02: a backward of convolution with a bug that a symmetric kernel hides."""

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def bug_conv(dout, weight, padding):
    kernel_h, kernel_w = weight.shape[2:]
    turned = weight[:, :, ::-1, ::-1]
    rows, columns = kernel_h - 1 - padding, kernel_w - 1 - padding
    padded = np.pad(dout, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    height, width = padded.shape[2] - kernel_h + 1, padded.shape[3] - kernel_w + 1
    dx = np.zeros((dout.shape[0], weight.shape[1], height, width))
    for i in range(height):
        for j in range(width):
            patch = padded[:, :, i : i + kernel_h, j : j + kernel_w]
            dx[:, :, i, j] = np.einsum("noab,ocab->nc", patch, turned)
    return dx


def given(dout, weight, padding):
    kernel_h, kernel_w = weight.shape[2:]
    rows, columns = kernel_h - 1 - padding, kernel_w - 1 - padding
    padded = np.pad(dout, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    height, width = padded.shape[2] - kernel_h + 1, padded.shape[3] - kernel_w + 1
    dx = np.zeros((dout.shape[0], weight.shape[1], height, width))
    for i in range(height):
        for j in range(width):
            patch = padded[:, :, i : i + kernel_h, j : j + kernel_w]
            dx[:, :, i, j] = np.einsum("noab,ocab->nc", patch, weight)
    return dx


def cases() -> list[Case]:
    rng = np.random.default_rng(22)
    one = np.zeros((1, 1, 3, 3))
    one[0, 0, 1, 1] = 1.0
    return [
        Case("a symmetric kernel", (rng.normal(size=(1, 1, 3, 4)), np.ones((1, 1, 3, 3)), 1)),
        Case(
            "a single 1 in dout and a 3x3 kernel of the numbers 1 to 9",
            (one, np.arange(1.0, 10).reshape(1, 1, 3, 3), 1),
        ),
        Case(
            "a batch, 5 channels out, 3 in", (rng.normal(size=(2, 5, 4, 6)), rng.normal(size=(5, 3, 3, 3)), 1)
        ),
        Case("no padding", (rng.normal(size=(2, 3, 3, 4)), rng.normal(size=(3, 2, 3, 3)), 0)),
        Case("a 1x1 kernel", (rng.normal(size=(2, 4, 3, 5)), rng.normal(size=(4, 3, 1, 1)), 0)),
        Case(
            "a kernel of 3 rows and 2 columns",
            (rng.normal(size=(1, 2, 4, 5)), rng.normal(size=(2, 3, 3, 2)), 1),
        ),
    ]


def _with(turn):
    """Make an answer that turns the kernel in some way, and is else right."""
    return lambda dout, weight, padding: given(dout, turn(weight), padding)


def _dout_turned(dout, weight, padding):
    return given(dout[:, :, ::-1, ::-1], weight, padding)


def _whole_padding(dout, weight, padding):
    return given(dout, weight[:, :, ::-1, ::-1], 0)


EXERCISE = Exercise(
    name="bug_conv",
    lesson="02",
    task=(
        "`bug_conv(dout, weight, padding)`: mend dx of a convolution. `dout` has shape (N, O, OH, OW), "
        "`weight` has (O, C, KH, KW), `padding` is how many zeros were put around x. Return `dx` of shape "
        "(N, C, H, W)."
    ),
    outputs=("dx",),
    solution=bug_conv,
    starts_from=given,
    cases=cases,
    hints=(
        "Take one 1 in dout, zeros around it, and a kernel of the numbers 1 to 9. Which x did that one "
        "output see through the 1 of the kernel, which through the 9? The gradient goes back along the "
        "same lines.",
        "The output at i saw x at i + a through weight[a]. Seen from x at i, the output that saw it "
        "through weight[a] lies at i - a: the other way. But the loop reads dout from small to large.",
        "The patch of dout and the kernel run in opposite directions. Turn one of them, the kernel, by "
        "180 degrees: rows backward and columns backward, and nothing else (not the channels).",
    ),
    mistakes=(
        Mistake(
            _with(lambda w: w[:, :, ::-1]), "only the rows are turned; the columns run backward as well."
        ),
        Mistake(
            _with(lambda w: w[:, :, :, ::-1]), "only the columns are turned; the rows run backward as well."
        ),
        Mistake(
            _with(lambda w: w[::-1, ::-1, ::-1, ::-1]),
            "the kernel is flipped along all four axes. Rows and columns run backward, but channels stay "
            "where they are: each keeps its own kernel.",
        ),
        Mistake(
            _with(lambda w: w[:, ::-1, ::-1]),
            "the axes that are flipped are not the last two: count them in (O, C, KH, KW).",
        ),
        Mistake(
            _dout_turned,
            "dout is turned instead of the kernel. For a single picture that gives the right numbers at the "
            "opposite places; it is the kernel that is read backward.",
        ),
        Mistake(
            _whole_padding,
            "the padding of the forward pass is not taken off any more: dx covers the zeros around x, "
            "too. Leave the first lines as they were.",
        ),
    ),
    see="segnet_np/reference.py, conv2d_backward, which scatters instead of gathering",
)

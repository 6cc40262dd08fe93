"""Exercise: the gradient of a convolution's bias."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(dout: np.ndarray) -> np.ndarray:
    """The bias was added to every output of its channel: it collects the gradient of each."""
    dbias = np.zeros(dout.shape[1])
    for o in range(dout.shape[1]):
        # forward was: out[n, o, i, j] = ... + bias[o]
        dbias[o] = np.sum(dout[:, o])
    return dbias


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    rng = np.random.default_rng(3)
    return [
        Case("one picture, one channel", (np.array([[[[1.0, 0.0], [2.0, -1.0]]]]),)),
        Case("one picture, three channels", (rng.integers(-3, 5, (1, 3, 2, 4)).astype(float),)),
        Case("a batch of two", (rng.integers(-3, 5, (2, 3, 4, 5)).astype(float),)),
        Case("as many pictures as channels", (rng.integers(-3, 5, (3, 3, 2, 2)).astype(float),)),
        Case("numbers that are not whole", (rng.standard_normal((2, 5, 3, 4)),)),
    ]


def _mean(dout: np.ndarray) -> np.ndarray:
    return dout.mean((0, 2, 3))


def _divided_by_batch(dout: np.ndarray) -> np.ndarray:
    return dout.sum((0, 2, 3)) / len(dout)


def _divided_by_pixels(dout: np.ndarray) -> np.ndarray:
    return dout.mean((2, 3)).sum(0)


def _batch_kept(dout: np.ndarray) -> np.ndarray:
    return dout.sum((2, 3))


def _pixels_kept(dout: np.ndarray) -> np.ndarray:
    return dout.sum(0)


def _one_number(dout: np.ndarray) -> np.ndarray:
    return dout.sum()


def _first_picture(dout: np.ndarray) -> np.ndarray:
    return dout[0].sum((1, 2))


def _last_picture(dout: np.ndarray) -> np.ndarray:
    return dout[-1].sum((1, 2))


def _reshaped(dout: np.ndarray) -> np.ndarray:
    return np.asarray(dout.reshape(dout.shape[1], -1).sum(1))


def _over_channels(dout: np.ndarray) -> np.ndarray:
    return dout.sum((1, 2, 3))


def _ones(dout: np.ndarray) -> np.ndarray:
    return np.full(dout.shape[1], dout.size / dout.shape[1])


EXERCISE = Exercise(
    name="convolution_dbias",
    lesson="03",
    task="""Write `convolution_dbias(dout)`. `dout`, shape (N, O, OH, OW), is the gradient of the loss
with respect to what the convolution returned. Return `dbias`, shape (O,), the gradient with respect to
the bias.""",
    outputs=("dbias",),
    solution=solution,
    cases=cases,
    hints=(
        "To which outputs was `bias[o]` added, and with which factor?",
        "To all of channel o, in every picture, with the factor 1. So each of their dout comes back to it, "
        "times 1.",
        "Sum `dout` over the pictures, the rows and the columns, and leave the channels: axes 0, 2 and 3.",
    ),
    mistakes=(
        Mistake(
            _mean,
            "This is the mean of dout. The bias was added to each output in full, so it gets the sum.",
        ),
        Mistake(
            _divided_by_batch,
            "This is divided by the number of pictures N. Gradients sum over the batch; if the loss is a "
            "mean, its division is in `dout` already.",
        ),
        Mistake(
            _divided_by_pixels,
            "This is divided by the number of pixels. The bias was added to each of them in full, so it "
            "gets the sum.",
        ),
        Mistake(
            _batch_kept,
            "There is one number for each picture and channel. All pictures share the bias: sum over the "
            "batch too.",
        ),
        Mistake(
            _pixels_kept,
            "This sums over the pictures only. The bias was added at every row and column too: sum over "
            "them.",
        ),
        Mistake(_one_number, "This sums over everything. Each channel has a bias of its own: leave axis 1."),
        Mistake(
            _first_picture,
            "Only the first picture counts. All pictures share the bias: sum over the batch too.",
        ),
        Mistake(
            _last_picture,
            "Only the last picture counts: add (`+=`) over the batch, do not write over it.",
        ),
        Mistake(
            _reshaped,
            "`reshape` with the channels first mixes the pictures: it cuts the numbers as they follow each "
            "other in memory, and does not move an axis. The channels are axis 1.",
        ),
        Mistake(
            _over_channels,
            "This leaves the pictures and sums over the channels. It has to be the other way round: axis 1 "
            "is the channel.",
        ),
        Mistake(
            _ones,
            "This counts the outputs, as if dout were 1 everywhere. Each output brings its own upstream "
            "gradient.",
        ),
    ),
    see="segnet_np/layers/conv2d.py, _sum_pixels",
    other_ways=("dout.sum((0, 2, 3))", "dout.sum(axis=(0, 2, 3))", "np.sum(dout, axis=(0, 2, 3))"),
)

"""Exercise: the backward pass of bilinear upsampling, along one line."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def upsample_1d(x: np.ndarray) -> np.ndarray:
    """Twice as many pixels, each a mix of the two nearest of x; beyond an end, the end itself.

    Parameters
    ----------
    x : ndarray, shape (W,)

    Returns
    -------
    out : ndarray, shape (2 * W,)
    """
    out = np.zeros(2 * len(x), x.dtype)
    for j in range(len(x)):
        left, right = max(j - 1, 0), min(j + 1, len(x) - 1)
        out[2 * j] = 0.75 * x[j] + 0.25 * x[left]
        out[2 * j + 1] = 0.75 * x[j] + 0.25 * x[right]
    return out


def solution(dout: np.ndarray) -> np.ndarray:
    """Read each line of the forward pass from right to left."""
    dx = np.zeros(len(dout) // 2, dout.dtype)
    for j in range(len(dx)):
        left, right = max(j - 1, 0), min(j + 1, len(dx) - 1)
        # forward was: out[2 * j] = 0.75 * x[j] + 0.25 * x[left]
        dx[j] += 0.75 * dout[2 * j]
        dx[left] += 0.25 * dout[2 * j]
        # forward was: out[2 * j + 1] = 0.75 * x[j] + 0.25 * x[right]
        dx[j] += 0.75 * dout[2 * j + 1]
        dx[right] += 0.25 * dout[2 * j + 1]
    return dx


def cases() -> Sequence[Case]:
    """The calls, the easiest first."""
    rng = np.random.default_rng(12)

    def gradient(count: int) -> np.ndarray:
        return np.round(rng.standard_normal(count), 2)

    return [
        Case("a gradient at one pixel in the middle", (np.array([0, 0, 0, 0, 1.0, 0, 0, 0, 0, 0]),)),
        Case("a gradient at the first pixel alone", (np.array([1.0, 0, 0, 0, 0, 0]),)),
        Case("a gradient at the last pixel alone", (np.array([0, 0, 0, 0, 0, 1.0]),)),
        Case("gradients everywhere", (gradient(8),)),
        Case("a longer line", (gradient(14),)),
        Case("two pixels, of one", (gradient(2),)),
        Case("float32", (gradient(10).astype("float32"),)),
    ]


def _pair_sum(dout: np.ndarray) -> np.ndarray:
    return np.asarray(dout[::2] + dout[1::2])


def _pair_mean(dout: np.ndarray) -> np.ndarray:
    return np.asarray((dout[::2] + dout[1::2]) / 2)


def _every_second(dout: np.ndarray) -> np.ndarray:
    return dout[::2].copy()


def _downsampled(dout: np.ndarray) -> np.ndarray:
    return solution(dout) / dout.dtype.type(2)


def _ends_lost(dout: np.ndarray) -> np.ndarray:
    dx = solution(dout)
    dx[0] -= dout.dtype.type(0.25) * dout[0]
    dx[-1] -= dout.dtype.type(0.25) * dout[-1]
    return dx


def _overwritten(dout: np.ndarray) -> np.ndarray:
    dx = np.zeros(len(dout) // 2, dout.dtype)
    for j in range(len(dx)):
        dx[max(j - 1, 0)] = 0.25 * dout[2 * j]
        dx[min(j + 1, len(dx) - 1)] = 0.25 * dout[2 * j + 1]
        dx[j] = 0.75 * (dout[2 * j] + dout[2 * j + 1])
    return dx


def _only_nearest(dout: np.ndarray) -> np.ndarray:
    return np.asarray(dout.dtype.type(0.75) * (dout[::2] + dout[1::2]))


def _mix(dout: np.ndarray, near: float, far: float, wrap: bool = False) -> np.ndarray:
    """The backward pass with other shares, or round the ends."""
    dx = np.zeros(len(dout) // 2, dout.dtype)
    for j in range(len(dx)):
        left = (j - 1) % len(dx) if wrap else max(j - 1, 0)
        right = (j + 1) % len(dx) if wrap else min(j + 1, len(dx) - 1)
        dx[j] += near * (dout[2 * j] + dout[2 * j + 1])
        dx[left] += far * dout[2 * j]
        dx[right] += far * dout[2 * j + 1]
    return dx


def _shares_swapped(dout: np.ndarray) -> np.ndarray:
    return _mix(dout, 0.25, 0.75)


def _wrapped(dout: np.ndarray) -> np.ndarray:
    return _mix(dout, 0.75, 0.25, wrap=True)


def _repeated_indices(dout: np.ndarray) -> np.ndarray:
    dx = np.asarray(dout.dtype.type(0.75) * (dout[::2] + dout[1::2]))
    j = np.arange(len(dx))
    dx[np.maximum(j - 1, 0)] += dout.dtype.type(0.25) * dout[::2]
    dx[np.minimum(j + 1, len(dx) - 1)] += dout.dtype.type(0.25) * dout[1::2]
    return dx


def _last_for_the_first(dout: np.ndarray) -> np.ndarray:
    dx = solution(dout)
    dx[0] += dout.dtype.type(0.25) * (dout[-1] - dout[0])
    return dx


def _halves(dout: np.ndarray) -> np.ndarray:
    return _mix(dout, 0.5, 0.5)


def _sides_swapped(dout: np.ndarray) -> np.ndarray:
    swapped = np.empty_like(dout)
    swapped[::2], swapped[1::2] = dout[1::2], dout[::2]
    return solution(swapped)


def _upsampled(dout: np.ndarray) -> np.ndarray:
    return upsample_1d(dout)


EXERCISE = Exercise(
    name="bilinear_1d_backward",
    lesson="09",
    task="""Write `bilinear_1d_backward(dout)`. Along one line of W pixels, bilinear upsampling made 2 *
W of them: `out[2 * j] = 0.75 * x[j] + 0.25 * x[j - 1]` and `out[2 * j + 1] = 0.75 * x[j] + 0.25 * x[j +
1]`, where beyond an end the end pixel itself stands: x[-1] is x[0], and x[W] is x[W - 1]. `dout` of shape
(2 * W,) is the gradient of the loss with respect to out. Return `dx` of shape (W,), the gradient with
respect to x.""",
    outputs=("dx",),
    solution=solution,
    cases=cases,
    hints=(
        "Take one number x[j]. In which four numbers of out is it, and with which share in each?",
        "Each product of the forward pass, `share * x[k]` in out[i], gives one of the backward pass: "
        "`dx[k] += share * dout[i]`. Go through the forward pass and write each of its products so.",
        "Zeros for dx; for each j let left be `max(j - 1, 0)` and right `min(j + 1, W - 1)`; then `dx[j] "
        "+= 0.75 * dout[2 * j]`, `dx[left] += 0.25 * dout[2 * j]`, and likewise with dout[2 * j + 1] and "
        "right.",
    ),
    mistakes=(
        Mistake(
            _pair_sum,
            "This adds up pairs: the backward pass of repeating each pixel. Bilinear also gave a quarter "
            "of each pixel to a pixel of the neighbour's pair.",
        ),
        Mistake(_pair_mean, "This takes the mean of pairs. Nothing was divided by two in the forward pass."),
        Mistake(_every_second, "Every second gradient was thrown away. Each pixel of out has some x in it."),
        Mistake(
            _downsampled,
            "Half of what it should be: this averages, as if dout were to be made smaller. A gradient is "
            "**summed** over all that a number took part in.",
        ),
        Mistake(
            _ends_lost,
            "At the ends something is lost: there the quarter comes from the end pixel itself, so it goes "
            "back to it.",
        ),
        Mistake(
            _overwritten,
            "What one pixel of out gave back was overwritten by the next one. Each x is in several of "
            "them: **add**.",
        ),
        Mistake(_only_nearest, "Only the shares of 0.75 went back. Where do the quarters come from?"),
        Mistake(
            _shares_swapped, "The shares 0.75 and 0.25 are exchanged: the nearer pixel has the larger one."
        ),
        Mistake(_halves, "Both pixels got a half. The nearer one has three quarters."),
        Mistake(
            _wrapped,
            "The quarter of the first pixel went round to the last one, or the other way: x[-1] in Python "
            "is the last number. Beyond an end stands the end pixel.",
        ),
        Mistake(
            _repeated_indices,
            "`dx[left] += ...` with an array of indices adds only once to a place, however often it is in "
            "`left`, and the end pixels are in it twice. Use np.add.at or a loop.",
        ),
        Mistake(
            _last_for_the_first,
            "At the first pixel the index before 0 was used, `dout[2 * j - 1]` with j = 0: in Python that is "
            "the last number. The quarter at that end is in dout[0].",
        ),
        Mistake(
            _sides_swapped,
            "Left and right are exchanged: even pixels of out lean to the left neighbour, odd ones to the "
            "right one.",
        ),
        Mistake(
            _upsampled,
            "dout was upsampled once more. dx is half as long as dout: the way back, not the way on.",
        ),
    ),
    see="segnet_np/reference_decoders.py, upsample_bilinear2d_backward",
)

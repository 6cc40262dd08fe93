"""Max-pooling as a kernel: channels last, loops only, the results written into given arrays."""

import numpy as np

from segnet_np.lessons.compiled import complaint
from segnet_np.lessons.exercise import Case, Exercise, Mistake
from segnet_np.lessons.exercises.max_pool import MADE_UP
from segnet_np.lessons.owners import python_of


def njit_max_pool(x, out, offsets):
    """out, offsets (PH, PW, C) from x (H, W, C)."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for c in range(out.shape[2]):
                best = x[2 * i, 2 * j, c]
                where = 0
                for k in range(1, 4):
                    value = x[2 * i + k // 2, 2 * j + k % 2, c]
                    if value > best:
                        best = value
                        where = k
                out[i, j, c] = best
                offsets[i, j, c] = where


def _case(what, x):
    """x, and the arrays to fill; a kernel must not rely on what stands in them before."""
    height, width, channels = x.shape
    shape = (height // 2, width // 2, channels)
    return Case(what, (x, np.full(shape, 777.0), np.full(shape, 99)))


def _cases():
    rng = np.random.default_rng(6)

    def shuffled(*shape):
        return rng.permutation(np.arange(1.0, 1.0 + np.prod(shape))).reshape(shape)

    ties = np.array([[3.0, 3.0, 1.0, 5.0], [3.0, 2.0, 5.0, 5.0]])[..., None]
    return [
        _case("one window, one channel: 1, 4, 2, 3", np.array([[1.0, 4.0], [2.0, 3.0]])[..., None]),
        _case("4x6 pixels, three channels", shuffled(4, 6, 3)),
        _case("ties: of equal values the first one counts", ties),
        _case("negative numbers only", -shuffled(4, 4, 2)),
        _case("numbers far below zero", -1e20 * shuffled(4, 6, 2)),
        _case("an odd height and width: the last row and column are left out", shuffled(5, 7, 2)),
    ]


def _call(function, arguments):
    # Its Python: that names a wrong index, where compiled code would write somewhere else.
    x, out, offsets = arguments[0], arguments[1].copy(), arguments[2].copy()
    python_of(function)(x, out, offsets)
    return out, offsets


def _also(function):
    for case in _cases()[1:]:
        said = complaint(function, case.arguments)
        if said is not None:
            return said
    return None


def _pool(
    x, out, offsets, better=lambda value, best: value > best, first=None, where_of=lambda k: k, unset=0
):
    for i, j, c in np.ndindex(out.shape):
        best, where = x[2 * i, 2 * j, c], unset
        if first is not None:
            best = first
        for k in range(0 if first is not None else 1, 4):
            value = x[2 * i + k // 2, 2 * j + k % 2, c]
            if better(value, best):
                best, where = value, where_of(k)
        out[i, j, c], offsets[i, j, c] = best, where


def _last_tie(x, out, offsets):
    _pool(x, out, offsets, lambda value, best: value >= best)


def _columns_first(x, out, offsets):
    _pool(x, out, offsets, where_of=lambda k: 2 * (k % 2) + k // 2)


def _from_zero(x, out, offsets):
    _pool(x, out, offsets, first=0.0)


def _starts_at(number, unset):
    def answer(x, out, offsets):
        _pool(x, out, offsets, first=number, unset=unset)

    return answer


def _no_offset_for_the_first(x, out, offsets):
    _pool(x, out, offsets, unset=99)


def _minimum(x, out, offsets):
    _pool(x, out, offsets, lambda value, best: value < best)


def _from_one(x, out, offsets):
    _pool(x, out, offsets, where_of=lambda k: k + 1, unset=1)


def _of_channel_0(x, out, offsets):
    _pool(x, out, offsets)
    offsets[...] = offsets[..., :1]


def _one_maximum_for_all_channels(x, out, offsets):
    for i, j in np.ndindex(out.shape[:2]):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        out[i, j] = window.max()
        offsets[i, j] = window.max(axis=2).ravel().argmax()


def _steps_of_one(x, out, offsets):
    for i, j, c in np.ndindex(out.shape):
        window = x[i : i + 2, j : j + 2, c]
        out[i, j, c], offsets[i, j, c] = window.max(), window.argmax()


def _neighbours(x, out, offsets):
    for i, j, c in np.ndindex(out.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, c].ravel()
        where = 0
        for k in range(1, 4):
            if window[k] > window[k - 1]:
                where = k
        out[i, j, c], offsets[i, j, c] = window[where], where


def _only_out(x, out, offsets):
    before = offsets.copy()
    _pool(x, out, offsets)
    offsets[...] = before


def _nothing_written(x, out, offsets):
    out = np.maximum(x[::2, ::2], 0)  # noqa: F841


EXERCISE = Exercise(
    name="njit_max_pool",
    lesson="06",
    task=(
        "Write a kernel `njit_max_pool(x, out, offsets)` that Numba can compile. `x` has the shape (H, W, "
        "C), channels last. For each 2x2 window and channel, write the maximum to `out` and its place in the "
        "window, `2 * row + column`, to `offsets`; both have the shape (H // 2, W // 2, C). Return nothing. "
        "Of equal values the first counts. You may put `@njit` above it or leave it out."
    ),
    outputs=("out", "offsets"),
    solution=njit_max_pool,
    cases=_cases,
    hints=(
        "Loops are fast here, so write them all out: over the rows, columns and channels of `out`, and over "
        "the four pixels of a window.",
        "Number the four pixels of a window k = 0, 1, 2, 3. Then the row is `2 * i + k // 2`, the column `2 "
        "* j + k % 2`, and k is the offset. Begin with pixel 0, so that negative numbers are no special "
        "case.",
        "Inside three loops: `best = x[2 * i, 2 * j, c]`, `where = 0`, then for k in 1, 2, 3 replace both "
        "if the value is greater (not equal); at last write both to cell (i, j, c) of `out` and `offsets`.",
    ),
    mistakes=(
        Mistake(
            _last_tie,
            "Of equal values the last one wins: that is `>=`. With `>` the first one stays.",
        ),
        Mistake(
            _columns_first,
            "Row and column are exchanged in the offset: the pixel to the right of the first is 1, the one "
            "below it is 2.",
        ),
        Mistake(
            _from_zero,
            "The search begins at 0, so a window of negative numbers gets 0. Begin with the window's first "
            "pixel.",
        ),
        *(
            Mistake(
                _starts_at(number, unset),
                f"The search begins at a made-up small number, {number}, and a window may lie below it"
                f"{besides}. Begin with a number of the window, or with -inf.",
            )
            for number in MADE_UP
            for unset, besides in ((0, ""), (99, "; then its offset is not written either"))
        ),
        Mistake(
            _no_offset_for_the_first,
            "Where the first pixel is the largest, no offset is written, and what stood there before is "
            "left. Nobody clears the arrays that a kernel is given: write every cell.",
        ),
        Mistake(_minimum, "These are the smallest values of the windows, not the largest."),
        Mistake(_from_one, "The offsets count from 1. The first pixel of a window is 0."),
        Mistake(
            _of_channel_0,
            "All channels have the offsets of channel 0. Each channel has its own maximum, in a place of "
            "its own.",
        ),
        Mistake(
            _one_maximum_for_all_channels,
            "All channels share one maximum: the largest number of the window in any of them. Each channel "
            "is pooled alone.",
        ),
        Mistake(
            _steps_of_one,
            "The windows overlap: their corner moves by one pixel. Window (i, j) begins at pixel (2 * i, 2 "
            "* j).",
        ),
        Mistake(
            _neighbours,
            "Each pixel is compared with the one before it. Compare it with the best so far.",
        ),
        Mistake(
            _nothing_written,
            "Nothing was written into the arrays: they hold what they held before. `out = ...` gives "
            "another array that name; write to its cells, `out[i, j, c] = ...`.",
        ),
        Mistake(_only_out, "Nothing was written to `offsets`: it still holds what it held before."),
    ),
    call=_call,
    also=_also,
    see="segnet_np/kernels/max_pool.py, max_pool",
)

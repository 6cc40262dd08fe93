"""A sum over all pixels on several threads, without a race."""

import numpy as np
from numba import prange

from segnet_np.lessons.compiled import complaint
from segnet_np.lessons.exercise import Case, Exercise, Mistake
from segnet_np.lessons.owners import python_of, watch


def parallel_sum(x, out):
    """out[c] = the sum of x[p, c] over the pixels p."""
    pixels, channels = x.shape
    chunks = 8
    partial = np.zeros((chunks, channels))
    for chunk in prange(chunks):  # each chunk owns a row of partial
        for p in range(chunk * pixels // chunks, (chunk + 1) * pixels // chunks):
            for c in range(channels):
                partial[chunk, c] += x[p, c]
    for c in range(channels):
        out[c] = 0
        for chunk in range(chunks):  # in order, so the last digit never depends on the threads
            out[c] += partial[chunk, c]


def _case(what, x):
    """x, and the array to fill; a kernel must not rely on what stands in it before."""
    return Case(what, (x, np.full(x.shape[1], 1000.0)))


def _cases():
    rng = np.random.default_rng(61)
    return [
        _case("two pixels, one channel: 3 and 4", np.array([[3.0], [4.0]])),
        _case("16 pixels, three channels", rng.integers(-5, 6, (16, 3)).astype(float)),
        _case("37 pixels, which no number of chunks divides", rng.normal(size=(37, 4))),
        _case("a single pixel", rng.normal(size=(1, 3))),
    ]


def _call(function, arguments):
    # Its Python first, in which prange is range: one thread, and wrong indices are named.
    x, out = arguments[0], arguments[1].copy()
    python_of(function)(x, out)
    return out


RACE = (
    "The numbers are right in one order, but this is a race: several iterations of the `prange` loop write "
    "the same cell, or one reads what another one writes. When two threads do so at once, an addition is "
    "lost. Give each iteration cells that it alone writes."
)
ONE_THREAD = "The numbers are right, but it runs on one thread: no loop of it says `prange`."
WITHOUT_PARALLEL = (
    "Right and without a race, but compiled without threads: it takes `@njit(parallel=True)`, else `prange` "
    "is `range`."
)


def _also(function):
    arguments = _cases()[2].arguments
    # First of all the race: where two threads do meet, what is compiled gives other numbers because of it.
    owners = watch(function, arguments)
    if owners.shared:
        return RACE
    said = complaint(function, arguments, parallel=True)
    if said is not None:
        return said
    if owners.loops == 0:
        return ONE_THREAD
    options = getattr(getattr(function, "dispatcher", function), "targetoptions", {"parallel": True})
    if not options.get("parallel"):
        return WITHOUT_PARALLEL
    return None


def _race(x, out):
    out[:] = 0
    for p in prange(x.shape[0]):
        for c in range(x.shape[1]):
            out[c] += x[p, c]


def _one_thread(x, out):
    for c in range(x.shape[1]):
        out[c] = 0
        for p in range(x.shape[0]):
            out[c] += x[p, c]


def _nothing_written(x, out):
    out = x.sum(axis=0)  # noqa: F841


def _without_zero(x, out):
    out += x.sum(axis=0)


def _rest_lost(x, out):
    out[:] = x[: x.shape[0] // 8 * 8].sum(axis=0)


def _rest_lost_of_4(x, out):
    out[:] = x[: x.shape[0] // 4 * 4].sum(axis=0)


def _last_pixel_twice(x, out):
    pixels = x.shape[0]
    out[:] = 0
    for chunk in range(8):
        out[:] += x[chunk * pixels // 8 : (chunk + 1) * pixels // 8 + 1].sum(axis=0)


def _last_chunk_only(x, out):
    pixels = x.shape[0]
    out[:] = x[7 * pixels // 8 :].sum(axis=0)


def _overwritten(x, out):
    out[:] = x[-1]


def _mean(x, out):
    out[:] = x.mean(axis=0)


def _one_total(x, out):
    out[:] = x.sum()


def _first_pixel_missing(x, out):
    out[:] = x[1:].sum(axis=0)


def _running(x, out):
    out[:] = np.cumsum(x.sum(axis=0))


EXERCISE = Exercise(
    name="parallel_sum",
    lesson="06",
    task=(
        "Write a kernel `parallel_sum(x, out)` for several threads. `x` has the shape (pixels, C), `out` "
        "(C,); write the sum of `x[p, c]` over all pixels p to `out[c]`, and return nothing. One loop is to "
        "be a `prange`, and no two of its iterations may write the same cell. Above it belongs "
        "`@njit(parallel=True)`; you may also leave it out, and the check puts it there."
    ),
    outputs=("out",),
    solution=parallel_sum,
    cases=_cases,
    hints=(
        "Ask of each loop: what do its iterations write? The iterations over p all write the same `out[c]`. "
        "There are two ways out: let the parallel loop run over what owns its results, or give each "
        "iteration a place of its own.",
        "The simplest: `prange` over the channels c, and inside it a plain loop over p. That has only C "
        "units of work, and strides through memory. Better: cut the pixels into chunks, each with a row of "
        "its own in an array (chunks, C), and add the rows up afterwards.",
        "`partial = np.zeros((8, C))`; `for chunk in prange(8):` sum the pixels from `chunk * pixels // 8` "
        "to `(chunk + 1) * pixels // 8` into `partial[chunk]`. These bounds leave none out and take none "
        "twice. Afterwards, on one thread, `out[c]` = the sum of `partial[:, c]`.",
    ),
    mistakes=(
        Mistake(_race, RACE),
        Mistake(_one_thread, ONE_THREAD),
        Mistake(
            _nothing_written,
            "Nothing was written into `out`: it holds what it held before. `out = ...` gives another array "
            "that name; write to its cells, `out[c] = ...`.",
        ),
        Mistake(
            _without_zero,
            "What stood in `out` before is still in the sum. Nobody clears the arrays that a kernel is "
            "given: begin with 0.",
        ),
        Mistake(
            _rest_lost,
            "The last pixels are missing: `pixels // 8` in each of 8 chunks leaves the remainder out. Let "
            "chunk k begin at `k * pixels // 8`.",
        ),
        Mistake(
            _rest_lost_of_4,
            "The last pixels are missing: `pixels // 4` in each of 4 chunks leaves the remainder out. Let "
            "chunk k begin at `k * pixels // 4`.",
        ),
        Mistake(
            _last_pixel_twice,
            "Pixels at the border of two chunks are counted twice. The end of a chunk is the start of the "
            "next, and is not part of it.",
        ),
        Mistake(
            _last_chunk_only,
            "Only the last chunk is in `out`: each one overwrote the one before. Keep them apart, then add "
            "them up.",
        ),
        Mistake(_overwritten, "Only the last pixel is in `out`: `=` overwrites, `+=` adds."),
        Mistake(_mean, "That is the mean. What is asked for is the sum."),
        Mistake(
            _one_total,
            "All channels have the same number, the sum of everything. Each channel has a sum of its own.",
        ),
        Mistake(_first_pixel_missing, "The first pixel is missing: counting begins at 0."),
        Mistake(
            _running,
            "Each channel also holds the sums of the channels before it: set the total back to 0 for each "
            "channel.",
        ),
    ),
    call=_call,
    also=_also,
    see="segnet_np/kernels/channel_sum.py, channel_sum",
    other_ways=("partial[chunk] += x[p]", "partial[chunk] = x["),
)

"""Right numbers in wrong places, and in which places the wrong ones are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np

from segnet_np.lessons.judging.trial import Trial

if TYPE_CHECKING:
    from segnet_np.lessons.judging.patterns import Wrong


def moved(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    """Find a transposition, a flip or a shift that explains the learner's array.

    Parameters
    ----------
    wrong : sequence of Wrong

    Returns
    -------
    kind_and_words : tuple of str, or None
    """
    if any(w.expected.size < 2 or not _same_numbers(w) for w in wrong):
        return None
    ndim = wrong[0].expected.ndim
    if any(w.expected.ndim != ndim for w in wrong) or ndim > 5:
        return None
    for words, turn in _turns(ndim):
        if all(turn(w.expected).shape == w.got.shape and w.equal(w.got, turn(w.expected)) for w in wrong):
            return "moved", f"the right numbers, but {words}."
    return "moved", (
        "the right numbers, but in wrong places: rows and columns exchanged in an index, or a scatter, "
        "gather or reshape that goes through the axes in another order."
    )


def _same_numbers(wrong: Wrong) -> bool:
    return wrong.equal(np.sort(wrong.got, axis=None), np.sort(wrong.expected, axis=None))


def _turns(ndim: int):  # type: ignore[no-untyped-def]
    axes = range(ndim)
    flips = [chosen for count in range(1, ndim + 1) for chosen in combinations(axes, count)]
    for chosen in flips:
        half = " (turned by 180 degrees)" if ndim > 1 and chosen == (ndim - 2, ndim - 1) else ""
        yield f"flipped along {_axes(chosen)}{half}", lambda a, c=chosen: np.flip(a, c)
    for order in permutations(axes):
        if order != tuple(axes):
            yield f"transposed: its axes stand as {order}", lambda a, o=order: a.transpose(o)
    for axis in axes:
        for step in (1, -1):
            yield f"shifted by one along axis {axis}", lambda a, s=step, x=axis: np.roll(a, s, x)
    for order in permutations(axes):
        for chosen in flips:
            if order != tuple(axes):
                words = f"transposed (axes {order}) and flipped along {_axes(chosen)}"
                yield words, lambda a, o=order, c=chosen: np.flip(a.transpose(o), c)


def _axes(axes: Sequence[int]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def region(wrong: Sequence[Wrong]) -> str:
    """Say in which region the wrong elements lie; empty if in none that is known here.

    Parameters
    ----------
    wrong : sequence of Wrong

    Returns
    -------
    words : str
    """
    if sum(w.mask.sum() for w in wrong) < 2:  # a single one lies in many regions
        return ""
    for words, fits in _regions(wrong[0]):
        if fits is not None and all(_fits(w, words) for w in wrong):
            return words
    return ""


def advice(wrong: Wrong, trials: Sequence[Trial]) -> str:
    """Say what to do where nothing else can be said.

    Parameters
    ----------
    wrong : Wrong
        Of the first case that fails.
    trials : sequence of Trial
        All.

    Returns
    -------
    words : str
    """
    count, size = int(wrong.mask.sum()), wrong.mask.size
    passed = [trial.case.what for trial in trials if not trial.fault]
    if passed and (size == 1 or count == size):
        named = "; ".join(f"“{what}”" for what in passed[:3])
        more = f" and {len(passed) - 3} more" if len(passed) > 3 else ""
        return f"it is right in other cases ({named}{more}). What is different here?"
    if 2 * count <= size:
        return (
            f"{size - count} of {size} elements are right, so the idea is; the wrong ones follow no simple "
            "pattern. Work the worst one out by hand."
        )
    return "work one element of this case out by hand, and print what your function has after each step."


def _fits(wrong: Wrong, words: str) -> bool:
    return dict(_regions(wrong)).get(words) is not None


def _regions(wrong: Wrong) -> Iterator[tuple[str, bool | None]]:
    """Yield each way to describe a region, and True if the wrong elements are just that region, else None."""
    mask = wrong.mask
    if mask.size < 2:
        return
    ndim = mask.ndim

    def only(region: np.ndarray) -> bool | None:
        inside = bool(mask.any() and not mask[~region].any() and mask[region].mean() > 0.5)
        return True if inside and not region.all() else None

    def at(axis: int, place: int | slice) -> np.ndarray:
        region = np.zeros(mask.shape, bool)
        np.moveaxis(region, axis, 0)[place] = True
        return region

    names = {ndim - 2: "row", ndim - 1: "column"} if ndim > 1 else {0: "element"}
    for axis, name in names.items():
        if mask.shape[axis] > 1:
            yield (
                f"wrong only in the last {name}: a window or a loop that ends one too early, an odd size, "
                "or padding on one side.",
                only(at(axis, -1)),
            )
            yield (
                f"wrong only in the first {name}: where does the loop start, and what is around the edge?",
                only(at(axis, 0)),
            )
            yield (
                f"right only in the first {name}: does the index move with the loop?",
                only(at(axis, slice(1, None))),
            )
    if ndim > 1 and min(mask.shape[-2:]) > 1:
        last = at(ndim - 2, -1) | at(ndim - 1, -1)
        yield (
            "wrong only in the last row and the last column: the edge of an odd size, or a loop that "
            "ends too early.",
            only(last),
        )
    if ndim > 1 and min(mask.shape[-2:]) > 2:
        border = last | at(ndim - 2, 0) | at(ndim - 1, 0)
        yield "wrong only along the border: look at the padding.", only(border)
    if ndim == 4:
        yield (
            "right only in the first picture of the batch: the others are never reached.",
            only(at(0, slice(1, None))),
        )
        yield "right only in the first channel: the others are never reached.", only(at(1, slice(1, None)))
    yield (
        "wrong only where the right number is negative: a sign lost, or a search that starts with 0.",
        only(wrong.expected < 0),
    )
    yield "wrong only where the right number is positive.", only(wrong.expected > 0)
    yield (
        "wrong only where the right number is 0: something was written where nothing belongs, "
        "or the array is one of `np.empty`, which holds anything.",
        only(wrong.expected == 0),
    )
    yield (
        "wrong only where the right number is not 0: the zeros are in place, the values are not.",
        only(wrong.expected != 0),
    )
    yield "wrong only where yours is 0: nothing was written there.", only(wrong.got == 0)
    for name, value in wrong.arguments.items():
        if isinstance(value, np.ndarray) and value.shape == mask.shape and value.dtype.kind == "f":
            yield f"wrong only where `{name}` is negative: look at the comparison with 0.", only(value < 0)
            yield f"wrong only where `{name}` is positive: look at the comparison with 0.", only(value > 0)
            yield f"wrong only where `{name}` is exactly 0: `>` or `>=`?", only(value == 0)
            yield f"wrong only where `{name}` is NaN.", only(np.isnan(value))

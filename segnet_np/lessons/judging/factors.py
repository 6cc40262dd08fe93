"""Numbers that are off by a constant: a factor, and the size that it may come from, or a summand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from segnet_np.lessons.judging.tables import number

if TYPE_CHECKING:
    from segnet_np.lessons.judging.patterns import Wrong

_NEAR = 1e-6


def factor(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    """Find a size, in every case that of the same axes, by which the expected numbers became the learner's.

    Parameters
    ----------
    wrong : sequence of Wrong

    Returns
    -------
    kind_and_words : tuple of str, or None
    """
    known = _factors(wrong)
    if not known or not (size := _size(wrong, known)):
        return None
    here = "" if _equal(known) else " here"
    return "factor", f"each number is {_times(known[0])} the expected one{here}{size}."


def constant_factor(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    """Find a factor that turns the expected numbers into the learner's, the same in every case.

    Parameters
    ----------
    wrong : sequence of Wrong

    Returns
    -------
    kind_and_words : tuple of str, or None
    """
    known = _factors(wrong)
    if not known or not _equal(known):
        return None
    return "factor", f"each number is {_times(known[0])} the expected one{_constant(known[0])}."


def _factors(wrong: Sequence[Wrong]) -> list[float]:
    """The factor of each case; none at all where a case has none, or there are too few numbers to tell."""
    factors = [_factor(w) for w in wrong]
    known = [f for f in factors if f is not None]
    enough = sum(np.count_nonzero(w.expected) for w in wrong) >= 2
    return known if enough and len(known) == len(factors) else []


def _equal(factors: Sequence[float]) -> bool:
    return max(factors) - min(factors) <= _NEAR * abs(factors[0])


def _factor(wrong: Wrong) -> float | None:
    finite = np.isfinite(wrong.expected) & np.isfinite(wrong.got)
    expected, got = wrong.expected[finite], wrong.got[finite]
    norm = float(np.vdot(expected, expected))
    if not norm:
        return None
    found = float(np.vdot(got, expected)) / norm
    with np.errstate(invalid="ignore"):
        return found if found and wrong.equal(wrong.got, found * wrong.expected) else None


def _times(value: float) -> str:
    for count in range(2, 2000):
        if abs(value * count - 1) <= _NEAR:
            return "half" if count == 2 else f"1/{count} of"
    return f"{number(value, 5)} times"


def _constant(value: float) -> str:
    known = {
        2.0: ": something is added twice, or a factor 1/2 is missing",
        0.5: ": divided by 2 where that does not belong, or only half of it is added up",
        1 / np.log(2): ": `np.log2` instead of `np.log`",
        1 / np.log(10): ": `np.log10` instead of `np.log`",
        100.0: ": percent instead of a share",
        0.01: ": a share instead of percent",
        1 / 1024: ": counted in KiB",
        1 / 2**20: ": counted in MiB",
        1e-6: ": counted in millions",
        255.0: ": on the scale of bytes, 0 to 255, instead of 0 to 1",
        1 / 255.0: ": on the scale 0 to 1 instead of that of bytes",
    }
    found = (words for size, words in known.items() if abs(value - size) <= _NEAR * size)
    return next(found, ": a constant factor too many or too few")


def _size(wrong: Sequence[Wrong], factors: Sequence[float]) -> str:
    """Find the number of elements that was, or was not, divided by."""
    for name, axes in _candidates(wrong[0]):
        shapes = [_shape(w, name) for w in wrong]
        if any(len(shape) <= max(axes) for shape in shapes):
            continue
        counts = [prod(shape[axis] for axis in axes) for shape in shapes]
        if max(counts) < 2:
            continue
        what = (
            f"the size of axis {axes[0]}"
            if len(axes) == 1
            else f"the product of its axes {', '.join(map(str, axes))}"
        )
        if all(abs(f * n - 1) <= _NEAR for f, n in zip(factors, counts, strict=True)):
            return f", too small by {counts[0]}, which is {what} of `{name}`: a mean where a sum belongs"
        if all(abs(f / n - 1) <= _NEAR for f, n in zip(factors, counts, strict=True)):
            return f", too large by {counts[0]}, which is {what} of `{name}`: a sum where a mean belongs"
    return ""


def _candidates(wrong: Wrong) -> Iterator[tuple[str, tuple[int, ...]]]:
    arrays = {name: value for name, value in wrong.arguments.items() if isinstance(value, np.ndarray)}
    for name in [*arrays, "the result"]:
        axes = range(len(_shape(wrong, name)))
        for count in range(len(axes), 0, -1):
            for chosen in combinations(axes, count):
                yield name, chosen


def _shape(wrong: Wrong, name: str) -> tuple[int, ...]:
    if name == "the result":
        return wrong.expected.shape
    value = wrong.arguments.get(name)
    return value.shape if isinstance(value, np.ndarray) else ()


def offset(wrong: Sequence[Wrong]) -> tuple[str, str] | None:
    """Find a number that was added everywhere, the same in every case.

    Parameters
    ----------
    wrong : sequence of Wrong

    Returns
    -------
    kind_and_words : tuple of str, or None
    """
    if sum(w.expected.size for w in wrong) < 2:
        return None
    added = [w.got - w.expected for w in wrong]
    if not all(
        np.isfinite(a).all() and w.equal(w.got, w.expected + a.flat[0])
        for a, w in zip(added, wrong, strict=True)
    ):
        return None
    sizes = [float(a.flat[0]) for a in added]
    if max(sizes) - min(sizes) > _NEAR * abs(sizes[0]):
        if all(w.expected.size > 2 for w in wrong):
            return "offset", (
                f"every element is off by the same amount, here {number(sizes[0], 4)}: a summand too many "
                "or too few, the same for the whole array, such as a mean or a bias."
            )
        return None
    much = f"{number(abs(sizes[0]), 5)} too {'large' if sizes[0] > 0 else 'small'}"
    more = ": counted from 1 instead of from 0, or the other way round" if abs(sizes[0]) == 1 else ""
    return "offset", f"each number is {much}{more or ': a summand too many or too few'}."

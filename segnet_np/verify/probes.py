"""Questions that only running the layer again can answer.

Differences compare one forward with one backward. That leaves gaps, which these close: whether backward
belongs to the latest forward, whether gradients add up, whether the caller's arrays stay as they are, and
what happens to the maxima of a pooling window that are tied. When a gradient is wrong, more runs find
reasons that the numbers alone do not show.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from segnet_np import reference
from segnet_np.layers import PoolingIndices
from segnet_np.verify import tolerances
from segnet_np.verify.causes import defect
from segnet_np.verify.finite_differences import along, move_together, moved, settle, sides, step_size
from segnet_np.verify.report import Row
from segnet_np.verify.subject import is_float_array

if TYPE_CHECKING:
    from segnet_np.verify.check import Check

#: A relative change that float64 follows and float32 does not.
_TINY = 1e-11


def calls(check: "Check", must_add: bool) -> Row:
    """Check what a backward leaves behind for the next one.

    Parameters
    ----------
    check : Check
    must_add : bool
        Whether a second backward must add to the gradients, as in this package's layers. Otherwise a layer
        may also write over them, and the row says which it does.
    """
    subject, dout = check.subject, check.dout
    other = subject.another_input(check.rng)
    subject.gradients(np.asarray(check.rng.standard_normal(dout.shape)), other)
    again = subject.gradients(dout)
    subject.forward()
    twice = subject.backward(dout)

    name, error = _farthest(again, check.gradients)
    faults, note = [], ""
    if error > tolerances.REPEATED:
        faults.append(
            f"after a forward on another input, {name} is not that of the latest one: a stale cache"
        )
    once = {name: g for name, g in check.gradients.items() if name not in subject.input_names and _tells(g)}
    added = [name for name, gradient in once.items() if _alike(twice[name], 2 * gradient)]
    wrote = [name for name, gradient in once.items() if _alike(twice[name], gradient)]
    neither = ", ".join(name for name in once if name not in added + wrote)
    if neither:
        faults.append(f"a second backward neither adds to the gradient of {neither} nor writes it anew")
    elif wrote and (must_add or added):
        faults.append(f"a second backward writes over the gradient of {', '.join(wrote)}; expected: it adds")
    elif wrote:
        note = "backward writes .grad anew each time; in a net that uses a layer twice it would have to add"
    if subject.touched:
        faults.append(f"writes into {' and '.join(sorted(subject.touched))}, which belongs to the caller")
    return Row("calls", not faults, "3 backwards", error, note="; ".join(faults) or note)


def ties(check: "Check") -> Row | None:
    """Check where the gradient goes when maxima are tied; None where ties make no difference.

    Single differences cannot see it: at a tie anything between the left and the right derivative is a
    subgradient. But along a direction in which tied values move together they stay tied, and there the
    derivative exists. If each of two tied maxima gets the whole gradient, it comes out doubled.
    """
    subject = check.subject
    place = next(k for k, value in enumerate(subject.inputs) if is_float_array(value))
    original = subject.inputs[place]
    nonzero = np.unique(original[original != 0])
    if original.size < 8 or nonzero.size < 4:
        return None
    levels = nonzero[np.linspace(0, nonzero.size - 1, 6).astype(int)[1:-1]]
    tied = check.rng.choice(levels, size=original.shape)
    with subject.at((*subject.inputs[:place], tied, *subject.inputs[place + 1 :])):
        return _ties(check, subject.input_names[0], original)


def _ties(check: "Check", name: str, x: np.ndarray) -> Row | None:
    forward, dout, h = check.subject.forward, check.dout, step_size(x)
    analytic = check.subject.gradients(dout)[name]
    if defect(analytic, x.shape):
        return None
    apart = check.rng.standard_normal(x.shape)
    largest = max(float(np.linalg.norm(analytic)), check.noise(h) / tolerances.FINITE_DIFFERENCE)
    for step in (h, h / 10):  # at a tie the two sides differ however small the step; elsewhere they meet
        left, right = sides(forward, [x], [apart], dout, step)
        if abs(left - right) <= 1e-3 * largest:
            return None
    if not _follows(check, [x], [apart], _TINY):
        return None
    together = move_together(check.rng, x)
    claimed = float(np.vdot(analytic, together))
    numeric, ok, note = settle(
        forward, [x], [together], dout, h, claimed, tolerances.FINITE_DIFFERENCE * largest
    )
    error = abs(claimed - numeric) / max(largest, abs(numeric))
    if not ok:
        note = "the gradients of tied maxima do not add up to one upstream gradient: a wrong tie"
    elif wrong := _not_the_first(check, x, analytic):
        ok, note = False, wrong
    return Row("ties", ok, "direction", error, None, claimed, numeric, note=note)


def _not_the_first(check: "Check", x: np.ndarray, analytic: np.ndarray) -> str:
    """Of a layer that turns out to be a 2x2 max-pool, ask that the first of tied maxima is chosen."""
    y, *others = check.subject.outputs()
    for ceil_mode in (False, True) if x.ndim == 4 else ():
        pooled, flat = reference.max_pool2d(x, ceil_mode)
        if not np.array_equal(pooled, y):
            continue
        rule = "of tied maxima the first, row by row, is the one, here as in PyTorch"
        given = others[0] if others else flat
        given = given.flat if isinstance(given, PoolingIndices) else given
        if np.shape(given) == flat.shape and not np.array_equal(given, flat):
            return f"a wrong tie: forward's indices point to another maximum; {rule}"
        expected = reference.max_pool2d_backward(check.dout, flat, x.shape[2:])
        wrong = np.abs(analytic - expected)
        if wrong.max() > tolerances.REPEATED * np.abs(expected).max():
            at = tuple(int(k) for k in np.unravel_index(np.argmax(wrong), wrong.shape))
            return f"a wrong tie: {rule}; at {at} is {analytic[at]:.6g}, expected {expected[at]:.6g}"
    return ""


def suspicions(check: "Check", members: Sequence[str], numeric: np.ndarray | None) -> str:
    """Look for reasons of a wrong gradient by running the layer differently; empty if none is found."""
    return (
        _low_precision(check, members)
        or _deaf_to_dout(check, members)
        or _stale(check, members)
        or (_turned_kernel(check, members[0], numeric) if numeric is not None else "")
    )


def _low_precision(check: "Check", members: Sequence[str]) -> str:
    """Notice an output that does not follow small changes but does follow large ones."""
    arrays = [check.subject.arrays[member] for member in members]
    directions = [step_size(a, 1.0) * check.rng.standard_normal(a.shape) for a in arrays]
    if _follows(check, arrays, directions, _TINY) or not _follows(
        check, arrays, directions, tolerances.COARSE_STEP
    ):
        return ""
    claimed = float(sum(np.vdot(check.gradients[m], v) for m, v in zip(members, directions, strict=True)))
    rough = along(check.subject.forward, arrays, directions, check.dout, tolerances.COARSE_STEP)
    spread = np.sqrt(
        sum(
            np.vdot(np.square(check.gradients[m]), np.square(v))
            for m, v in zip(members, directions, strict=True)
        )
    )
    agree = abs(claimed - rough) <= tolerances.COARSE_DIFFERENCE * max(spread, abs(rough))
    dtype = check.subject.forward().dtype
    returned = "" if dtype == np.float64 else f" (it returned {dtype})"
    roughly = "roughly agree, so the formula may well be right" if agree else "do not agree either"
    return (
        f"precision: forward does not follow changes of {_TINY:g}, so something in it casts to float32"
        f"{returned}, too coarse for differences; let it keep float64. With steps of "
        f"{tolerances.COARSE_STEP:g} the two {roughly}"
    )


def _follows(
    check: "Check", arrays: Sequence[np.ndarray], directions: Sequence[np.ndarray], h: float
) -> bool:
    """Whether the output changes at all when the arrays move by h."""
    before = check.subject.forward()
    return any(
        not np.array_equal(moved(check.subject.forward, arrays, directions, signed), before)
        for signed in (h, -h)
    )


def _deaf_to_dout(check: "Check", members: Sequence[str]) -> str:
    other = check.subject.gradients(np.asarray(check.rng.standard_normal(check.dout.shape)))
    same = all(_equal(other[member], check.gradients[member]) for member in members)
    if same and any(np.any(other[member]) for member in members):
        return "the same gradient comes out for another dout: backward does not use it"
    return ""


def _stale(check: "Check", members: Sequence[str]) -> str:
    """Notice a gradient that stays the same for another input although the differences change."""
    subject = check.subject
    there = subject.gradients(check.dout, check.earlier)
    same = all(_equal(there[member], check.gradients[member]) for member in members)
    if not same or not any(np.any(there[member]) for member in members):
        return ""
    arrays = [subject.arrays[member] for member in members]
    directions = [step_size(a, 1.0) * check.rng.standard_normal(a.shape) for a in arrays]
    claimed = float(sum(np.vdot(there[m], v) for m, v in zip(members, directions, strict=True)))
    here = along(subject.forward, arrays, directions, check.dout, tolerances.STEP)
    with subject.at(check.earlier):
        before = along(subject.forward, arrays, directions, check.dout, tolerances.STEP)
    largest = tolerances.PATTERN * max(abs(here), abs(before), abs(claimed))
    if abs(before - claimed) <= largest:
        return "it is the gradient at the input of an earlier forward: a stale cache"
    if abs(here - before) > largest:
        return (
            "the same gradient comes out for another input: backward does not use what the latest forward saw"
        )
    return ""


def _turned_kernel(check: "Check", name: str, numeric: np.ndarray) -> str:
    """Try whether backward gives the right dx once a kernel is transposed or turned round."""
    if name not in check.subject.input_names:
        return ""
    for parameter, weight in check.subject.arrays.items():
        if parameter in check.subject.input_names or weight.ndim < 2:
            continue
        kept = weight.copy()
        for said, turned in _turns(kept):
            weight[...] = turned
            gradient = check.subject.gradients(check.dout)[name]
            weight[...] = kept
            if defect(gradient, numeric.shape):
                continue
            if np.abs(gradient - numeric).max() <= tolerances.PATTERN * np.abs(numeric).max():
                return f"right if {parameter} were {said} in it: a transposed kernel"
    return ""


def _turns(weight: np.ndarray) -> list[tuple[str, np.ndarray]]:
    turns = []
    if weight.ndim == 4:
        turns = [
            ("turned by 180 degrees", weight[:, :, ::-1, ::-1]),
            ("upside down", weight[:, :, ::-1]),
            ("mirrored", weight[:, :, :, ::-1]),
            ("transposed in rows and columns", weight.swapaxes(2, 3)),
            ("turned and transposed", weight[:, :, ::-1, ::-1].swapaxes(2, 3)),
        ]
    turns.append(("transposed in axes 0 and 1", weight.swapaxes(0, 1)))
    return [(said, turned) for said, turned in turns if turned.shape == weight.shape]


def _equal(a: object, b: object) -> bool:
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.array_equal(a, b)


def _tells(gradient: object) -> bool:
    """Whether it is a gradient at all, and not zero, which stays the same whether added or written."""
    return isinstance(gradient, np.ndarray) and bool(np.isfinite(gradient).all()) and bool(gradient.any())


def _alike(given: object, expected: np.ndarray) -> bool:
    return isinstance(given, np.ndarray) and _farthest({"": given}, {"": expected})[1] <= tolerances.REPEATED


def _farthest(got: dict[str, Any], expected: dict[str, Any]) -> tuple[str, float]:
    """Find the gradient that differs most from the expected one of the same name, and how far.

    What is no array, or not finite, has a failing row of its own.
    """
    worst = ("", 0.0)
    for name, right in expected.items():
        given = got.get(name)
        if not isinstance(given, np.ndarray) or not isinstance(right, np.ndarray):
            continue
        error = np.inf
        if given.shape == right.shape:
            largest = max(float(np.abs(right).max()), float(np.abs(given).max()))
            error = float(np.abs(given - right).max()) / largest if largest else 0.0
        if error > worst[1]:
            worst = (name, error)
    return worst

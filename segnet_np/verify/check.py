"""One gradient beside its differences: the row of a single array, or of several along one direction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segnet_np.verify import tolerances
from segnet_np.verify.causes import defect, likely_cause, misshapen
from segnet_np.verify.finite_differences import (
    along,
    each_entry,
    move_apart,
    move_together,
    settle,
    step_size,
)
from segnet_np.verify.probes import suspicions
from segnet_np.verify.report import Row
from segnet_np.verify.subject import Subject, is_float_array
from segnet_np.verify.threads import using_threads

#: With many wrong entries it is no kink: after so many that stay wrong at smaller steps, stop looking.
_ENOUGH = 8


#: The directions that are drawn until one agrees. In a flat patch of a picture all windows of a pool are
#: tied; moved apart, an index turns at once, unpooling moves a value, and the output jumps.
_DRAWS = {
    "": move_apart,
    "kink in the first direction, redrawn": move_apart,
    "equal values moved together, because apart they break ties, where the output may jump": move_together,
}


@dataclass
class Check:
    """A subject, a random upstream gradient, and the gradients that backward gave for it.

    Attributes
    ----------
    earlier : tuple
        The input of a forward before; nothing of it may be left.
    dout : ndarray
        The upstream gradient, of the shape of the output.
    gradients : dict of str to object
        What backward gave for each of the subject's arrays.
    steady : bool
        Whether forward gives the same for the same input.
    """

    subject: Subject
    rng: np.random.Generator

    def __post_init__(self) -> None:
        # What an earlier forward left behind must not matter; so there is one.
        self.earlier = self.subject.another_input(self.rng)
        # The gradient under check is computed on all threads, as in training. The differences are thousands
        # of tiny forwards, for which a second thread is of no use, and on a busy machine waiting for it made
        # the whole fifteen times slower.
        with using_threads(1):
            self.subject.forward(self.earlier)
            out = self.subject.forward()
            self.steady = np.array_equal(out, self.subject.forward(), equal_nan=True)
        if not np.isfinite(out).all():
            raise ValueError(
                f"gradcheck: {self.subject.kind}.forward gives NaN or infinity; expected finite numbers"
            )
        self.dout = np.asarray(self.rng.standard_normal(out.shape))
        self.gradients = self.subject.gradients(self.dout)
        self._noise = tolerances.NOISE * np.finfo(float).eps * float(np.linalg.norm(self.dout * out))

    def noise(self, h: float) -> float:
        """Estimate how far rounding moves a difference with step h."""
        return self._noise / h

    def every_entry(self, name: str) -> Row:
        """Compare a gradient with the differences of every single entry."""
        array = self.subject.arrays[name]
        h = step_size(array)
        numeric = each_entry(self.subject.forward, array, self.dout, h)
        checked = f"{array.size} entries" if array.size != 1 else "1 entry"
        analytic = self.gradients[name]
        fault = defect(analytic, array.shape)
        if fault:
            known = isinstance(analytic, np.ndarray) and analytic.shape != array.shape
            hint = misshapen(analytic, numeric) if known else ""
            return Row(
                name, False, checked, np.inf, note=f"{fault}; {hint}" if hint else fault, members=(name,)
            )
        analytic = np.asarray(analytic, dtype=np.float64)
        floor = self.noise(h) / tolerances.FINITE_DIFFERENCE
        note = self._settle_entries(array, analytic, numeric, h, floor)
        error = np.abs(analytic - numeric) / _largest(analytic, numeric, floor)
        index = tuple(int(k) for k in np.unravel_index(np.argmax(error), error.shape))
        ok = bool(error[index] <= tolerances.FINITE_DIFFERENCE)
        if not ok:
            inputs = tuple(value for value in self.subject.inputs if is_float_array(value))
            names = self.subject.input_names
            of = names.index(name) if name in names else None
            cause = likely_cause(analytic, numeric, self.dout, inputs, of)
            note = suspicions(self, [name], numeric) or (f"{cause} ({note})" if note else cause)
        elif max(np.abs(analytic).max(), np.abs(numeric).max()) <= self.noise(h):
            note = "zero but for rounding, as that of a bias in front of a batch norm: the output ignores it"
        numbers = float(analytic[index]), float(numeric[index])
        return Row(name, ok, checked, float(error[index]), index, *numbers, note=note, members=(name,))

    def one_direction(self, name: str, members: Sequence[str]) -> Row:
        """Compare gradients with the difference along one random direction through all of `members`."""
        arrays = [self.subject.arrays[member] for member in members]
        for member, array in zip(members, arrays, strict=True):
            fault = defect(self.gradients[member], array.shape)
            if fault:
                return Row(
                    name, False, "direction", np.inf, note=_about(member, name, fault), members=tuple(members)
                )
        gradients = [np.asarray(self.gradients[member], dtype=np.float64) for member in members]
        scales = [step_size(array, 1.0) for array in arrays]
        h = tolerances.STEP_ALONG
        floor = self.noise(h) / tolerances.FINITE_DIFFERENCE
        # Along a normal direction the derivative is normal too, and this is its standard deviation.
        spread = float(
            np.sqrt(sum((s * np.linalg.norm(g)) ** 2 for s, g in zip(scales, gradients, strict=True)))
        )
        for drawn, draw in _DRAWS.items():
            directions = [s * draw(self.rng, array) for s, array in zip(scales, arrays, strict=True)]
            claimed = float(sum(np.vdot(g, v) for g, v in zip(gradients, directions, strict=True)))
            slack = tolerances.FINITE_DIFFERENCE * max(spread, abs(claimed), floor)
            forward = self.subject.forward
            numeric, agrees, note = settle(forward, arrays, directions, self.dout, h, claimed, slack)
            if agrees:
                note = "; ".join(part for part in (drawn, note) if part)
                break
        error = abs(claimed - numeric) / max(spread, abs(claimed), abs(numeric), floor)
        index = None
        if not agrees:
            member, index, entries = self._worst_entry(members)
            there = f"{member}{list(index)}: analytic {entries[0]:.6g}, numeric {entries[1]:.6g}"
            cause = suspicions(self, members, None)
            note = "; ".join(part for part in (cause, note, f"worst of a sample: {there}") if part)
        return Row(
            name, agrees, "direction", error, index, claimed, numeric, note=note, members=tuple(members)
        )

    def _settle_entries(
        self, array: np.ndarray, analytic: np.ndarray, numeric: np.ndarray, h: float, floor: float
    ) -> str:
        """Look again at entries that disagree; write what is found into `numeric` and say how it came."""
        slack = tolerances.FINITE_DIFFERENCE * _largest(analytic, numeric, floor)
        error = np.abs(analytic - numeric)
        settled, still_wrong = [], 0
        for flat in np.argsort(error, axis=None)[::-1]:
            index = np.unravel_index(flat, array.shape)
            if error[index] <= slack or still_wrong == _ENOUGH:
                break
            direction = np.zeros(array.shape)
            direction[index] = 1.0
            found = settle(
                self.subject.forward, [array], [direction], self.dout, h, float(analytic[index]), slack
            )
            still_wrong += not found.agrees
            if found.agrees:
                numeric[index] = found.numeric
            if found.note:
                settled.append(found.note)
        if not settled:
            return ""
        count = f"{len(settled)} of {array.size} entries" if len(settled) > 1 else "one entry"
        return f"{count}: {settled[-1]}"

    def _worst_entry(self, members: Sequence[str]) -> tuple[str, tuple[int, ...], tuple[float, float]]:
        """Look at a few single entries of each array, those with the largest gradients and random ones."""
        worst = -1.0
        found: tuple[str, tuple[int, ...], tuple[float, float]] = ("", (), (0.0, 0.0))
        for member in members:
            array, gradient = self.subject.arrays[member], np.asarray(self.gradients[member])
            largest = np.argsort(np.abs(gradient), axis=None)[-2:]
            for flat in {*largest.tolist(), *self.rng.integers(array.size, size=2).tolist()}:
                index = tuple(int(k) for k in np.unravel_index(flat, array.shape))
                direction = np.zeros(array.shape)
                direction[index] = 1.0
                numeric = along(self.subject.forward, [array], [direction], self.dout, step_size(array))
                if abs(numeric - gradient[index]) > worst:
                    worst = abs(numeric - gradient[index])
                    found = (member, index, (float(gradient[index]), numeric))
        return found


def _largest(analytic: np.ndarray, numeric: np.ndarray, floor: float) -> float:
    """Return what an error is relative to: the largest value, or what rounding alone could feign."""
    return max(float(np.abs(analytic).max()), float(np.abs(numeric).max()), floor, np.finfo(float).tiny)


def _about(member: str, name: str, fault: str) -> str:
    return fault if member == name else f"{member}: {fault}"

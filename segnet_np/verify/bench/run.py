"""The whole benchmark: verify, time in turn, and say it in a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numba
from tqdm.auto import tqdm

from segnet_np.machine import describe
from segnet_np.verify.bench import peaks
from segnet_np.verify.bench.cases import PASSES, Case, convolutions_of
from segnet_np.verify.bench.in_turn import Timing, Workers, ratio
from segnet_np.verify.bench.verified import verify_convolutions, verify_layers
from segnet_np.verify.threads import using_threads


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes
    ----------
    machine : dict of str
    verified : list of str
    gflops, gigabytes : float
        The machine's peaks: 1e9 operations a second, 1e9 bytes a second copied.
    timings : list of (Case, dict of Timing)
        In the order of the table; first the whole nets, then their convolutions.
    """

    machine: dict[str, str]
    verified: list[str]
    gflops: float
    gigabytes: float
    timings: list[tuple[Case, dict[str, Timing]]]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: seconds, bytes, and operations as direct convolution counts them."""
        rows = [
            {
                **case.as_dict(),
                "name": case.name,
                "gflop": case.gflop,
                "ratio": ratio(timings) if len(timings) > 1 else None,
                "sides": {
                    side: {"median": timing.median, "spread": timing.spread, "rounds": timing.rounds}
                    for side, timing in timings.items()
                },
            }
            for case, timings in self.timings
        ]
        peak = {"gflops": self.gflops, "gigabytes_per_second": self.gigabytes}
        return {"machine": self.machine, "verified": self.verified, "peak": peak, "cases": rows}

    def __str__(self) -> str:
        facts = [f"{name:<14} {value}" for name, value in self.machine.items()]
        facts.append(f"{'peak':<14} {self.gflops:.0f} GFLOP/s in registers, {self.gigabytes:.0f} GB/s copied")
        head = "Verified before timing, with the error as a share of the result:"
        checked = [f"  {line}" for line in self.verified]
        return "\n".join([*facts, "", head, *checked, "", *self._table(), "", *self._words()])

    def _table(self) -> list[str]:
        sides = list(self.timings[0][1])
        head = ["", *(f"{side}, ms" for side in sides), "ratio", "GFLOP/s", "of peak"]
        rows = [head]
        for case, timings in self.timings:
            speed = case.gflop / timings[sides[0]].median
            milliseconds = [
                f"{1e3 * t.median:.1f}" + (f" ±{100 * t.spread:.0f}%" if len(t.rounds) > 1 else "")
                for t in timings.values()
            ]
            compared = f"{ratio(timings):.2f}" if len(sides) > 1 else "-"
            rows.append([case.name, *milliseconds, compared, f"{speed:.0f}", f"{speed / self.gflops:.0%}"])
        first, *wide = [max(len(row[k]) for row in rows) for k in range(len(head))]
        return [
            "  ".join([name.ljust(first), *(text.rjust(w) for text, w in zip(texts, wide, strict=True))])
            for name, *texts in rows
        ]

    def _words(self) -> list[str]:
        words = [
            "Median of the rounds, and half the distance between their quartiles. GFLOP/s count what direct",
            "convolution would need, so Winograd's algorithm, which needs a quarter, can exceed the peak.",
        ]
        if len(self.timings[0][1]) > 1:
            words.append("Ratio: our time over that of PyTorch's faster format; below 1 we are faster.")
        else:
            words.append("PyTorch is not installed, so there is nothing to compare with.")
        return words


def run(cases: Sequence[Case], rounds: int = 7, threads: int | None = None, layers: bool = False) -> Result:
    """Verify, then time.

    Parameters
    ----------
    cases : sequence of Case
        Whole nets.
    rounds : int
        Turns of each side for each case.
    threads : int, optional
        For each side; by default as many as Numba uses here.
    layers : bool
        Also each distinct convolution of the first case, three passes each.

    Returns
    -------
    result : Result

    Raises
    ------
    RuntimeError
        If a result is wrong, or a process of a side ends.
    """
    threads = numba.get_num_threads() if threads is None else threads
    with using_threads(threads):
        verified = verify_layers()
        verified += [verify_convolutions(case) for case in {replace(case, what="train") for case in cases}]
        peak, copy = peaks.gflops(), peaks.gigabytes()
        machine = describe()
    convolutions = []
    if layers:
        # In the order of the net, each shape once.
        shapes = dict.fromkeys(convolutions_of(cases[0]).values())
        convolutions = [replace(shape, what=what) for shape in shapes for what in PASSES]
    timings = []
    with Workers(threads) as workers:
        turns = (len(cases) + len(convolutions)) * rounds * len(workers.sides)
        with tqdm(total=turns, desc="timing", unit="turn", leave=False) as bar:
            for case in [*cases, *convolutions]:
                bar.set_postfix_str(case.name)
                repeats = 5 if case in convolutions else 3
                timings.append((case, workers.time(case, rounds, repeats, bar.update)))
    return Result(machine, verified, peak, copy, timings)

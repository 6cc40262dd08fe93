"""Both sides in turn, A B A B, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any

import numpy as np

from segnet_np.kernels.threads import SPIN
from segnet_np.verify.bench.cases import Case
from segnet_np.verify.bench.worker import SIDES


@dataclass(frozen=True)
class Timing:
    """How long one side took: seconds of each round, in the order in which they were measured."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Seconds."""
        return float(np.median(self.rounds))

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        low, high = np.percentile(self.rounds, [25, 75])
        return float((high - low) / 2 / self.median)


def environment(threads: int) -> dict[str, str]:
    """The environment of a process that is measured.

    Who compares speeds wants neither side to run on settings that were meant for something else; nor may what
    this package sets for its own threads slow PyTorch's down.
    """
    unwanted = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    kept = {key: value for key, value in os.environ.items() if key not in unwanted}
    if kept.get(SPIN[0]) == SPIN[1]:
        del kept[SPIN[0]]
    return kept | {"NUMBA_NUM_THREADS": str(threads)}


class Workers:
    """One process a side; a context manager.

    Parameters
    ----------
    threads : int
        For each side.
    sides : sequence of str, optional
        Of `worker.SIDES`; by default all that are installed.
    """

    def __init__(self, threads: int, sides: Sequence[str] | None = None) -> None:
        installed = SIDES if find_spec("torch") else SIDES[:1]
        self.sides = tuple(installed if sides is None else sides)
        # PyTorch's OpenMP reads its environment when it is loaded, so it is imported before this package.
        serve = "import sys; from segnet_np.verify.bench.worker import serve; serve(sys.argv[1])"
        programs = {side: serve if side == SIDES[0] else f"import torch; {serve}" for side in self.sides}
        self._processes = {
            side: subprocess.Popen(
                [sys.executable, "-c", program, side],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment(threads),
            )
            for side, program in programs.items()
        }

    def time(
        self, case: Case, rounds: int, repeats: int = 1, done: Callable[[], Any] = lambda: None
    ) -> dict[str, Timing]:
        """Time a case on all sides.

        Parameters
        ----------
        case : Case
        rounds : int
            How often each side has its turn.
        repeats : int
            How often the case is done in a turn; of these the median counts.
        done : callable
            Called after each turn.

        Returns
        -------
        timings : dict of Timing, by side

        Raises
        ------
        RuntimeError
            If a side's process ended.
        """
        seconds: dict[str, list[float]] = {side: [] for side in self.sides}
        for _ in range(rounds):
            for side in self.sides:
                turn = self._ask(side, {"case": case.as_dict(), "repeats": repeats})
                seconds[side].append(float(np.median(turn)))
                done()
        return {side: Timing(tuple(rounds_)) for side, rounds_ in seconds.items()}

    def _ask(self, side: str, order: dict[str, Any]) -> list[float]:
        process = self._processes[side]
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it ended; said below
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {side} ended with code {process.wait()} at {order['case']}")
        return json.loads(line)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.kill()
            process.communicate()


def ratio(timings: dict[str, Timing]) -> float:
    """Our time over that of PyTorch's better format, each the median of its rounds; NaN without PyTorch."""
    others = [timing.median for side, timing in timings.items() if side != SIDES[0]]
    return timings[SIDES[0]].median / min(others) if others else float("nan")

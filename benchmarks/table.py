"""The table of docs/performance.md: what was to be reached, and what was.

python -m benchmarks.table [rounds]
"""

import sys
from statistics import median
from typing import Any

import numba

from benchmarks import memory, startup
from benchmarks.results import keep, table
from segnet_np.verify.bench.cases import Case
from segnet_np.verify.bench.in_turn import Timing, Workers, ratio
from segnet_np.verify.bench.verified import verify_convolutions, verify_layers
from segnet_np.verify.bench.worker import SIDES

# What is compared with PyTorch, and the ratio that must not and should not be exceeded.
CASES = {
    Case("train", 8, 64, 64, 64): (0.60, 0.42),
    Case("train", 8, 96, 96, 64): (0.50, 0.35),
    Case("train", 8, 128, 128, 64): (0.50, 0.35),
    Case("train", 1, 352, 480, 64): (0.50, 0.35),
    Case("inference", 8, 64, 64, 64): (0.55, 0.42),
    Case("inference", 8, 96, 96, 64): (0.55, 0.42),
    Case("inference", 8, 128, 128, 64): (0.55, 0.42),
    Case("inference", 1, 352, 480, 64): (0.55, 0.42),
    Case("train", 4, 96, 96, 64, "segnet-basic"): (1.00, 0.80),
    Case("train", 16, 64, 64, 16): (0.60, 0.40),
}
THREADS_CASE = Case("train", 8, 96, 96, 64)
SMALL, LARGE = Case("inference", 1, 352, 480, 64), Case("inference", 1, 720, 960, 64)


def main(rounds: int) -> None:
    """Measure, keep and print everything."""
    for line in [*verify_layers(), *(verify_convolutions(case) for case in CASES if case.what == "train")]:
        print(line, flush=True)
    rows: list[dict[str, Any]] = []

    def add(what: str, value: float, must: float, aim: float, unit: str = "", **more: Any) -> None:
        rows.append({"what": what, "value": value, "must": must, "aim": aim, "unit": unit, **more})
        print(*_line(rows[-1]), sep=" | ", flush=True)

    threads = numba.get_num_threads()
    with Workers(threads) as workers:
        for case, goal in CASES.items():
            timings = workers.time(case, rounds, repeats=3)
            add(case.name, ratio(timings), *goal, sides=_sides(timings))
    pixels = [case.height * case.width for case in (SMALL, LARGE)]
    per_pixel = []
    with Workers(threads, SIDES[:1]) as one, Workers(threads, SIDES[:1]) as other:
        for _ in range(rounds):
            small, large = (
                workers.time(case, 1, repeats=3)[SIDES[0]].median
                for workers, case in ((one, SMALL), (other, LARGE))
            )
            per_pixel.append(large / pixels[1] / (small / pixels[0]))
    add("inference time a pixel, 720x960 over 352x480", median(per_pixel), 1.15, 1.00)
    with Workers(1, SIDES[:1]) as one, Workers(2, SIDES[:1]) as two:
        gains = []
        for _ in range(rounds):
            slow, fast = (workers.time(THREADS_CASE, 1, repeats=3)[SIDES[0]].median for workers in (one, two))
            gains.append(slow / fast)
    add(f"two threads over one, {THREADS_CASE.name}", median(gains), 1.7, 1.9, at_least=True)
    for row in memory.measure_all():
        add(f"memory, {row['name']}", row["ratio"], 0.65, 0.45, megabytes=row["megabytes"])
    starts = startup.measure()
    add(
        "cold start to the first step, width 16", median(starts["cold"]), 45, 25, " s", seconds=starts["cold"]
    )
    add(
        "warm start to the first step, width 16", median(starts["warm"]), 3, 1.5, " s", seconds=starts["warm"]
    )
    keep("table", rows)
    print(table(["what", "measured", "must", "aim"], [_line(row) for row in rows]))


def _sides(timings: dict[str, Timing]) -> dict[str, Any]:
    return {side: {"median": timing.median, "spread": timing.spread} for side, timing in timings.items()}


def _line(row: dict[str, Any]) -> list[str]:
    milliseconds = ", ".join(f"{1e3 * side['median']:.0f}" for side in row.get("sides", {}).values())
    value = f"{row['value']:.2f}{row['unit']}" + (f" ({milliseconds} ms)" if milliseconds else "")
    than = "≥ " if row.get("at_least") else "≤ "
    return [row["what"], value, *(f"{than}{row[goal]:g}{row['unit']}" for goal in ("must", "aim"))]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

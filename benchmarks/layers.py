"""Each convolution of a training step beside PyTorch's; a chart, and a picture of the roof over it.

python -m benchmarks.layers [rounds]
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numba
from tqdm.auto import tqdm

from benchmarks.results import keep, read, table
from segnet_np import plots
from segnet_np.verify.bench import peaks
from segnet_np.verify.bench.cases import PASSES, Case, algorithm_of, convolutions_of
from segnet_np.verify.bench.in_turn import Workers
from segnet_np.verify.bench.verified import verify_convolutions
from segnet_np.verify.bench.worker import SIDES

CASE = Case("train", 8, 96, 96, 64)
DOCS = Path(__file__).parents[1] / "docs"
BLUE, GREY = "#1f6fb4", "#9a9a9a"


def measure(rounds: int) -> dict[str, Any]:
    """Milliseconds of each distinct convolution, its three passes, on each side."""
    print(verify_convolutions(CASE), flush=True)
    roof = {"gflops": peaks.gflops(), "gigabytes_per_second": peaks.gigabytes()}
    names: dict[Case, list[str]] = {}
    for name, case in convolutions_of(CASE).items():
        names.setdefault(case, []).append(name)
    rows = []
    with Workers(numba.get_num_threads()) as workers:
        for case, layers in tqdm(names.items(), desc="convolutions", unit="shape"):
            for what in PASSES:
                timings = workers.time(replace(case, what=what), rounds, repeats=5)
                milliseconds = {side: 1e3 * timing.median for side, timing in timings.items()}
                weights = case.channels * case.out_channels * case.kernel_size**2
                maps = case.batch * case.height * case.width * (case.channels + case.out_channels)
                rows.append(
                    {
                        "layers": layers,
                        "what": what,
                        "shape": case.name.removeprefix("forward "),
                        "algorithm": algorithm_of(case),
                        "milliseconds": milliseconds,
                        "gflop": case.gflop,
                        "bytes": 4 * (maps + weights),
                    }
                )
    return {"case": CASE.name, "roof": roof, "convolutions": rows}


def draw_times(found: dict[str, Any], path: Path) -> None:
    """Bars: forward and backward of each layer, ours beside PyTorch's faster format."""
    layers = [name for name in convolutions_of(CASE)]
    ours, theirs = [], []
    for layer in layers:
        own = [row["milliseconds"] for row in found["convolutions"] if layer in row["layers"]]
        ours.append(sum(times[SIDES[0]] for times in own))
        theirs.append(sum(min(t for side, t in times.items() if side != SIDES[0]) for times in own))
    figure, axes = plt.subplots(figsize=(10, 4), layout="constrained")
    places = range(len(layers))
    axes.bar(
        [k - 0.2 for k in places], theirs, 0.4, label="PyTorch, the faster of its two formats", color=GREY
    )
    axes.bar([k + 0.2 for k in places], ours, 0.4, label="segnet_np", color=BLUE)
    axes.set_xticks(places, layers, rotation=60)
    axes.set_ylabel("forward, dx and dweight, ms")
    axes.set_title(f"The convolutions of one step: {found['case']}")
    axes.set_ylim(0, 1.2 * max(theirs))
    axes.legend(frameon=False, ncols=2, loc="upper center")
    axes.spines[["top", "right"]].set_visible(False)
    plots.save(figure, path)


def draw_roof(found: dict[str, Any], path: Path) -> None:
    """Speed over the operations for each byte that must be moved, under what the machine can do."""
    peak, copy = found["roof"]["gflops"], found["roof"]["gigabytes_per_second"]
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    x = [8, peak / copy, 4 * peak / copy, 400]
    axes.loglog(x, [min(peak, copy * k) for k in x], color="black", label="the machine, products as defined")
    axes.loglog(
        x, [min(4 * peak, copy * k) for k in x], "--", color="black", label="with F(4x4), a quarter of them"
    )
    for side, colour in ((SIDES[2], GREY), (SIDES[0], BLUE)):
        points = [
            (row["gflop"] * 1e9 / row["bytes"], row["gflop"] / row["milliseconds"][side] * 1e3)
            for row in found["convolutions"]
            if row["what"] == "forward"
        ]
        axes.scatter(*zip(*points, strict=True), color=colour, label=f"{side}, forward", zorder=3)
    axes.set_xlabel("operations a byte of maps and weights")
    axes.set_ylabel("GFLOP/s, counted as in direct convolution")
    axes.set_title(f"{peak:.0f} GFLOP/s in registers, {copy:.0f} GB/s copied")
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    plots.save(figure, path)


def main(rounds: int) -> None:
    """Measure, keep, draw and print."""
    keep("layers", measure(rounds))
    found = read("layers")["rows"]
    draw_times(found, DOCS / "performance-layers.png")
    draw_roof(found, DOCS / "performance-roof.png")
    lines = []
    for row in found["convolutions"]:
        times = row["milliseconds"]
        best = min(t for side, t in times.items() if side != SIDES[0])
        figures = f"{times[SIDES[0]]:.2f}", f"{best:.2f}", f"{times[SIDES[0]] / best:.2f}"
        lines.append([row["shape"], f"{row['what']} x{len(row['layers'])}", row["algorithm"], *figures])
    print(table(["convolution", "pass", "by", "segnet_np, ms", "PyTorch, ms", "ratio"], lines))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)

"""Fifty steps here and in PyTorch from the same weights: how far the losses part, in float64 and float32.

python -m benchmarks.trajectory [seeds]
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from tqdm.auto import tqdm

from benchmarks.layers import BLUE, DOCS, GREY
from benchmarks.results import keep, read, table
from segnet_np import plots
from segnet_np.verify import trajectory
from segnet_np.verify.trajectory import RATES, STEPS, Case, Losses

FLOAT64_WIDTH = 8
STYLES = {"float32": "-", "float64": "--"}
LEAST = 1e-17


def measure(seeds: int) -> list[dict[str, Any]]:
    """Train each model with each optimizer in both dtypes, several seeds."""
    rows = []
    for model, optimizer in RATES:
        for dtype in STYLES:
            width = FLOAT64_WIDTH if dtype == "float64" else None
            cases = [Case(model, optimizer, dtype, seed, width) for seed in range(seeds)]
            bar = tqdm(cases, desc=f"{model} {optimizer} {dtype}", unit="seed", leave=False)
            many, control = [], []
            for case in bar:
                many.append(trajectory.run(case))
                if dtype == "float32":
                    control.append(many[-1]._replace(ours=_without_onednn(case)))
            rows.append({"model": model, "optimizer": optimizer, "dtype": dtype, **_summary(many, control)})
    return rows


def _without_onednn(case: Case) -> np.ndarray:
    """A third way of PyTorch to add the same products: an equally right program, as ours wants to be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # switching oneDNN off and on again talks about graphics cards
        with torch.backends.mkldnn.flags(enabled=False):
            return trajectory.pytorch(case)


def _summary(many: list[Losses], control: list[Losses]) -> dict[str, Any]:
    first = many[0]
    found = {
        "losses": {"ours": first.ours.tolist(), "pytorch": first.contiguous.tolist()},
        "difference": _by_step([losses.difference for losses in many]),
        "spread": _by_step([losses.spread for losses in many]),
        "largest difference": [
            float(f"{max(trajectory.relative(losses.ours, other).max() for other in losses[1:]):.2g}")
            for losses in many
        ],
        "largest spread": [float(f"{losses.spread.max():.2g}") for losses in many],
        "ratio": round(trajectory.ratio(many), 2),
        "ratio by seed": _ratios(many),
    }
    if control:
        found["control"] = _by_step([losses.difference for losses in control])
        found["control's ratio"] = round(trajectory.ratio(control), 2)
        found["control's ratio by seed"] = _ratios(control)
    return found


def _ratios(many: list[Losses]) -> list[float]:
    return sorted(float(f"{trajectory.ratio([losses]):.3g}") for losses in many)


def _by_step(errors: list[np.ndarray]) -> dict[str, list[float]]:
    """Over the seeds, at each step."""
    return {
        name: [float(f"{value:.3g}") for value in of(errors, axis=0)]
        for name, of in (("median", np.median), ("most", np.max))
    }


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Above the losses of one seed, below how far they part: the median over the seeds, thin the largest."""
    figure, axes = plt.subplots(
        2, len(RATES), figsize=(12, 6), sharex=True, sharey="row", layout="constrained", height_ratios=(2, 3)
    )
    for (above, below), pair in zip(axes.T, RATES, strict=True):
        own = {row["dtype"]: row for row in rows if (row["model"], row["optimizer"]) == pair}
        _draw_losses(above, own["float32"]["losses"])
        above.set_title(f"{pair[0]}, {pair[1]}")
        for dtype, style in STYLES.items():
            for key, colour, name in (
                ("spread", GREY, "PyTorch's two formats"),
                ("difference", BLUE, "segnet_np to PyTorch"),
            ):
                for of, width in (("median", 1.6), ("most", 0.6)):
                    # No difference at all has no place on a logarithmic axis.
                    values = np.maximum(own[dtype][key][of], LEAST)
                    label = f"{dtype}: {name}" if of == "median" else None
                    below.semilogy(values, style, color=colour, linewidth=width, label=label)
        below.axhline(1e-6, color="black", linewidth=0.8, linestyle=":")
        below.text(STEPS, 1e-6, "$10^{-6}$", ha="right", va="bottom", fontsize=8)
        below.set_xlabel("step")
        for ax in (above, below):
            ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("loss, float32, seed 0")
    axes[1, 0].set_ylabel("relative difference of the loss")
    axes[1, 0].set_ylim(LEAST, 1)
    axes[0, -1].legend(frameon=False)
    figure.legend(*axes[1, 0].get_legend_handles_labels(), frameon=False, ncols=4, loc="outside lower center")
    plots.save(figure, path)


def _draw_losses(ax: Axes, losses: dict[str, list[float]]) -> None:
    ax.plot(losses["pytorch"], color=GREY, linewidth=5, alpha=0.6, label="PyTorch")
    ax.plot(losses["ours"], color=BLUE, linewidth=1.2, label="segnet_np")


def main(seeds: int) -> None:
    """Measure, keep, draw and print."""
    keep("trajectory", {"seeds": seeds, "steps": STEPS, "trainings": measure(seeds)})
    rows = read("trajectory")["rows"]["trainings"]
    draw(rows, DOCS / "equality-trajectory.png")
    lines = [
        [
            f"{row['model']}, {row['optimizer']}",
            *(f"{np.quantile(row[key], at):.0e}" for key in _LARGEST for at in (0.5, 1)),
        ]
        for row in rows
        if row["dtype"] == "float64"
    ]
    print(table(["float64", *(f"{key}, {at}" for key in _LARGEST for at in ("median", "most"))], lines))
    lines = [
        [
            f"{row['model']}, {row['optimizer']}",
            *(
                figure
                for name in ("ratio", "control's ratio")
                for figure in (str(row[name]), _over(row[f"{name} by seed"]))
            ),
        ]
        for row in rows
        if row["dtype"] == "float32"
    ]
    print(table(["float32", "ratio", "of one seed", "without oneDNN", "of one seed"], lines))


_LARGEST = ("largest difference", "largest spread")


def _over(ratios: list[float]) -> str:
    over = sum(ratio > 3 for ratio in ratios)
    return (
        f"{ratios[0]:.2g} to {ratios[-1]:.2g}, median {np.median(ratios):.2g}, {over} of {len(ratios)} over 3"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

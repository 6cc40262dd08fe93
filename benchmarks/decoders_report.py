"""The figure and the tables of docs/decoders.md from what `benchmarks.decoders` measured.

python -m benchmarks.decoders_report
"""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decoders import NAMES, STAGES
from benchmarks.results import read, table
from segnet_np import plots
from segnet_np.lessons.decoder_results import draw

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "decoders.md"


def spread(rows: list[dict[str, Any]], key: str) -> str:
    """Mean and standard deviation over the seeds."""
    values = [row[key] for row in rows]
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) if len(values) > 1 else 0:.3f}"


def kept(found: dict[str, int]) -> str:
    """Megabytes, in the forms there are."""
    names = {
        "two_bits": "2 bits a window",
        "one_byte": "1 byte a window",
        "whole_maps": "whole maps, float32",
    }
    return (
        "; ".join(f"{found[key] / 1e6:.2f} MB ({text})" for key, text in names.items() if key in found) or "0"
    )


def scores(found: dict[str, Any]) -> str:
    """One line a decoder."""
    lines = []
    for name in NAMES:
        rows = [row for row in found["trainings"] if row["name"] == name]
        cost = found["costs"][name]
        lines.append(
            [
                name, f"{cost['parameters']:,}", str(cost["decoder_width"]), spread(rows, "mean_iou"),
                spread(rows, "boundary_f1"), kept(cost["kept"]), f"{cost['step_ms']:.1f}",
                f"{cost['inference_ms']:.0f}",
            ]
        )  # fmt: skip
    head = [
        "decoder", "parameters", "decoder's width", "mean IoU", "boundary F1",
        "kept for the decoder, 360x480", "training step, ms", "inference, 360x480, ms",
    ]  # fmt: skip
    return table(head, lines)


def wrong_places(found: dict[str, Any]) -> str:
    """One line a stage: what is lost by wrong places there."""
    rows = [row for row in found["trainings"] if "misplaced" in row]
    lines = []
    for stage in STAGES:
        cells = [str(stage)]
        for how in ("random", "fixed"):
            for key in ("mean_iou", "boundary_f1"):
                lost = [row[key] - row["misplaced"][how][str(stage)][key] for row in rows]
                cells.append(f"{np.mean(lost):.3f} ({min(lost):.3f} to {max(lost):.3f})")
        lines.append(cells)
    head = ["stage", "random: mean IoU lost", "BF lost", "top left: mean IoU lost", "BF lost"]
    return table(head, lines)


def measured_on(machine: dict[str, str]) -> str:
    """One line on where it was measured."""
    return f"Measured on: {machine['processor']}; threads: {machine['threads']}."


def put(text: str, name: str, page: str) -> str:
    """Put a text between the marks of its name in a page."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(start)
    _, mark, after = rest.partition(end)
    if not mark:
        raise SystemExit(f"{PAGE.name} has no marks {start.strip()} and {end}")
    return before + start + "\n" + text + "\n\n" + end + after


def main() -> None:
    """Draw, print, and put the tables into the page."""
    results = read("decoders")
    found = results["rows"]
    plots.save(draw(found), DOCS / "decoders.png")
    page = PAGE.read_text(encoding="utf-8")
    for name, text in (
        ("scores", scores(found)),
        ("wrong places", wrong_places(found)),
        ("machine", measured_on(results["machine"])),
    ):
        print(text)
        page = put(text, name, page)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Where the figures go: one JSON file for each benchmark, with the machine that it ran on, written whole."""

import json
from pathlib import Path
from typing import Any

from segnet_np.files import whole_file
from segnet_np.machine import describe

FOLDER = Path(__file__).parent / "results"


def keep(name: str, rows: Any) -> None:
    """Write rows to results/NAME.json."""
    FOLDER.mkdir(exist_ok=True)
    machine = {key: value for key, value in describe().items() if key != "kernel cache"}
    with whole_file(FOLDER / f"{name}.json") as temporary:
        temporary.write_text(
            json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n", encoding="utf-8"
        )


def read(name: str) -> dict[str, Any]:
    """What :func:`keep` wrote."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

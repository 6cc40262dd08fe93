"""Brings the lessons from notebooks/ into the site, as ``course/NN_name.ipynb``.

Sphinx reads only what lies in its folder. So they are copied when a build begins, into a folder that git
ignores; links, which are relative to notebooks/, are turned to lead to the same files from there.
"""

import json
import os
import re
from pathlib import Path

from sphinx.application import Sphinx

DOCS = Path(__file__).parents[1]
NOTEBOOKS = DOCS.parent / "notebooks"
COPIES = DOCS / "course"

LINK = re.compile(r"(\]\()(?!\w+:|#)([^)\s#]+)")


def relinked(text: str) -> str:
    """The text of a cell, with its links as they are to be in the copy."""

    def other(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(NOTEBOOKS / link[2]))
        if target.parent == NOTEBOOKS and target.suffix == ".ipynb":
            return link[0]
        return link[1] + Path(os.path.relpath(target, COPIES)).as_posix()

    return LINK.sub(other, text)


def copy_lessons(app: Sphinx) -> None:
    """Write the copies that are new or have changed, and remove those whose lesson is gone."""
    COPIES.mkdir(exist_ok=True)
    lessons = {path.name: path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
    for path in COPIES.glob("*.ipynb"):
        if path.name not in lessons:
            path.unlink()
    for name, path in lessons.items():
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = relinked("".join(cell["source"])).splitlines(keepends=True)
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        copy = COPIES / name
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            copy.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.connect("builder-inited", copy_lessons, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Make the notebooks from their sources: `python notebooks/build.py`; with --check only say which disagree.

A lesson is written in `src/NN_name.py`, in jupytext's percent format, which can be read, compared and
searched as text. `NN_name.ipynb` is made from it, without outputs, byte for byte the same each time.
"""

import argparse
import ast
import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat

from segnet_np.files import whole_file

NOTEBOOKS = Path(__file__).parent
SOURCES = NOTEBOOKS / "src"

# Without magics: a comment such as "# why?" would become one.
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def sources() -> list[Path]:
    """The sources of all lessons, in their order."""
    return sorted(SOURCES.glob("[0-9][0-9]_*.py"))


def target(source: Path) -> Path:
    """The notebook that is made from a source."""
    return NOTEBOOKS / f"{source.stem}.ipynb"


def made_from(source: Path) -> str:
    """The notebook of a source, as text.

    A cell's id follows from what it says, so that a change to one cell changes no other.
    """
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt=FORMAT)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.cells = [part for cell in notebook.cells for part in parts(cell)]
    taken = set()
    for cell in notebook.cells:
        repeated = 0
        while True:
            text = f"{cell.cell_type}\n{cell.source}\n{repeated}"
            name = hashlib.sha256(text.encode()).hexdigest()[:12]
            if name not in taken:
                break
            repeated += 1
        taken.add(name)
        cell.id = name
        cell.metadata.pop("lines_to_next_cell", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1, ensure_ascii=False).rstrip("\n") + "\n"


def parts(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """A cell, or where it asks a question, the cells before and after that, and one for the question.

    The source of a question holds its answer, so JupyterLab is told to fold that, and pages to leave it out.
    """
    if cell.cell_type != "code" or "lessons.guess(" not in cell.source:
        return [cell]
    lines = cell.source.splitlines()
    pieces: list[tuple[bool, list[str]]] = []
    end = 0
    for statement in ast.parse(cell.source).body:
        piece = lines[end : statement.end_lineno]
        end = statement.end_lineno
        if pieces and pieces[-1][0] == asks(statement):
            pieces[-1][1].extend(piece)
        else:
            pieces.append((asks(statement), piece))
    pieces[-1][1].extend(lines[end:])
    cells = []
    for question, piece in pieces:
        part = nbformat.v4.new_code_cell("\n".join(piece).strip("\n"), metadata=dict(cell.metadata))
        if question:
            part.metadata["jupyter"] = {"source_hidden": True}
            part.metadata["tags"] = ["remove-input"]
        cells.append(part)
    return cells


def asks(statement: ast.stmt) -> bool:
    """Whether a statement is a call of `lessons.guess`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func) == "lessons.guess"


def disagreements() -> list[str]:
    """What is wrong with the notebooks beside the sources, in a line each."""
    wrong = []
    for source in sources():
        path = target(source)
        if not path.exists():
            wrong.append(f"{path.name} has not been made from {source.name}")
        elif path.read_text(encoding="utf-8") != made_from(source):
            wrong.append(f"{path.name} does not agree with {source.name}")
    made = {target(source) for source in sources()}
    wrong += [f"{path.name} has no source" for path in sorted(NOTEBOOKS.glob("*.ipynb")) if path not in made]
    return wrong


def main() -> int:
    """Write the notebooks, or with --check compare them; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description="Make the notebooks from their sources in notebooks/src.")
    parser.add_argument("--check", action="store_true", help="write nothing, say which disagree")
    parser.add_argument("names", nargs="*", help="only the lessons whose names begin so, such as 01")
    arguments = parser.parse_args()
    if arguments.check:
        wrong = disagreements()
        print("\n".join([*wrong, "run: python notebooks/build.py"] if wrong else ["all notebooks agree"]))
        return bool(wrong)
    for source in sources():
        if arguments.names and not source.name.startswith(tuple(arguments.names)):
            continue
        with whole_file(target(source)) as temporary:
            temporary.write_text(made_from(source), encoding="utf-8", newline="\n")
        print(target(source).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The notebooks: made from their sources, without outputs, with all parts of a lesson; each runs through."""

import ast
import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

import nbclient
import nbformat
import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
spec = importlib.util.spec_from_file_location("build", NOTEBOOKS / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)

SECONDS = 90
SOURCES = build.sources()
lessons = pytest.mark.parametrize("source", SOURCES, ids=[source.stem for source in SOURCES])


def read(source):
    return nbformat.read(build.target(source), as_version=4)


def markdown(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def code(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def test_notebooks_agree_with_their_sources():
    assert build.disagreements() == []


def test_there_are_lessons_in_order():
    numbers = [source.name[:2] for source in SOURCES]
    assert numbers == [f"{k:02d}" for k in range(len(numbers))]


@lessons
def test_has_no_outputs(source):
    for cell in read(source).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@lessons
def test_has_the_parts_of_a_lesson(source):
    """A title with its number, aims and minutes; a guess; a check with its hint; what is known now."""
    notebook = read(source)
    first, *rest = markdown(notebook)
    assert re.match(rf"# {source.name[:2]} · \S", first)
    assert re.search(r"\d+ minutes", first)
    assert re.search(r"^\*\*You ", first, re.MULTILINE), "say what the lesson is for: **You will ...**"
    assert any(re.search(r"^#+ What you know now", text, re.MULTILINE) for text in rest)
    calls = code(notebook)
    assert re.search(r"^lessons\.guess\(", calls, re.MULTILINE)
    checks = re.findall(r"^lessons\.check\(\"(\w+)\"", calls, re.MULTILINE)
    assert checks
    for name in checks:
        assert f'lessons.hint("{name}")' in calls
    assert not re.search(r"^lessons\.(hint|solution)\(", calls, re.MULTILINE), (
        "hints come only when asked for"
    )


@lessons
def test_answers_are_folded_away(source):
    """A cell that asks has its source hidden, because the answer stands in it; it does nothing else."""
    cells = [cell for cell in read(source).cells if cell.cell_type == "code"]
    hidden = [cell for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert hidden == [cell for cell in cells if "lessons.guess(" in cell.source]
    for cell in hidden:
        assert cell.metadata.tags == ["remove-input"]
        assert all(map(build.asks, ast.parse(cell.source).body))


def test_the_readme_lists_every_lesson():
    text = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
    missing = [build.target(source).name for source in SOURCES if build.target(source).name not in text]
    assert missing == []


@lessons
def test_runs_from_a_fresh_kernel(source, tmp_path, monkeypatch):
    """In time, without an error, and without a word on the error stream that is no progress bar.

    Where kernels had to be compiled, the time of a second run counts.
    """
    monkeypatch.setenv("SEGNET_NP_SHORT", "1")
    for _attempt in range(2):
        notebook = read(source)
        began = time.monotonic()
        client = nbclient.NotebookClient(
            notebook, timeout=4 * SECONDS, resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        seconds = time.monotonic() - began
        if seconds < SECONDS:
            break
    assert seconds < SECONDS
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            assert output.output_type != "error", f"cell {number}: {output.get('evalue')}"
            assert has_words(output), f"cell {number}: a picture without words"
            text = output.get("text", "") or output.get("data", {}).get("text/plain", "")
            assert not re.search(r"Traceback \(most recent|\w+Warning:", text), f"cell {number}: {text}"
            if output.output_type == "stream" and output.name == "stderr":
                rest = [line for line in re.split(r"[\r\n]+", text) if line.strip() and not progress(line)]
                assert rest == [], f"cell {number}"
    keep_for_the_site(notebook, source, seconds)


def keep_for_the_site(notebook, source, seconds):
    """Put what ran where the site takes executed lessons from, so that none runs twice for both."""
    cache = get_cache(NOTEBOOKS.parent / "docs" / "_build" / "executed")
    bundle = CacheBundleIn(notebook, source.name, data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def has_words(output):
    """Whether pictures come as HTML with words; of a bare PNG the site would read out the file's name."""
    data = output.get("data", {})
    tags = re.findall(r"<img\b[^>]*>", data.get("text/html", ""))
    bare = "image/png" in data and not tags
    return not bare and all(re.search(r'\balt="[^"]', tag) for tag in tags)


def progress(line):
    """Whether this is a progress bar, or what is said while one runs."""
    return re.search(r"\d+%\||\d+/\d+ \[|\d+it \[|^Compiling kernels|^Kernels compiled", line)


def test_a_question_gets_a_cell_of_its_own(tmp_path):
    source = tmp_path / "00_a.py"
    question = '# why?\nlessons.guess(\n    "a",\n    "b",\n)\nlessons.guess("c", "d")'
    source.write_text(f"# %%\nx = 1\n\n{question}\n\n\ny = 2  # so\n# end\n", encoding="utf-8")
    cells = nbformat.reads(build.made_from(source), as_version=4).cells
    assert [cell.source for cell in cells] == ["x = 1", question, "y = 2  # so\n# end"]
    assert ["jupyter" in cell.metadata for cell in cells] == [False, True, False]


def test_check_names_what_disagrees(tmp_path):
    """build.py --check in a copy where one notebook is old, one is missing and one has no source."""
    (tmp_path / "src").mkdir()
    (tmp_path / "build.py").write_text((NOTEBOOKS / "build.py").read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("00_a", "01_b"):
        (tmp_path / "src" / f"{name}.py").write_text(f"# %% [markdown]\n# # {name}\n\n# %%\n1 + 1\n")

    def run(*arguments):
        command = [sys.executable, str(tmp_path / "build.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run().stdout.split() == ["00_a.ipynb", "01_b.ipynb"]
    once = (tmp_path / "00_a.ipynb").read_bytes()
    assert run("--check").returncode == 0
    run()
    assert (tmp_path / "00_a.ipynb").read_bytes() == once
    (tmp_path / "src" / "00_a.py").write_text("# %%\n1 + 2\n")
    (tmp_path / "02_c.ipynb").write_bytes(once)
    (tmp_path / "01_b.ipynb").unlink()
    result = run("--check")
    assert result.returncode == 1
    assert result.stdout.splitlines()[:3] == [
        "00_a.ipynb does not agree with 00_a.py",
        "01_b.ipynb has not been made from 01_b.py",
        "02_c.ipynb has no source",
    ]

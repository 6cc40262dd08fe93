"""The site builds without a warning and needs no network; code in README and docs does what it says."""

import builtins
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from matplotlib.figure import Figure

import segnet_np
import segnet_np.lessons

ROOT = Path(__file__).parents[1]
TEXTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if not {"_build", "course"} & set(p.parts)),
    *sorted((ROOT / "segnet_np" / "weights").glob("*.md")),
]
FENCE = re.compile(r"(?:^<!-- (?P<mark>.*?) -->\n)?^```(?P<language>[^\n]*)\n(?P<code>.*?)^```$", re.M | re.S)

# Commands that a text may name without one of this package's behind them.
TOOLS = {"pip", "pytest", "ruff", "mypy", "lint-imports", "jupyter", "sphinx-build", "git", "export", "."}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def blocks(path, language):
    """The code blocks of a text in a language, each with the line it begins in and the mark before it."""
    text = path.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, block.start("code")), block["mark"] or "", block["code"])
        for block in FENCE.finditer(text)
        if block["language"] == language
    ]


def test_languages_of_blocks_are_known():
    """So that none is left out because of a typing error; those with braces are Sphinx's."""
    known = r"python|sh|text|json|toml|bibtex|\{[\w-]+\}.*"
    for path in TEXTS:
        for block in FENCE.finditer(path.read_text(encoding="utf-8")):
            assert re.fullmatch(known, block["language"]), f"{path.name}: {block['language']!r}"


@pytest.mark.parametrize("path", [p for p in TEXTS if blocks(p, "python")], ids=name_of)
def test_python_does_what_it_says(path, tmp_path, monkeypatch):
    """The blocks of a text run one after the other; a print gives what the comment behind it says.

    A block that cannot run has ``<!-- fragment: why -->`` before it, and is only compiled.
    """
    monkeypatch.chdir(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    compared = []

    def show(*values, **options):
        line = lines[sys._getframe(1).f_lineno - 1]
        said = re.search(r"\)  # (.*)$", line)
        builtins.print(*values, **options)
        if said:
            compared.append(line)
            assert " ".join(map(str, values)) == said[1], f"{path.name}: {line.strip()}"

    names = {"print": show, "__name__": "text"}
    for start, mark, code in blocks(path, "python"):
        compiled = compile("\n" * start + code, path.name, "exec")
        if mark.startswith("fragment: "):
            continue
        exec(compiled, names)
    assert compared or all(mark for _, mark, _ in blocks(path, "python"))


@pytest.mark.parametrize(("language", "read"), [("toml", tomllib.loads), ("json", json.loads)])
def test_settings_can_be_read(language, read):
    for path in TEXTS:
        for _, _, code in blocks(path, language):
            assert read(code), path.name


def commands(path):
    """The commands of a text, each as a list of words, without comments."""
    for _, _, code in blocks(path, "sh"):
        for line in code.splitlines():
            for part in line.split("&&"):
                words = shlex.split(part, comments=True)
                while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                    words = words[1:]
                if words:
                    yield words


@pytest.mark.parametrize("path", [p for p in TEXTS if blocks(p, "sh")], ids=name_of)
def test_commands_exist(path):
    """Those of segnet-np with their options, modules, files. The README's are run, in test_readme.py."""
    for command, *words in commands(path):
        tool = command.rsplit("/", 1)[-1]
        if tool == "segnet-np":
            helped = subprocess.run(
                [sys.executable, "-m", "segnet_np", words[0], "--help"],
                capture_output=True,
                text=True,
                check=True,
            )
            for option in (word.partition("=")[0] for word in words if word.startswith("--")):
                assert option in helped.stdout, f"{path.name}: segnet-np {words[0]} {option}"
        elif tool in ("python", "python3") and words[:1] == ["-m"]:
            assert importlib.util.find_spec(words[1]), f"{path.name}: python -m {words[1]}"
        elif tool in ("python", "python3"):
            assert (ROOT / words[0]).exists(), f"{path.name}: {words[0]}"
        else:
            assert tool in TOOLS or (ROOT / command).exists(), f"{path.name}: {command}"


def test_public_names_are_documented():
    text = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs" / "api").glob("*.md"))
    documented = set(re.findall(r"auto(?:class|function):: ([\w.]+)", text))
    documented = {name.rsplit(".", 1)[-1] for name in documented}
    assert set(segnet_np.__all__) - {"layers"} <= documented
    assert set(segnet_np.layers.__all__) <= documented


# ------------------------------------------------------------------------------------------------ the site


def pages(site):
    return sorted(site.rglob("*.html"))


def test_main_pages_are_there(site):
    lessons = [path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")]
    wanted = [
        *("index", "course", "teacher", "conventions", "training", "performance", "results", "equality"),
        *("fidelity", "differences-from-pytorch", "platforms", "api/index", "api/layers", "search"),
        *(f"derivations/{page.stem}" for page in (ROOT / "docs" / "derivations").glob("*.md")),
        *(f"course/{lesson}" for lesson in lessons),
    ]
    assert [name for name in wanted if not (site / f"{name}.html").exists()] == []


def test_the_stepper_is_in_the_home_page(site):
    home = (site / "index.html").read_text(encoding="utf-8")
    assert "<script" in home
    assert "stepper" in home


def test_pages_load_nothing_from_the_network(site):
    """No script, style, font or picture; links that a reader may follow are no loading."""
    loads = re.compile(
        r"""<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>"""
        r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|icon|preconnect))[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
        r"""|url\(["']?(?:https?:)?//[^)]*\)|@import\s+["'](?:https?:)?//[^"']*""",
        re.I,
    )
    for page in pages(site):
        assert loads.findall(page.read_text(encoding="utf-8")) == [], page.name
    for style in site.rglob("*.css"):
        assert re.findall(r"url\(['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")) == [], style.name


def test_links_lead_somewhere(site):
    """To a page that is there, and to a place in it that is there."""
    ids = {}

    def places(page):
        if page not in ids:
            text = page.read_text(encoding="utf-8")
            ids[page] = set(re.findall(r"""\b(?:id|name)=["']([^"']+)""", text))
        return ids[page]

    broken = []
    for page in pages(site):
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)
        for link in set(re.findall(r"""<a\b[^>]*\bhref=["']([^"']*)""", text)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            place = unquote(parts.fragment)
            if not target.exists() or (place and target.suffix == ".html" and place not in places(target)):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert broken == [], "\n".join(broken)


@pytest.fixture
def lesson_page(tmp_path, monkeypatch):
    """Call it with what shows pictures; gives back the page that the site makes of what was shown."""

    def make(*shows):
        outputs = []

        def keep(data, **_options):
            # A kernel's front end would hold the widget itself; a page has only what is in the bundle.
            outputs.append(nbformat.v4.new_output("display_data", data))

        monkeypatch.setattr("IPython.display.display", keep)
        for name in ("show", "explore", "live"):
            monkeypatch.setattr(sys.modules[f"segnet_np.lessons.{name}"], "in_notebook", lambda: True)
        for show in shows:
            show()
        cells = [nbformat.v4.new_markdown_cell("# A lesson"), nbformat.v4.new_code_cell("1", outputs=outputs)]
        (tmp_path / "pages").mkdir()
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "pages" / "index.ipynb")
        # conf.py listens to autodoc; the other extensions would bring the whole course in.
        settings = ("extensions=myst_nb,sphinx.ext.autodoc", "nb_execution_mode=off")
        subprocess.run(
            [
                *(sys.executable, "-m", "sphinx", "-q", "-c", str(ROOT / "docs")),
                *(word for setting in settings for word in ("-D", setting)),
                *(str(tmp_path / "pages"), str(tmp_path / "html")),
            ],
            check=True,
        )
        return (tmp_path / "html" / "index.html").read_text(encoding="utf-8")

    return make


def test_pictures_of_a_lesson_have_words_and_no_file_name(lesson_page):
    """The site shows the HTML of a picture, in which words are; of a bare PNG it knows the file's name."""

    def draw(size):
        """A square of some size."""
        return Figure()

    def train():
        curve = segnet_np.lessons.LiveCurve("the loss", steps=2)
        curve.add(2.0)
        curve.add(1.0)
        curve.finish()

    page = lesson_page(
        lambda: segnet_np.lessons.show(Figure(), "nothing at all"),
        lambda: segnet_np.lessons.explore(draw, size=(1, 8)),
        train,
    )
    alts = re.findall(r"<img\b[^>]*\balt=\"([^\"]*)\"", page)
    assert page.count("<img") == len(alts)
    assert [alt for alt in alts if re.match(r"(\.\./)*_images/", alt)] == []
    assert {"nothing at all", "A square of some size."} <= set(alts)
    assert any(alt.startswith("the loss, 2.00") for alt in alts)


def test_math_is_drawn_by_a_script_of_the_site(site):
    page = site / "derivations" / "batch_norm.html"
    (source,) = re.findall(
        r'<script[^>]*\bsrc="([^"?]*mathjax[^"?]*)', page.read_text(encoding="utf-8"), re.I
    )
    assert (page.parent / source).exists()


# ------------------------------------------------------------------------------------- the teacher's page


def test_the_teachers_page_agrees_with_the_lessons():
    """Titles, minutes and what comes before are those of each notebook's first cell; no lesson is missing."""
    text = (ROOT / "docs" / "teacher.md").read_text(encoding="utf-8")
    table = {row[0]: row[1:] for row in re.findall(r"^\| (\d\d) · (.+?) \| (\d+) \| (.+?) \|", text, re.M)}
    assert sorted(table) == [f"{k:02d}" for k in range(10)]
    stuck = re.findall(r"^\*\*(\d\d)\.\*\*", text, re.M)
    assert stuck == sorted(table)
    for source in sorted((ROOT / "notebooks" / "src").glob("[0-9][0-9]_*.py")):
        first = source.read_text(encoding="utf-8").split("# %% [markdown]")[1].partition("# %%")[0]
        title, minutes, before = table[source.name[:2]]
        assert f"# # {source.name[:2]} · {title}\n" in first, source.name
        assert re.search(r"(\d+) minutes", first)[1] == minutes, source.name
        asked = first.partition("Before this:")[2].partition(".*")[0]
        assert set(re.findall(r"\b\d\d\b", asked)) == set(re.findall(r"\b\d\d\b", before)), source.name


def test_the_teachers_schedules_add_up():
    text = (ROOT / "docs" / "teacher.md").read_text(encoding="utf-8")
    minutes = {number: int(m) for number, m in re.findall(r"^\| (\d\d) · .+? \| (\d+) \|", text, re.M)}
    days = re.findall(r"^\| (?:first|second|third) \| ([\d, ]+) \| (\d+) \|", text, re.M)
    assert sorted(n for lessons, _ in days for n in lessons.split(", ")) == sorted(minutes)
    for lessons, total in days:
        assert sum(minutes[n] for n in lessons.split(", ")) == int(total)

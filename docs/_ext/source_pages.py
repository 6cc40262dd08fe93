"""Links to files of the repository lead to pages of the site that show them.

In the texts such links are plain relative paths, ``../segnet_np/reference.py``, which also work on GitHub.
Names of files in running text, ``segnet_np/reference.py``, become links too. :func:`linkcode` gives the API's
links to the same pages.
"""

import html
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

ROOT = Path(__file__).parents[2]
LEXERS = {
    ".py": "python",
    ".toml": "toml",
    ".md": "markdown",
    ".js": "javascript",
    ".json": "json",
    ".cff": "yaml",
}
FOLDERS = ("segnet_np", "benchmarks", "tests", "notebooks", "docs/_ext")
SCHEME = "source:"
PAGE = "page:"


def included() -> dict[Path, str]:
    """Files elsewhere that are pages of the site, and the names of these pages."""
    docs = ROOT / "docs"
    found = {path: path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("[a-z]*.md")}
    found |= {path: f"course/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    for page in docs.glob("*.md"):
        include = re.match(r"```\{include\} (\S+)", page.read_text(encoding="utf-8"))
        if include:
            found[(page.parent / include[1]).resolve()] = page.stem
    return found


def shown(path: Path) -> bool:
    """Whether a file is one of the repository's that a page shows."""
    inside = path.parent == ROOT or any(path.is_relative_to(ROOT / folder) for folder in FOLDERS)
    return inside and path.is_file() and (path.suffix in LEXERS or path.name == "LICENSE")


class LinkSources(SphinxTransform):
    """Turn links to files, and their names in code style, to ``source:path``, for :func:`make_relative`."""

    default_priority = 410

    def apply(self, **kwargs: Any) -> None:
        """Do it for the page at hand."""
        pages_of = included()
        here = Path(self.env.doc2path(self.env.docname)).parent
        for link in list(self.document.findall(addnodes.download_reference)):
            path = (here / link["reftarget"]).resolve()
            if path in pages_of:
                link.replace_self(nodes.reference("", "", *link.children, refuri=PAGE + pages_of[path]))
            elif shown(path):
                relative = path.relative_to(ROOT).as_posix()
                link.replace_self(nodes.reference("", "", *link.children, refuri=SCHEME + relative))
        for link in list(self.document.findall(addnodes.pending_xref)):
            # What ends as pages do, MyST takes for one, wherever it lies.
            ends = (Path(f"{link['reftarget']}{end}") for end in (".md", ".ipynb"))
            page = next((pages_of[path] for path in ends if path in pages_of), None)
            if link["refdomain"] == "doc" and page:
                link.replace_self(nodes.reference("", "", *link.children, refuri=PAGE + page))
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext()
            if "/" in name and not isinstance(literal.parent, nodes.reference | addnodes.pending_xref):
                path = (ROOT / name).resolve()
                if path in pages_of:
                    uri = PAGE + pages_of[path]
                elif shown(path):
                    uri = SCHEME + name
                else:
                    continue
                literal.replace_self(nodes.reference("", "", literal.deepcopy(), refuri=uri))


def linkcode(domain: str, info: dict[str, str]) -> str | None:
    """Find where an object of the API is defined, for ``sphinx.ext.linkcode``."""
    thing: Any = importlib.import_module(info["module"])
    for name in info["fullname"].split("."):
        thing = inspect.unwrap(getattr(thing, name, None))
    if isinstance(thing, property):
        thing = thing.fget
    try:
        path, (_, line) = Path(inspect.getsourcefile(thing) or ""), inspect.getsourcelines(thing)
    except TypeError:
        return None
    return f"{SCHEME}{path.relative_to(ROOT).as_posix()}#line-{line}" if shown(path) else None


def make_relative(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give links to sources their address, and remember which pages are wanted."""
    for link in doctree.findall(nodes.reference):
        uri = link.get("refuri", "")
        if uri.startswith(SCHEME):
            path, _, line = uri.removeprefix(SCHEME).partition("#")
            uri = app.builder.get_relative_uri(docname, f"source/{path}")
            link["refuri"] = f"{uri}#{line}" if line else uri
        elif uri.startswith(PAGE):
            link["refuri"] = app.builder.get_relative_uri(docname, uri.removeprefix(PAGE))


def link_equations(body: str, uri: Callable[[str], str]) -> str:
    """Make links of what comments refer to: ``docs/derivations/batch_norm.md (7), (8)``."""

    def link(comment: re.Match[str]) -> str:
        if not (ROOT / "docs" / "derivations" / f"{comment[1]}.md").exists():
            return comment[0]
        page = uri(f"derivations/{comment[1]}")
        return f'<a href="{page}">{comment[0].removesuffix(comment[2])}</a>' + re.sub(
            r"\((\d+)\)", rf'<a href="{page}#eq-\1">(\1)</a>', comment[2]
        )

    return re.sub(r"docs/derivations/(\w+)\.md((?:(?: |, | to )\(\d+\))*)", link, body)


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Make a page for each file of the package, of the benchmarks and tests, and for those at the top."""
    highlighter = app.builder.highlighter  # type: ignore[attr-defined]
    urito = app.builder.get_relative_uri
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*"))]
    for path in filter(shown, (*paths, *sorted(ROOT.glob("*")))):
        name = path.relative_to(ROOT).as_posix()
        code = path.read_text(encoding="utf-8")
        body = highlighter.highlight_block(
            code,
            LEXERS.get(path.suffix, "text"),
            linenos="inline",
            lineanchors="line",
            anchorlinenos=True,
            force=True,
        )
        body = link_equations(body, lambda page, here=name: urito(f"source/{here}", page))
        title = html.escape(name)
        yield f"source/{name}", {"title": name, "body": f"<h1><code>{title}</code></h1>\n{body}"}, "page.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_transform(LinkSources)
    app.connect("doctree-resolved", make_relative)
    app.connect("html-collect-pages", pages)
    app.config.linkcode_resolve = linkcode
    return {"parallel_read_safe": True, "parallel_write_safe": True}

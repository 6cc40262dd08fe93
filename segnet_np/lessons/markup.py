"""A little Markdown turned into HTML: as much as a question and its answer need.

Paragraphs, lists with ``- ``, ``**bold**``, ``*emphasis*``, ``code`` in backticks and ``$math$``. Mathematics
is handed on as ``\\(...\\)``, which MathJax typesets in JupyterLab and, because of its class, on a page that
Sphinx made.
"""

import html
import re

# Stands around the number of a piece that was taken out; no text contains it.
_HELD = "\x00"

_PIECES = re.compile(r"`(?P<code>[^`]+)`|\$(?P<math>[^$\n]+)\$", re.DOTALL)


def to_html(text: str) -> str:
    """Turn text with a little Markdown into HTML.

    Parameters
    ----------
    text : str
        Indented or not; an empty line ends a paragraph.

    Returns
    -------
    markup : str
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    blocks = re.split(r"\n{2,}", "\n".join(lines))
    return "".join(_block(block) for block in blocks)


def in_line(text: str) -> str:
    """Turn one paragraph into HTML without a ``<p>`` around it."""
    pieces = []

    def take_out(piece: re.Match[str]) -> str:
        if piece["code"] is not None:
            pieces.append(f"<code>{html.escape(piece['code'])}</code>")
        else:
            pieces.append(f'<span class="math">\\({html.escape(piece["math"])}\\)</span>')
        return f"{_HELD}{len(pieces) - 1}{_HELD}"

    # What is in code or mathematics is no mark of emphasis, but either may stand within emphasised words.
    out = _emphasis(_PIECES.sub(take_out, text))
    return re.sub(f"{_HELD}(\\d+){_HELD}", lambda held: pieces[int(held[1])], out)


def to_text(text: str) -> str:
    """The same for a terminal: without the marks for bold, with each paragraph as it stands."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines).replace("**", "")


def _block(block: str) -> str:
    lines = block.splitlines()
    first = next((k for k, line in enumerate(lines) if line.startswith("- ")), len(lines))
    out = f"<p>{in_line(chr(10).join(lines[:first]))}</p>" if first else ""
    if first < len(lines):
        items = ("\n".join(lines[first:]))[2:].split("\n- ")
        out += "<ul>" + "".join(f"<li>{in_line(item)}</li>" for item in items) + "</ul>"
    return out


def _emphasis(text: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text, flags=re.DOTALL)
    return re.sub(r"(?<![\w*])\*(?![\s*])(.+?)(?<![\s*])\*(?![\w*])", r"<em>\1</em>", text, flags=re.DOTALL)

"""A verdict as HTML: legible on light and dark pages, and without colour, for every colour has its symbol."""

from html import escape

from segnet_np.lessons.judging.tables import Cutout, cutout, shown, worst_line
from segnet_np.lessons.judging.verdict import Verdict, shortened
from segnet_np.lessons.markup import in_line

#: Okabe and Ito's colours, which colour-blind people tell apart: symbol, and red, green, blue.
_MARKS = {"passed": ("✓", "0,158,115"), "not yet": ("…", "0,114,178")}
_WRONG = ("✗", "213,94,0")

_CELL = "padding:.15em .55em;text-align:right;border:1px solid rgba(128,128,128,.45);color:inherit;"


def page(verdict: Verdict) -> str:
    """Write a verdict as a piece of HTML.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    html : str
    """
    symbol, colour = _MARKS.get(verdict.kind, _WRONG)
    parts = [f'<div style="font-weight:bold">{symbol} {escape(verdict.headline)}</div>']
    facts = [verdict.where, verdict.said]
    if verdict.difference is not None:
        facts.append(worst_line(verdict.difference))
    parts += [f"<div>{in_line(fact)}</div>" for fact in facts if fact]
    if verdict.difference is not None and verdict.difference.wrong.ndim:
        parts.append(_tables(verdict))
    if verdict.cause:
        parts.append(f'<div style="margin-top:.4em"><b>Likely cause:</b> {in_line(verdict.cause)}</div>')
    parts += [f"<div>{in_line(note)}</div>" for note in verdict.notes]
    if verdict.printed:
        lines = escape("\n".join(shortened(verdict.printed)))
        style = "margin:.2em 0;padding:.3em .6em;background:rgba(128,128,128,.12);color:inherit"
        parts.append(f'<div>{escape(verdict.prints_of)}</div><pre style="{style}">{lines}</pre>')
    if verdict.again:
        parts.append(
            f'<div style="margin-top:.4em">To try it yourself: <code>{escape(verdict.again)}</code></div>'
        )
    if verdict.help:
        parts.append(f"<div>{in_line(verdict.help)}</div>")
    style = f"border-left:.35em solid rgb({colour});padding:.3em .9em;margin:.3em 0;line-height:1.5"
    return f'<div class="segnet-np-verdict" style="{style}">{"".join(parts)}</div>'


def _tables(verdict: Verdict) -> str:
    assert verdict.difference is not None
    part = cutout(verdict.difference)
    left = _table(part, part.expected, f"{part.title} expected", False)
    right = _table(part, part.yours, f"{part.title} yours (✗ = wrong)", True)
    partial = shown(verdict.difference, part)
    below = f'<div style="opacity:.75">{escape(partial)}</div>' if partial else ""
    flex = "display:flex;flex-wrap:wrap;gap:.6em 2em;margin:.4em 0;overflow-x:auto"
    return f'<div style="{flex}">{left}{right}</div>{below}'


def _table(part: Cutout, cells: list[list[str]], caption: str, marked: bool) -> str:
    head = f'<th style="{_CELL}border:none"></th>' if len(part.rows) > 1 else ""
    faint = _CELL + "border:none;opacity:.65;font-weight:normal;"
    head += "".join(f'<th scope="col" style="{faint}">{column}</th>' for column in part.columns)
    lines = []
    for r, line in enumerate(cells):
        row = f'<th scope="row" style="{faint}">{part.rows[r]}</th>' if len(part.rows) > 1 else ""
        for c, cell in enumerate(line):
            wrong = part.wrong[r][c]
            style = _CELL + "background:transparent;"
            if wrong:
                style = _CELL + f"background:rgba({_WRONG[1]},.28);" if marked else style
                style += (
                    f"outline:2px solid rgb({_WRONG[1]});outline-offset:-2px;" if (r, c) == part.worst else ""
                )
            mark = f"{_WRONG[0]} " if wrong and marked else ""
            row += f'<td style="{style}">{mark}{escape(cell)}</td>'
        lines.append(f'<tr style="background:transparent">{row}</tr>')
    above = "caption-side:top;text-align:left;color:inherit;white-space:nowrap"
    title = f'<caption style="{above}">{escape(caption)}</caption>'
    table = "border-collapse:collapse;font-variant-numeric:tabular-nums;color:inherit;margin:0"
    heads = f'<tr style="background:transparent">{head}</tr>'
    return f'<table style="{table}">{title}{heads}{"".join(lines)}</table>'

"""Help in small steps: three hints, one at a time, and the solution only for those who ask for it."""

import ast
import inspect
import io
import keyword
import textwrap
import tokenize
from html import escape

from segnet_np.lessons.exercises import find
from segnet_np.lessons.judging.running import plain
from segnet_np.lessons.markup import in_line
from segnet_np.lessons.show import show_html

#: How many hints of each exercise were given, in this process.
_given: dict[str, int] = {}

_BLUE = "0,114,178"


def hint(name: str) -> None:
    """Give the next hint for an exercise: three, one a call, from a nudge to nearly all of it.

    The first one repeats the task, too.

    Parameters
    ----------
    name : str
        The exercise.

    Raises
    ------
    ValueError
        If there is no exercise of that name.
    """
    exercise = find(name)
    hints = exercise.hints
    place = _given.get(name, 0) % (len(hints) + 1)
    _given[name] = place + 1
    if place == len(hints):
        heading = f"{name}: those were all {len(hints)} hints"
        words = f'They start again with the next call. `lessons.solution("{name}")` shows a solution.'
    else:
        heading, words = f"{name}: hint {place + 1} of {len(hints)}", hints[place]
    parts = [words] if place else [f"The task: {exercise.task}", words]
    text = "\n\n".join(
        textwrap.fill(part, 100, initial_indent="  ", subsequent_indent="  ") for part in parts
    )
    _show(heading, "".join(f"<div>{in_line(part)}</div>" for part in parts), text)


def solution(name: str) -> None:
    """Show a solution of an exercise, and where the library does the same.

    Parameters
    ----------
    name : str
        The exercise.

    Raises
    ------
    ValueError
        If there is no exercise of that name.
    """
    exercise = find(name)
    source = source_of(name)
    see = f"The library does the same in {exercise.see}." if exercise.see else ""
    style = "padding:.6em .8em;margin:.4em 0;background:rgba(128,128,128,.12);overflow-x:auto;line-height:1.4"
    markup = f'<pre style="{style}"><code>{_coloured(source)}</code></pre>{in_line(see)}'
    _show(f"{name}: a solution", markup, source + (f"\n\n{see}" if see else ""))


def source_of(name: str) -> str:
    """Return the source of a solution.

    Parameters
    ----------
    name : str

    Returns
    -------
    source : str
    """
    function = plain(find(name).solution)
    source = textwrap.dedent(inspect.getsource(function)).rstrip()
    # The learner's function has the exercise's name, whatever the file calls its own, and no types.
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    parameters = inspect.signature(function).parameters.values()
    given = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters)
    body = source.splitlines()[definition.body[0].lineno - 1 :]
    constants = [
        f"{known} = {function.__globals__[known]!r}"
        for known in function.__code__.co_names
        if isinstance(function.__globals__.get(known), int | float | tuple)
    ]
    return "\n".join([*constants, *([""] if constants else []), f"def {name}({given}):", *body])


def _show(heading: str, markup: str, text: str) -> None:
    style = f"border-left:.35em solid rgb({_BLUE});padding:.3em .9em;margin:.3em 0;line-height:1.5"
    show_html(f'<div style="{style}"><b>{escape(heading)}</b><div>{markup}</div></div>', f"{heading}\n{text}")


def _coloured(source: str) -> str:
    """Set keywords in bold and comments paler, which looks right on light and dark pages."""
    lines = source.splitlines(keepends=True)
    out, row, column = [], 1, 0

    def plain_text(until_row: int, until_column: int) -> str:
        if until_row == row:
            return lines[row - 1][column:until_column] if row <= len(lines) else ""
        between = "".join(lines[row : until_row - 1])
        last = lines[until_row - 1][:until_column] if until_row <= len(lines) else ""
        return lines[row - 1][column:] + between + last

    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in (tokenize.NAME, tokenize.COMMENT):
            continue
        style = "opacity:.65" if token.type == tokenize.COMMENT else "font-weight:bold"
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            continue
        out.append(escape(plain_text(*token.start)))
        out.append(f'<span style="{style}">{escape(token.string)}</span>')
        row, column = token.end
    out.append(escape(plain_text(len(lines) + 1, 0)))
    return "".join(out)

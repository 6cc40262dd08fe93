"""What `check` says: a verdict that can be printed, shown in a notebook, and asked."""

import textwrap
from dataclasses import dataclass

from segnet_np.lessons.judging.comparing import Difference
from segnet_np.lessons.judging.tables import text_table, worst_line

_WIDTH = 100


@dataclass(frozen=True)
class Verdict:
    """The result of a check.

    Attributes
    ----------
    name : str
        The exercise.
    kind : str
        "passed", "not yet", or what kind of fault the first failing case shows.
    passed, total : int
        How many cases are right, of how many.
    said : str
        What is wrong, a fact.
    cause : str
        Where it probably comes from, a guess.
    case : str
        What is special about the first failing case.
    number : int
        Which case that is, counted from 1; 0 if it is about none.
    notes : tuple of str
        What else can be said.
    difference : Difference or None
        Expected and yours, to be drawn side by side.
    printed : str
        What the function printed in that case, or, if all is right, in the first.
    by_hand : bool
        Whether the function can be called on a case's arguments as they are.
    """

    name: str
    kind: str
    passed: int
    total: int
    said: str = ""
    cause: str = ""
    case: str = ""
    number: int = 0
    notes: tuple[str, ...] = ()
    difference: Difference | None = None
    printed: str = ""
    by_hand: bool = True

    @property
    def ok(self) -> bool:
        """Whether every case is right."""
        return self.kind == "passed"

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        if self.ok:
            return f"{self.name}: right. All {self.total} cases pass."
        start = f"{self.name}: not yet." if self.kind == "not yet" else f"{self.name}: not right yet."
        if not self.number or self.total == 1:
            return start
        return f"{start} {self.passed} of {self.total} cases pass."

    @property
    def where(self) -> str:
        """Which case is looked at, and what is special about it."""
        if not self.number:
            return ""
        first = "The first that does not is" if self.passed else "Look at"
        return f"{first} case {self.number}: {self.case}."

    @property
    def prints_of(self) -> str:
        """What stands above what the function printed."""
        return f"In case {self.number or 1} your function printed:"

    @property
    def again(self) -> str:
        """How to call the function on that case by hand."""
        if not self.number or not self.by_hand:
            return ""
        return f'{self.name}(*lessons.case("{self.name}", {self.number}))'

    @property
    def help(self) -> str:
        """Where the task stands once more, if it is not said here and no exception says what is wrong."""
        if self.ok or self.kind in ("not yet", "raised", "slow"):
            return ""
        return f'`lessons.hint("{self.name}")` repeats the task and helps in three steps.'

    def __str__(self) -> str:
        lines = [self.headline]
        lines += _wrapped(self.where)
        lines += _wrapped(self.said)
        if self.difference is not None:
            lines += _wrapped(worst_line(self.difference))
            lines += ["    " + line for line in text_table(self.difference)]
        lines += _wrapped(f"Likely cause: {self.cause}" if self.cause else "")
        for note in self.notes:
            lines += _wrapped(note)
        if self.printed:
            lines += ["  " + self.prints_of, *("    " + line for line in shortened(self.printed))]
        lines += _wrapped(f"To try it yourself: {self.again}" if self.again else "")
        lines += _wrapped(self.help)
        return "\n".join(lines)


def shortened(printed: str, most: int = 12) -> list[str]:
    """Keep the first lines of a print, none of them very long."""
    lines = printed.rstrip("\n").split("\n")
    more = [f"... and {len(lines) - most} lines more"] if len(lines) > most else []
    return [line if len(line) <= 120 else line[:117] + "..." for line in lines[:most]] + more


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")

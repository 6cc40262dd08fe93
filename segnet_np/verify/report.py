"""The result of a gradient check: rows to loop over, and a table to read."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

#: The columns of the table: heading and width. Numbers stand at the right end of theirs.
_COLUMNS = (("gradient", 15), ("checked", 12), ("error", 7), ("at", 12), ("analytic", 13), ("numeric", 13))
_PYTORCH = ("PyTorch", 7)
_VERDICT = ("", 4)
_NUMBERS = {"error", "analytic", "numeric", "PyTorch"}


@dataclass(frozen=True)
class Row:
    """One line of the report.

    Attributes
    ----------
    name : str
        What was checked: ``input``, a parameter's name, ``calls``, ``ties``, a layer of a net.
    ok : bool
        The verdict.
    checked : str
        How: every entry, or a random direction.
    error : float or None
        The worst relative error: the largest difference relative to the array's largest value (see
        `tolerances`); along a direction, relative to the norm of the gradient. Infinite where there is no
        gradient to compare.
    index : tuple of int or None
        Where it is worst, None along a direction.
    analytic, numeric : float or None
        The two numbers there.
    pytorch : float or None
        The relative error against PyTorch, None where it was not asked.
    note : str
        On failure the likely cause; otherwise what had to be done, such as a smaller step at a kink.
    members : tuple of str
        The inputs and parameters whose gradients were compared.
    """

    name: str
    ok: bool
    checked: str = ""
    error: float | None = None
    index: tuple[int, ...] | None = None
    analytic: float | None = None
    numeric: float | None = None
    pytorch: float | None = None
    note: str = ""
    members: tuple[str, ...] = ()

    def line(self, pytorch: bool = True) -> str:
        """Format the row, its note indented below; `pytorch` keeps the column for PyTorch."""
        cells = [
            self.name,
            self.checked,
            _error(self.error),
            "" if self.index is None else str(self.index),
            _number(self.analytic),
            _number(self.numeric),
            *([_error(self.pytorch)] if pytorch else []),
            "pass" if self.ok else "FAIL",
        ]
        line = _line(cells, pytorch)
        if self.note:
            line += "\n" + textwrap.fill(self.note, 100, initial_indent="    ", subsequent_indent="    ")
        return line


@dataclass(frozen=True)
class GradcheckReport:
    """What :func:`segnet_np.gradcheck` found.

    Printed it is a table; it iterates over its rows, and ``report["weight"]`` is the row of that name.

    Attributes
    ----------
    title : str
        What was checked, on which input, in which mode.
    rows : tuple of Row
    remark : str
        Why the column for PyTorch is missing, if it is.
    """

    title: str
    rows: tuple[Row, ...] = field(default=())
    remark: str = ""

    @property
    def ok(self) -> bool:
        """Whether every row passed."""
        return all(row.ok for row in self.rows)

    @property
    def failures(self) -> tuple[str, ...]:
        """The names of the rows that did not pass."""
        return tuple(row.name for row in self.rows if not row.ok)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no row {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def __str__(self) -> str:
        pytorch = any(row.pytorch is not None for row in self.rows)
        lines = [self.title, heading(pytorch), *(row.line(pytorch) for row in self.rows), self.verdict()]
        return "\n".join(lines + ([self.remark] if self.remark else []))

    def verdict(self) -> str:
        """Sum the rows up in one line."""
        if self.ok:
            return f"all {len(self.rows)} rows pass"
        return f"{len(self.failures)} of {len(self.rows)} rows FAIL: {', '.join(self.failures)}"


def heading(pytorch: bool = True) -> str:
    """Return the line of column names."""
    return _line([name for name, _ in _columns(pytorch)], pytorch)


def _columns(pytorch: bool) -> tuple[tuple[str, int], ...]:
    return (*_COLUMNS, *([_PYTORCH] if pytorch else []), _VERDICT)


def _line(cells: list[str], pytorch: bool) -> str:
    columns = _columns(pytorch)
    padded = (
        cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
        for cell, (name, width) in zip(cells, columns, strict=True)
    )
    return "  ".join(padded).rstrip()


def _error(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}"

"""The record of a training: a CSV file with a row for every step, written as the step is done."""

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from segnet_np.files import whole_file


class Log:
    """A CSV file that grows by a row a step. Its first column is `step`; a cell without a value is empty.

    Parameters
    ----------
    path : str or path-like
        A file of an earlier run is continued.
    columns : sequence of str
        The columns after `step`.
    keep : int
        Rows of later steps are dropped: a resumed training makes these steps again.

    Attributes
    ----------
    rows : list of dict
        All rows, with numbers; what a row has no value for is not in its dict.

    Raises
    ------
    ValueError
        When the file has other columns.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str], keep: int = 0) -> None:
        self.path = Path(path)
        self.columns = ["step", *columns]
        self.rows: list[dict[str, float]] = []
        if self.path.exists():
            try:
                self.rows = self._read(keep)
            except ValueError as error:
                raise ValueError(f"{error}; move it away, and it begins anew") from error
        with whole_file(self.path) as temporary:
            temporary.write_text(self._line(self.columns) + "".join(map(self._row, self.rows)), "utf-8")
        # From here on it grows in place, line by line: a log is worth most while it is written.
        self._file = open(self.path, "a", encoding="utf-8", newline="")  # noqa: SIM115

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, row: dict[str, float]) -> None:
        """Append a row and flush it to the file.

        Parameters
        ----------
        row : dict
            With ``step``. A value that is NaN, such as the IoU of a class that is nowhere, is none.

        Raises
        ------
        ValueError
            When there is no such column.
        """
        unknown = sorted(set(row) - set(self.columns))
        if unknown:
            raise ValueError(f"{self.path}: no such columns: {', '.join(unknown)}")
        self.rows.append({name: value for name, value in row.items() if not math.isnan(value)})
        self._file.write(self._row(row))
        self._file.flush()

    def flush_to_disk(self) -> None:
        """Have the disk keep all rows, so that no checkpoint knows of more steps than the log."""
        os.fsync(self._file.fileno())

    def column(self, name: str) -> tuple[list[int], list[float]]:
        """The steps that have a value in a column, and the values."""
        present = [row for row in self.rows if name in row]
        return [int(row["step"]) for row in present], [row[name] for row in present]

    def _read(self, keep: int) -> list[dict[str, float]]:
        # What follows the row of step `keep` is dropped unread: a run that was killed may have left anything.
        with open(self.path, encoding="utf-8", errors="replace", newline="") as file:
            text = file.read()
        lines = self._cells(text[: text.rfind("\n") + 1])  # a torn row has no end
        header = next(lines, self.columns)
        if header != self.columns:
            raise ValueError(f"{self.path}: columns {header}, expected {self.columns}")
        rows: list[dict[str, float]] = []
        while (rows[-1]["step"] if rows else 0) < keep and (line := next(lines, None)) is not None:
            number = len(rows) + 2
            if len(line) != len(self.columns):
                raise ValueError(f"{self.path}:{number}: {len(line)} cells, expected {len(self.columns)}")
            cells = zip(self.columns[1:], line[1:], strict=True)
            try:
                rows.append({"step": int(line[0]), **{name: float(cell) for name, cell in cells if cell}})
            except ValueError as error:
                raise ValueError(f"{self.path}:{number}: {error}") from error
        return [row for row in rows if row["step"] <= keep]

    def _cells(self, text: str) -> Iterator[list[str]]:
        lines = csv.reader(io.StringIO(text, newline=""))
        try:
            yield from lines
        except csv.Error as error:
            raise ValueError(f"{self.path}:{lines.line_num}: {error}") from error

    def _row(self, row: dict[str, float]) -> str:
        return self._line([_cell(row.get(name)) for name in self.columns])

    @staticmethod
    def _line(cells: Sequence[str]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        return text.getvalue()


def _cell(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    # What is read back and written again must not change: a resumed run's log is that of an undisturbed one.
    return str(value) if isinstance(value, int) else f"{value:.7g}"

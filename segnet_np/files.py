"""Files are written whole or not at all.

Everything the project writes, but for the log of a training, goes through :func:`whole_file`: the bytes go to
a temporary file in the same folder, are flushed to the disk, and only then take the name they were meant for,
in one step, which is flushed too. Whoever reads the folder, at whatever moment, finds the old file or the new
one and never half of one.
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def previous_of(path: str | os.PathLike[str]) -> Path:
    """Where `whole_file` keeps the file that had a name before: ``notes-previous.txt`` of ``notes.txt``.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    previous : Path
        Beside `path`, or, where that is a link, beside what it points to: a file is renamed within a disk.
    """
    path = Path(path)
    path = path.resolve() if path.is_symlink() else path
    return path.with_name(f"{path.stem}-previous{path.suffix}")


@contextmanager
def whole_file(path: str | os.PathLike[str], keep_previous: bool = False) -> Iterator[Path]:
    """Lend a temporary path beside `path`; what is written there becomes `path` when the block ends well.

    If the block raises (a full disk, Ctrl-C), the temporary file is removed and `path` is as it was.

    Parameters
    ----------
    path : str or path-like
        Where the file shall be. Its folder is made if it is missing.
    keep_previous : bool
        Do not overwrite a file that is there: it becomes `previous_of(path)`. A process that is killed
        between these two renamings leaves that one, whole, and no `path`.

    Yields
    ------
    temporary : Path
        The path to write to, in the same folder and with the same suffix, so that a writer that goes by
        the suffix still works.

    Raises
    ------
    OSError
        When the folder cannot be made, the disk is full, or `path` is there and no ordinary file.

    Examples
    --------
    >>> with whole_file("notes.txt") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("all of it")
    """
    path = Path(path).resolve()  # a link stays a link: what it points to is written
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not an ordinary file", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        # mkstemp makes private files; the one that stays gets the permissions of an ordinary new file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        if keep_previous and path.exists():
            os.replace(path, previous_of(path))
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Have the disk keep the names in a folder too, through a power cut, where the system can do that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # always so on Windows, and where one may write but not list
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that flush no folders
            raise
    finally:
        os.close(handle)

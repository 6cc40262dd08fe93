"""The folder of a run: what is in it, and where the next one goes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from segnet_np.files import previous_of
from segnet_np.training.messages import say

RUNS = Path("runs")  # where new runs go, unless told otherwise

CONFIG = "config.json"
LOG = "log.csv"
CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "weights.safetensors"
CURVES = "curves.png"
SAMPLES = "samples.png"
STRIP = "strip.png"
STRIP_DATA = "strip.safetensors"
TENSORBOARD = "tensorboard"
LOCK = ".lock"
FILES = (CONFIG, LOG, CHECKPOINT, WEIGHTS, CURVES, SAMPLES, STRIP, STRIP_DATA)


def holds_run(folder: Path) -> bool:
    """Whether a run was started in this folder."""
    return has_checkpoint(folder) or any((folder / name).exists() for name in (CONFIG, LOG, WEIGHTS))


def has_checkpoint(folder: Path) -> bool:
    """Whether there is a checkpoint, be it the newest or the one before."""
    newest = folder / CHECKPOINT
    return newest.exists() or previous_of(newest).exists()


def lacks_checkpoint(folder: Path) -> bool:
    """Whether there are weights, which a new start would overwrite, but no checkpoint to go on from."""
    return (folder / WEIGHTS).exists() and not has_checkpoint(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that a run in this folder left when it was killed.

    They are those of `whole_file` and, with names like ``.tmpa1B2c3``, those of safetensors' writer.
    """
    for name in map(Path, FILES):
        for leftover in folder.glob(f".{name.stem}-????????{name.suffix}"):
            leftover.unlink(missing_ok=True)
    for leftover in folder.glob(".tmp" + 6 * "[0-9A-Za-z]"):
        leftover.unlink(missing_ok=True)


def check_free(folder: Path, resume: bool) -> None:
    """Refuse a folder in which a training would overwrite what another one left.

    Raises
    ------
    FileExistsError
        When the folder holds a run and `resume` is not asked for, or weights without their checkpoint.
    """
    if resume and lacks_checkpoint(folder):
        raise FileExistsError(
            f"{folder} holds weights but no {CHECKPOINT} to go on from: take another folder (--out)"
        )
    if not resume and holds_run(folder):
        raise FileExistsError(
            f"{folder} holds a run: go on with it (--resume) or take another folder (--out)"
        )


@contextmanager
def kept_for_one(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder; the system opens it again however this process ends.

    Raises
    ------
    FileExistsError
        When a training is at work in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise FileExistsError(
            f"{folder}: another training is at work in it; wait, or stop that one"
        ) from None
    except (NotImplementedError, OSError) as error:  # a disk that knows no locks, or may not be written
        say(f"warning: {folder} cannot be locked ({error}): let no other training begin in it")
    try:
        yield
    finally:
        lock.release()


def new_folder(root: Path, name: str) -> Path:
    """Make and return root/name, or where that was made before root/name-2, -3, ...: the next number."""
    for number in count(_latest_number(root, name) + 1):
        folder = _numbered(root, name, number)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue  # somebody else was quicker
        return folder
    raise AssertionError("unreachable")


def latest_folder(root: Path, name: str) -> Path | None:
    """The folder that `new_folder` made last for this name, or None."""
    number = _latest_number(root, name)
    return _numbered(root, name, number) if number else None


def _numbered(root: Path, name: str, number: int) -> Path:
    return root / (name if number == 1 else f"{name}-{number}")


def _latest_number(root: Path, name: str) -> int:
    numbered = re.compile(rf"{re.escape(name)}(?:-([2-9]|[1-9][0-9]+))?")
    folders = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    found = filter(None, map(numbered.fullmatch, folders))
    return max((int(match[1] or 1) for match in found), default=0)

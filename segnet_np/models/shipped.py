"""The trained weights that come with the package, by name; beside each lies its model card."""

import errno
import os
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "weights"
SUFFIX = ".safetensors"


def shipped_names() -> list[str]:
    """What weights come with the package.

    Returns
    -------
    names : list of str
    """
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def weights_path(name: str | os.PathLike[str]) -> Path:
    """Find weights by their name or by their file.

    Parameters
    ----------
    name : str or path-like
        A file, or one of :func:`shipped_names`. A file of that name in the current folder goes first; a
        folder does not, as pictures often lie in one that is called like their weights.

    Returns
    -------
    path : Path

    Raises
    ------
    FileNotFoundError
        When there is neither; the message says which names there are.
    IsADirectoryError
        When there is a folder of that name.
    """
    path = Path(name)
    if str(name) in shipped_names() and not path.is_file():
        return FOLDER / f"{name}{SUFFIX}"
    if path.is_dir():
        expected = "A folder, expected a file such as the weights.safetensors in it"
        raise IsADirectoryError(errno.EISDIR, expected, str(name))
    if path.exists():
        return path
    known = ", ".join(shipped_names()) or "none"
    raise FileNotFoundError(
        errno.ENOENT, f"No such file, and the weights that come with the package are: {known}", str(name)
    )

"""How the names of files stand in messages."""

import os
import unicodedata
from collections.abc import Sequence

SHOWN = 10  # names in one message


def shown(path: str | os.PathLike[str]) -> str:
    """A path in one line: as it is, or in quotes and escaped if it holds line breaks or the like.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    text : str

    Examples
    --------
    >>> shown("my photo.png"), shown("a\\nb.png")
    ('my photo.png', "'a\\\\nb.png'")
    """
    text = os.fspath(path)
    # Control characters, bytes that are no text in the system's encoding, and Unicode's own line breaks.
    strange = any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)
    return repr(text) if strange else text


def listed(names: Sequence[str], total: int | None = None, most: int = SHOWN) -> str:
    """Name the first few, and how many more there are; of `total`, if `names` are not all."""
    more = (len(names) if total is None else total) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")

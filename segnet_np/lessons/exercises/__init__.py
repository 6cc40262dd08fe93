"""The exercises of the course, one a file: each file holds one `EXERCISE`, named as the file is."""

import difflib
import importlib
import pkgutil

from segnet_np.lessons.exercise import Exercise


def names() -> tuple[str, ...]:
    """List the exercises there are, in alphabetical order."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def find(name: str) -> Exercise:
    """Return an exercise.

    Parameters
    ----------
    name : str

    Returns
    -------
    exercise : Exercise

    Raises
    ------
    ValueError
        If there is none of that name; the message lists those that sound like it.

    Examples
    --------
    >>> find("central_difference").lesson
    '02'
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
        meant = f"did you mean {' or '.join(map(repr, close))}?" if close else f"there are {', '.join(known)}"
        raise ValueError(f"there is no exercise {name!r}; {meant}")
    exercise: Exercise = importlib.import_module(f"{__name__}.{name}").EXERCISE
    return exercise

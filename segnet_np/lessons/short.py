"""Shorter settings where nobody waits to look: in the tests, and when the documentation is built."""

import os
from typing import TypeVar

T = TypeVar("T")

# Set it to 1 and the notebooks train for fewer steps and draw fewer pictures.
VARIABLE = "SEGNET_NP_SHORT"


def is_short() -> bool:
    """Whether the environment variable `SEGNET_NP_SHORT` is 1."""
    return os.environ.get(VARIABLE) == "1"


def short(value: T, shortened: T) -> T:
    """Choose between the setting for a learner and the one for a quick run.

    Parameters
    ----------
    value : any
        What a learner gets.
    shortened : any
        What takes its place while the environment variable `SEGNET_NP_SHORT` is 1.

    Returns
    -------
    chosen : any
        One of the two.
    """
    return shortened if is_short() else value

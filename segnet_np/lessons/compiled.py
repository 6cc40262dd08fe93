"""Whether Numba can compile a learner's kernel, and if not, why, in a line or two."""

import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from segnet_np.lessons.owners import python_of


def fill(function: Callable[..., Any], arguments: Sequence[Any], parallel: bool = False) -> list[Any]:
    """Compile a kernel anew, with its indices checked, and run it on copies of the arguments.

    Parameters
    ----------
    function : callable
        With or without `njit`.
    arguments : sequence
        Arrays, also those that it writes to, and numbers.
    parallel : bool, default False
        Whether `prange` uses threads.

    Returns
    -------
    arguments : list
        The copies, as the kernel left them.

    Raises
    ------
    NumbaError
        If it does not compile.
    """
    given = [value.copy() if isinstance(value, np.ndarray) else value for value in arguments]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about loops that could not be made parallel
        njit(parallel=parallel, boundscheck=True)(python_of(function))(*given)
    return given


def complaint(function: Callable[..., Any], arguments: Sequence[Any], parallel: bool = False) -> str | None:
    """Say what happens to a kernel that is right in Python when it is compiled.

    Parameters
    ----------
    function, arguments, parallel
        As :func:`fill` takes them.

    Returns
    -------
    complaint : str or None
        None if it compiles and leaves in its arguments what its Python leaves there.
    """
    try:
        got = fill(function, arguments, parallel)
    except NumbaError as error:
        return f"Right as Python, but Numba cannot compile it. It says: {shortened(error)}"
    except Exception as error:
        return f"Right as Python, but when it is compiled it stops with {type(error).__name__}: {error}"
    expected = [value.copy() if isinstance(value, np.ndarray) else value for value in arguments]
    python_of(function)(*expected)
    if all(np.allclose(a, b, rtol=1e-9, atol=0, equal_nan=True) for a, b in zip(got, expected, strict=True)):
        return None
    return (
        "Right as Python, but compiled it gives other numbers: look for a variable that changes its type, or "
        "for a cell that is read before it was written."
    )


def shortened(error: Exception, lines: int = 4) -> str:
    """Keep of Numba's message what says where and why.

    Parameters
    ----------
    error : Exception
    lines : int
        At most so many.

    Returns
    -------
    message : str

    Examples
    --------
    >>> shortened(ValueError("Failed in nopython mode pipeline (step: frontend)\\nUntyped global name 'x'"))
    "Untyped global name 'x'"
    """
    noise = re.compile(
        r"^(Failed in |During: |There are \d+ candidate|- Of which|Overload |With argument|Rejected as"
        r"|raised from |For more |This error may have|To see Python/NumPy|https?:|<source |File |$)"
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", text)
    kept = [line.strip() for line in text.splitlines() if not noise.match(line.strip())]
    return " / ".join(line for line in kept[:lines] if line)

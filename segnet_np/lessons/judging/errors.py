"""An exception in a learner's function: its own line, and what such an exception usually means."""

import linecache
import traceback
from typing import Any

from segnet_np.lessons.exercise import Exercise
from segnet_np.lessons.judging.misfits import suspect_misfit
from segnet_np.lessons.judging.running import plain
from segnet_np.lessons.judging.suspicion import Suspicion

#: What exceptions mostly mean: type, words in the message, in words.
_MEANINGS: tuple[tuple[type[BaseException], str, str], ...] = (
    (IndexError, "too many indices", "the array has fewer axes than you index; print its `.shape`."),
    (
        IndexError,
        "arrays used as indices",
        "indices must be whole numbers: `//` instead of `/`, or `.astype(int)`.",
    ),
    (IndexError, "only integers", "an index is no whole number: `//` gives one, `/` does not."),
    (
        IndexError,
        "tuple index",
        "a tuple has fewer entries than that; of a `.shape`, does the array have so many axes?",
    ),
    (IndexError, "scalar", "that is a single number already, and has no elements: one index too many."),
    (IndexError, "list index", "the list has fewer entries than that; print its `len`, and the index."),
    (IndexError, "", "an index goes past the end. Print the index, and the `.shape` or the `len`."),
    (
        ValueError,
        "truth value",
        "an `if` got a whole array; compare single elements, or use `np.where`, `np.any` or `np.all`.",
    ),
    (ValueError, "matmul", "the inner sizes of a matrix product differ; one of them wants a transpose."),
    (
        ValueError,
        "not enough values to unpack",
        "the left side of an assignment names more things than the right has; how many axes has `.shape`?",
    ),
    (
        ValueError,
        "too many values to unpack",
        "the left side of an assignment names fewer things than the right has; how many axes has `.shape`?",
    ),
    (
        TypeError,
        "positional argument",
        "a function is called with more or fewer arguments than its `def` names.",
    ),
    (
        TypeError,
        "cannot be interpreted as an integer",
        "`range` and shapes want whole numbers: `//` instead of `/`.",
    ),
    (TypeError, "list indices", "that is a list, not an array; `np.array(...)` makes one of it."),
    (
        TypeError,
        "NoneType",
        "something is None: a function without `return`, or an argument that may be left out.",
    ),
    (
        TypeError,
        "not callable",
        "round brackets behind something that is no function; square ones take an element.",
    ),
    (
        TypeError,
        "not subscriptable",
        "square brackets behind something that has no elements, perhaps a number or a function.",
    ),
    # Before NameError, of which it is a kind.
    (
        UnboundLocalError,
        "",
        "a variable is read before it gets a value, perhaps because the branch or loop that sets "
        "it is not taken in this case.",
    ),
    # The whole words: `np` alone is in `inputs` too.
    (NameError, "name 'np' is not defined", "NumPy is not imported here: `import numpy as np`."),
    (NameError, "", "a name that is not known here: a typing error, or a cell above that was not run."),
    (AttributeError, "", "the object has no such attribute; is it the kind of object that you think?"),
    (ZeroDivisionError, "", "a division by zero: in this case the thing that you divide by is 0."),
    (
        RecursionError,
        "",
        "the function calls itself without end; perhaps it has the name of one that it means to use.",
    ),
    (KeyError, "", "there is no such key in the dictionary."),
    (AssertionError, "", "an assertion of your own does not hold in this case."),
    (
        TimeoutError,
        "",
        "a loop that does not end (does its counter move?), or very many steps in plain Python.",
    ),
    (MemoryError, "", "an array far larger than meant; print the shape before you make it."),
    (OverflowError, "", "a number too large for its type."),
)


_NUMBA = (
    "Numba cannot compile it: a name that it does not know, a variable that changes its type, or "
    "something of Python that it does not have. Take `@njit` away for a while: then plain Python says "
    "which line it is."
)


def suspect_error(exercise: Exercise, function: Any, error: BaseException) -> Suspicion:
    """Say what was raised, in which line of the learner's, and what it mostly means.

    Parameters
    ----------
    exercise : Exercise
    function : callable
    error : BaseException

    Returns
    -------
    suspicion : Suspicion
    """
    if isinstance(error, NotImplementedError):
        return Suspicion("not yet", f"It is still to be written. {exercise.task}", "")
    kind = type(error).__name__
    message = _short(error)
    said = f"It raised {kind}{f': {message}' if message else ''}"
    line, text = _place(function, error)
    if line:
        said += f" (line {line}{f': `{text}`' if text else ''})"
    if type(error).__module__.startswith("numba"):
        return Suspicion("raised", said + ".", _NUMBA)
    meaning = suspect_misfit(exercise, error, message) or next(
        (words for type_, part, words in _MEANINGS if isinstance(error, type_) and part in message),
        "read the message once more, and run the line above by itself on the arguments of this case.",
    )
    if isinstance(error, TimeoutError):
        return Suspicion("slow", said + ".", meaning)
    return Suspicion("raised", said + ".", meaning, vague=True)


def _short(error: BaseException) -> str:
    """Keep the telling lines of a message; Numba's are pages long."""
    try:
        message = str(error)
    except Exception:  # a message that cannot even be made
        return ""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    text = " ".join(lines[:3])
    return (text if len(text) <= 300 else text[:297] + "...").rstrip(".")


def _place(function: Any, error: BaseException) -> tuple[int, str]:
    """Find the learner's own line: the innermost one in the file that the function was written in."""
    code = getattr(plain(function), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    if not mine or mine[-1].lineno is None:
        return 0, ""
    frame = mine[-1]
    return frame.lineno or 0, (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()

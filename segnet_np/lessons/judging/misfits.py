"""Exceptions about sizes: what the index or the shapes in NumPy's message tell of the cause."""

import re

from segnet_np.lessons.exercise import Exercise


def suspect_misfit(exercise: Exercise, error: BaseException, message: str) -> str:
    """Say what sizes that do not fit probably come from.

    Parameters
    ----------
    exercise : Exercise
    error : BaseException
    message : str
        What it says.

    Returns
    -------
    words : str
        Empty if the error is about something else.
    """
    if isinstance(error, IndexError):
        return _index(exercise, message)
    if isinstance(error, ValueError) and "broadcast" in message:
        return _broadcast(message)
    if isinstance(error, ValueError) and "cannot reshape" in message:
        return _reshape(exercise)
    return ""


def _index(exercise: Exercise, message: str) -> str:
    found = re.search(r"out of bounds for axis (\d+) with size (\d+)", message)
    if not found:
        return ""
    axis, size = found[1], int(found[2])
    odd = ", or an odd size, whose last row or column is in no window" if _pools(exercise) else ""
    entries = f"only {size} entr{'y' if size == 1 else 'ies'}" if size else "no entries"
    return (
        f"an index goes past the end: axis {axis} has {entries}. Is the loop's range that of this array and "
        f"this axis? Print the index and the `.shape`: one step too far, another axis than meant{odd}."
    )


def _broadcast(message: str) -> str:
    shapes = [tuple(map(int, re.findall(r"\d+", inner))) for inner in re.findall(r"\(([\d, ]*)\)", message)]
    if any(0 in shape for shape in shapes):
        return "one of the two is empty. `[p:-p]` is empty for p = 0: write `[p:p + H]`, with the size H."
    if len(shapes) > 1 and len(shapes[0]) == len(shapes[1]):
        apart = {abs(a - b) for a, b in zip(*shapes[:2], strict=True) if a != b and 1 not in (a, b)}
        if apart == {1}:
            return (
                "the sizes differ by 1: an odd size, where `::2` takes one row more than `// 2` counts; or a "
                "slice that ends one too early or too late."
            )
        return (
            "two arrays of these shapes do not fit together; print both `.shape`. Is the slice as long as "
            "what is put there, and do the axes stand in the same order?"
        )
    return (
        "two arrays of these shapes do not fit together; print both `.shape`. Often an axis "
        "is missing: `x[:, None]` or `keepdims=True` keeps one of length 1."
    )


def _reshape(exercise: Exercise) -> str:
    words = "the sizes do not multiply to the same number"
    if _pools(exercise):
        return f"{words}; at odd sizes a window is cut off, so there is nothing to reshape into 2x2."
    return f"{words}: there are more or fewer numbers than meant. Print the `.shape` before it."


def _pools(exercise: Exercise) -> bool:
    """Whether an exercise has 2x2 windows."""
    return "pool" in exercise.name

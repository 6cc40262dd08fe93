"""`check`: run a learner's function on the cases of an exercise, and say kindly what is wrong."""

from collections.abc import Callable
from typing import Any, cast

from segnet_np.lessons.exercises import find
from segnet_np.lessons.judging.judge import judge
from segnet_np.lessons.judging.verdict_html import page
from segnet_np.lessons.show import in_notebook, show_html


def check(name: str, function: Callable[..., Any] | None = None) -> bool:
    """Check your answer to an exercise.

    It is called on copies of the arguments of several cases, and compared with a right answer. Where it
    differs you see the worst element, both arrays beside each other, and a likely cause.

    Parameters
    ----------
    name : str
        The exercise.
    function : callable
        Your function itself: ``check("max_pool", max_pool)``, without brackets behind it.

    Returns
    -------
    ok : bool
        Whether all cases are right.

    Raises
    ------
    TypeError
        If the name is missing.
    ValueError
        If there is no exercise of that name.
    """
    if callable(name) and function is None:
        called = getattr(name, "__name__", "name")
        raise TypeError(f'the name of the exercise is missing, a text: lessons.check("{called}", {called})')
    if callable(name) and isinstance(function, str):
        name, function = function, name  # the other way round, but nobody could mean anything else
    verdict = judge(find(name), cast(Callable[..., Any], function))  # None is told what is wanted
    show_html(page(verdict), str(verdict))
    return cast(bool, _Shown(verdict.ok)) if in_notebook() else verdict.ok


class _Shown(int):
    """True or False as the last thing in a notebook's cell: it was said already, so nothing is shown."""

    def __repr__(self) -> str:
        return repr(bool(self))

    def _ipython_display_(self) -> None:
        pass


def case(name: str, number: int = 1) -> tuple[Any, ...]:
    """Return the arguments of one of an exercise's cases, to try your function on it.

    Parameters
    ----------
    name : str
        The exercise.
    number : int, default 1
        Which case, counted from 1, as `check` names them.

    Returns
    -------
    arguments : tuple

    Raises
    ------
    ValueError
        If there is no such exercise or no such case.

    Examples
    --------
    >>> from segnet_np import lessons
    >>> function, *rest = lessons.case("central_difference", 1)
    """
    cases = list(find(name).cases())
    if not 1 <= number <= len(cases):
        raise ValueError(f"{name!r} has cases 1 to {len(cases)}, but {number} was asked for")
    return tuple(cases[number - 1].arguments)

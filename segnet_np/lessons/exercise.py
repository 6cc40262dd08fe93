"""What an exercise is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One call of the learner's function.

    Attributes
    ----------
    what : str
        What is special about it, to end a sentence: "an odd height", "a tie in a window".
    arguments : tuple
        What the function is called with.
    """

    what: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give, as a function, so that its numbers can be recognised.

    Attributes
    ----------
    answer : callable
        Called as the learner's function is; gives what that mistake gives.
    cause : str
        What is wrong in it, in a sentence or two that point to the place and do not give the answer away.
    """

    answer: Callable[..., Any]
    cause: str


@dataclass(frozen=True)
class Exercise:
    """A function that the learner writes.

    Attributes
    ----------
    name : str
        As `check`, `hint` and `solution` know it; the file's name too.
    lesson : str
        Number of the notebook, "01".
    task : str
        What to write: signature, shapes, what is returned.
    outputs : tuple of str
        Names of what is returned, in order: ("y", "offsets").
    solution : callable
        A right answer, as a learner would write it: its source is what `solution` shows.
    cases : callable
        Makes the calls; the same ones each time. The first is the easiest.
    hints : tuple of three str
        From a nudge to nearly all of it.
    mistakes : sequence of Mistake
        At least five.
    rtol : float
        How far an element may be off, relative to the largest expected one.
    see : str
        Where the library does the same, to be read after one's own: "segnet_np/reference.py, max_pool2d".
    other_ways : sequence of str
        Lines of other usual ways to write it, which no notebook may hold either, as each is nearly all of it.
    starts_from : callable, optional
        The code that the learner is given, where the exercise is to mend it.
    seconds : float
        How long all cases together may take before the check gives up on a loop that does not end.
    call : callable, optional
        ``call(function, arguments)`` gives what is compared, where calling is not all there is to it: a
        kernel is given the arrays that it writes to. The solution and the mistakes are called so too.
    also : callable, optional
        ``also(function)`` is asked when all numbers are right: what else must hold and does not, in a
        sentence for the learner; or None.
    """

    name: str
    lesson: str
    task: str
    outputs: tuple[str, ...]
    solution: Callable[..., Any]
    cases: Callable[[], Sequence[Case]]
    hints: tuple[str, str, str]
    mistakes: Sequence[Mistake]
    rtol: float = 1e-9
    see: str = ""
    other_ways: Sequence[str] = ()
    starts_from: Callable[..., Any] | None = None
    seconds: float = 60.0
    call: Callable[[Callable[..., Any], tuple[Any, ...]], Any] | None = None
    also: Callable[[Callable[..., Any]], str | None] | None = None

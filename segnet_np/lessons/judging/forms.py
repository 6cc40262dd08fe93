"""Faults of form, the same in every exercise: nothing returned, another shape, an exception inside."""

import dis
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np

from segnet_np.lessons.exercise import Exercise
from segnet_np.lessons.judging.comparing import leaves, same, split
from segnet_np.lessons.judging.errors import suspect_error
from segnet_np.lessons.judging.running import fits, parameter_names, plain
from segnet_np.lessons.judging.shapes import suspect_shape
from segnet_np.lessons.judging.suspicion import Suspicion
from segnet_np.lessons.judging.trial import Trial


def not_usable(exercise: Exercise, function: Any, arguments: Sequence[Any]) -> Suspicion | None:
    """Say why a function need not even be called: it is none, takes other arguments, or is empty yet."""
    signature = f"{exercise.name}({', '.join(parameter_names(exercise))})"
    if not callable(function):
        given = "None" if function is None else f"a value of type {type(function).__name__}"
        return Suspicion(
            "not callable",
            f"check needs the function itself, but {given} was given.",
            f'give the name without brackets: `lessons.check("{exercise.name}", {exercise.name})`. With '
            "brackets behind it the function is called first, and check sees only what it returned.",
        )
    if exercise.call is None and (taken := fits(function, arguments)):
        return Suspicion(
            "parameters",
            f"It is called as `{signature}`, with {len(arguments)} argument{'s'[: len(arguments) != 1]}, "
            f"but yours takes `{taken}`.",
            "the line with `def` names other or more parameters than the task does.",
        )
    if _is_empty(function):
        return Suspicion("not yet", f"The function is still empty. {exercise.task}", "")
    return None


def _is_empty(function: Any) -> bool:
    """Whether a function does nothing but return None: `...`, `pass`, or a docstring alone."""
    code = getattr(plain(function), "__code__", None)
    if code is None or code.co_name == "<lambda>":
        return False
    operations = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
    names = [step.opname for step in operations]
    return names in (["LOAD_CONST", "RETURN_VALUE"], ["RETURN_CONST"]) and operations[0].argval is None


def suspect_form(exercise: Exercise, function: Any, trial: Trial) -> Suspicion | None:
    """Say what is wrong with the form of a result; None if only its numbers are.

    Parameters
    ----------
    exercise : Exercise
    function : callable
    trial : Trial
        The first one that fails.

    Returns
    -------
    suspicion : Suspicion or None
    """
    if trial.fault == "raised":
        assert trial.outcome.error is not None
        return suspect_error(exercise, function, trial.outcome.error)
    if trial.fault == "returned None":
        return Suspicion(
            "returned None",
            f"Your function returned None; expected: {_outputs(exercise)}.",
            "the last line has no `return`, or it stands in a branch that this case does not take, or only "
            "prints the result.",
        )
    if trial.fault == "number of outputs":
        return _count(exercise, trial)
    if swapped := _swapped(exercise, trial):
        return swapped
    if trial.fault == "structure":
        return _structure(trial)
    if trial.fault == "type":
        label = trial.labels[0]
        value = trial.got[label]
        inner = value.ravel()[0] if value.size else value
        return Suspicion(
            "type",
            f"`{label}` is {_kind(inner)}, expected {_kind(trial.expected[label])}.",
            _wrong_type(inner),
        )
    if trial.fault == "shape":
        return suspect_shape(exercise, trial)
    if trial.fault == "input written":
        names = " and ".join(f"`{name}`" for name in trial.outcome.written)
        back = trial.outcome.handed_back
        return Suspicion(
            "input written",
            f"The result is right, but {names} {'was' if len(trial.outcome.written) == 1 else 'were'} "
            "changed by the call. What belongs to the caller stays as "
            "it is: the next step may need it." + (f" You even return `{back}` itself." if back else ""),
            f"an assignment such as `{trial.outcome.written[0]}[...] = ...` or `+=` on it or on a view of "
            "it (a slice, a reshape, a transpose). Work on `.copy()`, or in a new array.",
        )
    return None


def _outputs(exercise: Exercise) -> str:
    names = exercise.outputs
    return f"`{names[0]}`" if len(names) == 1 else f"{len(names)} things, `{', '.join(names)}`"


def _wrong_type(value: Any) -> str:
    if value is None:
        return "nothing was ever put there: a variable that stays None, or a function without `return`."
    if isinstance(value, complex | np.complexfloating):
        return "complex numbers: a root of a negative one, or a `j` that is no index."
    if callable(value):
        return "that is a function itself; call it, with brackets behind its name."
    if isinstance(value, str):
        return "that is text; a number is wanted."
    return "a number or an array of numbers is wanted here."


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}" if value.ndim else f"a number ({value.dtype})"
    return f"of type {type(value).__name__}"


def _count(exercise: Exercise, trial: Trial) -> Suspicion:
    returned = trial.outcome.returned
    if isinstance(returned, tuple | list):
        came = f"{len(returned)} things"
    else:
        came = f"one thing ({_kind(returned)})"
    return Suspicion(
        "number of outputs",
        f"Expected: {_outputs(exercise)}, in this order; but {came} came back.",
        f"the line with `return` should end in `return {', '.join(exercise.outputs)}`.",
    )


def _swapped(exercise: Exercise, trial: Trial) -> Suspicion | None:
    """Notice the right outputs in another order."""
    count = len(exercise.outputs)
    parts = split(trial.outcome.returned, exercise.outputs)
    if count < 2 or parts is None:
        return None
    expected = [
        {
            label: leaf
            for label, leaf in trial.expected.items()
            if label == name or label.startswith(name + "[")
        }
        for name in exercise.outputs
    ]
    for order in permutations(range(count)):
        moved = order != tuple(range(count))
        if moved and all(
            same(leaves(parts[k], exercise.outputs[place]), expected[place], exercise.rtol)
            for place, k in enumerate(order)
        ):
            came: list[str] = [""] * count
            for place, k in enumerate(order):
                came[k] = exercise.outputs[place]
            return Suspicion(
                "swapped outputs",
                f"The right numbers in another order: you return `{', '.join(came)}`, expected "
                f"`{', '.join(exercise.outputs)}`.",
                "the names behind `return` are swapped.",
            )
    return None


def _structure(trial: Trial) -> Suspicion:
    missing = [label for label in trial.expected if label not in trial.got]
    extra = [label for label in trial.got if label not in trial.expected]
    said = []
    if missing:
        said.append(f"missing: {', '.join(f'`{label}`' for label in missing[:6])}")
    if extra:
        said.append(f"not expected: {', '.join(f'`{label}`' for label in extra[:6])}")
    return Suspicion(
        "structure",
        f"The result is put together otherwise than expected; {'; '.join(said)}.",
        "lists of other lengths, rows of different lengths, or other keys than the task names.",
    )

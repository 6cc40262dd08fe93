"""The column for PyTorch: its gradients, and its output, beside ours.

Differences only say whether backward fits forward. PyTorch says whether forward is the right one, and
where a convention decides (which of tied maxima takes the gradient), whether it is the common one.
"""

import dataclasses
from importlib.util import find_spec
from typing import Any

import numpy as np

from segnet_np.verify import tolerances
from segnet_np.verify.check import Check
from segnet_np.verify.report import Row


def beside(check: Check, rows: list[Row], required: bool) -> tuple[list[Row], str]:
    """Put PyTorch's numbers beside the rows.

    Parameters
    ----------
    check : Check
    rows : list of Row
    required : bool
        Whether a missing PyTorch is an ImportError.

    Returns
    -------
    rows : list of Row
        With the column filled and a row for the output, or as they were.
    remark : str
        Why there is no column, or empty.
    """
    if not required and find_spec("torch") is None:
        return rows, "without the column for PyTorch: it is not installed (pip install torch)"
    from segnet_np.verify import twin

    layer = check.subject.layer
    if not twin.has_counterpart(layer):
        return rows, f"without the column for PyTorch: it has no counterpart of {check.subject.kind}"
    theirs = twin.run(twin.counterpart(layer), check.subject.inputs, check.dout)
    gradients = dict(zip(check.subject.input_names, theirs.inputs, strict=True)) | theirs.parameters
    floor = check.noise(tolerances.STEP) / tolerances.FINITE_DIFFERENCE
    output = _output_row(check.subject.forward(), theirs.output)
    return [output, *(_beside(row, check.gradients, gradients, floor) for row in rows)], ""


def _output_row(ours: np.ndarray, theirs: np.ndarray) -> Row:
    if ours.shape != theirs.shape:
        return Row("output", False, pytorch=np.inf, note=f"shape {ours.shape}, PyTorch's {theirs.shape}")
    error, index = _worst(ours, theirs, 0.0)
    ok = error <= tolerances.TORCH_FLOAT64
    note = (
        "" if ok else f"forward differs from PyTorch's: {ours[index]:.7g} and {theirs[index]:.7g} at {index}"
    )
    return Row("output", ok, pytorch=error, note=note)


def _beside(row: Row, ours: dict[str, Any], theirs: dict[str, np.ndarray], floor: float) -> Row:
    members = [name for name in row.members if name in theirs and np.shape(ours[name]) == theirs[name].shape]
    if not members:
        return row
    # Members share a scale: a bias in front of a batch norm is judged beside the weights of its layer.
    scale = max(floor, *(float(np.abs(theirs[name]).max()) for name in members))
    errors = {name: _worst(np.asarray(ours[name]), theirs[name], scale) for name in members}
    worst = max(errors, key=lambda name: errors[name][0])
    error, index = errors[worst]
    note, ok = row.note, error <= tolerances.TORCH_FLOAT64
    if not ok:
        numbers = f"{ours[worst][index]:.7g} here, {theirs[worst][index]:.7g} there, at {worst}{list(index)}"
        alone = "agrees with differences but not with PyTorch: forward is another one" if row.ok else note
        note = f"{alone}; PyTorch: {numbers}"
    return dataclasses.replace(row, ok=row.ok and ok, pytorch=error, note=note)


def _worst(ours: np.ndarray, theirs: np.ndarray, scale: float) -> tuple[float, tuple[int, ...]]:
    difference = np.abs(ours - theirs)
    difference = np.where(np.isnan(difference), np.inf, difference)
    index = tuple(int(k) for k in np.unravel_index(np.argmax(difference), difference.shape))
    largest = max(scale, float(np.abs(theirs).max()), np.finfo(float).tiny)
    return float(difference[index] / largest), index

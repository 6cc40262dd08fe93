"""Gradient checking: what backward says, beside what happens when a number is moved.

    L       = <dout, forward(x)>          dout random, never ones
    dL/dx_k = (L(x_k + h) - L(x_k - h)) / 2h

An upstream gradient of ones would hide mistakes: through a batch norm it gives dx = 0 whatever is
missing, and a transposed map sums up to the same.

A single layer is checked entry by entry. A net, or a layer with more entries than
:data:`EVERY_ENTRY_UP_TO`, is checked along random directions: one through the input, one through all
parameters together, and one through each layer, which names the layer that is wrong. That is two
evaluations a row, however many parameters there are.
"""

import dataclasses
from typing import Any

import numpy as np

from segnet_np.layers.base import Layer
from segnet_np.models.net import Net
from segnet_np.verify import probes
from segnet_np.verify.check import Check
from segnet_np.verify.report import GradcheckReport, Row
from segnet_np.verify.subject import Differentiable, Subject, is_float_array
from segnet_np.verify.threads import using_threads

#: Inputs and parameters together, up to which every single entry is moved.
EVERY_ENTRY_UP_TO = 2500


def gradcheck(
    layer: Differentiable, x: np.ndarray | tuple[Any, ...], *, seed: int = 0, pytorch: bool | None = None
) -> GradcheckReport:
    """Check the gradients of a layer or net against central differences, and against PyTorch.

    Everything happens on a float64 copy: weights, gradients, running statistics, mode, remembered forward
    and input stay bit for bit what they were. A layer is checked in the mode it is in. A whole net of this
    package is checked in training mode, the only one in which it has a backward.

    Parameters
    ----------
    layer : object
        Any object with ``forward(*inputs)``, ``backward(dout)`` and ``parameters()`` (or
        ``named_parameters()``) yielding objects with ``.data`` and ``.grad``: one of this package's layers
        or nets, or your own. `backward` returns the gradient of the input, or a tuple with one for each.
        It may add to ``.grad`` or write it; gradients that are arrays are filled with zeros before.
    x : ndarray or tuple
        What `forward` takes. Float arrays are differentiated; integer arrays, pooling indices, sizes and
        None are passed through. Where `forward` returns a tuple, the first of it is checked.
    seed : int, default 0
        Of the random upstream gradient and directions.
    pytorch : bool, optional
        Whether to compare with PyTorch: by default where it is installed and has a counterpart.

    Returns
    -------
    report : GradcheckReport
        Print it for the table; ``report.ok`` says whether all is well. The rows: each input, each
        parameter, ``ties`` (where tied maxima share a gradient), ``calls`` (a backward belongs to the
        latest forward, a second one adds up, the caller's arrays stay as they were).

    Raises
    ------
    TypeError
        When the object lacks a method, yields parameters that are none, or cannot be copied; when `x`
        holds no float array.
    ValueError
        When an input is empty or not finite, or forward itself gives NaN or infinity.
    ImportError
        When ``pytorch=True`` and PyTorch is not installed.

    Notes
    -----
    The error of a row is ``max |analytic - numeric| / max(max |analytic|, max |numeric|, floor)``; the
    floor is what rounding alone could feign, so that a gradient which is truly zero, such as that of a
    bias in front of a batch norm, passes. Where a step crosses a kink (a sign that turns in a ReLU, a
    maximum that moves in a pool), it is made smaller, or another direction is drawn, and the row says so.

    References
    ----------
    The tolerances, with what was measured: `segnet_np.verify.tolerances`.

    Examples
    --------
    >>> from segnet_np.layers import ReLU
    >>> gradcheck(ReLU(), np.random.default_rng(0).normal(size=(2, 3, 4, 5)), pytorch=False).ok
    True
    """
    subject = Subject(layer, x if isinstance(x, tuple) else (x,))
    net = is_net(layer)
    if net:
        subject.layer.train()
    check = Check(subject, np.random.default_rng(seed))
    title = _title(layer, subject, seed)
    if not check.steady:
        note = "two forwards of one input differ, so there is no derivative: fix the seed of what is random"
        return GradcheckReport(title, (Row("forward", False, "2 forwards", np.inf, note=note),))
    entries = sum(array.size for array in subject.arrays.values())
    with using_threads(1):
        if net or entries > EVERY_ENTRY_UP_TO:
            rows = _along_directions(check)
        else:
            rows = [check.every_entry(name) for name in subject.arrays]
            tied = probes.ties(check)
            rows += [tied] if tied else []
        rows.append(probes.calls(check, must_add=net or isinstance(layer, Layer)))
    remark = ""
    if pytorch is not False:
        from segnet_np.verify.against_pytorch import beside

        rows, remark = beside(check, rows, required=bool(pytorch))
    return GradcheckReport(title, tuple(rows), remark)


def is_net(layer: object) -> bool:
    """Whether this is one of the package's whole nets."""
    return isinstance(layer, Net)


def _along_directions(check: Check) -> list[Row]:
    subject = check.subject
    learned = [name for name in subject.arrays if name not in subject.input_names]
    rows = [check.one_direction(name, [name]) for name in subject.input_names]
    groups: dict[str, list[str]] = {}
    for name in learned:
        groups.setdefault(name.rpartition(".")[0] or name, []).append(name)
    if len(groups) > 1:
        rows.append(check.one_direction("all parameters", learned))
    return rows + _point_at_the_first(
        [
            check.one_direction(group if len(members) > 1 else members[0], members)
            for group, members in groups.items()
        ]
    )


def _point_at_the_first(rows: list[Row]) -> list[Row]:
    """Say of the wrong layer nearest to the output that all behind it is right."""
    wrong = [place for place, row in enumerate(rows) if not row.ok]
    if wrong and len(rows) > 1:
        last = wrong[-1]
        hint = "start here, the wrong one nearest to the output"
        if last + 1 < len(rows):
            hint += (
                f": from {rows[last + 1].name} on all is right, so it is this backward or one between them"
            )
        rows[last] = dataclasses.replace(rows[last], note=f"{hint}; {rows[last].note}")
    return rows


def _title(layer: object, subject: Subject, seed: int) -> str:
    said = repr(layer)
    name = subject.kind if said.startswith("<") or len(said) > 100 or "\n" in said else said
    shapes = ", ".join(_kind(value) for value in subject.inputs)
    training = getattr(subject.layer, "training", None)
    mode = "" if training is None else ", training mode" if training else ", eval mode"
    return f"{name} on {shapes}{mode}, checked in float64, seed {seed}"


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return str(value.shape) if is_float_array(value) else f"{value.dtype} {value.shape}"
    return type(value).__name__

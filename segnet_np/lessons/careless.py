"""Three bugs before four gradient checks, of which three are careless: what each of them sees."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segnet_np import reference
from segnet_np.lessons.exercises import find
from segnet_np.verify.finite_differences import along, move_together

#: The bugs and the checks, as rows and columns of the lesson's table.
BUGS = ("max-pooling", "convolution", "batch norm")
CHECKS = ("dout of ones", "symmetric\nkernel", "no ties", "random dout, ties,\nno symmetry")

_KERNEL = np.random.default_rng(31).normal(size=(2, 3, 3, 3))
_BLUR = np.multiply.outer(np.ones((2, 3)), np.outer([1.0, 2, 1], [1.0, 2, 1]) / 16)
_WEIGHT = np.array([0.5, 2.0, -1.5])
_STEP = 1e-6


@dataclass(frozen=True)
class Setting:
    """How a check chooses what could hide a bug.

    Attributes
    ----------
    ones : bool
        Whether dout is all ones.
    symmetric : bool
        Whether the kernel is.
    ties : bool
        Whether windows of the input have equal maxima.
    """

    ones: bool = False
    symmetric: bool = False
    ties: bool = True


#: One for each of `CHECKS`; each careless one is careless in one thing.
_SETTINGS = (Setting(ones=True), Setting(symmetric=True), Setting(ties=False), Setting())


def passes(bug: int, check: int) -> bool:
    """Whether a bug, as the learner is given it, gets past a check.

    Parameters
    ----------
    bug : int
        Which of `BUGS`.
    check : int
        Which of `CHECKS`.

    Returns
    -------
    passes : bool
    """
    setting = _SETTINGS[check]
    rng = np.random.default_rng(32)
    x = rng.normal(size=(2, 3, 4, 6))
    if setting.ties:
        x = np.maximum(np.round(2 * x), 0.0) / 2 + 1
    if bug != 0:
        # Only pooling cares for ties; on equal numbers the others would be checked at a special point.
        x = rng.normal(size=x.shape)
    forward, backward = _bug(bug, setting)
    out = forward(x)
    dout = np.ones(out.shape) if setting.ones else rng.normal(size=out.shape)
    v = move_together(rng, x)
    analytic = float(np.vdot(backward(dout, x), v))
    numeric = along(lambda: forward(x), [x], [v], dout, _STEP)
    return bool(abs(analytic - numeric) <= 1e-5)


def _bug(
    bug: int, setting: Setting
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    given = [find(name).starts_from for name in ("bug_pool", "bug_conv", "bug_batch_norm")][bug]
    assert given is not None
    if bug == 0:
        return lambda x: reference.max_pool2d(x)[0], given
    if bug == 1:
        kernel = _BLUR if setting.symmetric else _KERNEL
        return (
            lambda x: reference.conv2d(x, kernel, padding=1),
            lambda dout, x: given(dout, kernel, 1),
        )
    return (
        lambda x: reference.batch_norm_train(x, _WEIGHT, np.zeros(3), np.zeros(3), np.ones(3))[0],
        lambda dout, x: given(dout, x, _WEIGHT, 1e-5),
    )

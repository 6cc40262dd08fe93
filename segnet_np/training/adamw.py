r"""Adam with decoupled weight decay.

With gradient g, weight w, step t, learning rate :math:`\eta` and weight decay :math:`\lambda`, one step is

.. math::
    m &\leftarrow \beta_1 m + (1 - \beta_1) g, \qquad s \leftarrow \beta_2 s + (1 - \beta_2) g^2 \\
    w &\leftarrow (1 - \eta \lambda) w
        - \frac{\eta}{1 - \beta_1^t} \, \frac{m}{\sqrt{s} / \sqrt{1 - \beta_2^t} + \epsilon}

References
----------
Loshchilov, Hutter, "Decoupled weight decay regularization", arXiv 1711.05101, algorithm 2.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from segnet_np.kernels.adamw import CHUNK, adamw_step, small_adamw_step
from segnet_np.layers.checks import check_number
from segnet_np.training.optimizer import Optimizer


class AdamW(Optimizer):
    """Adam with decoupled weight decay, equal to ``torch.optim.AdamW``.

    Parameters
    ----------
    params : iterable of Parameter, or iterable of dict
        What to train, or groups of it with settings of their own.
    lr : float
        Learning rate.
    betas : pair of float
        What remains, from step to step, of the running means of the gradient and of its square.
    eps : float
        Added to the denominator.
    weight_decay : float
        Each step shrinks the weights by lr * weight_decay of themselves.

    Raises
    ------
    TypeError, ValueError
        When a setting is no number or out of range; see also `Optimizer`.

    Examples
    --------
    >>> from segnet_np.layers import Conv2d
    >>> opt = AdamW(Conv2d(3, 8, kernel_size=3).parameters(), lr=1e-3)
    >>> opt.lr = 5e-4
    """

    _state_names = ("step", "exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def _check(self, group: dict[str, Any]) -> None:
        super()._check(group)
        check_number(self._name, "eps", group["eps"])
        betas = group["betas"]
        if not isinstance(betas, tuple | list):
            raise TypeError(f"AdamW: betas must be a pair of numbers, got {betas!r}")
        for beta in betas:
            check_number(self._name, "betas", beta)
        if len(betas) != 2 or max(betas) >= 1:
            raise ValueError(f"AdamW: betas must be two numbers in [0, 1), got {betas}")

    def _move(
        self, weight: np.ndarray, grad: np.ndarray, state: dict[str, np.ndarray], group: dict[str, Any]
    ) -> None:
        if not state:
            state["step"] = np.zeros((), np.int64)
            state["exp_avg"] = np.zeros_like(weight)
            state["exp_avg_sq"] = np.zeros_like(weight)
        state["step"] += 1
        t = int(state["step"])
        beta1, beta2 = group["betas"]
        decay = 1 - group["lr"] * group["weight_decay"]
        step_size = group["lr"] / (1 - beta1**t)
        scalars = (
            beta1,
            1 - beta1,
            beta2,
            1 - beta2,
            group["eps"],
            decay,
            step_size,
            math.sqrt(1 - beta2**t),
        )
        step = adamw_step if weight.size > CHUNK else small_adamw_step
        step(
            weight.reshape(-1),
            grad.reshape(-1),
            state["exp_avg"].reshape(-1),
            state["exp_avg_sq"].reshape(-1),
            tuple(weight.dtype.type(s) for s in scalars),
        )

r"""Stochastic gradient descent with momentum.

With gradient g, weight w, velocity v, learning rate :math:`\eta`, momentum :math:`\mu`, dampening
:math:`\tau` and weight decay :math:`\lambda`, one step is

.. math::
    d &= g + \lambda w \\
    v &\leftarrow \mu v + (1 - \tau) d \qquad (v = d \text{ in the first step}) \\
    w &\leftarrow w - \eta v, \quad \text{or with Nesterov} \quad w \leftarrow w - \eta (d + \mu v)

References
----------
Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning",
ICML 2013.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from segnet_np.kernels.sgd import CHUNK, sgd_step, small_sgd_step
from segnet_np.layers.checks import check_number
from segnet_np.training.optimizer import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, equal to ``torch.optim.SGD``.

    Parameters
    ----------
    params : iterable of Parameter, or iterable of dict
        What to train, or groups of it with settings of their own.
    lr : float
        Learning rate.
    momentum : float
        What remains of the velocity from step to step; 0 keeps none.
    dampening : float
        What is left out of the new direction when it enters the velocity.
    weight_decay : float
        How much of the weight is added to its gradient.
    nesterov : bool
        Look ahead by one momentum step; needs momentum > 0 and dampening 0.

    Raises
    ------
    TypeError, ValueError
        When a setting is no number or out of range; see also `Optimizer`.

    Examples
    --------
    >>> from segnet_np.layers import Conv2d
    >>> conv = Conv2d(3, 8, kernel_size=3)
    >>> weights, biases = {"params": [conv.weight]}, {"params": [conv.bias], "weight_decay": 0.0}
    >>> opt = SGD([weights, biases], lr=0.1, weight_decay=5e-4)
    >>> [group["weight_decay"] for group in opt.param_groups]
    [0.0005, 0.0]
    """

    _state_names = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        defaults = dict(
            lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )
        super().__init__(params, defaults)

    def _check(self, group: dict[str, Any]) -> None:
        super()._check(group)
        for key in ("momentum", "dampening"):
            check_number(self._name, key, group[key])
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs momentum > 0 and dampening 0")

    def _move(
        self, weight: np.ndarray, grad: np.ndarray, state: dict[str, np.ndarray], group: dict[str, Any]
    ) -> None:
        scalar = weight.dtype.type
        dampening = group["dampening"]
        velocity = weight  # a stand-in: not touched without momentum
        if group["momentum"] != 0:
            if "momentum_buffer" not in state:
                # From a velocity of zero, undampened: the first one is the direction itself.
                state["momentum_buffer"] = np.zeros_like(weight)
                dampening = 0.0
            velocity = state["momentum_buffer"]
        step = sgd_step if weight.size > CHUNK else small_sgd_step
        step(
            weight.reshape(-1),
            grad.reshape(-1),
            velocity.reshape(-1),
            scalar(group["lr"]),
            scalar(group["momentum"]),
            scalar(1 - dampening),
            scalar(group["weight_decay"]),
            bool(group["nesterov"]),
        )

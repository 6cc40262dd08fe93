"""How the learning rate moves from the first step to the last.

Each schedule gives the factor, 0 to 1, by which step `step` of `steps`, counted from 0, multiplies the
learning rate. It depends on these two numbers alone, so a resumed run needs no state of it.
"""

import math

# The share of one_cycle's steps that warm up.
WARM_UP = 0.2


def constant(step: int, steps: int) -> float:
    """The same rate throughout, as the paper trains."""
    return 1.0


def poly(step: int, steps: int) -> float:
    """Down to nearly zero along (1 - step / steps)^0.9, as DeepLab made usual."""
    return (1 - step / steps) ** 0.9


def one_cycle(step: int, steps: int) -> float:
    """Up along a straight line in the first fifth, then down to nearly zero along a half cosine.

    References
    ----------
    Smith, Topin, "Super-convergence", arXiv 1708.07120; the cosine is from Loshchilov, Hutter, "SGDR",
    arXiv 1608.03983.
    """
    warm_up = math.ceil(WARM_UP * steps)
    if step < warm_up:
        return (step + 1) / (warm_up + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up)))


SCHEDULES = {"constant": constant, "poly": poly, "one-cycle": one_cycle}

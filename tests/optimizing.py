"""What the tests of the optimizers share: parameters of several sizes and a walk along random gradients."""

from types import SimpleNamespace

import numpy as np
import torch

SHAPES = [(5, 3, 3, 3), (5,), (7, 1000), (7,)]
TOLERANCE = {"float64": 1e-14, "float32": 4e-6}


def parameters(dtype):
    rng = np.random.default_rng(0)
    return [SimpleNamespace(data=rng.normal(size=s).astype(dtype), grad=None) for s in SHAPES]


def walk(optimizer, params, steps, first=0):
    """Take steps along random gradients; the second parameter has none in every third step."""
    for step in range(first, first + steps):
        rng = np.random.default_rng([step, 1])
        for k, p in enumerate(params):
            grad = rng.normal(size=p.data.shape)
            absent = k == 1 and step % 3 == 0
            if isinstance(p, torch.Tensor):
                p.grad = None if absent else torch.tensor(grad, dtype=p.dtype)
            else:
                p.grad = None if absent else grad.astype(p.data.dtype)
        optimizer.step()

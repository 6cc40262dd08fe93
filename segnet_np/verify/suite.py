"""Every layer and the whole nets, one gradient check after the other: what ``segnet-np gradcheck`` prints.

The sizes are small, pairwise different so that a swapped axis shows, and odd where pooling has to decide.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from segnet_np.layers import (
    BatchNorm2d,
    Concatenate,
    Conv2d,
    ConvBNReLU,
    ConvTranspose2d,
    Dropout,
    FixedUnpool2d,
    MaxPool2d,
    MaxUnpool2d,
    RandomUnpool2d,
    ReLU,
    UpsampleBilinear2d,
)
from segnet_np.models import SegNet, SegNetBasic
from segnet_np.models.net import Net
from segnet_np.verify.gradcheck import gradcheck
from segnet_np.verify.loss import CrossEntropy
from segnet_np.verify.report import GradcheckReport

#: The whole nets by the name their weights files use: a narrow one, a picture of odd size.
NETS: dict[str, tuple[Callable[..., Net], dict[str, int], tuple[int, ...]]] = {
    SegNet.model: (SegNet, {"width": 2, "num_classes": 5}, (2, 3, 45, 61)),
    SegNetBasic.model: (SegNetBasic, {"width": 3, "num_classes": 5}, (2, 3, 33, 47)),
}


def check_everything(model: str | None = None, seed: int = 0) -> Iterator[GradcheckReport]:
    """Check every layer, then whole nets, and hand out each report as soon as it is there.

    Parameters
    ----------
    model : {"segnet", "segnet-basic"}, optional
        Which net to check after the layers; both, if not given.
    seed : int, default 0
        Of weights, inputs and upstream gradients.

    Yields
    ------
    report : GradcheckReport

    Raises
    ------
    ValueError
        When there is no such model.
    """
    if model is not None and model not in NETS:
        raise ValueError(f"no model {model!r}; expected one of {', '.join(NETS)}")
    rng = np.random.default_rng(seed)
    for layer, x in _layers(rng, seed):
        yield gradcheck(layer, x, seed=seed)
    for name in NETS if model is None else [model]:
        kind, sizes, shape = NETS[name]
        for ceil_mode in (False, True):
            net = kind(**sizes, seed=seed, ceil_mode=ceil_mode)
            yield gradcheck(net, rng.standard_normal(shape), seed=seed)


def _layers(rng: np.random.Generator, seed: int) -> Iterator[tuple[Any, Any]]:
    """Pair each layer with an input."""
    x = rng.standard_normal((2, 3, 6, 8))
    yield Conv2d(3, 5, kernel_size=1, seed=rng), x
    yield Conv2d(3, 5, kernel_size=3, seed=rng), x
    yield Conv2d(3, 5, kernel_size=3, padding=1, bias=False, seed=rng), x
    yield Conv2d(3, 5, kernel_size=7, padding=3, seed=rng), x
    yield Conv2d(3, 5, kernel_size=3, padding=1, algorithm="winograd", seed=rng), x
    norm = BatchNorm2d(3)
    for parameter in norm.parameters():
        parameter.data[...] = rng.standard_normal(3)
    yield norm, x
    moved = BatchNorm2d(3)
    moved.running_mean[...], moved.running_var[...] = rng.standard_normal(3), rng.uniform(0.5, 2.0, 3)
    yield moved.eval(), x
    yield ReLU(), x
    yield Dropout(0.4), x
    odd = rng.standard_normal((2, 3, 5, 7))
    for ceil_mode in (False, True):
        pool = MaxPool2d(ceil_mode=ceil_mode)
        yield pool, odd
        y, indices = pool.forward(odd)
        yield MaxUnpool2d(), (rng.standard_normal(y.shape), indices)
    yield ConvBNReLU(3, 5, kernel_size=3, padding=1, seed=rng), x
    # What other decoders have in place of unpooling by indices, to a size that is odd once.
    small, size = rng.standard_normal((2, 3, 3, 4)), (7, 8)
    for layer in (FixedUnpool2d(), RandomUnpool2d(seed=seed), UpsampleBilinear2d()):
        yield layer, (small, size)
    yield ConvTranspose2d(3, 5, seed=rng), (small, size)
    yield Concatenate(), (x, rng.standard_normal((2, 4, 6, 8)))
    labels = rng.integers(0, 4, (2, 6, 8))
    yield CrossEntropy(class_weights=np.array([0.5, 1.0, 2.5]), ignore_index=3), (x, labels)

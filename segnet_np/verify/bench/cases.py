"""What is timed: a step of a whole net, or one convolution of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from segnet_np.layers import Conv2d, MaxPool2d, MaxUnpool2d
from segnet_np.layers.convolve import tile_size
from segnet_np.layers.pooling_indices import pooled_size
from segnet_np.models import SegNet, SegNetBasic
from segnet_np.models.net import Net

NETS: dict[str, Callable[..., Net]] = {SegNet.model: SegNet, SegNetBasic.model: SegNetBasic}
NUM_CLASSES = 11

#: What a convolution has to do in a training step.
PASSES = ("forward", "dx", "dweight")


@dataclass(frozen=True)
class Case:
    """One thing to time.

    Attributes
    ----------
    what : {"train", "inference", "forward", "dx", "dweight"}
        A training step (forward, loss, backward, SGD with momentum) or an inference of a whole net; or one
        pass of a single convolution.
    batch, height, width : int
        N, H and W of the input; of a convolution, of the maps.
    model : str
        "segnet" or "segnet-basic", of a whole net.
    channels, out_channels, kernel_size : int
        Of a net `channels` is its width; of a convolution C, O and K.
    """

    what: str
    batch: int
    height: int
    width: int
    channels: int
    model: str = SegNet.model
    out_channels: int = 0
    kernel_size: int = 3

    @property
    def name(self) -> str:
        """Such as ``train 8x3x96x96`` or ``dx 64->64 of 3x3, 8x96x96``."""
        if self.out_channels:
            kernel = f"{self.kernel_size}x{self.kernel_size}"
            maps = f"{self.batch}x{self.height}x{self.width}"
            return f"{self.what} {self.channels}->{self.out_channels} of {kernel}, {maps}"
        return f"{self.what} {self.model} width {self.channels}, {self.batch}x3x{self.height}x{self.width}"

    @property
    def gflop(self) -> float:
        """Operations that direct convolution needs, in units of 1e9."""
        if self.out_channels:
            pixels = self.batch * self.height * self.width
            return 2e-9 * pixels * self.channels * self.out_channels * self.kernel_size**2
        convolutions = list(convolutions_of(self).values())
        forward = sum(case.gflop for case in convolutions)
        # Backward makes dweight and dx, which the first layer does not need.
        return forward if self.what == "inference" else 3 * forward - convolutions[0].gflop

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def build(case: Case, seed: int = 0) -> Net:
    """The net of a case."""
    return NETS[case.model](num_classes=NUM_CLASSES, width=case.channels, seed=seed)


def batch_of(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Random images (N, 3, H, W) and labels (N, H, W)."""
    rng = np.random.default_rng(0)
    shape = (case.batch, case.height, case.width)
    x = rng.standard_normal((case.batch, 3, case.height, case.width)).astype("float32")
    return x, rng.integers(0, NUM_CLASSES, shape)


def arrays_of(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a convolution: random x (N, C, H, W), dout (N, O, H, W) and weight (O, C, K, K)."""
    rng = np.random.default_rng(0)
    shapes = (
        (case.batch, case.channels, case.height, case.width),
        (case.batch, case.out_channels, case.height, case.width),
        (case.out_channels, case.channels, case.kernel_size, case.kernel_size),
    )
    x, dout, weight = (rng.standard_normal(shape).astype("float32") for shape in shapes)
    return x, dout, weight


@lru_cache
def convolutions_of(case: Case) -> dict[str, Case]:
    """The convolutions of a whole net by name, as cases of their own, in the order of forward."""
    found, sizes = {}, [(case.height, case.width)]
    for name, layer in build(case).children().items():
        if isinstance(layer, MaxPool2d):
            sizes.append(pooled_size(sizes[-1], layer.ceil_mode))
        elif isinstance(layer, MaxUnpool2d):
            sizes.pop()
        elif isinstance(layer, Conv2d):
            found[name] = replace(
                case,
                what="forward",
                height=sizes[-1][0],
                width=sizes[-1][1],
                channels=layer.in_channels,
                out_channels=layer.out_channels,
                kernel_size=layer.kernel_size,
            )
    return found


def algorithm_of(case: Case) -> str:
    """What is chosen for a convolution: ``direct``, or Winograd's ``F(4x4)`` or ``F(2x2)``."""
    m = tile_size(
        "auto",
        np.dtype("float32"),
        case.kernel_size,
        min(case.channels, case.out_channels),
        (case.batch, case.height, case.width),
    )
    return f"F({m}x{m})" if m else "direct"

"""The PyTorch twin of each layer and net: the same operation, the same names, the same numbers.

Importing this module imports torch, so nothing imports it before a comparison is asked for. The twins of
the nets are written out as plain modules; their state dicts have our names, so our weights load with
``load_state_dict`` as they are.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from segnet_np import layers
from segnet_np.layers import Layer, PoolingIndices
from segnet_np.verify.loss import CrossEntropy
from segnet_np.verify.twin_decoders import BUILDERS

#: SegNet's stages by the last digit of their layers, and the channels after each layer in units of `width`.
_ENCODER = {
    1: {"1": 1, "2": 1},
    2: {"1": 2, "2": 2},
    3: {"1": 4, "2": 4, "3": 4},
    4: {"1": 8, "2": 8, "3": 8},
    5: {"1": 8, "2": 8, "3": 8},
}
_DECODER = {
    5: {"3": 8, "2": 8, "1": 8},
    4: {"3": 8, "2": 8, "1": 4},
    3: {"3": 4, "2": 4, "1": 2},
    2: {"2": 2, "1": 1},
    1: {"2": 1},
}


class SegNet(nn.Module):
    """SegNet as it is usually written in PyTorch, with sizes that need not be even."""

    def __init__(self, in_channels: int, num_classes: int, width: int, ceil_mode: bool = False) -> None:
        super().__init__()
        self.ceil_mode = ceil_mode
        channels = in_channels
        for stages, mark in ((_ENCODER, ""), (_DECODER, "d")):
            for stage, convs in stages.items():
                for digit, multiple in convs.items():
                    self.add_module(
                        f"conv{stage}{digit}{mark}", nn.Conv2d(channels, multiple * width, 3, padding=1)
                    )
                    self.add_module(f"bn{stage}{digit}{mark}", nn.BatchNorm2d(multiple * width))
                    channels = multiple * width
        self.conv11d = nn.Conv2d(channels, num_classes, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = []
        for stage, convs in _ENCODER.items():
            x = self._stage(x, stage, convs, "")
            size = x.shape[2:]
            x, indices = functional.max_pool2d(x, 2, ceil_mode=self.ceil_mode, return_indices=True)
            pooled.append((indices, size))
        for stage, convs in _DECODER.items():
            indices, size = pooled.pop()
            x = functional.max_unpool2d(x, indices, [2, 2], output_size=size)
            x = self._stage(x, stage, convs, "d")
        return self.conv11d(x)

    def _stage(self, x: torch.Tensor, stage: int, convs: dict[str, int], mark: str) -> torch.Tensor:
        for digit in convs:
            conv, bn = (self.get_submodule(f"{kind}{stage}{digit}{mark}") for kind in ("conv", "bn"))
            x = torch.relu(bn(conv(x)))
        return x


class SegNetBasic(nn.Module):
    """SegNet-Basic: four encoders, four decoders without ReLU, a 1x1 classifier."""

    def __init__(
        self, in_channels: int, num_classes: int, width: int, ceil_mode: bool = False, kernel_size: int = 7
    ) -> None:
        super().__init__()
        self.ceil_mode = ceil_mode
        for k in (1, 2, 3, 4):
            conv = nn.Conv2d(in_channels if k == 1 else width, width, kernel_size, padding=kernel_size // 2)
            self.add_module(f"conv{k}", conv)
            self.add_module(f"bn{k}", nn.BatchNorm2d(width))
        for k in (4, 3, 2, 1):
            self.add_module(f"conv_decode{k}", nn.Conv2d(width, width, kernel_size, padding=kernel_size // 2))
            self.add_module(f"bn_decode{k}", nn.BatchNorm2d(width))
        self.conv_classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = []
        for k in (1, 2, 3, 4):
            x = torch.relu(self.get_submodule(f"bn{k}")(self.get_submodule(f"conv{k}")(x)))
            size = x.shape[2:]
            x, indices = functional.max_pool2d(x, 2, ceil_mode=self.ceil_mode, return_indices=True)
            pooled.append((indices, size))
        for k in (4, 3, 2, 1):
            indices, size = pooled.pop()
            x = functional.max_unpool2d(x, indices, [2, 2], output_size=size)
            x = self.get_submodule(f"bn_decode{k}")(self.get_submodule(f"conv_decode{k}")(x))
        return self.conv_classifier(x)


class _Unpool(nn.Module):
    """Unpooling that takes its size from the pooling indices, as ours does."""

    def forward(
        self, y: torch.Tensor, indices: Any, output_size: tuple[int, int] | None = None
    ) -> torch.Tensor:
        if isinstance(indices, PoolingIndices):
            indices, output_size = torch.from_numpy(indices.flat), indices.input_size
        return functional.max_unpool2d(y, indices, [2, 2], output_size=output_size)


class _CrossEntropy(nn.Module):
    def __init__(self, loss: CrossEntropy) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        weights, ignored = self.loss.class_weights, self.loss.ignore_index
        return functional.cross_entropy(
            logits,
            labels.long(),
            weight=None if weights is None else torch.from_numpy(weights).to(logits.dtype),
            ignore_index=-100 if ignored is None else ignored,
        )


def _conv(layer: layers.Conv2d) -> nn.Module:
    out_channels, in_channels, size, _ = layer.weight.data.shape
    return nn.Conv2d(in_channels, out_channels, size, padding=layer.padding, bias=layer.bias is not None)


def _batch_norm(layer: layers.BatchNorm2d) -> nn.Module:
    return nn.BatchNorm2d(layer.num_features, eps=layer.eps, momentum=layer.momentum)


def _conv_bn_relu(layer: layers.ConvBNReLU) -> nn.Module:
    module = nn.Sequential()
    for name, child in layer.children().items():
        module.add_module(name, counterpart(child))
    return module


def _net(module: type[nn.Module]) -> Callable[[Any], nn.Module]:
    def build(net: Any) -> nn.Module:
        wanted = ("in_channels", "num_classes", "width", "ceil_mode", "kernel_size")
        return module(**{name: net.config[name] for name in wanted if name in net.config})

    return build


def _builders() -> dict[type, Callable[[Any], nn.Module]]:
    from segnet_np import models

    return {
        layers.Conv2d: _conv,
        layers.BatchNorm2d: _batch_norm,
        layers.ReLU: lambda layer: nn.ReLU(),
        layers.MaxPool2d: lambda layer: nn.MaxPool2d(2, ceil_mode=layer.ceil_mode, return_indices=True),
        layers.MaxUnpool2d: lambda layer: _Unpool(),
        layers.ConvBNReLU: _conv_bn_relu,
        CrossEntropy: _CrossEntropy,
        models.SegNet: _net(SegNet),
        models.SegNetBasic: _net(SegNetBasic),
        **BUILDERS,
    }


def has_counterpart(layer: object) -> bool:
    """Whether PyTorch has the same thing: one of our layers or nets, or an object derived from one."""
    if getattr(layer, "dropout", 0) or getattr(layer, "decoder_kind", "") == "random":
        return False  # PyTorch would drop other numbers and draw other places
    return any(isinstance(layer, kind) for kind in _builders())


def counterpart(layer: Layer) -> nn.Module:
    """Build the PyTorch module of a layer or net, with its weights, statistics, dtype and mode.

    Parameters
    ----------
    layer : Layer or Net

    Returns
    -------
    module : torch.nn.Module
        Its parameters have the names of ours.

    Raises
    ------
    TypeError
        When there is no counterpart.
    """
    for kind, build in _builders().items():
        if isinstance(layer, kind):
            module = build(layer)
            break
    else:
        raise TypeError(f"no PyTorch counterpart of {type(layer).__name__}")
    state = {name: torch.from_numpy(value.copy()) for name, value in _state(layer).items()}
    floats = [value for value in state.values() if value.is_floating_point()]
    if floats:
        module = module.to(floats[0].dtype)
    module.load_state_dict(state, strict=True)
    module.train(layer.training)
    modules = dict(module.named_modules())
    for name, child in layer.children().items():  # a batch norm may be frozen
        if name in modules:
            modules[name].train(child.training)
    return module


def _state(layer: Any) -> dict[str, np.ndarray]:
    if hasattr(layer, "state_dict"):
        return layer.state_dict()
    state = {name: parameter.data for name, parameter in layer.named_parameters()}
    for prefix, part in [("", layer), *((f"{name}.", child) for name, child in layer.children().items())]:
        if isinstance(part, layers.BatchNorm2d):
            buffers = ("running_mean", "running_var", "num_batches_tracked")
            state |= {f"{prefix}{name}": np.asarray(getattr(part, name)) for name in buffers}
    return state


class Result(NamedTuple):
    """What PyTorch gives for one forward and one backward."""

    output: np.ndarray
    inputs: tuple[np.ndarray, ...]
    parameters: dict[str, np.ndarray]


def run(module: nn.Module, inputs: Sequence[Any], dout: np.ndarray) -> Result:
    """Run a module forward and backward on NumPy arrays.

    Parameters
    ----------
    module : torch.nn.Module
    inputs : sequence
        What its forward takes; float arrays are differentiated, integer arrays become tensors, all else is
        passed as it is.
    dout : ndarray
        The upstream gradient of the (first) output.

    Returns
    -------
    result : Result
        The first output, the gradients of the float inputs in their order, and those of the parameters.
    """
    tensors = [torch.tensor(value) if isinstance(value, np.ndarray) else value for value in inputs]
    leaves = [t.requires_grad_() for t in tensors if isinstance(t, torch.Tensor) and t.is_floating_point()]
    module.zero_grad()
    output = module(*tensors)
    output = output[0] if isinstance(output, tuple) else output
    output.backward(torch.as_tensor(dout, dtype=output.dtype))
    gradients = {name: p.grad.numpy().copy() for name, p in module.named_parameters() if p.grad is not None}
    return Result(output.detach().numpy().copy(), tuple(np.asarray(leaf.grad) for leaf in leaves), gradients)

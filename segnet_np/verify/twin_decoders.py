"""The PyTorch twins of the layers and the net that compare decoders; :mod:`segnet_np.verify.twin` knows them.

Random unpooling has none: each side would draw places of its own.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from segnet_np import layers
from segnet_np.models.decoder_variants import DecoderVariant as OurDecoderVariant

Size = tuple[int, int]


class _FixedUnpool(nn.Module):
    def forward(self, y: torch.Tensor, output_size: Size | None = None) -> torch.Tensor:
        height, width = output_size or (2 * y.shape[2], 2 * y.shape[3])
        out = y.new_zeros(*y.shape[:2], height, width)
        out[:, :, : 2 * y.shape[2] : 2, : 2 * y.shape[3] : 2] = y
        return out


class _Bilinear(nn.Module):
    def forward(self, x: torch.Tensor, output_size: Size | None = None) -> torch.Tensor:
        size = output_size or (2 * x.shape[2], 2 * x.shape[3])
        return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


class _ConvTranspose(nn.ConvTranspose2d):
    """PyTorch's, one row and column larger than twice the size and then cut to the wanted one."""

    def forward(self, x: torch.Tensor, output_size: Size | None = None) -> torch.Tensor:  # type: ignore[override]
        height, width = output_size or (2 * x.shape[2], 2 * x.shape[3])
        out = functional.conv_transpose2d(x, self.weight, self.bias, stride=2, output_padding=1)
        return out[:, :, :height, :width]


class _Concatenate(nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.cat([a, b], dim=1)


class DecoderVariant(nn.Module):
    """SegNet-Basic whose decoder stages begin in one way or another."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.kind, self.ceil_mode = config["decoder"], config["ceil_mode"]
        size, width, narrow = config["kernel_size"], config["width"], config["decoder_width"]
        for k in (1, 2, 3, 4):
            channels = config["in_channels"] if k == 1 else width
            self.add_module(f"conv{k}", nn.Conv2d(channels, width, size, padding=size // 2))
            self.add_module(f"bn{k}", nn.BatchNorm2d(width))
        beside = width if self.kind == "concatenation" else 0
        for k in (4, 3, 2, 1):
            below = width if k == 4 else narrow
            if self.kind == "transposed":
                self.add_module(f"unpool{k}", _ConvTranspose(below, below, 2, stride=2))
            conv = nn.Conv2d(below + beside, narrow, size, padding=size // 2)
            self.add_module(f"conv_decode{k}", conv)
            self.add_module(f"bn_decode{k}", nn.BatchNorm2d(narrow))
        self.conv_classifier = nn.Conv2d(narrow, config["num_classes"], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = []
        for k in (1, 2, 3, 4):
            x = torch.relu(self.get_submodule(f"bn{k}")(self.get_submodule(f"conv{k}")(x)))
            before = x
            x, indices = functional.max_pool2d(x, 2, ceil_mode=self.ceil_mode, return_indices=True)
            kept.append((before, indices))
        for k in (4, 3, 2, 1):
            before, indices = kept.pop()
            size = (before.shape[2], before.shape[3])
            if self.kind == "indices":
                x = functional.max_unpool2d(x, indices, [2, 2], output_size=size)
            elif self.kind == "fixed":
                x = _FixedUnpool()(x, size)
            elif self.kind == "transposed":
                x = self.get_submodule(f"unpool{k}")(x, size)
            else:
                x = _Bilinear()(x, size)
            if self.kind == "concatenation":
                x = torch.cat([x, before], dim=1)
            x = self.get_submodule(f"bn_decode{k}")(self.get_submodule(f"conv_decode{k}")(x))
        return self.conv_classifier(x)


def _conv_transpose(layer: layers.ConvTranspose2d) -> nn.Module:
    return _ConvTranspose(layer.in_channels, layer.out_channels, 2, stride=2, bias=layer.bias is not None)


BUILDERS: dict[type, Callable[[Any], nn.Module]] = {
    layers.FixedUnpool2d: lambda layer: _FixedUnpool(),
    layers.UpsampleBilinear2d: lambda layer: _Bilinear(),
    layers.ConvTranspose2d: _conv_transpose,
    layers.Concatenate: lambda layer: _Concatenate(),
    OurDecoderVariant: lambda net: DecoderVariant(net.config),
}

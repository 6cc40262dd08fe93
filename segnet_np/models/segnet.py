"""SegNet: an encoder that pools and remembers where, a decoder that puts back where it was.

The encoder is VGG-16's 13 convolutions, each with batch norm and ReLU, in five stages that end with
max-pooling. The decoder mirrors it: each stage starts with unpooling by the indices of its encoder stage, and
its convolutions fill in the zeros. A last convolution gives one map per class (arXiv 1511.00561, section 3
and figure 2).

:class:`EncoderDecoder` is the one place where pooling indices travel from the encoder to the decoder.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.layers.base import Layer
from segnet_np.layers.conv2d import Conv2d
from segnet_np.layers.conv_bn_relu import ConvBNReLU
from segnet_np.layers.dropout import Dropout
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finished
from segnet_np.layers.max_pool import MaxPool2d
from segnet_np.layers.max_unpool import MaxUnpool2d
from segnet_np.models.net import Net

# How many convolutions each of VGG-16's stages has, and how many channels, in units of the width.
_STAGES = (2, 2, 3, 3, 3)
_CHANNELS = (1, 2, 4, 8, 8)

# The first stage that has dropout, if there is any.
_FIRST_DROPPED = 3

Stage = dict[str, ConvBNReLU]


class EncoderDecoder(Net):
    """Stages that pool, then stages that unpool by the same indices, then a classifier.

    A subclass fills these:

    Attributes
    ----------
    encoder, decoder : list of dict
        Stages in the order of the forward pass, each from a name like ``"11"`` to its block.
    pools, unpools : list
        What ends each stage of the encoder and starts each of the decoder.
    pool_dropouts, stage_dropouts : list of Dropout
        What follows each pool, and each stage of the decoder; without dropout they do nothing.
    classifier : Conv2d
    classifier_name : str
        Its name in the state dict.
    """

    classifier_name = ""
    encoder: list[Stage]
    decoder: list[Stage]
    pools: list[MaxPool2d]
    unpools: list[MaxUnpool2d]
    pool_dropouts: list[Dropout]
    stage_dropouts: list[Dropout]
    classifier: Conv2d

    def run_forward(self, x: np.ndarray) -> np.ndarray:
        """Pass x through encoder, decoder and classifier."""
        maps = finished(to_nhwc(x))
        remembered = []
        for stage, pool, dropout in zip(self.encoder, self.pools, self.pool_dropouts, strict=True):
            for block in stage.values():
                maps = block.lazy_forward(maps)
            maps, indices = pool.lazy_forward(maps)
            remembered.append(indices)  # the pooling indices leave the encoder here ...
            maps = dropout.lazy_forward(maps)
        for unpool, stage, dropout in zip(self.unpools, self.decoder, self.stage_dropouts, strict=True):
            # ... and reach the decoder here, the last ones first
            maps = unpool.lazy_forward(maps, remembered.pop())
            for block in stage.values():
                maps = block.lazy_forward(maps)
            maps = dropout.lazy_forward(maps)
        return to_nchw(self.classifier.lazy_forward(maps).raw)

    def run_backward(self, dlogits: np.ndarray, input_grad: bool) -> np.ndarray | None:
        """The same layers in the other order. Each remembers its own forward pass, the indices too."""
        dmaps: Any = self.classifier.lazy_backward(finished(to_nhwc(dlogits)))
        decoder = zip(self.unpools, self.decoder, self.stage_dropouts, strict=True)
        for unpool, stage, dropout in reversed(list(decoder)):
            dmaps = dropout.lazy_backward(dmaps)
            for block in reversed(stage.values()):
                dmaps = block.lazy_backward(dmaps)
            dmaps = unpool.lazy_backward(dmaps)
        first = next(iter(self.encoder[0].values()))
        encoder = zip(self.encoder, self.pools, self.pool_dropouts, strict=True)
        for stage, pool, dropout in reversed(list(encoder)):
            dmaps = dropout.lazy_backward(dmaps)
            dmaps = pool.lazy_backward(dmaps)
            for block in reversed(stage.values()):
                dmaps = block.lazy_backward(dmaps, input_grad or block is not first)
        return None if dmaps is None else to_nchw(dmaps.raw.copy())  # the user's own, in memory of its size

    def parts(self) -> list[Layer]:
        """The blocks, which hand on to their own layers, and what stands between them."""
        blocks = [block for stage in [*self.encoder, *self.decoder] for block in stage.values()]
        between = [*self.pools, *self.unpools, *self.pool_dropouts, *self.stage_dropouts]
        return [*blocks, *between, self.classifier]

    def seed_dropout(self, *key: int) -> None:
        """See :meth:`segnet_np.models.net.Net.seed_dropout`; the same key gives the same numbers."""
        for k, dropout in enumerate([*self.pool_dropouts, *self.stage_dropouts]):
            if dropout.p:  # the others draw nothing, and making a generator takes time in every step
                dropout.generator = np.random.default_rng((*key, k))

    def children(self) -> dict[str, Layer]:
        """All layers in the order of forward: ``conv11 bn11 relu11 ... pool1 ... unpool1 ... conv11d``."""

        def parts(stage: Stage) -> dict[str, Layer]:
            return {
                f"{part}{name}": layer
                for name, block in stage.items()
                for part, layer in block.children().items()
            }

        layers: dict[str, Layer] = {}
        encoder = zip(self.encoder, self.pools, self.pool_dropouts, strict=True)
        for number, (stage, pool, dropout) in enumerate(encoder, start=1):
            layers |= {**parts(stage), f"pool{number}": pool}
            if dropout.p:
                layers[f"dropout{number}"] = dropout
        decoder = zip(self.unpools, self.decoder, self.stage_dropouts, strict=True)
        for number, (unpool, stage, dropout) in zip(range(len(self.pools), 0, -1), decoder, strict=True):
            layers |= {f"unpool{number}": unpool, **parts(stage)}
            if dropout.p:
                layers[f"dropout{number}d"] = dropout
        return layers | {self.classifier_name: self.classifier}

    def _place_dropout(self, draw: np.random.Generator) -> None:
        """Put dropout where Bayesian SegNet has it: at the deeper stages, where most weights are."""

        def at(stage: int) -> Dropout:
            p = self.dropout if stage >= _FIRST_DROPPED else 0
            return Dropout(p, seed=draw if p else 0)

        stages = range(1, len(self.pools) + 1)
        self.pool_dropouts = [at(stage) for stage in stages]
        self.stage_dropouts = [at(stage) for stage in reversed(stages)]


class SegNet(EncoderDecoder):
    """SegNet with the encoder of VGG-16.

    Parameters
    ----------
    in_channels : int, default 3
    num_classes : int, default 11
    width : int, default 64
        Channels of the first stage; the five stages have 1, 2, 4, 8 and 8 times as many. The paper's net has
        64, which makes 29.4 million parameters for 11 classes.
    dtype : dtype-like, default "float32"
        float32 to train, float64 to check.
    seed : int, default 0
        Where the initial weights are drawn from.
    ceil_mode : bool, default False
        How odd sizes are pooled; True as Caffe, and so the authors, did.
    dropout : float, default 0
        The probability with which numbers are dropped in training, behind the pools and the decoder's stages
        from the third stage on; Bayesian SegNet has 0.5 (arXiv 1511.02680).

    Raises
    ------
    TypeError, ValueError
        If a number is no whole number or below 1, `dtype` another one, or `dropout` not from 0 to below 1.

    Examples
    --------
    >>> net = SegNet(width=4).eval()
    >>> net(np.zeros((1, 3, 45, 61), "float32")).shape
    (1, 11, 45, 61)
    """

    model = "segnet"
    min_size = 32
    classifier_name = "conv11d"

    def __init__(
        self,
        in_channels: int = 3,
        num_classes: int = 11,
        width: int = 64,
        dtype: DTypeLike = "float32",
        seed: int = 0,
        *,
        ceil_mode: bool = False,
        dropout: float = 0,
    ) -> None:
        super().__init__(in_channels, num_classes, width, dtype, ceil_mode, dropout)
        draw = np.random.default_rng(seed)

        def block(channels: int, out_channels: int) -> ConvBNReLU:
            return ConvBNReLU(channels, out_channels, kernel_size=3, padding=1, dtype=self.dtype, seed=draw)

        self.encoder, self.decoder = [], []
        channels = in_channels
        for stage, (count, times) in enumerate(zip(_STAGES, _CHANNELS, strict=True), start=1):
            self.encoder.append({})
            for k in range(1, count + 1):
                self.encoder[-1][f"{stage}{k}"] = block(channels, times * width)
                channels = times * width
        for stage in range(5, 0, -1):
            # The last convolution of a stage goes down to the channels of the stage below; conv11d is the
            # classifier.
            below = _CHANNELS[max(stage - 2, 0)] * width
            self.decoder.append({})
            for k in range(_STAGES[stage - 1], 0 if stage > 1 else 1, -1):
                out_channels = below if k == 1 else channels
                self.decoder[-1][f"{stage}{k}d"] = block(channels, out_channels)
                channels = out_channels
        self.pools = [MaxPool2d(ceil_mode=ceil_mode) for _ in _STAGES]
        self.unpools = [MaxUnpool2d() for _ in _STAGES]
        self.classifier = Conv2d(channels, num_classes, kernel_size=3, padding=1, dtype=self.dtype, seed=draw)
        self._place_dropout(draw)
        self.train()

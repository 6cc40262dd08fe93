"""One encoder, six decoders: what does it give to remember where the maxima were?

The paper compares decoders on SegNet-Basic (arXiv 1511.00561, section 3.1 and table 1). So does this net: the
encoder and the blocks of the decoder are those of :class:`SegNetBasic`, and only what brings the maps back to
the size of each stage differs:

===============  ==================================================  =================================
decoder          how a stage begins                                  what the encoder keeps for it
===============  ==================================================  =================================
"indices"        unpooling to where the maxima were: SegNet          one of four places per window
"fixed"          unpooling to the top left of each window            nothing
"random"         unpooling to a random place of each window          nothing
"bilinear"       bilinear upsampling                                 nothing
"transposed"     transposed convolution, 2x2 with stride 2           nothing
"concatenation"  bilinear upsampling, then the encoder's own maps    all its maps before each pooling
                 of that size beside them, in the manner of U-Net
===============  ==================================================  =================================

Bilinear upsampling and concatenation differ in the encoder's maps alone, so their difference is what those
maps give; U-Net itself has a transposed convolution there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.kernels.maps import LazyMaps
from segnet_np.layers.base import Layer
from segnet_np.layers.checks import check_count
from segnet_np.layers.concatenate import Concatenate, add_gradients
from segnet_np.layers.conv2d import Conv2d
from segnet_np.layers.conv_bn_relu import ConvBNReLU
from segnet_np.layers.conv_transpose2d import ConvTranspose2d
from segnet_np.layers.fixed_unpool import FixedUnpool2d
from segnet_np.layers.layout import to_nchw, to_nhwc
from segnet_np.layers.lazy import finished
from segnet_np.layers.max_pool import MaxPool2d
from segnet_np.layers.max_unpool import MaxUnpool2d
from segnet_np.layers.pooling_indices import PoolingIndices
from segnet_np.layers.random_unpool import RandomUnpool2d
from segnet_np.layers.upsample_bilinear import UpsampleBilinear2d
from segnet_np.models.segnet import EncoderDecoder

DECODERS = ("indices", "fixed", "random", "bilinear", "transposed", "concatenation")
WRONG = ("fixed", "random")

_STAGES = 4


class DecoderVariant(EncoderDecoder):
    """SegNet-Basic with a decoder to choose.

    Parameters
    ----------
    in_channels : int, default 3
    num_classes : int, default 11
    width : int, default 64
        Channels of the encoder's convolutions.
    kernel_size : int, default 7
        Odd.
    dtype : dtype-like, default "float32"
        float32 to train, float64 to check.
    seed : int, default 0
        Where the initial weights are drawn from. The encoder's are the same for each decoder.
    decoder : str, default "indices"
        One of :data:`DECODERS`. With "indices" it is SegNetBasic, number for number.
    decoder_width : int, optional
        Channels of the decoder's convolutions; `width`, if not given. A smaller one makes up for the
        parameters that transposed convolutions and concatenation add. Indices belong to as many maps as were
        pooled, so with "indices" it cannot be another one.
    ceil_mode : bool, default False
        How odd sizes are pooled; True as Caffe, and so the authors, did.
    dropout : float, default 0
        As in :class:`segnet_np.models.segnet.SegNet`.

    Raises
    ------
    TypeError, ValueError
        If a number is no whole number or below 1, the kernel is even, `dtype` or `decoder` another one,
        `decoder_width` not `width` with "indices", or `dropout` not from 0 to below 1.

    Examples
    --------
    >>> net = DecoderVariant(width=4, kernel_size=3, decoder="bilinear").eval()
    >>> net(np.zeros((1, 3, 45, 61), "float32")).shape
    (1, 11, 45, 61)
    """

    model = "decoder-variant"
    min_size = 16
    classifier_name = "conv_classifier"
    # One layer a stage, of one kind or another.
    unpools: list[Layer]  # type: ignore[assignment]

    def __init__(
        self,
        in_channels: int = 3,
        num_classes: int = 11,
        width: int = 64,
        kernel_size: int = 7,
        dtype: DTypeLike = "float32",
        seed: int = 0,
        *,
        decoder: str = "indices",
        decoder_width: int | None = None,
        ceil_mode: bool = False,
        dropout: float = 0,
    ) -> None:
        super().__init__(in_channels, num_classes, width, dtype, ceil_mode, dropout)
        self.kernel_size = check_count("DecoderVariant", "kernel_size", kernel_size, 1)
        if decoder not in DECODERS:
            raise ValueError(f"DecoderVariant: decoder must be one of {DECODERS}, but {decoder!r} was given")
        self.decoder_kind = decoder
        narrow = width if decoder_width is None else decoder_width
        self.decoder_width = check_count("DecoderVariant", "decoder_width", narrow, 1)
        if decoder == "indices" and narrow != width:
            raise ValueError(
                "DecoderVariant: unpooling by indices needs as many maps as were pooled, so decoder_width "
                f"must be width, {width}, but {narrow} was given"
            )
        self.config |= {
            "kernel_size": self.kernel_size, "decoder": decoder, "decoder_width": self.decoder_width,
        }  # fmt: skip
        draw = np.random.default_rng(seed)

        def block(channels: int, out_channels: int, relu: bool) -> ConvBNReLU:
            return ConvBNReLU(
                channels, out_channels, kernel_size, kernel_size // 2, relu, dtype=self.dtype, seed=draw
            )

        stages = range(1, _STAGES + 1)
        self.encoder = [{f"{k}": block(width if k > 1 else in_channels, width, relu=True)} for k in stages]
        # What reaches each stage of the decoder from below, and from the side.
        below = [width if k == _STAGES else narrow for k in reversed(stages)]
        beside = width if decoder == "concatenation" else 0
        self.decoder = [
            {f"_decode{k}": block(channels + beside, narrow, relu=False)}
            for k, channels in zip(reversed(stages), below, strict=True)
        ]
        self.classifier = Conv2d(narrow, num_classes, kernel_size=1, dtype=self.dtype, seed=draw)
        self.pools = [MaxPool2d(ceil_mode=ceil_mode) for _ in stages]
        self.unpools = [self._beginning(decoder, channels, draw) for channels in below]
        self.joins = [Concatenate() for _ in stages] if decoder == "concatenation" else []
        self._place_dropout(draw)
        self.seed_dropout(0)
        self.train()

    def _beginning(self, decoder: str, channels: int, draw: np.random.Generator) -> Layer:
        """What brings the maps to the size of a stage."""
        if decoder == "transposed":
            return ConvTranspose2d(channels, channels, dtype=self.dtype, seed=draw)
        kinds = {"indices": MaxUnpool2d, "fixed": FixedUnpool2d, "random": RandomUnpool2d}
        return kinds.get(decoder, UpsampleBilinear2d)()

    def run_forward(self, x: np.ndarray) -> np.ndarray:
        """Pass x through encoder, decoder and classifier."""
        maps = finished(to_nhwc(x))
        kept: list[tuple[LazyMaps, PoolingIndices]] = []
        for stage, pool, dropout in zip(self.encoder, self.pools, self.pool_dropouts, strict=True):
            for block in stage.values():
                maps = block.lazy_forward(maps)
            before = maps
            maps, indices = pool.lazy_forward(maps)
            kept.append((before, indices))
            maps = dropout.lazy_forward(maps)
        for k, (stage, dropout) in enumerate(zip(self.decoder, self.stage_dropouts, strict=True)):
            before, indices = kept.pop()
            # Only SegNet's own decoder asks where the maxima were; the others ask how large the maps were.
            wanted = indices if isinstance(self.unpools[k], MaxUnpool2d) else indices.input_size
            maps = self.unpools[k].lazy_forward(maps, wanted)
            if self.joins:
                maps = self.joins[k].lazy_forward(maps, before)
            for block in stage.values():
                maps = block.lazy_forward(maps)
            maps = dropout.lazy_forward(maps)
        return to_nchw(self.classifier.lazy_forward(maps).raw)

    def run_backward(self, dlogits: np.ndarray, input_grad: bool) -> np.ndarray | None:
        """The same layers in the other order."""
        dmaps: Any = self.classifier.lazy_backward(finished(to_nhwc(dlogits)))
        dbefore = []
        for k, stage in reversed(list(enumerate(self.decoder))):
            dmaps = self.stage_dropouts[k].lazy_backward(dmaps)
            for block in reversed(stage.values()):
                dmaps = block.lazy_backward(dmaps)
            if self.joins:
                dmaps, dbeside = self.joins[k].split(dmaps)
                dbefore.append(dbeside)
            dmaps = self.unpools[k].lazy_backward(dmaps)
        first = next(iter(self.encoder[0].values()))
        encoder = zip(self.encoder, self.pools, self.pool_dropouts, strict=True)
        for stage, pool, dropout in reversed(list(encoder)):
            dmaps = dropout.lazy_backward(dmaps)
            dmaps = pool.lazy_backward(dmaps)
            if dbefore:
                # What went two ways, into the pool and into the decoder, gets the sum of what comes back.
                dmaps = add_gradients(dmaps, dbefore.pop())
            for block in reversed(stage.values()):
                dmaps = block.lazy_backward(dmaps, input_grad or block is not first)
        return None if dmaps is None else to_nchw(dmaps.raw.copy())  # the user's own, in memory of its size

    @contextmanager
    def misplaced(self, stage: int, how: str, seed: int = 0) -> Iterator["DecoderVariant"]:
        """For the length of a with block, unpool one stage to wrong places, whatever the indices say.

        Parameters
        ----------
        stage : int
            1 to 4; 1 is the one of the picture's own size, 4 the deepest.
        how : str
            "fixed" for the top left of each window, "random" for a place that is drawn. Both hit the right
            one by chance now and then, "random" in a quarter of the windows.
        seed : int, default 0
            Of the random places.

        Yields
        ------
        net : DecoderVariant
            This net.

        Raises
        ------
        ValueError
            If its decoder has no indices, or there is no such stage or way.

        Examples
        --------
        >>> net = DecoderVariant(width=4, kernel_size=3)
        >>> with net.misplaced(4, "random"):
        ...     labels, _ = net.predict(np.zeros((32, 32, 3), np.uint8))
        """
        if self.decoder_kind != "indices":
            raise ValueError(
                "DecoderVariant: misplaced needs the decoder 'indices', but this one is "
                f"{self.decoder_kind!r}"
            )
        if stage not in range(1, _STAGES + 1) or how not in WRONG:
            raise ValueError(
                f"DecoderVariant: misplaced takes a stage from 1 to {_STAGES} and one of {WRONG}, "
                f"but {stage!r} and {how!r} were given"
            )
        right = self.unpools[-stage]
        wrong = FixedUnpool2d() if how == "fixed" else RandomUnpool2d(seed=seed)
        wrong.training = right.training
        wrong.use(self.workspace, right.remembers)
        self.unpools[-stage] = wrong
        try:
            yield self
        finally:
            self.unpools[-stage] = right

    def seed_dropout(self, *key: int) -> None:
        """Also draws the places of "random" decoders from `key`; the same key gives the same numbers."""
        super().seed_dropout(*key)
        for k, unpool in enumerate(self.unpools):
            if isinstance(unpool, RandomUnpool2d):
                unpool.generator = np.random.default_rng((*key, len(self.pools) + k))

    def parts(self) -> list[Layer]:
        """As in other nets, and what concatenates."""
        return [*super().parts(), *self.joins]

    def children(self) -> dict[str, Layer]:
        """As in SegNet-Basic, whatever ``unpool4`` to ``unpool1`` do, and ``concatenate4`` and so on."""
        joins = {f"unpool{_STAGES - k}": join for k, join in enumerate(self.joins)}
        layers: dict[str, Layer] = {}
        for name, layer in super().children().items():
            layers[name] = layer
            if name in joins:
                layers[name.replace("unpool", "concatenate")] = joins[name]
        return layers

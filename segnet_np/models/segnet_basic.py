"""SegNet-Basic: the smaller net on which the paper compares decoders.

Four encoder stages of one 7x7 convolution with batch norm, ReLU and pooling; four decoder stages of unpooling
and one 7x7 convolution with batch norm, without ReLU; a 1x1 classifier (arXiv 1511.00561, section 3.1). The
large kernels make up for the missing depth: a pixel of the deepest map sees 106x106 pixels of the picture.
"""

import numpy as np
from numpy.typing import DTypeLike

from segnet_np.layers.checks import check_count
from segnet_np.layers.conv2d import Conv2d
from segnet_np.layers.conv_bn_relu import ConvBNReLU
from segnet_np.layers.max_pool import MaxPool2d
from segnet_np.layers.max_unpool import MaxUnpool2d
from segnet_np.models.segnet import EncoderDecoder

_STAGES = 4


class SegNetBasic(EncoderDecoder):
    """SegNet with four stages of one convolution each.

    Parameters
    ----------
    in_channels : int, default 3
    num_classes : int, default 11
    width : int, default 64
        Channels of every convolution but the classifier.
    kernel_size : int, default 7
        Odd.
    dtype : dtype-like, default "float32"
        float32 to train, float64 to check.
    seed : int, default 0
        Where the initial weights are drawn from.
    ceil_mode : bool, default False
        How odd sizes are pooled; True as Caffe, and so the authors, did.
    dropout : float, default 0
        As in :class:`segnet_np.models.segnet.SegNet`.

    Raises
    ------
    TypeError, ValueError
        If a number is no whole number or below 1, the kernel is even, `dtype` another one, or `dropout` not
        from 0 to below 1.

    Examples
    --------
    >>> net = SegNetBasic(width=4).eval()
    >>> net(np.zeros((1, 3, 45, 61), "float32")).shape
    (1, 11, 45, 61)
    """

    model = "segnet-basic"
    min_size = 16
    classifier_name = "conv_classifier"

    def __init__(
        self,
        in_channels: int = 3,
        num_classes: int = 11,
        width: int = 64,
        kernel_size: int = 7,
        dtype: DTypeLike = "float32",
        seed: int = 0,
        *,
        ceil_mode: bool = False,
        dropout: float = 0,
    ) -> None:
        super().__init__(in_channels, num_classes, width, dtype, ceil_mode, dropout)
        self.kernel_size = check_count("SegNetBasic", "kernel_size", kernel_size, 1)
        self.config["kernel_size"] = self.kernel_size
        draw = np.random.default_rng(seed)

        def block(channels: int, relu: bool) -> ConvBNReLU:
            return ConvBNReLU(
                channels, width, kernel_size, kernel_size // 2, relu, dtype=self.dtype, seed=draw
            )

        self.encoder = [
            {f"{k}": block(width if k > 1 else in_channels, relu=True)} for k in range(1, _STAGES + 1)
        ]
        self.decoder = [{f"_decode{k}": block(width, relu=False)} for k in range(_STAGES, 0, -1)]
        self.pools = [MaxPool2d(ceil_mode=ceil_mode) for _ in range(_STAGES)]
        self.unpools = [MaxUnpool2d() for _ in range(_STAGES)]
        self.classifier = Conv2d(width, num_classes, kernel_size=1, dtype=self.dtype, seed=draw)
        self._place_dropout(draw)
        self.train()

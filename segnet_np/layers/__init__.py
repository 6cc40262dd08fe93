"""The layers: one operation a file, its equations, its shapes, forward and backward."""

from segnet_np.layers.base import Layer, Parameter
from segnet_np.layers.batch_norm import BatchNorm2d
from segnet_np.layers.concatenate import Concatenate
from segnet_np.layers.conv2d import Conv2d
from segnet_np.layers.conv_bn_relu import ConvBNReLU
from segnet_np.layers.conv_transpose2d import ConvTranspose2d
from segnet_np.layers.dropout import Dropout
from segnet_np.layers.fixed_unpool import FixedUnpool2d
from segnet_np.layers.max_pool import MaxPool2d
from segnet_np.layers.max_unpool import MaxUnpool2d
from segnet_np.layers.pooling_indices import PoolingIndices
from segnet_np.layers.random_unpool import RandomUnpool2d
from segnet_np.layers.relu import ReLU
from segnet_np.layers.softmax_cross_entropy import softmax, softmax_cross_entropy
from segnet_np.layers.upsample_bilinear import UpsampleBilinear2d

__all__ = [
    "BatchNorm2d",
    "Concatenate",
    "Conv2d",
    "ConvBNReLU",
    "ConvTranspose2d",
    "Dropout",
    "FixedUnpool2d",
    "Layer",
    "MaxPool2d",
    "MaxUnpool2d",
    "Parameter",
    "PoolingIndices",
    "RandomUnpool2d",
    "ReLU",
    "UpsampleBilinear2d",
    "softmax",
    "softmax_cross_entropy",
]

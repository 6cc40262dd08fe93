"""The nets: layers composed, nothing computed."""

from segnet_np.models.decoder_variants import DecoderVariant
from segnet_np.models.net import Net
from segnet_np.models.segnet import SegNet
from segnet_np.models.segnet_basic import SegNetBasic
from segnet_np.models.weights_file import load, save

__all__ = ["DecoderVariant", "Net", "SegNet", "SegNetBasic", "load", "save"]

"""The statistics of batch norm, estimated anew by one pass over the training pictures.

While a net trains, batch norm keeps running means of the last batches, which lag behind weights that change.
The paper computes them for the weights to be judged, over the whole training set (arXiv 1511.00561). Here
each batch of a pass counts the same: with momentum 1 / k in the k-th batch, a running mean is the mean of
all.
"""

import math

from tqdm.auto import tqdm

from segnet_np.data.batches import Batches
from segnet_np.layers import BatchNorm2d
from segnet_np.models import Net


def estimate_statistics(net: Net, batches: Batches) -> None:
    """Set the running statistics of a net to their means over one epoch of batches.

    Parameters
    ----------
    net : Net
        Left in evaluation mode.
    batches : Batches
        Its first steps, as many as make an epoch, are drawn.

    Raises
    ------
    ValueError
        When a picture cannot be used.
    """
    norms = [layer for layer in net.everyone() if isinstance(layer, BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    net.eval()  # nothing is dropped, nothing remembered
    try:
        count = math.ceil(len(batches.dataset) / batches.batch)
        for k in tqdm(range(count), desc="statistics of batch norm", unit="batch", leave=False):
            images, _ = batches.draw(k)
            for norm in norms:
                norm.training, norm.momentum = True, 1 / (k + 1)
            net(net.normalise(images))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.training, norm.momentum = False, momentum

"""Softmax over the classes of each pixel, and cross-entropy with its gradient in one pass over the logits."""

import math

from numba import njit, prange

from segnet_np.kernels.exponential import exponential
from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.simd import lanes_of, load, store


@njit(forceinline=True, fastmath=FASTMATH)
def _exponentials(logits, out, pixel):
    """Write exp(logits - max) of a pixel into out; return the max and the sum. A NaN spreads to all."""
    classes = logits.shape[1]
    lanes = lanes_of(logits)
    top = logits[pixel, 0]
    for c in range(classes):
        value = logits[pixel, c]
        top = value if value > top or value != value else top
    for c in range(0, classes, lanes):
        some = min(lanes, classes - c)
        at = pixel * classes + c
        store(exponential(load(logits, at, some) - top, logits.itemsize == 4), out, at, some)
    total = logits.dtype.type(0)
    for c in range(classes):
        total += out[pixel, c]
    return top, total


@kernel
def softmax(logits, probabilities):
    """probabilities (pixels, classes) = exp(logits) / sum of exp(logits), without overflow."""
    for p in prange(logits.shape[0]):
        _, total = _exponentials(logits, probabilities, p)
        for c in range(logits.shape[1]):
            probabilities[p, c] /= total


@kernel
def cross_entropy(logits, labels, weights, partial_loss, dlogits):
    """dlogits = weight * (softmax - one_hot), and partial_loss = each chunk's sum of weight * -log(softmax).

    logits and dlogits are (pixels, classes), weights (classes,); a label below zero is a pixel to leave out.
    """
    pixels, classes = logits.shape
    chunks = partial_loss.size
    for chunk in prange(chunks):
        loss = 0.0
        for p in range(chunk * pixels // chunks, (chunk + 1) * pixels // chunks):
            label = labels[p]
            if label < 0:
                dlogits[p] = 0
                continue
            top, total = _exponentials(logits, dlogits, p)
            weight = weights[label]
            loss += weight * (math.log(total) - (logits[p, label] - top))
            for c in range(classes):
                dlogits[p, c] *= weight / total
            dlogits[p, label] -= weight
        partial_loss[chunk] = loss

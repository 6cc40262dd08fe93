"""Softmax over the classes of each pixel, and cross-entropy with its gradient in one pass over the logits."""

import math

from numba import njit, prange

from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.kernel import kernel


@njit(fastmath=FASTMATH, inline="always")
def _exponentials(logits, out):
    """Write exp(logits - max) of one pixel into out; return the max and the sum. A NaN spreads to all."""
    top = logits[0]
    for value in logits:
        top = value if value > top or value != value else top
    total = logits.dtype.type(0)
    for c in range(logits.size):
        out[c] = math.exp(logits[c] - top)
        total += out[c]
    return top, total


@kernel
def softmax(logits, probabilities):
    """probabilities (pixels, classes) = exp(logits) / sum of exp(logits), without overflow."""
    for p in prange(logits.shape[0]):
        _, total = _exponentials(logits[p], probabilities[p])
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
            top, total = _exponentials(logits[p], dlogits[p])
            weight = weights[label]
            loss += weight * (math.log(total) - (logits[p, label] - top))
            for c in range(classes):
                dlogits[p, c] *= weight / total
            dlogits[p, label] -= weight
        partial_loss[chunk] = loss

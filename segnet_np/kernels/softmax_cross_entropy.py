"""Softmax over the classes of each pixel, and cross-entropy with its gradient in one pass over the logits.

A pixel has few numbers, and what is done to them differs from one to the next. So as many pixels as a vector
has lanes are turned round first: then each vector holds one class of all these pixels, and every step is the
same for all lanes.
"""

import math

import numpy as np
from numba import njit, prange

from segnet_np.kernels.exponential import exponential
from segnet_np.kernels.flags import FASTMATH
from segnet_np.kernels.kernel import kernel
from segnet_np.kernels.simd import at_least, lanes_of, load, only_above, spread, store
from segnet_np.kernels.simd_blocks import transpose

# Pixels that a unit of softmax takes; many times as many as any vector has lanes.
_BLOCK = 1024


@njit(forceinline=True, fastmath=FASTMATH)
def _exponentials(logits, first, count, turned, at_top, at_total):
    """exp(logits - max) of `count` pixels from `first` on, turned round: class c begins at ``c * lanes``.

    Their max and their sum go to ``turned[at_top:]`` and ``turned[at_total:]``. A NaN among the logits of a
    pixel makes all of its results NaN.
    """
    classes = logits.shape[1]
    lanes = lanes_of(logits)
    for c in range(0, classes, lanes):
        transpose(
            logits, first * classes + c, classes, count, min(lanes, classes - c), turned, c * lanes, lanes
        )
    top = load(turned, 0, lanes)
    for c in range(1, classes):
        top = at_least(top, load(turned, c * lanes, lanes))
    total = spread(0, top)
    for c in range(classes):
        power = exponential(load(turned, c * lanes, lanes) - top, logits.itemsize == 4)
        store(power, turned, c * lanes, lanes)
        total = total + power
    store(top, turned, at_top, lanes)
    store(total, turned, at_total, lanes)


@njit(forceinline=True, fastmath=FASTMATH)
def _scale_and_turn_back(turned, at_factor, out, first, count):
    """Multiply by each pixel's factor, and write to out (pixels, classes); where the factor is 0, zeros."""
    classes = out.shape[1]
    lanes = lanes_of(out)
    factor = load(turned, at_factor, lanes)
    for c in range(classes):
        value = only_above(load(turned, c * lanes, lanes) * factor, factor, spread(0, factor))
        store(value, turned, c * lanes, lanes)
    for c in range(0, classes, lanes):
        transpose(turned, c * lanes, lanes, min(lanes, classes - c), count, out, first * classes + c, classes)


@kernel
def softmax(logits, probabilities):
    """probabilities (pixels, classes) = exp(logits) / sum of exp(logits), without overflow."""
    pixels, classes = logits.shape
    lanes = lanes_of(logits)
    at_top, at_total = classes * lanes, (classes + 1) * lanes
    for block in prange(-(-pixels // _BLOCK)):
        turned = np.zeros((classes + 2) * lanes, logits.dtype)
        for first in range(block * _BLOCK, min((block + 1) * _BLOCK, pixels), lanes):
            count = min(lanes, pixels - first)
            _exponentials(logits, first, count, turned, at_top, at_total)
            for k in range(lanes):
                turned[at_total + k] = 1 / turned[at_total + k]
            _scale_and_turn_back(turned, at_total, probabilities, first, count)


@kernel
def cross_entropy(logits, labels, weights, partial_loss, dlogits):
    """dlogits = weight * (softmax - one_hot), and partial_loss = each chunk's sum of weight * -log(softmax).

    logits and dlogits are (pixels, classes), weights (classes,); a label below zero is a pixel to leave out.
    """
    pixels, classes = logits.shape
    chunks = partial_loss.size
    lanes = lanes_of(logits)
    at_top, at_total = classes * lanes, (classes + 1) * lanes
    for chunk in prange(chunks):
        turned = np.zeros((classes + 2) * lanes, logits.dtype)
        loss = 0.0
        end = (chunk + 1) * pixels // chunks
        for first in range(chunk * pixels // chunks, end, lanes):
            count = min(lanes, end - first)
            _exponentials(logits, first, count, turned, at_top, at_total)
            for k in range(count):
                label = labels[first + k]
                total = turned[at_total + k]
                if label < 0:
                    turned[at_total + k] = 0
                else:  # docs/derivations/softmax_cross_entropy.md (5)
                    log_softmax = logits[first + k, label] - turned[at_top + k] - math.log(total)
                    loss -= weights[label] * log_softmax
                    turned[at_total + k] = weights[label] / total
            _scale_and_turn_back(turned, at_total, dlogits, first, count)
            for k in range(count):
                label = labels[first + k]
                if label >= 0:  # docs/derivations/softmax_cross_entropy.md (8)
                    dlogits[first + k, label] -= weights[label]
        partial_loss[chunk] = loss

"""The tolerances of the gradient check, and those that tests share, with what was measured.

A tolerance is a promise about a difference: tight enough that a wrong term cannot hide below it, wide
enough that rounding never reaches it. Gradient check and tests read theirs here, so that a number means
one thing. They are tightened when more is seen to hold; none is widened to make a test pass.

Unless it says otherwise, an error is a difference relative to the largest value of its array::

    max |a - b| / max(max |a|, max |b|)

An entry near zero beside large ones is thereby judged by the large ones. Dividing entry by entry would
ask of it digits that no sum of floating-point numbers has.
"""

# --- Analytic gradients against central differences, float64 -------------------------------------

#: The step relative to the spread of what moves. A central difference errs by about h**2 from the curve's
#: bend and by eps / h from rounding; the two meet near the cube root of eps, 6e-6.
STEP = 1e-5

#: The step along a direction through a whole array or net. Everything moves at once, and among the hundred
#: thousand signs and maxima of a net some are always near to turning: ten times closer, most stay.
STEP_ALONG = 1e-6

#: How far the analytic and the numeric gradient may lie apart. Seen over 60 seeds of every layer: 4e-10, in
#: the loss 2e-9 (one number stands for all pixels), 7e-9 where the gradient is zero. In whole nets 5e-9, and
#: up to the tolerance itself where a kink is so slight that it passes.
FINITE_DIFFERENCE = 1e-7

#: Smaller steps tried where the first one disagrees, because it may have stepped across a kink.
#: Below h / 100 rounding alone would reach the tolerance.
SHRINK = (1.0, 0.1, 0.01)

#: Rounding errors of one difference, as a multiple of eps * norm(dout * out) / h. A gradient below what
#: that noise amounts to counts as zero: a bias in front of a batch norm has no other gradient.
NOISE = 10.0

#: A layer that casts to float32 inside can be followed only with large steps, and only roughly.
COARSE_STEP = 5e-3
COARSE_DIFFERENCE = 2e-2

#: How well a pattern (a factor, a transposition, a missing term) must fit to be named as a likely cause.
PATTERN = 1e-4

#: Two gradients of the same numbers by the same code: equal but for a sum that starts at another value.
REPEATED = 1e-12

# --- Against PyTorch ------------------------------------------------------------------------------

#: float64. Seen: 3e-15 for layers, 3e-12 for whole nets.
TORCH_FLOAT64 = 1e-10

#: float32, a single layer or block. Seen: 3e-6 for convolutions of random sizes, 1e-5 for a weight gradient
#: that sums over a large map.
TORCH_FLOAT32_LAYER = 2e-5

#: float32, whole nets: relative L2, the median over several seeds. Seen: 1e-5 for logits and 6e-6 for all
#: gradients together, but 4e-3 and 1e-2 for the gradients of single seeds: a near-tie in a pool that rounding
#: decides the other way turns an index round, and the net jumps there. PyTorch's own float32 differs from its
#: float64 by as much. The median must hold even if half of the seeds have one.
TORCH_FLOAT32_NET_LOGITS = 1e-3
TORCH_FLOAT32_NET_GRADIENTS = 2e-2

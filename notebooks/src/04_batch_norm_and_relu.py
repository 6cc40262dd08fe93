# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 04 · Batch norm and ReLU
#
# Behind every convolution of SegNet but the last stand two small layers. ReLU is a single line. Batch norm has four lines
# forward and the most interesting backward pass of the whole net. Here you derive it in stages, each of which you can see and
# measure on its own.
#
# **You will be able to**
# - say what batch norm does to a map, and why deep nets are hard to train without it;
# - write it forward, over the right axes, with the right variance;
# - say what differs between training and evaluation, and keep the running statistics;
# - derive its backward pass along three ways: direct, through the mean, through the variance;
# - write ReLU's backward from its output alone, and say what `ConvBNReLU` saves.
#
# *About 75 minutes. Before this: [03](03_convolution.ipynb), and [02](02_gradients_you_can_trust.ipynb) for central
# differences.*

# %%
import numpy as np

import segnet_np as snp
from segnet_np import lessons, reference
from segnet_np.lessons.batch_norm_ways import parts_of_dx, ways
from segnet_np.lessons.pictures import batch_norm as pictures

# %% [markdown]
# ## The question
#
# Stack 13 convolutions with ReLU, as SegNet's encoder does. Each multiplies the spread of its
# maps (their standard deviation: how far, roughly, their numbers lie from their mean) by some factor. If the
# initial weights are a little too small, that factor is, say, 0.7; a little too large, 1.4.

# %%
lessons.guess(
    "What is left of the spread after **13** layers with factor 0.7? And with 1.4?",
    "$0.7^{13} \\approx 0.01$ and $1.4^{13} \\approx 79$. A harmless factor, taken 13 times, makes maps a hundred times too "
    "faint or eighty times too loud. On the way back the same happens to the gradients.",
)

# %% [markdown]
# Let us measure it, and then put a batch norm behind each convolution (dashed lines).


# %%
def spreads(scale, with_batch_norm, layers=13):
    """Standard deviation after each layer, for initial weights that are `scale` times the usual ones."""
    a = np.random.default_rng(0).standard_normal((2, 16, 24, 24))
    found = []
    for k in range(layers):
        conv = snp.layers.Conv2d(16, 16, 3, padding=1, dtype="float64", seed=k)
        conv.weight.data *= scale
        a = conv(a)
        if with_batch_norm:
            a = snp.layers.BatchNorm2d(16, dtype="float64")(a)
        a = snp.layers.ReLU()(a)
        found.append(a.std())
    return found


lessons.show(
    pictures.depth(
        {
            f"weights x {scale}{text}": spreads(scale, flag)
            for text, flag in (("", False), (", with batch norm", True))
            for scale in (0.7, 1.0, 1.4)
        }
    ),
    "Without batch norm the three curves drift apart over four powers of ten; with it all three lie on one level line.",
)

# %% [markdown]
# With batch norm it does not matter any more how large the weights are: the three dashed lines lie on each other. Whatever
# comes in, each channel goes out with mean 0 and variance 1.

# %% [markdown]
# ## By hand
#
# One channel, one picture, 2x2 pixels:
#
# $$x = \begin{pmatrix}1&3\\1&3\end{pmatrix}$$
#
# 1. The mean: $(1 + 3 + 1 + 3)/4 = 2$.
# 2. The variance, the mean of the squared distances from it: $(1 + 1 + 1 + 1)/4 = 1$. Its root, the standard deviation
#    `std`, is 1.
# 3. `x_hat`, in formulas $\hat x$, is $(x - \text{mean})/\text{std}$: that is $-1, 1, -1, 1$. Mean 0, variance 1.
# 4. `out` $= \text{weight}\cdot\hat x + \text{bias}$. With weight 2 and bias 5: $3, 7, 3, 7$.
#
# Why step 4? Mean 0 and variance 1 is a good start, but perhaps not what the next layer needs. `weight` and `bias` (gamma and
# beta in the paper) are learned, one each per channel, and can set any other spread and level.

# %%
x = np.array([[1.0, 3], [1, 3]])

mean = x.mean()
var = ((x - mean) ** 2).mean()
std = np.sqrt(var + 1e-5)
x_hat = (x - mean) / std
print("mean", mean, " var", var)
print("x_hat", x_hat.ravel())
print("out  ", (2 * x_hat + 5).ravel())

# %% [markdown]
# Not exactly 1, but 0.999995: a tiny `eps` is added to the variance **before** the root is taken. A channel that is
# equally bright everywhere has variance 0, and nobody should divide by that.

# %%
lessons.guess(
    "The sun comes out: all pixels of the batch become twice as bright and ten more, `2 * x + 10`. What changes in `x_hat`?",
    "Nothing (but for eps). The mean takes the 10 away, the standard deviation the 2. What is left is how the pixels differ from "
    "each other, measured in their own spread.",
)

# %% [markdown]
# ### Mean over what?
#
# In a real net x has the shape (N, C, H, W). Each **channel** has one mean and one variance, over all pictures, rows and
# columns together: $M = N\cdot H\cdot W$ numbers. That is the *batch* in batch norm: **the pictures share their statistics**.
#
# ## Play with it
#
# Below is one channel of an untrained convolution on street scenes. Move the sliders:
# - `weight` and `bias`: which of the two moves the middle picture, which stretches it? Try a negative weight.
# - `batch`: the right picture follows *one pixel of one picture*, which is normalised 40 times, each time in the company of
#   other pictures. How does its output scatter with a batch of 2, how with 32?
# - untick `train`: now fixed statistics are used, gathered from all pictures.

# %%
channel = pictures.responses(lessons.short(64, 40))


def before_and_after(batch=4, weight=1.0, bias=0.0, train=True):
    """Histograms of a channel before and after batch norm, and one pixel's output in many batches."""
    return pictures.before_and_after(channel, batch, weight, bias, train)


lessons.explore(before_and_after, batch=(2, 32), weight=(-2.0, 2.0), bias=(-3.0, 3.0), train=True)

# %%
lessons.guess(
    "So a pixel's output depends on **which other pictures** happen to be in its batch. Is that a mistake?",
    "While training it is a price one pays, and for large batches a small one; the noise even keeps the net from relying on single "
    "values. But a finished net must give the same picture the same labels, whoever is next to it. That is what the box `train` "
    "is about; we come to it soon.",
)

# %% [markdown]
# ## Your turn: forward


# %%
def batch_norm(x, weight, bias, eps):
    """x (N, C, H, W), weight and bias (C,) -> out, normalised with the batch's own statistics."""
    ...  # your turn


# lessons.hint("batch_norm")
lessons.check("batch_norm", batch_norm)


# %% [markdown]
# ## Training and evaluation
#
# While training, each batch brings its own mean and variance. On the way the layer keeps a diary, the **running statistics**:
#
# $$\text{running} \leftarrow (1 - \text{momentum})\cdot\text{running} + \text{momentum}\cdot\text{new}$$
#
# `momentum` is the weight of the *new* value, 0.1 by default. (As in PyTorch. Others mean the weight of the old one by
# this word: look before you copy numbers.) In evaluation mode, after `net.eval()`, mean and variance are read from the
# diary, and no batch changes them any more.

# %%
lessons.guess(
    "The diary starts with mean 0 and variance 1. The first batch is our `1 3 1 3` with momentum 0.1. What is `running_mean` "
    "after it?",
    "$0.9\\cdot0 + 0.1\\cdot2 = 0.2$. The truth, 2, is approached step by step: after 10 such batches it stands at "
    "$2\\cdot(1 - 0.9^{10}) \\approx 1.3$.",
)


# %%
def running(batch=4, momentum=0.1):
    """The running mean and variance following noisy batches."""
    return pictures.running(channel, batch, momentum)


lessons.explore(running, batch=(2, 32), momentum=(0.01, 1.0, 0.01))

# %% [markdown]
# A small momentum is slow but steady; a large one is fast and jumps about with each batch. With momentum 1 the diary forgets
# everything but yesterday.
#
# ### Two variances
#
# There is a detail that most home-made batch norms get wrong. To *normalise*, the sum of squares is divided by $M$ (the biased
# variance): then x_hat has variance 1, as promised. Into *running_var* goes the sum divided by $M - 1$ (the unbiased one):
# a batch is a sample, and a sample is a little less spread than the whole, because its mean was fitted to it.

# %%
layer = snp.layers.BatchNorm2d(1, dtype="float64")
layer(np.array([[[[1.0, 3], [1, 3]]]]))
print("running_mean", layer.running_mean, " = 0.9 * 0 + 0.1 * 2")
print("running_var ", layer.running_var, " = 0.9 * 1 + 0.1 * 4/3")

# %%
lessons.guess(
    "With four numbers the two variances differ by a factor of 4/3. By which factor do they differ in SegNet's first layer, with a batch of 4 at "
    "360x480?",
    "$M = 4\\cdot360\\cdot480 = 691200$, so by $691200/691199$: one and a half millionths more. It matters for small maps and "
    "small batches, and for agreeing with PyTorch.",
)

# %% [markdown]
# ### Your turn: the diary


# %%
def running_statistics(running_mean, running_var, x, momentum):
    """Old statistics (C,), one batch x (N, C, H, W) -> new (running_mean, running_var)."""
    ...  # your turn


# lessons.hint("running_statistics")
lessons.check("running_statistics", running_statistics)


# %% [markdown]
# And this is how it feels when somebody forgets `eval()`. One picture, alone and then with a dark neighbour:

# %%
alone = channel[:1]
with_neighbour = np.concatenate([alone, 0.1 * channel[1:2]])

layer = snp.layers.BatchNorm2d(1, dtype="float64")
for start in range(0, len(channel), 4):  # training gathers the statistics
    layer(channel[start : start + 4])

change = np.abs(layer(with_neighbour)[0] - layer(alone)[0]).max()
print(f"training mode:   the picture's output changes by up to {change:.2f}")
layer.eval()
change = np.abs(layer(with_neighbour)[0] - layer(alone)[0]).max()
print(f"evaluation mode: {change:.2f}")

# %% [markdown]
# ## Backward, stage by stage
#
# First the whole of it as a graph. Each arrow means: *is made of*.

# %%
lessons.show(
    ways("forward"),
    "From x to mean, x - mean, var, std, x_hat and out; weight and bias join at out.",
)

# %% [markdown]
# ### Stage 0: weight, bias and x_hat
#
# The last line was `out = weight * x_hat + bias`. That is a product and a sum, as in a convolution with a 1x1 kernel, so you know
# the answers from lesson 03, with all sums over the M numbers of the channel:
#
# $$\text{dbias} = \sum \text{dout}\qquad \text{dweight} = \sum \text{dout}\cdot\hat x\qquad \mathrm{d}\hat x = \text{dout}\cdot\text{weight}$$
#
# (In code $\mathrm{d}\hat x$ is called `dx_hat`: what came back for x_hat.)
#
# ### Now x. What moves when I move one x?
#
# Count the arrows that leave x in the graph: two. One leads to `x - mean` directly, one to `mean`. And from `x - mean` one leads
# to `x_hat` and one to `var`. So moving **one** x moves **all** x_hat of the channel, along three ways. We go them one by one,
# with our four numbers, where $\text{std} = 1$, $\hat x = -1, 1, -1, 1$ (leave eps away), weight 1 and
#
# $$\text{dout} = \mathrm{d}\hat x = 1, 0, 0, 0:$$
#
# the loss looks at the first pixel only, and wants to know what would make it larger.

# %% [markdown]
# ### Stage 1: the direct way
#
# Pretend that mean and std are fixed numbers. Then $\hat x = (x - \text{mean})/\text{std}$ has the slope
# $1/\text{std}$, and each x gets
#
# $$\frac{\mathrm{d}\hat x}{\text{std}}\;=\;1, 0, 0, 0.$$
#
# That is all there is in evaluation mode.

# %%
lessons.show(ways("direct"), "The direct way back: out, x_hat, x - mean, x.")

# %% [markdown]
# ### Stage 2: through the mean
#
# If the mean rises by a little, **every** x_hat falls by that over std. So what comes back for the mean collects from all:
# $\text{dmean} = -\sum\mathrm{d}\hat x/\text{std} = -1$.
#
# How much does the mean rise, when one x rises by 1? By $1/M$. So each x, whichever it is, gets the same
#
# $$\frac{\text{dmean}}{M} = -\frac{1}{M}\sum\frac{\mathrm{d}\hat x}{\text{std}}\;=\;-\tfrac14, -\tfrac14, -\tfrac14, -\tfrac14.$$

# %%
lessons.show(ways("mean"), "The way back through the mean: out, x_hat, x - mean, mean, x.")

# %% [markdown]
# ### Stage 3: through the variance
#
# If std grows, every x_hat shrinks towards 0, the more the further out it is: the slope of $(x - \text{mean})/\text{std}$ with
# respect to std is $-(x - \text{mean})/\text{std}^2 = -\hat x/\text{std}$. Again it collects from all:
# $\text{dstd} = -\sum\mathrm{d}\hat x\cdot\hat x/\text{std} = -(1\cdot(-1)) = 1$.
#
# And how much does std grow, when one x rises by a little? $\text{var} = \frac1M\sum(x - \text{mean})^2$ has the slope
# $2(x - \text{mean})/M$, and $\text{std} = \sqrt{\text{var}}$ has the slope $1/(2\,\text{std})$. The twos cancel, and what is left is
# $\hat x/M$. In words: moving a number *outwards* widens the spread, moving it *inwards* narrows it. So each x gets
#
# $$\text{dstd}\cdot\frac{\hat x}{M} = -\frac{\hat x}{M}\sum\frac{\mathrm{d}\hat x\cdot\hat x}{\text{std}}\;=\;
# -\tfrac14, +\tfrac14, -\tfrac14, +\tfrac14.$$

# %%
lessons.show(ways("variance"), "The way back through the variance: out, x_hat, std, var, x - mean, x.")

# %%
lessons.guess(
    "Is there not a fourth way: x moves the mean, the mean moves all `x - mean`, and these move the variance?",
    "There is such a way, and it carries nothing. The mean enters the variance with the slope $-\\frac{2}{M}\\sum(x - \\text{mean})$, "
    "and the distances from the mean add up to **zero**: that is what a mean is.",
)

# %% [markdown]
# ### All together

# %%
values = np.array([1.0, 3, 1, 3])
upstream = np.array([1.0, 0, 0, 0])
lessons.show(
    parts_of_dx(upstream, values),
    "Bars for the four x: direct 1 0 0 0; mean -1/4 each; variance -1/4 1/4 -1/4 1/4; together 1/2 0 -1/2 0.",
)

# %%
lessons.guess(
    "`dx` is 1/2, 0, **-1/2**, 0. The third pixel has nothing to do with the loss, which looks at the first alone. Why would it "
    "help to *lower* it?",
    "The first and the third x are both 1, below the mean of 2. Lowering the third one lowers the mean, so the first lies less far "
    "below it: that is $-\\frac14$. It also widens the spread, which brings the first $\\hat x$, a negative number, nearer to zero: "
    "the other $-\\frac14$. You can win a race by making others slower.",
)

# %% [markdown]
# ### Measure each way on its own
#
# A derivation in three parts can be checked in three parts. Here x goes in three times, once for each way, so that one
# can be moved while the others stay. Then central differences (lesson 02) must give the bars of the first three pictures.


# %%
def loss(direct, through_mean, through_var):
    """The loss, with x split up: which part of the formula does it move?"""
    mean = through_mean.mean()
    std = np.sqrt(((through_var - through_var.mean()) ** 2).mean())
    return np.sum(upstream * (direct - mean) / std)


def slopes(way, h=1e-5):
    """Central differences along one way; the x of the others stay where they are."""
    found = []
    for k in range(len(values)):
        up, down = [values] * 3, [values] * 3
        step = h * (np.arange(len(values)) == k)
        up[way], down[way] = values + step, values - step
        found.append((loss(*up) - loss(*down)) / (2 * h))
    return np.array(found) + 0.0


for way, name in enumerate(("direct  ", "mean    ", "variance")):
    print(name, slopes(way).round(6))
print("sum     ", sum(slopes(way) for way in range(3)).round(6))

# %% [markdown]
# ### Collected
#
# Put the three together, and write the two sums as means:
#
# $$\text{dx} = \frac{1}{\text{std}}\Big(\mathrm{d}\hat x - \text{mean}(\mathrm{d}\hat x) - \hat x\cdot\text{mean}(\mathrm{d}\hat x\cdot\hat x)\Big)$$
#
# Read it in words: take what came back, subtract its mean, and subtract the part of it that goes along with x_hat. Just
# these two things batch norm takes away going forward: **the level and the spread**. If the loss asks for *more of everything*,
# or for *more contrast*, batch norm answers: not from x; ask `bias`, ask `weight`.

# %%
rng = np.random.default_rng(0)
xs = rng.normal(3, 2, (2, 3, 4, 5))
dout = rng.standard_normal(xs.shape)
weight = np.array([1.0, -2, 0.5])
dx, dweight, dbias = reference.batch_norm_train_backward(dout, xs, weight)

centred = xs - xs.mean((0, 2, 3), keepdims=True)
x_hat = centred / np.sqrt(xs.var((0, 2, 3), keepdims=True) + 1e-5)
print("sum of dx          ", dx.sum((0, 2, 3)).round(9) + 0.0)
print("sum of dx * x_hat  ", (dx * x_hat).sum((0, 2, 3)).round(9), "(eps leaves a little)")

# %%
lessons.guess(
    "A test sets `dout` to **ones** everywhere and compares dx. Batch norm's backward forgot the term with x_hat, and the test is "
    "happy. Why?",
    "For ones, dx is zero: a constant is exactly what the mean takes away. And the forgotten term is x_hat times the mean of x_hat, "
    "which is 0. So the wrong backward gives the right zeros. Test gradients with **random** dout, as `gradcheck` does.",
)

# %%
ones = np.ones_like(xs)
dx, _, _ = reference.batch_norm_train_backward(ones, xs, weight)
print("dx for a dout of ones:", np.abs(dx).max().round(12))


class NoXHatTerm(snp.layers.BatchNorm2d):
    """The way through the variance is forgotten."""

    def backward(self, dout):
        std = np.sqrt(self.x.var((0, 2, 3), keepdims=True) + self.eps)
        super().backward(dout)
        return self.weight.data[:, None, None] / std * (dout - dout.mean((0, 2, 3), keepdims=True))

    def forward(self, x):
        self.x = x
        return super().forward(x)


wrong = NoXHatTerm(3, dtype="float64")
wrong(xs)
print("the wrong layer too:  ", np.abs(wrong.backward(ones)).max().round(12))
print(snp.gradcheck(wrong, xs, pytorch=False))

# %% [markdown]
# ## Your turn: the whole backward pass
#
# Three results: `(dx, dweight, dbias)`. Take it in stages too. The check says which of the three is right already.


# %%
def batch_norm_backward(dout, x, weight, eps):
    """dout and x (N, C, H, W), weight (C,) -> (dx, dweight, dbias)."""
    ...  # your turn


# lessons.hint("batch_norm_backward")
lessons.check("batch_norm_backward", batch_norm_backward)


# %% [markdown]
# The library's layer, checked the same way, in both modes. In evaluation mode only the direct way is left.

# %%
layer = snp.layers.BatchNorm2d(3, dtype="float64")
layer.weight.data[:] = weight
print(snp.gradcheck(layer, xs))
layer.eval()
print("evaluation mode:", snp.gradcheck(layer, xs).ok)

# %% [markdown]
# ## A bias that does nothing

# %%
lessons.guess(
    "A convolution with a bias stands in front of a batch norm. We add 100 to that bias. What changes in the output of the batch "
    "norm while training? And what is the gradient of that bias?",
    "Nothing changes: the mean rises by 100 as well and is subtracted. So the gradient is zero. In a formula: dbias is the sum of "
    "the dx of batch norm, and that sum is 0, as you have just seen.",
)

# %%
conv = snp.layers.Conv2d(2, 3, 3, padding=1, dtype="float64")
norm = snp.layers.BatchNorm2d(3, dtype="float64")
pictures_in = rng.standard_normal((2, 2, 6, 8))

before = norm(conv(pictures_in))
conv.bias.data += 100
after = norm(conv(pictures_in))
conv.backward(norm.backward(rng.standard_normal(after.shape)))
print("the output changed by", np.abs(after - before).max())
print("gradient of the bias ", conv.bias.grad)

# %% [markdown]
# Only rounding. Many nets leave such biases out; SegNet's authors' definition has them, so this package keeps them, and the bias
# of the batch norm does their work. (In evaluation mode the mean is fixed, and then the bias counts. It was in the
# running mean all along.)

# %% [markdown]
# ## ReLU
#
# After all that, a rest: `out = max(x, 0)`. Without something like it, 26 convolutions on top of each other would be one large
# convolution: sums of sums are sums. Its backward pass: where x was positive, out moves with it, slope 1. Where x was negative,
# out stays 0, slope 0.
#
# | x | -2 | 5 | 2 | -1 |
# |---|---|---|---|---|
# | out | 0 | 5 | 2 | 0 |
# | dout | 1 | -2 | 3 | 4 |
# | dx | 0 | -2 | 3 | 0 |
#
# At exactly 0 there is a kink and no slope; everyone takes 0.

# %%
lessons.guess(
    "To go backward, must ReLU remember x?",
    "No. `out > 0` says the same as `x > 0`, and the next convolution keeps `out` anyway, for its dweight. So ReLU needs no memory "
    "of its own: one map less to keep for each of SegNet's 25 ReLUs.",
)


# %%
def relu_backward(dout, out):
    """dout and out, of one shape -> dx. x is not given."""
    ...  # your turn


# lessons.hint("relu_backward")
lessons.check("relu_backward", relu_backward)


# %%
lessons.guess(
    "A batch norm with weight 1 and bias 0 stands in front of the ReLU. Which share of the pixels gets through, roughly? And which "
    "number of the batch norm would you move to let more through?",
    "About half: x_hat has mean 0. `bias` moves that: with a positive bias more get through.",
)

# %%
x_hat = reference.batch_norm_train(channel, np.ones(1), np.zeros(1), np.zeros(1), np.ones(1))[0]
for bias in (-1, 0, 1):
    print(f"bias {bias:2d}: {100 * np.mean(x_hat + bias > 0):.0f} % get through")

# %% [markdown]
# ## The three as one: ConvBNReLU
#
# SegNet is made of bricks: convolution, batch norm, ReLU. Done one by one, each writes a whole map into memory that the next reads
# again. For batch norm and ReLU, moving the map takes longer than calculating with it (lesson 06 measures what that costs). This
# package fuses the three: only the convolution's map is
# written; mean and variance are gathered on the way; and batch norm with ReLU, which for each channel is only
# `max(scale * y + shift, 0)`, happens at the moment when the next layer reads.

# %%
brick = snp.layers.ConvBNReLU(2, 3, kernel_size=3, padding=1, dtype="float64")
one_by_one = brick.relu(brick.bn(brick.conv(pictures_in)))
print("fused and one by one differ by", np.abs(brick(pictures_in) - one_by_one).max())
print(snp.gradcheck(brick, pictures_in))

# %%
mean = brick.conv(pictures_in).mean((0, 2, 3))
inv_std = 1 / np.sqrt(brick.conv(pictures_in).var((0, 2, 3)) + brick.bn.eps)
scale = brick.bn.weight.data * inv_std
shift = brick.bn.bias.data - mean * scale
by_scale_and_shift = np.maximum(scale[:, None, None] * brick.conv(pictures_in) + shift[:, None, None], 0)
print("by scale and shift:", np.abs(by_scale_and_shift - one_by_one).max())

# %% [markdown]
# ## What you know now
#
# - Batch norm brings each channel to mean 0 and variance 1 over the batch, pictures, rows and columns together; then a learned
#   weight and bias. Depth no longer makes maps vanish or explode.
# - While training the pictures of a batch share their statistics; in evaluation they are read from the running ones. The weight of
#   the new value is `momentum`; the variance is biased to normalise and unbiased in the diary.
# - Backward, x acts in three ways; together: subtract the mean, subtract the part along x_hat. So dx of a constant dout is zero,
#   and a test with ones sees nothing.
# - A bias in front of batch norm does nothing while training.
# - ReLU lets the gradient through where its output is positive.
#
# Line for line: `segnet_np/reference.py` (`batch_norm_train_backward`), `segnet_np/layers/batch_norm.py`.
#
# **Next**: [05 · A loss for rare classes](05_a_loss_for_rare_classes.ipynb): where `dout` comes from in the first place.

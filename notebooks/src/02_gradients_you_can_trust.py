# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 02 · Gradients you can trust
#
# *About 70 minutes. Before this: lesson 01, and what a derivative is.*
#
# **You will**
#
# - differentiate any function by trying, and know how large the step must be,
# - check a backward pass with two numbers, however many parameters it has,
# - know why the upstream gradient is drawn at random and is never all ones,
# - know what to do where there is no derivative: at kinks and at ties,
# - find the bug in three backward passes that look right.
#
# **The question.** You wrote a backward pass. It runs, and the loss falls. Is it right?

# %%
import numpy as np

import segnet_np as snp
from segnet_np import lessons, reference
from segnet_np.lessons import careless, rings
from segnet_np.lessons.pictures import gradients as draw
from segnet_np.verify.finite_differences import along, each_entry

rng = np.random.default_rng(2)

# %% [markdown]
# ## The picture
#
# A small net learns to tell two classes of points apart: a matrix, batch norm, ReLU, another matrix. It is trained twice
# from the same weights. Once with the right backward pass, and once with a backward of batch norm in which **a whole
# term is missing**.

# %%
trainings = rings.two_trainings()
lessons.show(
    draw.losses_picture(trainings),
    "Two curves of the training loss that lie on each other; both fall from 0.7 to 0.07",
)

# %%
lessons.guess(
    "**Which of the two** was trained with the wrong gradient?",
    "The dashed one. But nobody can tell from the curve, and that is the point: **training is not a test**. A wrong gradient "
    "often still points downhill, roughly. Here it costs next to nothing; in a deep net it may cost much, and nothing will tell you.",
)

# %%
for name, losses in trainings.items():
    print(f"{name}: loss {losses[0]:.3f} at first, {losses[-1]:.3f} after 60 steps")

# %% [markdown]
# So we need a test that does not look at the loss. There is one, and it is older than all nets: **try it**. Move a number
# a little, and look how far the result moves.

# %% [markdown]
# ## A derivative by trying
#
# The derivative of $f$ at $x$ is how fast $f(x)$ changes when $x$ changes. Go a step $h$ to both sides and divide what
# changed by the distance:
#
# $$\frac{f(x + h) - f(x - h)}{2h}$$
#
# This is the **central difference**. By hand, for $f(x) = x^2$ at $x = 3$ with $h = 0.1$:
#
# $$\frac{3.1^2 - 2.9^2}{0.2} = \frac{9.61 - 8.41}{0.2} = \frac{1.2}{0.2} = 6$$
#
# And the rule says $2x = 6$.

# %%
lessons.guess(
    "And with a step to **one side only**, $(f(x + h) - f(x)) / h$? Work it out for $x^2$ at 3 with $h = 0.1$.",
    "(9.61 - 9) / 0.1 = **6.1**. The curve bends, so a step to one side sees a slope that is a little too steep. "
    "With a step to both sides the two errors cancel.",
)

# %%
for h in (0.1, 0.01, 0.001):
    central = ((2 + h) ** 3 - (2 - h) ** 3) / (2 * h)
    one_sided = ((2 + h) ** 3 - 2**3) / h
    print(f"x**3 at 2, h = {h:<5}:  central {central:.6f}   one-sided {one_sided:.6f}   true 12")

# %% [markdown]
# Read down the columns. Each time $h$ becomes ten times smaller, the error of the one-sided difference becomes ten times
# smaller, that of the central one a **hundred** times. In short: the one errs by about $h$, the other by about $h^2$.

# %% [markdown]
# ### Your turn: `central_difference`
#
# Now for an array. `f` takes an array and gives one number. Its **gradient** is an array of the same shape: for each
# element, how fast `f` changes when this element moves and all the others stand still.
#
# `f` is a function that you are given, so you can call it: `f(x)`.


# %%
def central_difference(f, x, h): ...  # your turn: return an array of the shape of x


lessons.check("central_difference", central_difference)

# %%
# lessons.hint("central_difference")  # take away the first # for a hint; there are three

# %% [markdown]
# ## How small a step?
#
# The smaller $h$, the better. So why not $h = 10^{-15}$?

# %%
lessons.guess(
    "In float64 a number has about 16 digits. With $h = 10^{-15}$, **how many digits** of the derivative come out right?",
    "Hardly one. $f(x + h)$ and $f(x - h)$ agree in their first 15 digits, and subtracting takes these away. What is left "
    "is the last digit, which is rounded. Then it is divided by a tiny number, which makes the rounding error huge.",
)

# %% [markdown]
# Move the slider. On the left is the error for every step, on the right are the numbers of the step that you choose. Look
# at the digits of the two values: which of them survive the subtraction?

# %%
lessons.explore(
    draw.step_picture,
    log_h=(-15.0, -0.5, 0.5),
    start={"log_h": -5.0},
    labels={"log_h": "h, as a power of 10"},
)

# %% [markdown]
# Two errors pull in opposite directions, and make a **U**:
#
# - on the right the **curve bends**: the error is about $h^2 \, |f'''(x)| / 6$, and falls when $h$ gets smaller;
# - on the left **rounding** rules: the error is about $\varepsilon \, |f(x)| / h$, and grows when $h$ gets smaller.
#   $\varepsilon$ is what rounding does to 1: about $10^{-16}$ in float64 and $10^{-7}$ in float32.
#
# They meet near $h \approx \sqrt[3]{\varepsilon}$. The next cell finds the best step by trying all of them.

# %%
steps = np.logspace(-15, -0.5, 291)
for dtype in ("float64", "float32"):
    errors, _ = draw.difference_errors(steps, dtype)
    # Single steps are sometimes right by luck; the median of each decade is not.
    medians = [np.median(errors[k : k + 20]) for k in range(0, 280, 20)]
    best = int(np.argmin(medians))
    epsilon = np.finfo(dtype).eps
    print(
        f"{dtype}: best step between 1e{best - 15} and 1e{best - 14}, error {medians[best]:.0e};"
        f"  cube root of eps: {epsilon ** (1 / 3):.0e}"
    )

# %% [markdown]
# Two rules follow:
#
# 1. **Check in float64**, even if you train in float32. In float32 the best difference is right to about five digits, too few
#    to tell a small bug from rounding. `snp.gradcheck` makes a float64 copy of your layer first.
# 2. **$h = 10^{-5}$** times the size of the numbers is a good step. Nobody needs to tune it.

# %% [markdown]
# ## From a number to a layer
#
# A layer gives many numbers, not one. So we make one number of them: weigh each output with a number, and add up.
#
# $$L = \sum_k \mathrm{dout}_k \, y_k = \langle \mathrm{dout}, y \rangle$$
#
# The weights are what the next layer sends back: `dout`, the **upstream gradient**. And `backward(dout)` claims to give
# the gradient of just this $L$ with respect to `x`. A 2x2 case, for the layer $y = x^2$, each element on its own:

# %%
x = np.array([[1.0, 2.0], [3.0, -1.0]])
dout = np.array([[10.0, 1.0], [-1.0, 5.0]])
dx = dout * 2 * x  # forward was: y = x**2
tried = each_entry(lambda: x**2, x, dout, 1e-5)  # moves each element of x, and puts it back
lessons.show(
    draw.beside({"x": x, "dout": dout, "dx by the rule": dx, "dx by trying": tried}),
    "Four 2x2 grids: x, dout, and the gradient twice, by the rule and by trying, with the same numbers",
)

# %% [markdown]
# By hand, the upper left: moving `x[0, 0]` by a little moves `y[0, 0]` twice as much, and `y[0, 0]` counts 10 times. So 20.

# %%
lessons.guess(
    "SegNet for 11 classes has 29,449,355 parameters. **How many forward passes** does it take to try each of them, to both sides? And is "
    "there a way to get by with two?",
    "58,898,710 passes. With one second each that would be 682 days. But there is a way with two: move **all parameters at "
    "once**, in a random direction, and compare only how fast $L$ changes along it.",
)

# %% [markdown]
# ### All at once: along one direction
#
# Let `v` be an array of random numbers, of the shape of `x`. Move `x` to $x + h v$ and to $x - h v$. How fast does $L$
# change? According to backward, each element moves by its part of `v`, and counts with its part of `dx`:
#
# $$\text{analytic} = \langle \mathrm{dx}, v \rangle \qquad
# \text{numeric} = \frac{\langle \mathrm{dout},\; f(x + h v) - f(x - h v) \rangle}{2h}$$
#
# If `dx` is wrong anywhere, then these two differ, unless the error happens to stand exactly at a right angle to `v`.
# For a random `v` that does not happen. You learn *that* something is wrong, but not where. For *where*, try single elements.

# %%
v = rng.normal(size=x.shape)
print("analytic", np.vdot(dx, v))
print("numeric ", along(lambda: x**2, [x], [v], dout, 1e-5))

# %% [markdown]
# ### Your turn: `gradient_check`
#
# `forward(x)` gives the output, `backward(dout, x)` gives dx. Return both numbers: `analytic, numeric`.


# %%
def gradient_check(forward, backward, x, dout, v, h): ...  # your turn: return analytic, numeric


lessons.check("gradient_check", gradient_check)

# %%
# lessons.hint("gradient_check")

# %% [markdown]
# ## The report
#
# `snp.gradcheck(layer, x)` does all of this: for a layer it tries every element, for a whole net one direction a layer. It
# takes anything with `forward`, `backward` and `parameters`, so it takes yours.

# %%
conv = snp.layers.Conv2d(3, 5, kernel_size=3, padding=1, dtype="float64")
print(snp.gradcheck(conv, rng.normal(size=(2, 3, 6, 8)), pytorch=False))

# %% [markdown]
# A row for each gradient: how it was **checked**, the worst **error** (relative to the largest number of that gradient),
# **at** which index, and both numbers there. The last row, `calls`, asks things that a single pass does not show: does
# backward belong to the *latest* forward, do gradients of two calls add up, does the layer leave your arrays alone?
#
# An error below $10^{-9}$ is what rounding makes. A wrong term gives $10^{-3}$ or $1$. There is a wide gap
# between them, and the limit of $10^{-7}$ lies in it.

# %% [markdown]
# ## Never ones
#
# What should `dout` be? Many a check takes the sum of all outputs for its one number, $L = \sum y$. That is a `dout` of
# ones. It looks innocent.

# %%
lessons.guess(
    "Batch norm brings each channel to mean 0 and variance 1 (weight 1, bias 0). **What is the sum of its outputs?** How does "
    "it change when one x moves?",
    "The mean of each channel is 0, so the sum is 0. It stays 0, whatever x does! So dx of the sum is **zero everywhere**, for "
    "the right backward and for many a wrong one. A check with ones compares zero with zero.",
)

# %% [markdown]
# Here is batch norm on one channel of 3x4 pixels, backward twice: right, and without the term through the variance (the
# bug from the beginning). First with a `dout` of ones, then with a random one.

# %%
x = rng.normal(size=(1, 1, 3, 4))


def without_variance_term(dout, x):
    return (dout - dout.mean()) / np.sqrt(x.var() + 1e-5)


def right_one(dout, x):
    return reference.batch_norm_train_backward(dout, x, np.ones(1))[0]


random_dout = rng.normal(size=x.shape)
lessons.show(
    draw.beside(
        {
            "dout of ones: right dx": right_one(np.ones_like(x), x)[0, 0],
            "dout of ones: wrong dx": without_variance_term(np.ones_like(x), x)[0, 0],
            "random dout: right dx": right_one(random_dout, x)[0, 0],
            "random dout: wrong dx": without_variance_term(random_dout, x)[0, 0],
        },
        rows=2,
    ),
    "Four 3x4 grids. With ones, the right and the wrong gradient are zero; with a random dout they differ everywhere",
)

# %% [markdown]
# With ones both are zero, but for rounding. The check passes, and the bug stays. With a random `dout` the numbers differ in
# every pixel. **So: the upstream gradient is random, always.** The same goes for all else that could be special: sizes
# that are equal, kernels that are symmetric, inputs that are sorted. What is special, hides bugs.

# %% [markdown]
# ## Kinks
#
# ReLU has a kink at 0: slope 0 on the left, slope 1 on the right. Move x near it, and make the step larger and smaller.

# %%
lessons.explore(
    draw.kink_picture,
    distance=(-1.0, 1.0, 0.1),
    h=(0.1, 1.0, 0.1),
    start={"distance": 0.2, "h": 0.5},
    labels={"distance": "x", "h": "step h"},
)

# %%
lessons.guess(
    "At **x = 0** exactly: what does the central difference say, whatever the step? What does backward say? Who is right?",
    "The difference says 1/2, the mean of both slopes. Backward says 0, as in PyTorch. Both may: at a kink there is no "
    "derivative, and every number between the left and the right slope is a **subgradient**. A check must not call that a bug.",
)

# %% [markdown]
# If x is not at 0 but nearer to it than $h$, then the step crosses the kink, and backward is right while the difference is
# not. So `gradcheck` does what you just did with the slider: where the two disagree it tries a **smaller step**, and
# exactly at a kink it compares with the slopes of **both sides**. It says so in a note:

# %%
near = np.linspace(-1.05, 1.07, 12).reshape(1, 1, 3, 4)
near[0, 0, 1, 1] = 2e-6  # nearer to the kink than the step
print(snp.gradcheck(snp.layers.ReLU(), near, pytorch=False)["input"].line(pytorch=False))
near[0, 0, 1, 1] = 0.0  # at the kink
print(snp.gradcheck(snp.layers.ReLU(), near, pytorch=False)["input"].line(pytorch=False))

# %% [markdown]
# ## Ties
#
# Max-pooling has its kinks where two numbers of a window are **equal**. Raise the one that is tied, and it alone is the
# maximum: slope 1. Lower it, and the other one takes over: slope 0. Again every number between is a subgradient.
#
# Ties are not rare. Behind a ReLU many windows are zero throughout, and a photograph has flat patches.

# %%
window = np.array([[[[4.0, 4.0], [1.0, 2.0]]]])
pool = snp.layers.MaxPool2d()
for h in (0.5, -0.5):
    moved = window.copy()
    moved[0, 0, 0, 0] += h
    change = (pool(moved)[0] - pool(window)[0]).item()
    print(f"move the first 4 by {h:+}: the maximum moves by {change:+}, slope {change / h + 0.0}")
both = window + np.array([[1.0, 1.0], [0.0, 0.0]]) * 0.5
print(f"move both by +0.5: the maximum moves by {(pool(both)[0] - pool(window)[0]).item():+}")

# %% [markdown]
# The last line is the way out. Where the tied numbers move **together**, they stay tied, and there is a true derivative: it
# is 1. So the gradients of tied numbers must add up to what came in: not twice of it, and not half. This is what the row
# `ties` of the report asks. And since SegNet remembers *one* place for each window, the first of tied maxima, row by row,
# it asks for that as well.

# %%
print(snp.gradcheck(pool, rng.permutation(48).reshape(1, 2, 4, 6) / 8, pytorch=False))

# %% [markdown]
# ## Without any step: the dot-product test
#
# Some layers are **linear**: unpooling with given indices, or a convolution without its bias. Then $f(x)$ is a matrix
# $A$ times $x$, and backward is the transposed matrix $A^T$ times `dout`. For every `x` and every `z`
#
# $$\langle A x, z \rangle = \langle x, A^T z \rangle$$
#
# No step, no bending curve, no kink. Both sides are the same sum in another order, so they agree to the last digit or two.
# By hand, for unpooling one number 7 to place 2 of a 2x2 window, with `z` holding 1, 2, 3, 4:
#
# - forward gives `[[0, 0], [7, 0]]`; times z, summed: $7 \cdot 3 = 21$;
# - backward picks the 3 out of z; times x: $7 \cdot 3 = 21$.

# %%
y, indices = pool(rng.normal(size=(2, 3, 7, 8)))  # odd height: the indices know the size they came from
unpool = snp.layers.MaxUnpool2d()
z = rng.normal(size=(2, 3, 7, 8))
left_side = np.vdot(unpool(y, indices), z)
right_side = np.vdot(y, unpool.backward(z))
print(left_side, right_side, "differ by", abs(left_side - right_side))

# %%
lessons.guess(
    "Why does this test not work for **max-pooling** itself?",
    "Because it is not linear: pool(a + b) is not pool(a) + pool(b). The place of the maximum depends on x. But **once the "
    "indices are fixed** it is linear: it picks out numbers. So backward may be tested at given indices, and in lesson 01 "
    "you saw what it is: unpooling.",
)

# %% [markdown]
# ## Find the bug, 1 of 3: max-pooling
#
# Three backward passes follow. Each looks right, and each passes a careless check. For each you get the code and the report. Read the
# report, find the bug, mend the code in the cell, and run it again.
#
# This dresses two functions as a layer, so that `gradcheck` can look at them:


# %%
class AsLayer:
    """A layer without parameters, from a forward f(x) and a backward b(dout, x)."""

    def __init__(self, f, b):
        self.f, self.b = f, b

    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, dout):
        return self.b(dout, self.x)

    def parameters(self):
        return []


# %% [markdown]
# **The code.** It spreads the pooled gradient `dy` over the windows and keeps it where `x` is the largest of its window.


# %%
def bug_pool(dy, x):
    batch, channels, height, width = x.shape
    windows = x.reshape(batch, channels, height // 2, 2, width // 2, 2)
    largest = windows.max(axis=(3, 5), keepdims=True)
    dwindows = np.where(windows == largest, dy[:, :, :, None, :, None], 0.0)
    return dwindows.reshape(x.shape)


# A careless check: random numbers, among which no two are equal.
x = rng.normal(size=(2, 3, 4, 6))
pooled = AsLayer(lambda x: reference.max_pool2d(x)[0], bug_pool)
print(snp.gradcheck(pooled, x, pytorch=False)["input"].line(pytorch=False))

# %% [markdown]
# That passes, element by element. Now the whole report:

# %%
print(snp.gradcheck(pooled, x, pytorch=False))

# %% [markdown]
# And a window that you can follow by hand:

# %%
x = np.array([[[[4.0, 4.0, 1.0, 0.0], [1.0, 2.0, 3.0, 2.0]]]])
dy = np.array([[[[10.0, 5.0]]]])
lessons.show(
    draw.beside({"x": x[0, 0], "dx of the code above, dy = 10 and 5": bug_pool(dy, x)[0, 0]}),
    "x, a 2x4 grid of two windows, and the dx that the code gives for it",
)

# %% [markdown]
# Mend `bug_pool` (copy it into the next cell, or change it above), then check it.

# %%
lessons.check("bug_pool", bug_pool)

# %%
# lessons.hint("bug_pool")

# %% [markdown]
# ## Find the bug, 2 of 3: convolution
#
# **The code.** dx of a convolution, as a convolution of its own: put zeros around `dout`, and let the kernel slide over it.


# %%
def bug_conv(dout, weight, padding):
    kernel_h, kernel_w = weight.shape[2:]
    rows, columns = kernel_h - 1 - padding, kernel_w - 1 - padding
    padded = np.pad(dout, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    height, width = padded.shape[2] - kernel_h + 1, padded.shape[3] - kernel_w + 1
    dx = np.zeros((dout.shape[0], weight.shape[1], height, width))
    for i in range(height):
        for j in range(width):
            patch = padded[:, :, i : i + kernel_h, j : j + kernel_w]
            dx[:, :, i, j] = np.einsum("noab,ocab->nc", patch, weight)
    return dx


def checked(weight):
    """The report on bug_conv for a kernel."""
    layer = AsLayer(
        lambda x: reference.conv2d(x, weight, padding=1),
        lambda dout, x: bug_conv(dout, weight, padding=1),
    )
    return snp.gradcheck(layer, rng.normal(size=(1, weight.shape[1], 4, 5)), pytorch=False)["input"]


# A careless check: a kernel that blurs.
blur = np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]).reshape(1, 1, 3, 3) / 16
print(checked(blur).line(pytorch=False))

# %% [markdown]
# Passes. And a random kernel:

# %%
print(checked(rng.normal(size=(2, 3, 3, 3))).line(pytorch=False))

# %% [markdown]
# When a report says only *that* it is wrong, make the case so small that you can see *how*. One 1 in `dout`, and a kernel
# whose numbers you recognise:

# %%
one = np.zeros((1, 1, 3, 3))
one[0, 0, 1, 1] = 1.0
kernel = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
position = np.zeros((1, 1, 3, 3))
tried = each_entry(lambda: reference.conv2d(position, kernel, padding=1), position, one, 1e-5)
lessons.show(
    draw.beside(
        {
            "dout": one[0, 0],
            "dx by trying": tried[0, 0],
            "dx of the code": bug_conv(one, kernel, 1)[0, 0],
        }
    ),
    "Three 3x3 grids: dout with a single 1 in the middle, dx found by trying, and the dx of the code",
)

# %%
lessons.check("bug_conv", bug_conv)

# %%
# lessons.hint("bug_conv")

# %% [markdown]
# ## Find the bug, 3 of 3: batch norm
#
# **The code.** dx of batch norm in training. You know by now which check it passes.


# %%
def bug_batch_norm(dout, x, weight, eps):
    axes = (0, 2, 3)
    std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    dx_hat = dout * weight[:, None, None]
    # forward was: x_hat = (x - mean) / std, and x acts on the mean as well
    through_mean = dx_hat.mean(axis=axes, keepdims=True)
    return (dx_hat - through_mean) / std


weight, eps = np.array([0.5, 2.0, -1.5]), 1e-5


def batch_norm(x):
    """Batch norm in training, without a bias."""
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    return weight[:, None, None] * (x - mean) / np.sqrt(var + eps)


x = rng.normal(size=(2, 3, 4, 5))
# A careless check: a dout of ones.
ones = np.ones_like(x)
print(
    "dout of ones: largest dx by trying",
    np.abs(each_entry(lambda: batch_norm(x), x, ones, 1e-5)).max(),
)
print(
    "dout of ones: largest dx of the code",
    np.abs(bug_batch_norm(ones, x, weight, eps)).max(),
)

# %% [markdown]
# Zero but for rounding, and zero. Now the report, whose `dout` is random:

# %%
normed = AsLayer(batch_norm, lambda dout, x: bug_batch_norm(dout, x, weight, eps))
print(snp.gradcheck(normed, x, pytorch=False))

# %% [markdown]
# Read the note below the first row. It names the missing term by the trace that it leaves. Lesson 04 derives it; here it
# is enough to mend the code.

# %%
lessons.check("bug_batch_norm", bug_batch_norm)

# %%
# lessons.hint("bug_batch_norm")

# %% [markdown]
# ## What each check sees
#
# Each bug, as it was given, before four checks. Three of the checks are careless, each in its own way.

# %%
lessons.show(
    draw.caught_table(careless.BUGS, careless.CHECKS, careless.passes),
    "A table of three bugs and four checks: each careless check lets one bug slip through, the careful one catches all",
)

# %% [markdown]
# Every bug gets past one check at least. The careful one catches all three: a random `dout`, a kernel without symmetry,
# and ties that are looked at on purpose.

# %% [markdown]
# ## A whole net
#
# The same two numbers, now for a whole net: SegNet-Basic with few channels, at a picture of odd size. One direction through all parameters together, then
# one for each layer, so that a bug is found in *its* layer.

# %%
net = snp.SegNetBasic(width=3, num_classes=5, dtype="float64")
report = snp.gradcheck(net, rng.normal(size=(2, 3, 33, 47)), pytorch=False)
print(report.verdict())
for row in list(report)[:6]:
    print(row.line(pytorch=False))

# %% [markdown]
# ## What you know now
#
# - **Training is not a test.** A net with a wrong gradient still learns.
# - The **central difference** errs by $h^2$, rounding by $\varepsilon / h$. In float64 a step of $10^{-5}$ is good; in float32
#   no step is.
# - `<dx, v>` beside `<dout, f(x + hv) - f(x - hv)> / 2h`: **two evaluations** for any number of parameters.
# - The upstream gradient is **random, never ones**; sizes differ from each other; kernels have no symmetry.
# - At a **kink** every number between the two slopes is right; at **ties** the gradients must add up to what came in.
# - A linear layer needs no step: $\langle Ax, z\rangle = \langle x, A^T z\rangle$.
#
# **Next**: [03 · Convolution](03_convolution.ipynb), whose three gradients you will write yourself, and check.

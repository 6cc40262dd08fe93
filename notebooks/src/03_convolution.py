# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 03 · Convolution, forward and backward
#
# SegNet is 26 convolutions with some pooling in between. Nearly everything that it learns, it learns in their weights. This
# lesson is about what one of them computes, how much of the picture it sees, and how the gradient finds its way back
# through it.
#
# **You will be able to**
# - compute a convolution by hand and write it in NumPy, with padding, channels, batch and bias;
# - count its multiplications, and say why deep layers cost no more than early ones;
# - compute how much of a picture one deep feature sees, and why it knows so little of *where*;
# - derive and write its three gradients: of the input, of the weights, of the bias;
# - check them in three ways that do not trust each other.
#
# *About 70 minutes. Before this: [02](02_gradients_you_can_trust.ipynb) (what `dout` is; central differences).*

# %%
import numpy as np

import segnet_np as snp
from segnet_np import lessons, reference
from segnet_np.data import street_scene
from segnet_np.lessons.pictures import convolution as pictures

# %% [markdown]
# ## The question
#
# Below is a street scene in grey, and what three *kernels* make of it: small tables of numbers, printed above their
# pictures. The recipe is the same for all three: lay the table onto nine neighbouring pixels, multiply each number by the
# pixel beneath it, add up. That is the new pixel in the middle. (Red is negative, blue is positive, white is zero.)
#
# How can one recipe blur a picture with these nine numbers, and find its edges with those?

# %%
image, _ = street_scene(7, (96, 128))
grey = image.mean(axis=2) / 255

kernels = {
    "mean": np.full((3, 3), 1 / 9),
    "upright edges": np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "level edges": np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
}
lessons.show(
    pictures.kernels_at_work(grey, kernels),
    "A grey street scene; blurred by the kernel of ninths; two kernels that answer at upright and at level edges.",
)

# %%
lessons.guess(
    "The second kernel has **ones and twos on the right, the same with a minus on the left**. What does it give on a wall "
    "that is equally bright everywhere? And where the picture turns from dark (left) to bright (right)?",
    "On the wall left and right cancel: 0, white. From dark to bright, the right side weighs more: a positive number, "
    "blue. From bright to dark: negative, red. Nobody told SegNet such kernels: it **learns** its numbers, and for that it "
    "needs their gradient.",
)

# %% [markdown]
# ## One output by hand
#
# Lay the kernel onto the upper left corner of the map. Multiply each number of the kernel by the number beneath it, and
# add the products up. That is one output. Then move the kernel one pixel on, and do it again.
#
# With a map of 3x3 and a kernel of 2x2 there are four places to lie, so there are four outputs:
#
# $$\begin{pmatrix}1&2&3\\4&5&6\\7&8&9\end{pmatrix}\quad\text{and}\quad\begin{pmatrix}1&2\\0&-1\end{pmatrix}\quad\text{give}\quad
# \text{out}[0,0] = 1\cdot1 + 2\cdot2 + 0\cdot4 + (-1)\cdot5 = 0.$$

# %%
lessons.guess(
    "Move the kernel to the lower right corner: what is `out[1, 1]`?",
    "It lies on 5 6 / 8 9, so $1\\cdot5 + 2\\cdot6 + 0\\cdot8 + (-1)\\cdot9 = 8$.",
)

# %%
x = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
weight = np.array([[1.0, 2], [0, -1]])

out = np.zeros((2, 2))
for i in range(2):
    for j in range(2):
        patch = x[i : i + 2, j : j + 2]  # what lies under the kernel
        out[i, j] = np.sum(weight * patch)
print(out)

# %% [markdown]
# ## Touch it
#
# Point at a cell of `out`, or go there with Tab and the arrow keys. The blue patch is what this output sees: its
# **receptive field**. Numbers that are multiplied with each other have the same small number in their corner. The button
# *one product* adds them up one by one.
#
# (The two other modes are the backward pass. They come later.)

# %%
lessons.convolution(x, weight, dout=[[1, 0], [2, -1]], padding=0)

# %% [markdown]
# ### A word on the name
#
# Mathematicians turn the kernel by 180 degrees before they lay it on, and call what we do *cross-correlation*. Deep
# learning does not turn it and calls it convolution all the same. Nothing is lost: the net learns its kernels, and would
# simply learn them turned. PyTorch, Caffe and this package all do what you did by hand. SciPy has both:

# %%
from scipy.signal import convolve2d, correlate2d

print("correlate2d:\n", correlate2d(x, weight, mode="valid"))
print("convolve2d, which turns the kernel:\n", convolve2d(x, weight, mode="valid"))

# %% [markdown]
# ## Padding
#
# 3x3 has become 2x2: the kernel does not fit over the edge. Each layer would shave off a rim, and after 13 layers 26
# pixels would be gone. So we first lay a frame of zeros around the map, `padding` pixels wide. Then
#
# $$\text{rows of out} = H + 2\cdot\text{padding} - K + 1,$$
#
# and a 3x3 kernel with padding 1 keeps the size. In the picture below the zeros are dashed. Point at a corner of `out`: how
# many of its nine products are zero for sure?

# %%
lessons.convolution()

# %%
lessons.guess(
    "SegNet-Basic has 7x7 kernels. Which `padding` keeps the size of the map? And why do kernels nearly always have an "
    "odd number of rows?",
    "$H + 2P - 7 + 1 = H$ gives $P = 3$. With an even kernel, say 4x4, it would be 1.5. An odd one has a pixel in "
    "its middle and as much on each side, so the same padding fits all around.",
)

# %% [markdown]
# Zeros are a white lie: outside of the picture it is not black. A kernel of ninths takes the mean, and the mean of a map of
# ones is 1. But not at the rim:

# %%
ones = np.ones((1, 1, 4, 5))
mean_kernel = np.full((1, 1, 3, 3), 1 / 9)
print(reference.conv2d(ones, mean_kernel, padding=1)[0, 0].round(2))

# %% [markdown]
# A corner sees four ones and five zeros: 4/9. Nets live with it, and can even use it: the zeros tell a feature that the
# edge is near.

# %% [markdown]
# ## Many channels
#
# A colour picture has three maps, red, green and blue; later layers have 64 or 512. An output looks at **all of them** at
# once: the kernel of one output channel is a block, one table for each input channel, and *all* products are added up. Then
# comes one number more, the bias. With N pictures and O output channels:
#
# $$\text{out}[n,o,i,j] = \text{bias}[o] + \sum_{c,\,k_i,\,k_j} \text{weight}[o,c,k_i,k_j]\cdot \text{x}[n,\,c,\;i+k_i-P,\;j+k_j-P]$$
#
# where x is 0 outside of the map. Read it from the left: *which output*, then *what is added up*. The rest of this lesson
# is nothing but this line, read in other directions. ($P$ is the padding; $k_i$ and $k_j$ count the rows and columns of the
# kernel, `ki` and `kj` in code.)

# %%
conv = snp.layers.Conv2d(in_channels=3, out_channels=64, kernel_size=3, padding=1)
pictures_in = np.zeros((2, 3, 96, 128), "float32")
print("x     ", pictures_in.shape, "  N, C, H, W")
print("weight", conv.weight.data.shape, "  O, C, KH, KW")
print("bias  ", conv.bias.data.shape)
print("out   ", conv(pictures_in).shape, "  N, O, OH, OW")

# %%
lessons.guess(
    "How many numbers does this first layer of SegNet learn?",
    "$64\\cdot3\\cdot3\\cdot3 + 64 = 1792$. It does not depend on the size of the picture: all places share the "
    "same weights. That is why a net trained on crops can segment a whole photograph.",
)

# %% [markdown]
# ## Your turn: the forward pass
#
# Write it for any N, C, O, any kernel and padding. Loops are fine: clear first, fast in lesson 06.


# %%
def convolution(x, weight, bias, padding):
    """x (N, C, H, W), weight (O, C, KH, KW), bias (O,) -> out (N, O, OH, OW)."""
    ...  # your turn


# lessons.hint("convolution")
lessons.check("convolution", convolution)

# %% [markdown]
# Stuck? Take away the `#` before `lessons.hint` and run the cell again: three hints, one a call.
# `lessons.solution("convolution")` shows a way to do it, and is for afterwards.


# %% [markdown]
# ## What it costs
#
# Each output is a sum of $C\cdot K_H\cdot K_W$ products, and there are $N\cdot O\cdot H\cdot W$ outputs. The product of it
# all is the number of multiplications.

# %%
lessons.guess(
    "In SegNet, at 360x480: `conv12` leads from 64 to 64 channels on the full-sized map. `conv42` comes after three pools: "
    "**512 to 512** channels on maps of 45x60. Which one costs more?",
    "The same, to the last multiplication! Channels grew eightfold in and out, which is 64 times the weights; the pools left "
    "1/8 of the rows and 1/8 of the columns, which is 1/64 of the outputs.",
)

# %%
names, millions = [], []
channels, height, width = 3, 360, 480
for name, kernel_size, stride in pictures.ENCODER:
    if stride == 2:  # a pool
        height, width = height // 2, width // 2
        continue
    stage = int(name[4])
    out_channels = 64 * (1, 2, 4, 8, 8)[stage - 1]
    names.append(name)
    millions.append(channels * out_channels * kernel_size**2 * height * width / 1e6)
    channels = out_channels

print(f"{sum(millions) / 1000:.1f} thousand million multiplications for one picture, encoder only")
lessons.show(
    pictures.cost(names, millions),
    "Bars: multiplications of each encoder layer; conv11 and conv51 to conv53 are low, of the others most are alike and the first of a stage is half as high.",
)

# %% [markdown]
# That is why it takes a fast kernel, and why lesson 06 is worth its time: Winograd's trick gets by with a quarter
# of them.

# %% [markdown]
# ## How much does one pixel see?
#
# An output of a 3x3 convolution sees three rows. Put a second one on top: its output sees three rows of the *middle* map,
# and each of these sees three rows of the input. Count the blue pixels in the lowest row:

# %%
conv3, pool2 = (3, 1), (2, 2)
lessons.show(
    pictures.pyramid([conv3, conv3]),
    "One pixel on top depends on three in the middle row and on five of the input.",
)

# %%
lessons.guess(
    "Now a 2x2 pool comes after these two, and another 3x3 convolution after the pool. How many pixels does it see: "
    "5 + 1 + 2 = 8?",
    "10. The pool adds one: 6. But after it, neighbours are **two** input pixels apart, so the next 3x3 convolution adds "
    "not 2 but $2\\cdot2 = 4$. The picture below shows it.",
)

# %%
lessons.show(
    pictures.pyramid([conv3, conv3, pool2, conv3]),
    "With a pool in between, one pixel on top depends on ten pixels of the input.",
)

# %% [markdown]
# ### Your turn: the receptive field
#
# Layers come as pairs `(kernel_size, stride)`. The stride is how far the kernel moves on: 1 in a convolution, 2 in a pool.


# %%
def receptive_field(layers):
    """[(kernel_size, stride), ...] from the input on -> rows of the input that one output depends on."""
    ...  # your turn


# lessons.hint("receptive_field")
lessons.check("receptive_field", receptive_field)


# %% [markdown]
# ### SegNet's encoder, layer by layer
#
# Move the slider from the first layer to the last, `pool5`. Watch two things: how fast the red frame grows, and what
# becomes of the yellow square, the piece of the picture that belongs to this one pixel *alone*, before its neighbour begins.

# %%
big, _ = street_scene(12, (288, 384))


def what_one_pixel_sees(layer=5):
    """The receptive field of one encoder pixel drawn over a street scene."""
    return pictures.field_on_picture(big, layer, centre=(174, 215))


lessons.explore(what_one_pixel_sees, layer=(1, 18))

# %%
print("layer   sees  step")
for name, size, step in pictures.fields():
    print(f"{name:6s} {size:5d} {step:5d}")

# %% [markdown]
# Here is the bargain that a net makes. One pixel of `pool5` sees 212x212 pixels of the picture, enough to know *that this is a
# car*. But it stands for a square of 32x32, and nothing in it says where in this square the car ends. **It knows much about
# what, and little about where.** That is how boundaries are lost, and it is the question that SegNet answers: its
# pooling indices remember the *where*, one pool after the other (lesson 01).
#
# The same sum for SegNet-Basic, whose kernels are 7x7 and whose four stages have one convolution each, must give the 106x106 that
# the paper states:

# %%
basic = [
    (f"{what}{stage}", *layer) for stage in range(1, 5) for what, layer in (("conv", (7, 1)), ("pool", pool2))
]
print(pictures.fields(basic)[-1])

# %% [markdown]
# ### Is it true?
#
# A formula can be believed or measured. Where one output pixel looks, its gradient with respect to the input can be
# nonzero; where it does not look, never. So put 1 into a single pixel of `dout`, 0 elsewhere, and go backward through conv, conv, pool, conv, conv, pool,
# for many random nets and inputs. The red frame is the formula's.


# %%
def influence_on_input(seed):
    """Gradient of one output pixel with respect to the input, for a net of random weights."""
    sizes = [(1, 8), (8, 8), (8, 8), (8, 8)]
    conv1, conv2, conv3, conv4 = (
        snp.layers.Conv2d(*size, 3, padding=1, dtype="float64", seed=4 * seed + k)
        for k, size in enumerate(sizes)
    )
    pool1, pool2 = snp.layers.MaxPool2d(), snp.layers.MaxPool2d()
    noise = np.random.default_rng(seed).standard_normal((100, 1, 32, 32))

    a, _ = pool1(conv2(conv1(noise)))
    a, _ = pool2(conv4(conv3(a)))
    dout = np.zeros_like(a)
    dout[:, :, 4, 4] = 1  # one pixel in the middle, all else is left out

    d = conv3.backward(conv4.backward(pool2.backward(dout)))
    d = conv1.backward(conv2.backward(pool1.backward(d)))
    return np.abs(d).mean(axis=(0, 1))


seen = np.mean([influence_on_input(seed) for seed in range(lessons.short(10, 4))], axis=0)

stack = [("", 3, 1), ("", 3, 1), ("", 2, 2)] * 2
_, size, _ = pictures.fields(stack)[-1]
print(f"by the formula {size} rows, measured {np.count_nonzero(seen.any(axis=1))}")
lessons.show(
    pictures.influence(seen, size),
    "The measured region fills the frame exactly; the influence is strong in its middle and fades to its rim.",
)

# %% [markdown]
# Exactly the frame. The right picture adds something that the formula does not say: the middle counts far more than the
# rim, because many ways lead there and only one to a corner. A receptive field is what *can* be seen, not what is looked at.

# %% [markdown]
# ## Backward: one line, read three times
#
# `dout[n, o, i, j]` says how much the loss grows when this output grows a little (lesson 02). What does that say about a
# weight, or about an input? Look at one product of the many:
#
# $$\text{out} = \dots + \text{weight}\cdot\text{x} + \dots$$
#
# If x grows by a little, out grows by *weight* times it. If the weight grows, out grows by *x* times it. So
#
# > the gradient of one factor is `dout` times **the other factor**, added up over all products that it was in.
#
# That is all of it. The rest is book-keeping: *which products was it in?*

# %% [markdown]
# ## dx: which outputs looked at me?
#
# Point at a cell of `dx` and read which outputs had looked at this input, and with which weight. A corner was in one patch
# only, the middle in all four.

# %%
lessons.convolution(x, weight, dout=[[1, 0], [2, -1]], padding=0, mode="dx")

# %%
lessons.guess(
    "By hand, before you point at it: what is `dx[1, 1]`, the middle?",
    "It was seen by all four outputs: by `out[0, 0]` with its lower right weight, by `out[1, 1]` with its upper left one. "
    "$1\\cdot(-1) + 0\\cdot0 + 2\\cdot2 + (-1)\\cdot1 = 2$.",
)

# %% [markdown]
# ### Your turn: dx
#
# There are two ways to write it. You can *scatter*: go through the outputs, and let each hand its gradient back to the patch
# it had read. Or *gather*, as the picture does: go through the inputs. Scattering is the easier one: it has the same loops
# as forward.


# %%
def convolution_dx(dout, x, weight, padding):
    """dout (N, O, OH, OW), and what forward was given -> dx, of the shape of x."""
    ...  # your turn


# lessons.hint("convolution_dx")
lessons.check("convolution_dx", convolution_dx)


# %% [markdown]
# ### dx is a convolution again
#
# In the picture of dx above, tick the box *read it as a convolution*: dout gets a rim of zeros, the kernel is turned by 180
# degrees, and now the blue patch and the kernel lie on each other in the same order, as in any convolution.
#
# Why turned? Forward, output $i$ read the input at $i + k$. So the input at $r$ was read by the output at $r - k$. The plus
# has become a minus: what was to the right is now to the left.
#
# So no new code is needed. Turn the kernel, exchange input and output channels, pad with $K - 1 - P$:

# %%
rng = np.random.default_rng(0)
xs = rng.standard_normal((2, 3, 6, 8))
ws = rng.standard_normal((5, 3, 3, 3))
dout = rng.standard_normal((2, 5, 6, 8))
dx, dweight, dbias = reference.conv2d_backward(dout, xs, ws, padding=1)

turned = ws[:, :, ::-1, ::-1].swapaxes(0, 1)  # (C, O, KH, KW)
again = reference.conv2d(dout, turned, padding=3 - 1 - 1)
print("largest difference:", np.abs(again - dx).max())

# %% [markdown]
# `segnet_np/layers/conv2d.py` does just that: its backward calls the same fast kernel as its forward.

# %% [markdown]
# ## dweight: everything I ever touched
#
# A weight was used once for *each output*: in every place of every picture. So its gradient is a long sum. Point at a cell of
# `dweight`: the blue numbers are the x that this weight met, the orange ones what came back for it.

# %%
lessons.convolution(x, weight, dout=[[1, 0], [2, -1]], padding=0, mode="dweight")

# %%
lessons.guess(
    "By hand: `dweight[0, 0]`? This weight met the upper left number of every patch.",
    "It met 1, 2, 4, 5, one for each output: $1\\cdot1 + 0\\cdot2 + 2\\cdot4 + (-1)\\cdot5 = 4$.",
)

# %% [markdown]
# The blue patch is as large as `dout` and slides over x as a kernel would. So dweight is a correlation too: **of x, with dout as
# the kernel**.

# %%
print(reference.conv2d(x[None, None], np.array([[[[1.0, 0], [2, -1]]]]))[0, 0])

# %% [markdown]
# ### Your turn: dweight


# %%
def convolution_dweight(dout, x, weight, padding):
    """dout (N, O, OH, OW), and what forward was given -> dweight, of the shape of weight."""
    ...  # your turn


# lessons.hint("convolution_dweight")
lessons.check("convolution_dweight", convolution_dweight)


# %%
lessons.guess(
    "What must a convolution **remember** from forward to backward, beside its weights: x, out, or both?",
    "x, and only for dweight. dx needs nothing but the weights, and `out` is needed by nobody. That is why the input maps of all "
    "convolutions have to be kept while training, and why training takes so much more memory than predicting.",
)

# %% [markdown]
# ## dbias: the shortest of the three
#
# The bias was added to every output of its channel, times 1.


# %%
def convolution_dbias(dout):
    """dout (N, O, OH, OW) -> dbias (O,)."""
    ...  # your turn


# lessons.hint("convolution_dbias")
lessons.check("convolution_dbias", convolution_dbias)


# %% [markdown]
# ## Check 1: finite differences
#
# Never believe a gradient that you derived yourself. Move one weight a little up and a little down, and see what becomes of
# $L = \sum \text{dout}\cdot\text{out}$ (lesson 02). In float64 the two numbers should agree in eight digits or more.

# %%
h = 1e-5
place = (4, 1, 0, 2)
up, down = ws.copy(), ws.copy()
up[place] += h
down[place] -= h
numeric = (
    np.sum(dout * reference.conv2d(xs, up, padding=1)) - np.sum(dout * reference.conv2d(xs, down, padding=1))
) / (2 * h)
print("moved:    ", numeric)
print("backward: ", dweight[place])

# %% [markdown]
# `snp.gradcheck` does that for every input, every weight and every bias, with a random dout. Where PyTorch is installed, it
# compares with PyTorch too.

# %%
layer = snp.layers.Conv2d(3, 5, kernel_size=3, padding=1, dtype="float64")
print(snp.gradcheck(layer, xs))

# %% [markdown]
# And what if something *is* wrong? Here is a layer with a classic mistake: it forgets to turn the kernel for dx. The
# expected verdict is a failure, and the report should say why.


# %%
class UnturnedKernel(snp.layers.Conv2d):
    def backward(self, dout, input_grad=True):
        weight = self.weight.data
        self.weight.data = np.ascontiguousarray(weight[:, :, ::-1, ::-1])
        dx = super().backward(dout, input_grad)
        self.weight.data = weight
        return dx


print(snp.gradcheck(UnturnedKernel(3, 5, kernel_size=3, padding=1, dtype="float64"), xs, pytorch=False))

# %% [markdown]
# ## Check 2: golden values
#
# Numbers that somebody else computed, once, and that must come out again for ever. These are PyTorch's, for whole numbers,
# where nothing is rounded, so they must agree to the last bit.

# %%
gx = (np.arange(2 * 2 * 4 * 5) * 7 % 11 - 5.0).reshape(2, 2, 4, 5)
gweight = (np.arange(3 * 2 * 3 * 3) * 5 % 7 - 3.0).reshape(3, 2, 3, 3)
gbias = np.array([1.0, -2, 3])
gdout = (np.arange(2 * 3 * 4 * 5) * 3 % 7 - 2.0).reshape(2, 3, 4, 5)

golden_row = [15, -7, -11, 40, -29]  # out[1, 2, 0]
golden_dx = [3, -22, -19, -16, 2]  # dx[0, 1, 3]
golden_dweight = [-21, 24, -42]  # dweight[2, 0, 1]
golden_dbias = [40, 39, 38]

layer = snp.layers.Conv2d(2, 3, kernel_size=3, padding=1, dtype="float64")
layer.weight.data[...] = gweight
layer.bias.data[...] = gbias
out = layer(gx)
dx = layer.backward(gdout)
print(out[1, 2, 0], dx[0, 1, 3], layer.weight.grad[2, 0, 1], layer.bias.grad, sep="\n")
assert out[1, 2, 0].tolist() == golden_row
assert dx[0, 1, 3].tolist() == golden_dx
assert layer.weight.grad[2, 0, 1].tolist() == golden_dweight
assert layer.bias.grad.tolist() == golden_dbias

# %% [markdown]
# ## Check 3: the dot-product test
#
# Without a bias, a convolution only multiplies x by fixed numbers and adds. Whatever does that can be written as a matrix. Here
# it is for our small example: x as a list of nine numbers, out as a list of four. Each row is one output; the numbers in it are
# the kernel, put where this output looks.

# %%
matrix = np.zeros((4, 9))
for row, (i, j) in enumerate(np.ndindex(2, 2)):
    for ki, kj in np.ndindex(2, 2):
        matrix[row, 3 * (i + ki) + (j + kj)] = weight[ki, kj]
print(matrix.astype(int))
print("matrix @ x          ", matrix @ x.ravel(), "  is out")
print("matrix.T @ dout     ", matrix.T @ [1, 0, 2, -1], "  is dx")

# %% [markdown]
# A **row** says what an output is made of: forward. Read a **column** and it says which outputs an input went into, with which
# weight: backward. Going backward is multiplying by the *transposed* matrix.
#
# For any matrix and any two vectors, $(Ax)\cdot d = x\cdot(A^\top d)$. So whatever x and dout are, two sums must be the same
# number. That test takes one line, needs no step h, and is exact but for rounding.

# %%
out = reference.conv2d(xs, ws, padding=1)
dx, dweight, _ = reference.conv2d_backward(dout, xs, ws, padding=1)
print("out . dout       ", np.sum(out * dout))
print("x . dx           ", np.sum(xs * dx))
print("weight . dweight ", np.sum(ws * dweight))

# %%
lessons.guess(
    "Why does the third line give the same number as well?",
    "A convolution is linear in its weights too, for a fixed x. Each product weight * x * dout is in all three sums: they only "
    "collect the products in another order.",
)

# %% [markdown]
# ## What you know now
#
# - A convolution lays a kernel on a patch, multiplies, adds up; the kernel is not turned. Padding keeps the size.
# - Each output sums over all input channels; all places share the weights.
# - Multiplications: $N\cdot O\cdot C\cdot K_H\cdot K_W\cdot OH\cdot OW$. Halving the map and doubling the channels keeps that.
# - Receptive fields grow by $(K - 1)\cdot\text{step}$, and each pool doubles the step: deep features know *what*, not *where*.
# - Gradients: `dout` times the other factor, summed over everything that the wanted one took part in. For x that is a convolution
#   with the turned kernel, for the weights a correlation of x with dout, for the bias a plain sum.
#
# Line for line: `segnet_np/reference.py` (`conv2d_backward`) and the docstring of `segnet_np/layers/conv2d.py`.
#
# **Next**: [04 · Batch norm and ReLU](04_batch_norm_and_relu.ipynb), the two that stand behind every convolution of SegNet's
# encoder, and the hardest backward pass of the course.

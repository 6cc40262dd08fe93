# %% [markdown]
# # 01 · Pool, remember, unpool
#
# *About 60 minutes. Before this: lesson 00, and a little NumPy.*
#
# **You will**
#
# - pool a map by hand and remember where each maximum stood,
# - put the numbers back with what you remembered, also on maps of odd size,
# - write both backward passes, and see that they are two old friends,
# - know what two bits for each window buy, and what they cost.
#
# **The question.** A net has to make its maps smaller, so that it sees more than a few pixels at once. But in the end
# it must say for *each* pixel what it is. What does making smaller forget? And what is the least that one must write
# down to undo it?

# %%
import numpy as np

import segnet_np as snp
from segnet_np import lessons, reference
from segnet_np.layers import MaxPool2d, MaxUnpool2d, PoolingIndices
from segnet_np.lessons import pictures
from segnet_np.lessons.pictures.pooling import memory_picture, pool_picture, travel_picture

# %% [markdown]
# ## The picture
#
# Here is all of it at once. On the left a map `x`, cut into windows of 2x2. Pooling keeps the largest number of each
# window: that is `y`. And it writes down where in its window that number stood: the *offset*. On the right, unpooling
# has put each number back at its place. The rest is zeros.

# %%
x = np.array(
    [
        [1, 5, 2, 0, 6, 1],
        [3, 2, 1, 7, 4, 2],
        [9, 4, 3, 6, 0, 8],
        [8, 0, 8, 5, 3, 1],
        [2, 3, 7, 1, 5, 2],
        [6, 1, 0, 4, 3, 9],
    ],
    float,
)
lessons.show(
    pool_picture(x),
    "A 6x6 map with nine windows, the 3x3 map of their largest numbers, the offsets 0 to 3, and "
    "the unpooled map",
)

# %% [markdown]
# An offset names one of the four places of a window, row by row:
#
# | | left | right |
# |---|---|---|
# | **upper row** | 0 | 1 |
# | **lower row** | 2 | 3 |

# %%
lessons.guess(
    "The map had 36 numbers. Pooling keeps 9 numbers and 9 offsets. **How many bits** does one "
    "offset need? And how many does one number of the map need, in float32?",
    "An offset is one of four things, so **2 bits** are enough; a float32 has **32 bits**. All "
    "nine offsets together, 18 bits, need less room than a single number of the map. That is the "
    "whole bargain of SegNet, and the paper states it so: 2 bits for each 2x2 window.",
)

# %% [markdown]
# ## Step through it
#
# Take your time with this one. Step through pooling window by window, then through unpooling, then through the way back
# of both. Edit numbers; hover over a cell (or move to it with the arrow keys) to see where it came from and where it
# goes. Try a tie, a negative number, an odd size.

# %%
lessons.stepper()

# %% [markdown]
# ## One window by hand
#
# Before any code, with pencil and paper:
#
# $$\begin{pmatrix} 1 & 5 \\ 3 & 2 \end{pmatrix}$$
#
# The largest number is 5. It stands in the upper row on the right, so its offset is 1. Pooling hands on `5` and remembers
# `1`. Unpooling gets another number for this window, say 0.8, because layers in between have worked on it. It puts it
# where the 5 stood:
#
# $$\begin{pmatrix} 0 & 0.8 \\ 0 & 0 \end{pmatrix}$$
#
# So the *place* comes from the encoder, and the *number* from the decoder. The library says the same:

# %%
window = np.array([[1.0, 5.0], [3.0, 2.0]])[None, None]  # (N, C, H, W), as all layers want it
y, indices = MaxPool2d()(window)
print("y      ", y.ravel())
print("offset ", indices.offsets.ravel())
print(MaxUnpool2d()(np.array([[[[0.8]]]]), indices)[0, 0])

# %% [markdown]
# ## What is the first of equals?
#
# A window may hold its largest number twice. That happens more often than one thinks: after ReLU, many windows are
# full of zeros. Then it must be settled which place is remembered.

# %%
lessons.guess(
    "A window holds 4, 4 in the upper row and 2, 4 in the lower one. Three places hold the "
    "largest number. **Which offset is remembered**, if the places are looked at row by row, and "
    "only a *larger* number takes the lead?",
    "Offset **0**. The first 4 takes the lead, and the other two are not larger. Caffe and "
    "PyTorch do the same, with the same strict comparison. It matters little *which* one is "
    "taken, but everybody has to take the same one: otherwise weights that were trained with one "
    "program give other pictures in the next.",
)

# %%
lessons.guess(
    "And a window of negative numbers, -3 and -1 above, -2 and -4 below: what does pooling give, "
    "and which offset?",
    "It gives **-1**, at offset **1**. The largest of negative numbers is the one nearest to "
    "zero, and it is still negative. Whoever writes a loop that begins with `best = 0` gets 0, a "
    "number that is not even in the window.",
)

# %% [markdown]
# ## Your turn: pooling
#
# Now write it. One map, no batch, no channels. Where you get stuck, there are three hints, one a call; and `check` says
# what is wrong, not only that something is.


# %%
def max_pool(x):
    """x: (H, W). Returns y and offsets, each (H // 2, W // 2)."""
    ...  # your turn


# lessons.hint("max_pool")  # take away the first # for a hint; there are three
lessons.check("max_pool", max_pool)

# %% [markdown]
# ## Two ways to write down a place
#
# An offset counts within its own window. PyTorch writes the same place as one number for the whole plane, row by row:
# `flat = row * W + column`. From window (i, j) with offset o you get there by
#
# $$\text{row} = 2i + \lfloor o / 2 \rfloor \qquad \text{column} = 2j + o \bmod 2 \qquad
# \text{flat} = \text{row} \cdot W + \text{column}$$
#
# This is window (1, 2) of our map, the one with the 8 in it:

# %%
y, indices = MaxPool2d()(x[None, None])
i, j = 1, 2
o = int(indices.offsets[0, 0, i, j])
row, column = 2 * i + o // 2, 2 * j + o % 2
print(f"offset {o}: row {row}, column {column}, flat {row * 6 + column};  x there is {x[row, column]}")

# %%
figure, axes = pictures.grids((3, 3), (3, 3), gap=1.2)
colours = pictures.window_colours(3, 3, window=1)
pictures.draw_grid(axes[0], indices.offsets[0, 0], colours=colours, title="offsets: 2 bits each")
pictures.draw_grid(axes[1], indices.flat[0, 0], colours=colours, title="flat: 64 bits each")
lessons.show(figure, "The nine offsets of the map, and beside them the same places as flat positions")

# %% [markdown]
# The flat form has a catch: it means nothing without W. Position 15 is row 2 of a map that is 6 wide, and row 3 of one
# that is 5 wide. That is why `PoolingIndices` remembers the size that it was pooled from, and hands out either form.

# %% [markdown]
# ## Odd sizes
#
# Half of 45 is not a whole number. There are two ways out, and both are in use:
#
# - **floor**: leave out the last row. 45 rows pool to 22. PyTorch does so unless told otherwise.
# - **ceil**: give the last row windows of its own, which hang over the edge. 45 rows pool to 23. Caffe does so, and
#   therefore the authors of SegNet did.
#
# Play with the size. Grey cells have no window; dashed windows hang over the edge.


# %%
def pooled_map(height=5, width=7, ceil_mode=False):
    """A map with its windows, what pooling keeps and remembers, and what unpooling gives back."""
    numbers = np.random.default_rng(1).permutation(100)[: height * width]
    return pool_picture(numbers.reshape(height, width), ceil_mode)


lessons.explore(
    pooled_map,
    height=(2, 7),
    width=(2, 7),
    ceil_mode=False,
    labels={"height": "rows", "width": "columns", "ceil_mode": "ceil: windows for the last row"},
)

# %%
lessons.guess(
    "CamVid's pictures are 360 pixels high. Pooling with **ceil** five times gives 180, 90, 45, "
    "23, 12 rows. Now the decoder doubles: 24, 48, ... **Where does it go wrong**, and what must "
    "it know to go right?",
    "12 windows came from 23 rows, not from 24; and 23 windows from 45 rows, not 46. Doubling "
    "cannot know that: 23 and 24 rows both have 12 windows. With floor it is the same trouble, 45 "
    "rows pool to 22, and 22 doubled is 44. So each unpooling needs the **size** that its pooling "
    "began with. Implementations that leave it out crash at this size; people keep running into "
    "it.",
)

# %% [markdown]
# In this library the indices carry their size, so there is nothing to remember. If you give flat indices without their
# size, or with a wrong one, the error says what does not fit. Here it is, on purpose:

# %%
deep = np.random.default_rng(2).standard_normal((1, 1, 45, 60))
y, indices = MaxPool2d(ceil_mode=True)(deep)
print(indices.shape[2:], "windows, pooled from", indices.input_size)
print(MaxUnpool2d()(y, indices).shape)
try:
    MaxUnpool2d()(y, indices.flat, output_size=(48, 60))
except ValueError as error:
    print("as it should be, an error:", error)

# %% [markdown]
# ## Your turn: unpooling
#
# Zeros of the right size, then each number to its place. The size is an argument, and now you know why.


# %%
def max_unpool(y, offsets, size):
    """y, offsets: (PH, PW), size: (H, W). Returns a map of that size."""
    ...  # your turn


# lessons.hint("max_unpool")
lessons.check("max_unpool", max_unpool)

# %% [markdown]
# ## There and back
#
# Pooling throws three numbers of each window away, so unpooling cannot bring them back:
# `unpool(pool(x))` is not `x`. But the other way round? Put numbers into a map, then pool it: do they come out again?

# %%
lessons.guess(
    "Take some numbers `p`, unpool them, and pool the result. **Does `pool(unpool(p)) == p` "
    "hold?** For all numbers? Think of one window, with 5 in it, then with -5.",
    "Around each number stand three zeros. A **5** is larger than they are, so it is found again, "
    "at its old place. **-5** is not: the zeros win, and 0 comes out. So "
    "$\\mathrm{pool}(\\mathrm{unpool}(p)) = \\max(p, 0)$, which is **ReLU**, and it is $p$ itself "
    "exactly when no number is negative.",
)

# %%
p = np.array([[5.0, -5.0], [0.5, 0.0]])
places = PoolingIndices(np.array([[1, 3], [0, 2]], np.uint8)[None, None], (4, 4))
spread = MaxUnpool2d()(p[None, None], places)
again, found = MaxPool2d()(spread)

figure, axes = pictures.grids((2, 2), (4, 4), (2, 2))
small, large = pictures.window_colours(2, 2, window=1), pictures.window_colours(4, 4)
pictures.draw_grid(axes[0], p, colours=small, title="p")
pictures.draw_grid(axes[1], spread[0, 0], colours=large, faint=spread[0, 0] == 0, window=2, title="unpooled")
pictures.draw_grid(axes[2], again[0, 0], colours=small, marked=again[0, 0] != p, title="pooled again")
lessons.show(
    figure, "p with a negative number, unpooled, and pooled again: in place of the negative one stands 0"
)

# %% [markdown]
# The framed number is the one that did not survive. Does SegNet mind? No: in its encoder a ReLU stands in front of every
# pooling, so what is pooled is never negative; and in its decoder nothing is pooled any more.
#
# And the last row and column of an odd map, with windows that hang over the edge? There is one window where even a
# negative number survives. Which one? Write down what comes out, for any `p` and any size, without pooling anything.


# %%
def pool_of_unpool(p, size):
    """p: (PH, PW), size: (H, W) of the map in between. Returns what pool(unpool(p)) gives."""
    ...  # your turn


# lessons.hint("pool_of_unpool")
lessons.check("pool_of_unpool", pool_of_unpool)

# %% [markdown]
# ## The way back: pooling
#
# Training asks each layer: *if the loss wants y to change by dy, what does it want from x?* Look at one window again:
#
# $$y = \max(x_0, x_1, x_2, x_3)$$
#
# If $x_1$ is the largest, then $y$ **is** $x_1$, as long as nobody overtakes it. Push $x_1$ up by a little and $y$ rises by
# just as much; push another one and nothing happens. So the derivative is 1 for the winner and 0 for the others.


# %%
def pooled_window(x1):
    """y of the window 1, x1 / 3, 2, as x1 changes: flat while it is small, then a straight line of slope 1."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    values = np.array([[1.0, x1], [3.0, 2.0]])
    pictures.draw_grid(left, values, marked=values == values.max(), title="the window", digits=1)
    along = np.linspace(0, 6, 121)
    right.plot(along, np.maximum(along, 3), color=pictures.BLUE, linewidth=2)
    right.plot([x1], [max(x1, 3)], "o", color=pictures.RED, markersize=9)
    slope = "1: it wins" if x1 > 3 else "0: the 3 wins" if x1 < 3 else "0 or 1: a tie"
    right.set(xlabel="x1", ylabel="y", ylim=(2, 6.3), title=f"dy/dx1 is {slope}")
    right.grid(alpha=0.3)
    return figure


lessons.explore(pooled_window, x1=(0.0, 6.0, 0.1), start={"x1": 5.0}, labels={"x1": "upper right number"})

# %%
lessons.guess(
    "The gradient `dy` of a pooled map has one number for each window. The gradient `dx` has "
    "four. **Where does the one number go, and what stands in the other three places?**",
    "It goes to the place where the maximum stood, all of it; the other three get **zero**. Read "
    "that again: one number for each window, put where the index says, with zeros around it. You "
    "have already written this function!",
)


# %%
def max_pool_backward(dy, offsets, x):
    """dy, offsets: (H // 2, W // 2), x: (H, W). Returns dx: (H, W)."""
    ...  # your turn


# lessons.hint("max_pool_backward")
lessons.check("max_pool_backward", max_pool_backward)

# %% [markdown]
# ## The way back: unpooling
#
# Unpooling copies y[i, j] to one place of the map. The zeros around it are constants: nothing in y can move them.

# %%
lessons.guess(
    "`dout` has four numbers for each window, `dy` needs one. Four in, one out: that looks like "
    "pooling. **Is it the largest of the four? Their sum? Or something else?**",
    "Something else: it is the number **at the place where y was put**. Nothing is compared. It "
    "may well be the smallest of the four. What stands in the other three places says how the "
    "loss would like constants to change, and they cannot.",
)


# %%
def max_unpool_backward(dout, offsets):
    """dout: (H, W), offsets: (PH, PW). Returns dy: (PH, PW)."""
    ...  # your turn


# lessons.hint("max_unpool_backward")
lessons.check("max_unpool_backward", max_unpool_backward)

# %% [markdown]
# ## Two friends
#
# There are only two moves in this lesson:
#
# - **scatter**: each number of the small map goes to its place in the large one, zeros elsewhere;
# - **gather**: each number of the small map is fetched from its place in the large one.
#
# | | forward | backward |
# |---|---|---|
# | pooling | find the places, then **gather** x | **scatter** dy |
# | unpooling | **scatter** y | **gather** dout |
#
# Each is the other's way back. In the pictures of the encoder and the decoder, gradients run along the same arrows as the
# numbers, in the other direction. With fixed places, gather is a matrix `S` of zeros and ones (it *selects*), and scatter
# is the same matrix, transposed. For a 4x4 map (16 places) and its 4 windows:

# %%
places = PoolingIndices(np.array([[1, 3], [0, 2]], np.uint8)[None, None], (4, 4))
S = np.zeros((4, 16))
S[np.arange(4), places.flat.ravel()] = 1

figure, axes = pictures.grids((4, 16), (16, 4), cell=0.3, gap=0.9)
one_colour = pictures.light(pictures.WINDOW_COLOURS)
rows = np.where(S[..., None] > 0, one_colour[:, None], 1.0)
pictures.draw_grid(axes[0], S, colours=rows, faint=S == 0, font_size=8, title="gather: S, 4x16")
pictures.draw_grid(
    axes[1],
    S.T,
    colours=rows.transpose(1, 0, 2),
    faint=S.T == 0,
    font_size=8,
    title="scatter: S transposed, 16x4",
)
lessons.show(figure, "A matrix of 4 rows and 16 columns with a single one in each row, and its transpose")

# %% [markdown]
# Two things can be read off it:
#
# - $S\,S^\top = I$: scatter, then gather, and you have your numbers back, also the negative ones, because gather compares
#   nothing.
# - $S^\top S$ keeps the four remembered places of a map and sets the other twelve to zero.

# %%
print(S @ S.T)
print(np.diag(S.T @ S).reshape(4, 4))

# %% [markdown]
# ## How do you know that a backward pass is right?
#
# For a *linear* function there is a test without any small step: a pass forward, $f$, and its backward pass, $f^\top$,
# must satisfy
#
# $$\langle f(y),\, z \rangle = \langle y,\, f^\top(z) \rangle \qquad \text{for all } y \text{ and } z.$$
#
# Both sides add up the same products, only sorted in another way. Try it with random numbers, on an odd map. Expected: the
# same number twice, up to the last digits.

# %%
rng = np.random.default_rng(3)
_, indices = MaxPool2d(ceil_mode=True)(rng.standard_normal((2, 3, 7, 9)))
y, z = rng.standard_normal(indices.shape), rng.standard_normal((2, 3, 7, 9))
unpool = MaxUnpool2d()
left = np.vdot(unpool(y, indices), z)
right = np.vdot(y, unpool.backward(z))
print(left, right)
assert np.isclose(left, right, rtol=1e-12)

# %% [markdown]
# And a backward pass that is wrong? Suppose someone pools the gradient, because "four in, one out". Expected: two numbers
# that have nothing to do with each other.

# %%
wrong, _ = MaxPool2d(ceil_mode=True)(z)
print(left, np.vdot(y, wrong))

# %% [markdown]
# Pooling itself is not linear: which places are gathered depends on x. For it the library compares with finite differences,
# which are the subject of the next lesson. Here is a preview:

# %%
x4 = rng.permutation(48).reshape(1, 2, 4, 6) / 4.0  # no ties, and steps far larger than those of the check
print(snp.gradcheck(MaxPool2d(), x4))

# %% [markdown]
# The plain loops, which the whole library is held against, say it in one line. This is the backward pass of pooling in
# `segnet_np/reference.py`:

# %%
import inspect

print(inspect.getsource(reference.max_pool2d_backward))

# %% [markdown]
# ## Where the indices travel
#
# SegNet pools five times on the way down, and unpools five times on the way up. The indices of the *last* pooling are
# needed *first*. So they lie on a stack: the encoder pushes, the decoder pops.

# %%
lessons.show(
    travel_picture(),
    "Five stages of the encoder going down, five of the decoder going up; from each pooling a "
    "dashed arrow goes straight across to the unpooling of the same size",
)

# %% [markdown]
# In the code that is one line on the way down and one on the way up. Look for `remembered` in
# `segnet_np/models/segnet.py`:

# %%
print(inspect.getsource(snp.SegNet.run_forward))

# %% [markdown]
# ## What two bits buy, and what they cost
#
# Other nets, such as U-Net, hand the decoder the **whole maps** of the encoder. Then nothing is lost, but all of it has to be
# kept until the decoder needs it. How much is that, for one picture of 360x480?

# %%
lessons.guess(
    "Stage 1 has 64 maps of 360x480 numbers, 4 bytes each. Estimate without a calculator: **how "
    "many megabytes are the whole maps, and how many are the indices**, with 2 bits for each "
    "window?",
    "The maps: 64 x 360 x 480 x 4 bytes, about **44 MB**. The indices: 64 x 180 x 240 windows x 2 "
    "bits, about **0.7 MB**. The factor is 64: each window has four numbers of 32 bits, which is "
    "128 bits, against 2.",
)

# %%
lessons.show(
    memory_picture(),
    "Bars for the five stages: whole maps take tens of megabytes, one byte a window a sixteenth "
    "of it, two bits a 64th",
)

# %% [markdown]
# This library keeps one byte for each window, because bytes are what processors handle well; four windows would fit into one.
#
# The price: the decoder learns *where* the encoder saw its strongest answer in each window, and nothing else. The three
# other numbers are gone, and the decoder's convolutions have to fill them in. Whether that is a good bargain, lesson 09
# measures.

# %% [markdown]
# ## What you know now
#
# - Pooling keeps the largest number of each 2x2 window **and its place**: one of four, two bits. Of equals the first.
# - Unpooling **scatters**: each number to its place, zeros elsewhere. It needs the size, because 23 and 24 rows both have 12
#   windows.
# - The backward pass of pooling scatters, that of unpooling gathers. **Each is the other's transpose.**
# - `pool(unpool(p))` is `max(p, 0)`; so it is `p` where nothing is negative, except in a corner window of a single pixel,
#   where it is always `p`.
# - The dot-product test proves the backward pass of a linear function, without any step size.
#
# **Next:** the dot-product test worked because unpooling is linear. Most layers are not. Lesson 02 shows how to trust a
# gradient then.

# %% [markdown]
# # 06 · Make it fast with Numba
#
# *About 70 minutes. Before this: lessons 01 and 03.*
#
# **You will**
#
# - say what `njit` does, why the first call waits, and where the result is kept;
# - split a loop over threads without a race, and say which cells an iteration owns;
# - choose the order in memory, and know why the innermost loop should run over neighbours;
# - write kernels that Numba compiles and that equal the reference;
# - derive Winograd's four products by hand, along a line and in the plane.
#
# **The question.** The loops of lesson 03 are easy to read and far too slow to train with. Nothing in them is
# wrong; Python is just busy with everything but the sums. How fast can the very same convolution become, and
# what makes it so? Each step is measured **on your machine**, while you watch.

# %%
import time

import numba
import numpy as np
from numba import njit, prange

import segnet_np as snp
from segnet_np import lessons, reference
from segnet_np.kernels.channel_sum import channel_sum
from segnet_np.kernels.flags import FASTMATH
from segnet_np.lessons.compiled import shortened
from segnet_np.lessons.owners import watch
from segnet_np.lessons.pictures.speed import (
    WAYS,
    memory_picture,
    owners_picture,
    play,
    race_picture,
    tile_picture,
    times_picture,
    traffic_picture,
)
from segnet_np.lessons.pictures.winograd import AT, BT, G, winograd_picture
from segnet_np.verify.threads import using_threads

THREADS = numba.get_num_threads()
print(f"Numba {numba.__version__}, NumPy {np.__version__}, {THREADS} threads")

# %% [markdown]
# ## Plain loops
#
# A 3x3 convolution of one map of 48x48 pixels, from 64 channels to 64, as in the first stage of SegNet. That
# is 48 · 48 · 64 · 64 · 9 = 85 million products. How long should it take?
#
# First in plain Python, as anybody would write it. The channels come last, in `x` (N, H, W, C), in `weight`
# (3, 3, C, O) and in `out` (N, H, W, O): why is a question for later. Nobody wants to wait for all of it, so Python gets a
# small piece.


# %%
def loops(x, weight, out):
    """out (N, H, W, O) from x (N, H, W, C) and weight (3, 3, C, O), with padding 1."""
    batch, height, width, out_channels = out.shape
    channels = x.shape[3]
    for row in prange(batch * height):  # without Numba, prange is range
        n = row // height
        i = row % height
        for j in range(width):
            for o in range(out_channels):
                out[n, i, j, o] = 0
            for ki in range(3):
                for kj in range(3):
                    if 0 <= i + ki - 1 < height and 0 <= j + kj - 1 < width:
                        for c in range(channels):
                            value = x[n, i + ki - 1, j + kj - 1, c]
                            for o in range(out_channels):
                                out[n, i, j, o] += value * weight[ki, kj, c, o]


def arrays(size, channels, seed=0):
    """x, weight and an empty out, in float32."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((1, size, size, channels), "float32")
    weight = rng.standard_normal((3, 3, channels, channels), "float32")
    return x, weight, np.zeros_like(x)


def products_of(size, channels):
    return size * size * channels * channels * 9


def seconds_of(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


SMALL, LARGE = (8, 8), (48, 64)  # side of the map, and channels
x, weight, out = arrays(*SMALL)
python_seconds = float(np.median([seconds_of(lambda: loops(x, weight, out)) for _ in range(3)]))
python_speed = products_of(*SMALL) / python_seconds
print(f"8x8 pixels, 8 channels: {products_of(*SMALL):,} products in {1e3 * python_seconds:.0f} ms")
print(f"so all {products_of(*LARGE):,} would take {products_of(*LARGE) / python_speed:.0f} s")

# %%
lessons.guess(
    "A processor of today can do some **tens of billions** of products a second on each core, if it does "
    "nothing else. How many times faster than this Python can the very same loops become, without changing "
    "a line of them? And what is the most that any trick may add after that?",
    "**Thousands of times, just by compiling them**: an interpreter spends nearly all of its time on "
    "finding out what to do. Then vectors that stay in registers and threads give another factor of ten or "
    "so. And Winograd's algorithm goes beyond what seems possible: it does fewer products. The chart at the "
    "end measures all of it on your machine.",
)

# %% [markdown]
# ## What `njit` does
#
# Python looks at each step anew: what is `x`? an array; may one index it? which dtype? make an object for the
# number; multiply two objects; throw them away. `njit` looks **once**. At the first call it
#
# 1. sees the *types* of the arguments: a 4-dimensional, C-ordered array of float32, three of them;
# 2. infers from them the type of every variable inside;
# 3. has LLVM, the compiler behind Clang, make machine code for just these types, a *specialisation*;
# 4. runs it; and from then on each call with these types goes straight there.
#
# So the first call waits for the compiler, and the second does not:

# %%
compiled = njit(fastmath=FASTMATH)(loops)  # the same function, one thread
x, weight, out = arrays(*LARGE)
first_calls = {"compiled loops": seconds_of(lambda: compiled(x, weight, out))}
print(f"first call:  {1e3 * first_calls['compiled loops']:8.1f} ms, nearly all of it compiling")
print(f"second call: {1e3 * seconds_of(lambda: compiled(x, weight, out)):8.1f} ms")

# %% [markdown]
# Other types are another specialisation, and compile again. A kernel that was called with float32 and with
# float64 exists twice:

# %%
x64, weight64, out64 = (array.astype("float64") for array in (x, weight, out))
print(f"float64, first call: {1e3 * seconds_of(lambda: compiled(x64, weight64, out64)):.0f} ms")
for signature in compiled.signatures:
    print(signature)

# %% [markdown]
# In the listing, `C` means that the array is contiguous in C order: the memory order is part of the type too.
# A transposed view would be an `A` and a third specialisation.
#
# The package's own kernels are decorated with `cache=True` as well: the machine code is written to a folder
# `__pycache__`, and the next *process* reads it instead of compiling. That is why the very first run of
# `segnet-np train` waits, and no later one does, until the source of the kernel, Numba or the processor
# changes. On the machine of [docs/performance.md](../docs/performance.md) the first step of a small net took
# 38 s cold and 1.1 s warm (`python -m benchmarks.table 6`).
#
# ### What it does not do
#
# Numba knows numbers, arrays, tuples and loops, and a part of NumPy. A dictionary of arrays, a class of your
# own, `np.max` along an axis: it stops and says so. In a kernel one writes loops; here they cost nothing.
# (And `fastmath=FASTMATH` above allows one thing only: a product and a sum may become a single instruction.)


# %%
@njit
def largest(x):
    return np.max(x, axis=0)


try:
    largest(np.ones((3, 4)))
except numba.core.errors.NumbaError as error:
    print("Numba's message in short:", shortened(error))

# %% [markdown]
# ### Your turn: a kernel of your own
#
# Max-pooling with channels last. A kernel makes no arrays: it is given those that it fills. Nobody has
# cleared them, so write every cell.


# %%
def njit_max_pool(x, out, offsets):
    """Fill out and offsets (H // 2, W // 2, C) from x (H, W, C); offset = 2 * row + column in the window."""
    ...  # your turn


# lessons.hint("njit_max_pool")  # take away the first # for a hint; there are three
lessons.check("njit_max_pool", njit_max_pool)

# %% [markdown]
# ## Threads, and who owns a cell
#
# `prange` instead of `range`, and `parallel=True`: now the iterations of that loop are dealt out to the
# threads. Numba does not ask whether they may run at the same time. That is your promise: **no iteration
# writes what another one writes or reads.** Our `loops` keep it: each iteration is one row of the output, and
# writes only that.

# %%
threaded = njit(parallel=True, fastmath=FASTMATH)(loops)
first_calls["on all threads"] = seconds_of(lambda: threaded(x, weight, out))
print(f"first call:  {1e3 * first_calls['on all threads']:8.1f} ms")
print(f"second call: {1e3 * seconds_of(lambda: threaded(x, weight, out)):8.1f} ms on {THREADS} threads")

# %% [markdown]
# What if the promise is broken? Let two threads add 1 to the same cell, which holds 5. To add is three steps
# for a processor: **read** the cell, **add**, **write** it back. Each thread does its three in order, but how
# the two are woven together, nobody knows. There are 20 ways. Step through them:

# %%
right = [number for number, way in enumerate(WAYS, 1) if play(way)[-1][2] == 7]
print(f"{len(right)} of the {len(WAYS)} ways give 7: number {right}. All others give 6.")
assert {play(way)[-1][2] for way in WAYS} == {6, 7}


def race(way=8, step=6):
    """Two threads add 1 to one cell; what each of them does, step by step, and what the cell holds."""
    return race_picture(way - 1, step)


lessons.explore(race, way=(1, len(WAYS)), step=(0, 6))

# %% [markdown]
# Only when one thread is done before the other begins is the result right: 2 ways of 20. On a real machine
# the steps are so short that most additions survive, and a test with small arrays may pass a hundred times.
# Or the compiler keeps the cell in a register all along, and then a whole thread's work is lost at once.
#
# Here is a sum of ones with that mistake in it. It can break nothing, it only counts wrongly; and what it
# prints differs from machine to machine and from run to run. It may even be right.


# %%
@njit(parallel=True)
def racing_count(x, out):
    out[0] = 0
    for p in prange(x.size):
        out[0] += x[p]  # all iterations write the same cell


ones, total = np.ones(400_000), np.zeros(1)
for _ in range(3):
    racing_count(ones, total)
    print(f"the sum of {ones.size:,} ones: {total[0]:,.0f}")

# %% [markdown]
# ### See the owners
#
# A race does not depend on luck, only its damage does. `watch` runs a kernel's Python in slow motion, one
# iteration after the other, and notes which iterations write which cell. Below, six numbers in two channels
# are summed twice: by the racing way, and in three chunks, each with a row of its own.


# %%
def sum_racing(x, out):
    for p in prange(x.shape[0]):
        for c in range(x.shape[1]):
            out[c] += x[p, c]


six = np.ones((6, 2))
racing = watch(sum_racing, (six, np.zeros(2)))
chunked = watch(channel_sum, (six, np.zeros((3, 2))))  # a kernel of the package
print("racing:   ", "a race" if racing.shared else "no race")
print("in chunks:", "a race" if chunked.shared else "no race")
lessons.show(
    owners_picture(
        {
            "out: the iterations that\nwrite each cell (a race)": racing.writers[1][None],
            "partial: each cell\nhas one owner": chunked.writers[1],
        }
    ),
    "In the racing kernel both cells are written by all six iterations, in the chunked one each cell by one",
)

# %% [markdown]
# All kernels of this package are written so: **each cell has one owner.** What has to be summed is summed in
# chunks, each with a place of its own, and these are added up in order, each cell by one thread.
#
# ### The same bits on any number of threads
#
# Why *in order*? Because floats are rounded, and the rounding depends on the order. The same numbers, added
# forwards and backwards:

# %%
numbers = np.random.default_rng(1).standard_normal(10_000).astype("float32")
forwards = backwards = np.float32(0)
for value in numbers:
    forwards += value
for value in numbers[::-1]:
    backwards += value
print(f"forwards  {forwards:.7f}\nbackwards {backwards:.7f}")

# %% [markdown]
# If the number of chunks followed the number of threads, a net trained on two cores and one trained on four
# would drift apart. So it follows from the *shape* alone, and the results are equal to the last bit.
#
# (Numba can also sum for you: `total += x[p]` in a `prange` loop, with a number or a whole array, is recognised as a
# *reduction*, and each thread gets a total of its own. That is right, and no race. But its last digits depend on the
# number of threads, so the package does without.)

# %%
norm = snp.layers.BatchNorm2d(32)
maps, dout = np.random.default_rng(2).standard_normal((2, 4, 32, 24, 24), "float32")
results = []
for threads in (1, THREADS):
    with using_threads(threads):
        norm.zero_grad()
        norm(maps)
        results.append((norm.backward(dout), norm.weight.grad.copy()))
same = all(np.array_equal(one, many) for one, many in zip(*results, strict=True))
print(f"batch norm's gradients on 1 and on {THREADS} threads are the same to the last bit: {same}")

# %% [markdown]
# ### Your turn: a sum without a race
#
# Sum each channel over all pixels, on several threads. The check compiles your kernel, and it also watches it
# in slow motion, so it finds a race even where the numbers happen to be right.


# %%
def parallel_sum(x, out):
    """out (C,) = the sums of x (pixels, C) over the pixels. One loop is a prange."""
    ...  # your turn


# lessons.hint("parallel_sum")  # take away the first # for a hint; there are three
lessons.check("parallel_sum", parallel_sum)

# %% [markdown]
# ## Neighbours in memory
#
# An array is one long row of numbers. Its shape is only a way of counting them. The processor does not fetch
# single numbers: it fetches a **cache line**, 64 bytes, 16 float32 that lie side by side. Whoever uses all 16
# gets them for the price of one; whoever uses one and jumps on has paid for 16.
#
# To sum the channels of a pixel, they should be neighbours. That is the case in (N, H, W, C), "channels
# last", and not in (N, C, H, W), where a whole map lies between two channels of a pixel. The picture shows
# the first cells of memory, for 4x4 pixels of 8 channels (lines of 8 numbers, to keep it small): coloured is
# what one pixel needs.

# %%
lessons.show(
    memory_picture(),
    "Sixteen lines of memory, twice. Channels last: the channels of a pixel fill one line. Channels first: "
    "they are in eight lines",
)

# %% [markdown]
# Measured, with the same compiled loops and the same numbers; only the order in memory is different. (The sum
# is in float64, so that both give the same.)


# %%
@njit
def sum_of_channels(x, out):
    """out (H, W) = the sum over the channels of x (H, W, C), whatever x's order in memory."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total = 0.0
            for c in range(x.shape[2]):
                total += x[i, j, c]
            out[i, j] = total


def median_seconds(call, turns=5):
    """Call once for the compiler and the caches, then time it some times; the median."""
    call()
    return float(np.median([seconds_of(call) for _ in range(turns)]))


channels_last = np.random.default_rng(3).standard_normal((256, 256, 64), "float32")
channels_first = np.ascontiguousarray(channels_last.transpose(2, 0, 1)).transpose(1, 2, 0)  # the same shape
sums = np.empty((256, 256)), np.empty((256, 256))
memory_seconds = {
    "channels last": median_seconds(lambda: sum_of_channels(channels_last, sums[0])),
    "channels first": median_seconds(lambda: sum_of_channels(channels_first, sums[1])),
}
print("both give the same:", np.array_equal(*sums))
for name, seconds in memory_seconds.items():
    print(f"{name:15s} {1e3 * seconds:6.2f} ms")
print(
    f"ratio {memory_seconds['channels first'] / memory_seconds['channels last']:.1f} here; it differs between machines"
)

# %% [markdown]
# The rule for any kernel: **the innermost loop runs over neighbours.** If it does not, exchange the loops, or
# the order in memory.
#
# ## Vectors: many numbers at once
#
# A processor has registers that hold several numbers, four, eight or sixteen float32, and instructions that work on
# all of them at once (SIMD). For simple loops over neighbours, LLVM uses them by itself. In our convolution
# it is hampered: `out[n, i, j, o] += ...` goes to memory and back each time, because the compiler must
# suppose that `out` might overlap `x`.
#
# So the package has a small vocabulary of vectors, `kernels/simd.py`:
#
# | word | meaning |
# |---|---|
# | `lanes_of(x)` | how many numbers of this dtype a register holds |
# | `load(x, at, n)` | n neighbouring numbers of memory into a register |
# | `store(v, out, at, n)` | and back |
# | `spread(s, v)` | one number into all lanes |
# | `a * b + c` | all lanes at once; one instruction where the processor has fused multiply-add |
#
# With it, `kernels/tile.py` keeps a whole **tile** of sums, for instance 6 pixels x 64 channels, in 24
# registers while the depth of the convolution runs: each weight that is loaded serves 6 pixels, each pixel
# that is spread serves 64 channels, and the sums go to memory once, at the end. That is the micro-kernel of
# every fast matrix product, and the picture of it is this:

# %%
lessons.show(
    tile_picture(),
    "A tile of 6 by 4 registers of sums; above them four vectors of weights, at the left six numbers of x",
)

# %% [markdown]
# ## Winograd: fewer products
#
# So far the products were done faster. Now some are not done at all.
#
# Take a line instead of a plane: four numbers $d$, a kernel of three $g$, and two results:
#
# $$y_0 = d_0 g_0 + d_1 g_1 + d_2 g_2 \qquad y_1 = d_1 g_0 + d_2 g_1 + d_3 g_2$$
#
# Six products. Winograd needs four:
#
# $$m_0 = (d_0 - d_2)\,g_0 \quad m_1 = (d_1 + d_2)\,\tfrac{g_0 + g_1 + g_2}{2} \quad m_2 = (d_2 - d_1)\,\tfrac{g_0 - g_1 + g_2}{2} \quad m_3 = (d_1 - d_3)\,g_2$$
#
# $$y_0 = m_0 + m_1 + m_2 \qquad y_1 = m_1 - m_2 - m_3$$
#
# Check it once with a pencil: in $m_1 + m_2$ the parts with $g_1$ add up to $d_1 g_1$ (the $d_2$ cancels),
# those with $g_0$ and $g_2$ to $d_2 g_0 + d_2 g_2$; and $m_0$ takes $d_2 g_0$ off and brings $d_0 g_0$.
#
# The sums of $g$ are made once for the whole map, the sums of $d$ are cheap. Move the numbers:


# %%
def along_a_line(d0=1, d1=2, d2=3, d3=4, g0=1, g1=2, g2=3):
    """Winograd's four products for two results of a filter of three, with numbers."""
    return winograd_picture((d0, d1, d2, d3), (g0, g1, g2))


few = (-5, 5)
lessons.explore(along_a_line, d0=few, d1=few, d2=few, d3=few, g0=few, g1=few, g2=few)

# %% [markdown]
# Where does it come from? Multiplying two polynomials adds up products of their coefficients much as a convolution does,
# and a polynomial of degree 3 is known if its values at four points are. So evaluate both factors at the points 0, 1, -1
# and infinity, multiply the values (that is four products), and go back to the coefficients. Our sliding filter is the
# transpose of that. Where each number of the three matrices comes from is told in
# [docs/derivations/winograd.md](../docs/derivations/winograd.md).
#
# ### Your turn


# %%
def winograd_1d(d, g):
    """d (4,), g (3,) -> y (2,) with y[i] = d[i] g[0] + d[i + 1] g[1] + d[i + 2] g[2], in four products."""
    ...  # your turn


# lessons.hint("winograd_1d")  # take away the first # for a hint; there are three
lessons.check("winograd_1d", winograd_1d)

# %% [markdown]
# ### In the plane: F(2x2, 3x3)
#
# Do it down the columns, then along the rows. With matrices that is one line:
#
# $$Y = A^T \left[ (G\, g\, G^T) \odot (B^T d\, B) \right] A$$
#
# $d$ is a 4x4 patch, $g$ the 3x3 kernel, $\odot$ multiplies element by element: 16 products for 2x2 results,
# instead of 36.

# %%
rng = np.random.default_rng(4)
d, g = rng.integers(-5, 6, (4, 4)).astype(float), rng.integers(-3, 4, (3, 3)).astype(float)
V = BT @ d @ BT.T
U = G @ g @ G.T
Y = AT @ (U * V) @ AT.T
direct = reference.conv2d(d[None, None], g[None, None])[0, 0]
print("Winograd, 16 products:\n", Y)
print("directly, 36 products:\n", direct)
print("largest difference:", np.abs(Y - direct).max())

# %% [markdown]
# With larger tiles it gets better still, and the numbers in between larger, so it rounds a little more. With
# many channels the transforms hardly count: $B^T d B$ is made once for many output channels (in the package for
# each panel of up to 64), and the sums over the input channels are taken before $A^T$ is applied.
#
# | tile of output | products for each output pixel and pair of channels | of the nine |
# |---|---|---|
# | none (directly) | 9 | |
# | 2x2 | 16 / 4 = 4 | 44 % |
# | 4x4 | 36 / 16 = 2.25 | 25 % |
#
# And backward? Everything around the $\odot$ is a matrix, so the backward pass is the same formula with the matrices
# transposed. For the gradient of the kernel, with $dY$ the gradient of the results:
#
# $$dg = G^T \left[ (B^T d\, B) \odot (A\, dY A^T) \right] G$$

# %%
dy = rng.normal(size=(2, 2))
dg = G.T @ (V * (AT.T @ dy @ AT)) @ G
_, expected_dg, _ = reference.conv2d_backward(dy[None, None], d[None, None], g[None, None])
print(
    "largest difference to the reference:", np.abs(dg - expected_dg[0, 0]).max(), "(about 1e-15 is expected)"
)

# %% [markdown]
# ## The chart
#
# Now all of it, measured on your machine: 48x48 pixels, 64 to 64 channels, float32. Each way is **verified
# before it is timed**; a fast wrong answer is worth nothing. What is drawn is the median of seven calls, in
# products per second as the *definition* counts them; so Winograd, which leaves three quarters of them out,
# may go beyond what the processor can multiply. (For plain Python it is scaled up from the smaller map
# above.)


# %%
def by_numpy(x, weight):
    """Nine matrix products, one for each place of the kernel; NumPy leaves them to a library (BLAS)."""
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return sum(
        padded[:, ki : ki + height, kj : kj + width] @ weight[ki, kj] for ki in range(3) for kj in range(3)
    )


def layer(algorithm):
    """The package's convolution, with our weights."""
    conv = snp.layers.Conv2d(LARGE[1], LARGE[1], 3, padding=1, algorithm=algorithm)
    conv.weight.data[...] = weight.transpose(3, 2, 0, 1)
    return conv


def filled(kernel):
    kernel(x, weight, out)
    return out


x, weight, out = arrays(*LARGE)
nchw = x.transpose(0, 3, 1, 2)  # a view: the memory stays channels-last
direct, winograd = layer("direct"), layer("winograd")


def on_one_thread():
    with using_threads(1):
        return direct(nchw).transpose(0, 2, 3, 1)


ways = {
    "NumPy, nine matrix products": lambda: by_numpy(x, weight),
    "compiled loops": lambda: filled(compiled),
    "on all threads": lambda: filled(threaded),
    "vectors, one thread": on_one_thread,
    "vectors, all threads": lambda: direct(nchw).transpose(0, 2, 3, 1),
    "Winograd, all threads": lambda: winograd(nchw).transpose(0, 2, 3, 1),
}
expected = by_numpy(x.astype("float64"), weight.astype("float64"))
for name, way in ways.items():
    began = time.perf_counter()
    result = way()
    first_calls.setdefault(name, time.perf_counter() - began)
    error = np.abs(result - expected).max() / np.abs(expected).max()
    assert error < 1e-5, f"{name} is wrong by {error:.1e}"
# In turn, so that all suffer alike from whatever else the machine does.
turns = [{name: seconds_of(way) for name, way in ways.items()} for _ in range(7)]
warm = {name: float(np.median([turn[name] for turn in turns])) for name in ways}
first_calls["plain Python"], warm["plain Python"] = (products_of(*LARGE) / python_speed,) * 2
names = ["plain Python", *ways]
for name in names:
    print(f"{name:28s} first call {1e3 * first_calls[name]:9.1f} ms   then {1e3 * warm[name]:9.3f} ms")


# %%
def chart(what="speed"):
    """Bars of the ways to compute the same convolution, as measured on this machine."""
    if what == "speed":
        speeds = {name: products_of(*LARGE) / warm[name] / 1e6 for name in names}
        unit = "products of the definition, in millions a second"
        return times_picture(speeds, unit, "once warm: longer is better", compared=True)
    table = first_calls if what == "time of the first call" else warm
    title = f"{what}: shorter is better"
    return times_picture({name: 1e3 * table[name] for name in names}, "milliseconds", title)


lessons.explore(chart, what=["speed", "time of a call, once warm", "time of the first call"])

# %% [markdown]
# Your bars will differ from anybody else's, and from your own of tomorrow: another processor, other programs
# beside it, a laptop that saves power. Where other programs keep the processors busy, the bars on all threads
# may even be the shorter ones, for the threads wait for each other. The first call of the package's kernels
# is short if they were used on this machine before, for then it finds them in the cache. And see how well
# NumPy does: its matrix products come from a library that has been tuned for decades. But it moves each map
# nine times, and knows nothing of Winograd.
#
# For comparison, what the project measured, on 8 such maps at once: two cores of an AMD EPYC with AVX-512
# (a virtual machine on a shared host), Numba 0.68.1, medians of `python -m benchmarks.story`
# ([docs/performance.md](../docs/performance.md)):
#
# | step | ms | times faster than | this |
# |---|---|---|---|
# | plain Numba loops, one thread | 51.5 | | |
# | the same on two threads | 26.1 | 2.0 | plain Numba loops, one thread |
# | micro-kernel in vectors, one thread | 13.5 | 3.8 | plain Numba loops, one thread |
# | micro-kernel in vectors, two threads | 6.7 | 3.9 | the same on two threads |
# | Winograd F(4x4) | 2.7 | 2.5 | micro-kernel in vectors, two threads |
#
# ## What is not written to memory
#
# When the products are that fast, what is left is moving the maps. After a convolution come batch norm, ReLU
# and pooling; done one after the other, each reads the whole map and writes it again. **Fusion** lets whoever
# reads next do what is left to do. The convolution adds up batch norm's sums while it writes; the pool reads
# the raw map, and normalises and clips each number on its way in.

# %%
lessons.show(traffic_picture(), "One after the other, 8.25 maps are moved; fused, 2.25")

# %% [markdown]
# The results are the same but for rounding; a whole training step of SegNet became 1.2 times faster by it,
# 614.5 instead of 716.0 ms (8 pictures of 96x96, width 64; machine and command as above). Not more, because
# the convolutions' products are still the most of a step.
#
# ## What you know now
#
# - `njit` compiles a function for the types it is called with; the first call waits, the cache spares the
#   next process that.
# - A `prange` loop needs one owner for each cell. Sums go over chunks that the shape alone decides, added in
#   order: the same bits on any number of threads.
# - The innermost loop runs over neighbours; so the channels come last.
# - Registers hold many numbers; what stays in them need not go to memory.
# - Winograd trades products for sums: 4 instead of 6 along a line, 2.25 instead of 9 in the plane.
# - Verify before you time, and say on which machine.
#
# **Next**: [07 · Build SegNet](07_build_segnet.ipynb).

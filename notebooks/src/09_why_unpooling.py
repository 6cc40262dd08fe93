# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 09 · Why unpooling?
#
# SegNet's decoder gets two bits for each window: where the maximum stood. Is that worth anything? We keep the encoder, swap the
# decoder, and measure.
#
# **You will be able to**
# - name six ways to bring a small map back to its size, write one, and go back through another;
# - work out what each of them makes the encoder keep, in bytes;
# - say what mean IoU does not see and boundary F1 does, and compute the latter;
# - show what happens when the positions are wrong, stage by stage;
# - choose a decoder for a task, with figures instead of a feeling.
#
# *About 60 minutes. Before this: [01](01_pool_remember_unpool.ipynb) (pooling and its indices), [07](07_build_segnet.ipynb)
# (the net) and [08](08_train_on_crops.ipynb) (training).*

# %%
import numpy as np
from matplotlib.figure import Figure

import segnet_np as snp
from segnet_np import lessons
from segnet_np.data import CAMVID, Batches, Scenes
from segnet_np.layers import (
    ConvTranspose2d,
    FixedUnpool2d,
    MaxPool2d,
    MaxUnpool2d,
    RandomUnpool2d,
    UpsampleBilinear2d,
)
from segnet_np.lessons import decoder_results as measured
from segnet_np.lessons.pictures.drawing import BLUE, GREEN, ORANGE, draw_grid, grids, window_colours
from segnet_np.models import DecoderVariant
from segnet_np.plots import DPI, INK
from segnet_np.training.boundary_f1 import boundary_f1 as scores_by_class
from segnet_np.training.evaluate import evaluate

found = measured.results()

# %% [markdown]
# ## The question
#
# A pole, one pixel wide, in a map of 6x6. Pooling halves the map. Then four decoders bring it back. The values are the same each time,
# so what differs is where they go.

# %%
pole = np.zeros((6, 6))
pole[:, 3] = [9, 8, 7, 8, 9, 6]
pooled, indices = MaxPool2d()(pole[None, None])

ways = {
    "indices": MaxUnpool2d()(pooled, indices),
    "fixed position": FixedUnpool2d()(pooled),
    "random position": RandomUnpool2d(seed=7)(pooled),
    "bilinear": UpsampleBilinear2d()(pooled),
}


def draw_ways(ways):
    """A pole in a map, the pooled map, and the map as four decoders bring it back."""
    figure, axes = grids((6, 6), (3, 3), *[(6, 6)] * len(ways), cell=0.34, gap=0.3)
    draw_grid(
        axes[0], pole, title="a pole", colours=window_colours(6, 6), faint=pole == 0, window=2, font_size=8
    )
    draw_grid(axes[1], pooled[0, 0], title="pooled", colours=window_colours(3, 3, 1), font_size=8)
    for ax, (name, out) in zip(axes[2:], ways.items(), strict=True):
        draw_grid(
            ax,
            out[0, 0],
            title=name,
            colours=window_colours(6, 6),
            faint=out[0, 0] == 0,
            window=2,
            font_size=8,
            digits=1,
        )
    return figure


lessons.show(
    draw_ways(ways),
    "Only with indices is the pole back in its own column; fixed puts it one column to the left, random tears it apart, bilinear blurs it.",
)

# %% [markdown]
# The fifth way, a **transposed convolution**, learns what each value becomes: a block of 2x2 weights times the value. The sixth keeps the
# encoder's whole map and lays it **beside** the upsampled one, as U-Net does, so nothing has to be brought back at all.
#
# A 2x2 window by hand. It held 1, 2 / 3, 4, so its maximum is 4, at the bottom right:
#
# | | top left | top right | bottom left | bottom right |
# |---|---|---|---|---|
# | indices | 0 | 0 | 0 | **4** |
# | fixed position | **4** | 0 | 0 | 0 |
# | random position, this time | 0 | 0 | **4** | 0 |
# | bilinear, of a map of this one value | 4 | 4 | 4 | 4 |
# | transposed convolution, weights a, b / c, d | 4a | 4b | 4c | 4d |
# | concatenation: two channels | 4 and **1** | 4 and **2** | 4 and **3** | 4 and **4** |

# %%
names = list(measured.TITLES)[:6]
mean_iou = {name: measured.scores(found, name, "mean_iou").mean() for name in names}
ranked = sorted(mean_iou, key=lambda name: -mean_iou[name])

lessons.guess(
    "Six nets: one encoder, one budget of parameters and steps, only the decoder differs. **Rank the six** by their mean IoU on scenes that they "
    "have not seen: indices, fixed position, random position, bilinear, transposed convolution, concatenation. Write your list down.",
    "As measured, the mean over the seeds: "
    + "; ".join(f"{measured.TITLES[name]} **{mean_iou[name]:.3f}**" for name in ranked)
    + ". Further down is the figure, with the spread between the seeds.",
)

# %% [markdown]
# ## Your turn: unpooling without indices


# %%
def fixed_unpool(y, output_size):
    """y (PH, PW) -> out of output_size, each value at the top left of its window."""
    ...  # your turn


lessons.check("fixed_unpool", fixed_unpool)

# %%
# Stuck? Each call gives the next of three hints.
# lessons.hint("fixed_unpool")

# %% [markdown]
# ## And backward?
#
# Every decoder needs a way back for the gradient. Unpooling, with whatever places, collects each gradient from where its value was put (lesson 01). Concatenation cuts
# the gradient in two, and the half that belongs to the encoder's maps is **added** to what comes back through the pool: those maps were used twice.
#
# Bilinear upsampling mixes. Along one line, with the end pixels repeated beyond the ends:
#
# $$out_{2j} = \tfrac34 x_j + \tfrac14 x_{j-1} \qquad out_{2j+1} = \tfrac34 x_j + \tfrac14 x_{j+1}$$
#
# Two pixels by hand: from $x = (0, 4)$ come $out = (0, 1, 3, 4)$. As a matrix, each row the recipe of one output pixel, and from the library:

# %%
from segnet_np.layers.upsample_bilinear import shares

print(shares(2, 4))
print("rows add up to", shares(2, 4).sum(axis=1), " columns to", shares(2, 4).sum(axis=0))

# %% [markdown]
# Forward is this matrix times $x$, so backward is its **transpose** times the gradient: a column says where one input pixel went, and from there its gradient comes back.
# No need to build the matrix: write the sum.


# %%
def bilinear_1d_backward(dout):
    """dout (2 * W,) -> dx (W,): the gradient of bilinear upsampling along one line."""
    ...  # your turn


lessons.check("bilinear_1d_backward", bilinear_1d_backward)

# %%
# lessons.hint("bilinear_1d_backward")

# %% [markdown]
# The layers themselves, checked as in lesson 02: finite differences, and PyTorch where it is installed. The upsampled map has odd sides, on purpose.

# %%
rng = np.random.default_rng(0)
small = rng.standard_normal((2, 3, 3, 4))
for layer in (FixedUnpool2d(), RandomUnpool2d(), UpsampleBilinear2d(), ConvTranspose2d(3, 5)):
    report = snp.gradcheck(layer, (small, (7, 9)))
    print(f"{type(layer).__name__:<20}", "all gradients agree" if report.ok else report)

# %% [markdown]
# ## What must the encoder keep?
#
# While the deeper stages compute, something must wait in memory for the decoder. Take SegNet's first stage at CamVid's size: 64 maps of
# 360x480 pixels.
#
# - **Whole maps**, for concatenation: 64 · 360 · 480 numbers of 4 bytes.
# - **Indices**: 64 · 180 · 240 windows. Each holds one of four places, so **two bits** are enough.

# %%
whole = 64 * 360 * 480 * 4
two_bits = 64 * 180 * 240 * 2 / 8
print(f"whole maps, float32     {whole / 1e6:6.2f} MB")
print(f"indices, 2 bits         {two_bits / 1e6:6.2f} MB")
print(f"one is {whole / two_bits:.0f} times the other: a window is four numbers of 32 bits, or 2 bits")

# %% [markdown]
# 64 is what the paper's Table 1 calls the *storage multiplier* of the variants that keep whole maps. (In its text the paper gives .17 MB for 64
# maps of 180x240; that fits 90x120 windows. At the size stated, two bits a window make the 0.69 MB above.)
#
# segnet_np itself spends a whole byte on a window, four times as much as needed: a byte can be read without shifting bits.


# %%
def decoder_memory(height, width, channels):
    """Bytes kept for the decoder: (indices at 2 bits, indices at 1 byte, whole maps in float32).

    `channels` is a list: how many maps each stage has. Each stage ends with pooling, which halves height and
    width (rounded down). Each result is one number, for all stages together; fractions of a byte stay.
    """
    ...  # your turn


lessons.check("decoder_memory", decoder_memory)

# %%
# lessons.hint("decoder_memory")

# %% [markdown]
# The same, read off the arrays of a real net: SegNet at its full width, one picture of 360x480. (The net does not run here. `trace` of a
# narrow one says how large its arrays are, and they grow with the channels.)

# %%
narrow = snp.SegNet(width=1).eval()
steps = narrow.trace(np.zeros((1, 3, 360, 480), "float32"))
last = {1: "relu12", 2: "relu22", 3: "relu33", 4: "relu43", 5: "relu53"}
table = []
for stage in range(1, 6):
    windows = steps[f"indices{stage}"].offsets.size * 64
    table.append((windows / 4, windows, steps[last[stage]].nbytes * 64))
    print(
        f"stage {stage}: 2 bits {windows / 4e6:6.3f} MB   1 byte {windows / 1e6:6.2f} MB   whole maps {table[-1][2] / 1e6:6.2f} MB"
    )
total = np.sum(table, axis=0)
print(
    f"together: 2 bits {total[0] / 1e6:6.3f} MB   1 byte {total[1] / 1e6:6.2f} MB   whole maps {total[2] / 1e6:6.2f} MB"
)


def draw_memory(table):
    """What the encoder keeps for the decoder, stage by stage, on a scale in which each line is ten times the last."""
    figure = Figure(figsize=(7.5, 3), dpi=DPI, layout="constrained")
    ax = figure.subplots()
    kinds = (("2 bits a window", ORANGE), ("1 byte a window", GREEN), ("whole maps, float32", BLUE))
    for k, (name, colour) in enumerate(kinds):
        values = [row[k] / 1e6 for row in table]
        bars = ax.bar(np.arange(1, 6) + 0.27 * (k - 1), values, 0.25, color=colour, label=name)
        ax.bar_label(bars, [f"{value:.2g}" for value in values], fontsize=7, color=INK)
    ax.set_yscale("log")
    ax.set_xticks(range(1, 6), [f"stage {k}" for k in range(1, 6)])
    ax.set_ylabel("MB a picture", color=INK)
    ax.set_ylim(top=400)
    ax.legend(frameon=False, ncols=3, fontsize=8, loc="upper right")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


lessons.show(
    draw_memory(table),
    "Bars on a logarithmic scale: in each stage whole maps take 64 times what two bits a window take.",
)

# %% [markdown]
# Two remarks, so that nobody is misled. While a net **trains**, backward needs the maps anyway, and the pooling's indices as well; the saving counts when
# it **predicts**. And fixed, random, bilinear and transposed decoders keep nothing at all.
#
# ## What mean IoU does not see
#
# Mean IoU counts pixels, and most pixels lie well inside of something. Here is a scene's truth, pushed to the right by a few pixels and taken for a
# prediction. Both scores of it:

# %%
held_out = Scenes(lessons.short(40, 12), seed=1)
SHIFTED = 0


def scores_of(labels, guess):
    """Mean IoU and boundary F1 of one picture."""
    names = [c for c in range(11) if (labels == c).any()]
    valid = labels != CAMVID.ignore_index
    ious = [
        ((labels == c) & (guess == c) & valid).sum() / (((labels == c) | (guess == c)) & valid).sum()
        for c in names
    ]
    return np.mean(ious), np.nanmean(scores_by_class(labels, guess, 11, CAMVID.ignore_index))


def shifted(labels, pixels):
    """Push a label map to the right; void is filled with the class at its left."""
    known = labels.copy()
    for column in range(1, known.shape[1]):
        void = known[:, column] == CAMVID.ignore_index
        known[void, column] = known[void, column - 1]
    known[known == CAMVID.ignore_index] = 0
    return known[:, np.maximum(np.arange(known.shape[1]) - pixels, 0)]


def draw_shift(pixels=2):
    """A scene's labels, the same pushed to the right, and how both scores fall with the distance."""
    labels = held_out[SHIFTED][1]
    distances = range(9)
    both = np.array([scores_of(labels, shifted(labels, k)) for k in distances])
    figure = Figure(figsize=(11, 2.9), dpi=DPI, layout="constrained")
    truth, pushed, ax = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    for one, picture, title in (
        (truth, labels, "truth"),
        (pushed, shifted(labels, pixels), f"pushed by {pixels}"),
    ):
        one.imshow(snp.data.colourise(picture, CAMVID), interpolation="nearest")
        one.set_title(title, color=INK, fontsize=10)
        one.set(xticks=[], yticks=[])
    for k, (name, colour, marker) in enumerate((("mean IoU", BLUE, "o"), ("boundary F1", ORANGE, "s"))):
        ax.plot(distances, both[:, k], marker=marker, color=colour, label=name)
        ax.plot(pixels, both[pixels, k], marker=marker, color=colour, markersize=12, markeredgecolor=INK)
    ax.set(xlabel="pixels pushed", ylim=(0, 1.05))
    ax.legend(frameon=False, fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


lessons.explore(draw_shift, pixels=(0, 8))

# %% [markdown]
# **Boundary F1** (BF) looks only at pixels that have a neighbour of another class. *Precision* is the share of predicted boundary pixels with a
# true one nearby, *recall* the share of true ones with a predicted one nearby; F1 is their harmonic mean, low as soon as one of them is. The paper asks
# for "nearby" to be 0.75 % of the picture's diagonal: 4.5 pixels at 480x360, and 1.2 pixels in our scenes of 128x96.
#
# ### Your turn: two steps


# %%
def boundary_pixels(labels):
    """labels (H, W) -> bool (H, W): who has a neighbour of another class? Neighbours share a side."""
    ...  # your turn


lessons.check("boundary_pixels", boundary_pixels)

# %%
# lessons.hint("boundary_pixels")


# %%
def boundary_f1(true, predicted, radius):
    """Boundary pixels of one class, true and predicted, both bool (H, W) -> F1.

    0 where only one of the maps has boundary pixels; NaN where neither has.
    """
    ...  # your turn


lessons.check("boundary_f1", boundary_f1)

# %%
# lessons.hint("boundary_f1")

# %% [markdown]
# ## Six decoders, one budget
#
# `DecoderVariant` is SegNet-Basic with a decoder to choose. Let us train all six right here, for half a minute. The encoders start from the same weights and see the
# same pictures. Two of the decoders have weights that the others lack; their maps are made fewer, so that all six have nearly as many parameters.

# %%
STEPS = lessons.short(600, 30)
narrow = {"transposed": 13, "concatenation": 10}  # maps of the decoder; of the others 16
train_scenes = Scenes(lessons.short(120, 24), seed=0)
batches = Batches(train_scenes, batch=4, crop=64, seed=0)


def train(decoder):
    net = DecoderVariant(width=16, kernel_size=3, decoder=decoder, decoder_width=narrow.get(decoder))
    optimizer = snp.AdamW(net.parameters(), lr=8e-3)
    for step in range(STEPS):
        images, labels = batches.draw(step)
        optimizer.lr = 8e-3 * (1 - step / STEPS)
        _loss, dlogits = snp.softmax_cross_entropy(
            net(net.normalise(images)), labels, ignore_index=CAMVID.ignore_index
        )
        net.zero_grad()
        net.backward(dlogits, input_grad=False)
        optimizer.step()
    return net.eval()


nets = {}
for decoder in names:
    nets[decoder] = train(decoder)
    metrics = evaluate(nets[decoder], held_out)
    parameters = sum(p.data.size for p in nets[decoder].parameters())
    print(
        f"{measured.TITLES[decoder]:<18} {parameters:>6,} parameters   mean IoU {metrics.mean_iou:.3f}   "
        f"boundary F1 {metrics.boundary_f1:.3f}"
    )

# %% [markdown]
# One short training each, of a small net, from one seed. When this was written, bilinear was ahead of indices in mean IoU and behind in boundary F1. Is SegNet's idea worth nothing,
# then? An unpooled map is three quarters zeros, and it may take wider and longer trained nets to make use of where the others stand. And one seed is no experiment: with other first weights the
# figures jump.
#
# So the same with a budget that is four times as wide and nearly three times as long, from several seeds. That takes half an hour, so it was done once; `python -m benchmarks.decoders` does it
# again. The recipe and what came out:

# %%
recipe = found["recipe"]
seeds = len({row["seed"] for row in found["trainings"]})
print(
    f"{recipe['steps']} steps of {recipe['batch']} crops of {recipe['crop']}x{recipe['crop']}, width {recipe['width']}, {seeds} seeds, {found['held_out']} held-out scenes"
)
print(f"{'':<20} {'parameters':>10} {'mean IoU':>16} {'boundary F1':>16} {'kept, 360x480':>14} {'step':>8}")
for name in measured.judged(found):
    cost = found["costs"][name]
    kept = cost["kept"]
    iou, bf = (measured.scores(found, name, key) for key in ("mean_iou", "boundary_f1"))
    print(
        f"{measured.TITLES[name]:<20} {cost['parameters']:>10,} {iou.mean():>8.3f} ± {iou.std(ddof=1):.3f} {bf.mean():>8.3f} ± {bf.std(ddof=1):.3f} "
        f"{kept.get('two_bits', kept.get('whole_maps', 0)) / 1e6:>11.2f} MB {cost['step_ms']:>5.1f} ms"
    )
print("\n± is the standard deviation over the seeds; times were taken on:", measured.machine()["processor"])

# %%
lessons.show(
    measured.draw(found),
    "Dots for each seed: mean IoU and boundary F1 of each decoder, and what wrong places cost at each stage.",
)

# %% [markdown]
# Who gains by the right positions? The IoU of each class, with indices and with the bilinear decoder, the mean over the seeds:


# %%
def class_ious(name):
    """Mean over the seeds of the IoU of each class."""
    rows = [row["iou"] for row in found["trainings"] if row["name"] == name]
    return {label: np.mean([row[label] for row in rows]) for label in CAMVID.names}


with_indices, without = class_ious("indices"), class_ious("bilinear")
for label in sorted(CAMVID.names, key=lambda label: without[label] - with_indices[label]):
    gain = with_indices[label] - without[label]
    print(f"{label:<12} {without[label]:.2f} -> {with_indices[label]:.2f}   {'+' * round(100 * gain)}")

# %% [markdown]
# Poles gain most: a thin thing is all edge.
#
# Concatenation and the transposed convolution add weights, so their decoders were made narrower until all six had as many parameters; "wide" is concatenation
# without that, for comparison.
#
# Now look at pictures instead of figures. Choose a scene and a decoder, and look at the edges in the frame.

# %%
BOXES = [(14, 22, 36, 48), (18, 10, 36, 48), (38, 26, 36, 48), (10, 8, 36, 48)]  # top, left, height, width


def draw_decoder(scene=0, decoder="indices"):
    """A scene, its labels, what the chosen decoder predicts, and its wrong pixels; below, a piece of them enlarged."""
    return measured.draw_predictions(scene, decoder, BOXES[scene])


lessons.explore(
    draw_decoder,
    scene=[(f"scene {k + 1}", k) for k in range(len(BOXES))],
    decoder=[(title, name) for name, title in measured.TITLES.items()],
)

# %% [markdown]
# ## Do wrong positions hurt, and more so the deeper?
#
# A cleaner question than comparing two trainings: take **one** net that was trained with indices, and lie to it. In a single stage each value goes to a random
# place of its window, or to the top left; everything else stays.

# %%
lessons.guess(
    "Stage 1 works at the picture's own size, stage 4 at an eighth of it. In which stage do wrong places cost most? Think of two things: how far, in pixels of the "
    "picture, a value is moved; and who could still repair it.",
    "A wrong place in stage 1 moves a value by one pixel, in stage 4 by up to eight, and what is wrong deep down goes through all stages above. On the other hand, "
    "what stage 1 spoils nobody can repair: only one convolution and the classifier come after it. Which of the two wins is measured below.",
)

# %%
wrong_net = nets["indices"]
image, truth = held_out[1]
few = Scenes(12, seed=1)
right_scores = evaluate(wrong_net, few)


def draw_wrong(stage=4, how="random"):
    """A scene, and what the net predicts with right places and with wrong ones in one stage."""
    right = wrong_net.predict(image)[0]
    if stage:
        with wrong_net.misplaced(stage, how):
            wrong = wrong_net.predict(image)[0]
            scores = evaluate(wrong_net, few)
    else:
        wrong, scores = right, right_scores
    title = f"stage {stage}: {how} places" if stage else "all places right"
    return lessons.pictures.draw_maps(
        [image, truth, right, wrong],
        [
            "scene",
            "truth",
            f"right places\nmean IoU {right_scores.mean_iou:.3f}, BF {right_scores.boundary_f1:.3f}",
            f"{title}\nmean IoU {scores.mean_iou:.3f}, BF {scores.boundary_f1:.3f}",
        ],
        width=2.7,
    )


lessons.explore(
    draw_wrong,
    stage=[("none", 0), ("1, full size", 1), ("2", 2), ("3", 3), ("4, deepest", 4)],
    how=["random", "fixed"],
    start={"stage": 4},
)

# %% [markdown]
# That was the small net of above. And the nets of the long trainings, all seeds:


# %%
def draw_lost(found):
    """What wrong places in one stage cost, in mean IoU and in boundary F1, for each stage."""
    figure = Figure(figsize=(9.5, 3.4), dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2)
    measured.draw_lost(left, found, "mean_iou", "mean IoU lost")
    measured.draw_lost(right, found, "boundary_f1", "boundary F1 lost")
    return figure


lessons.show(
    draw_lost(found),
    "Lines over the stages 1 to 4: the loss of mean IoU and of boundary F1 through random places and through the top left place.",
)

# %% [markdown]
# The claim holds here: **wrong places hurt in every stage, and the more the deeper the stage is.** The distance wins: what is eight pixels off in the picture is not
# repaired by the stages above. In boundary F1 even the uppermost stage shows, where mean IoU hardly moves.
#
# Why does the top left cost more than a random place in stage 4? All values move the same way, so whole objects shift; random moves go in all directions, and the convolutions that
# follow average some of them away. That is an explanation that fits, not one that was tested. How would you test it?
#
# Compare that with the table. A net that was **trained** with places that mean nothing (fixed, random) has adapted, and still does not come near: what the places say about the
# picture is not in the values.
#
# ## When to use which
#
# What the encoder keeps, and what came out of it:

# %%
bf = {name: measured.scores(found, name, "boundary_f1").mean() for name in names}
keep_nothing = ("fixed", "random", "bilinear", "transposed")
for text, name in (
    ("nothing kept, best in mean IoU", max(keep_nothing, key=mean_iou.get)),
    ("nothing kept, best in boundary F1", max(keep_nothing, key=bf.get)),
    ("two bits a window", "indices"),
    ("whole maps", "concatenation"),
):
    print(
        f"{text:<34} {measured.TITLES[name]:<18} mean IoU {mean_iou[name]:.3f}   boundary F1 {bf[name]:.3f}"
    )

# %% [markdown]
# - **Indices**: when memory is tight and edges and thin things matter. They give a good part of what whole maps give, for a 64th of the memory. They bind you: the decoder must have as
#   many maps as the encoder had at that size, and the encoder must pool.
# - **Concatenation**: when memory and time do not matter. It has the best scores here, even with a decoder made narrow to pay for its weights. In the paper's Table 1, too, the decoders that keep
#   whole maps are ahead of SegNet-Basic, by less.
# - **Bilinear**: when nothing can be kept, or the encoder is somebody else's. Nothing to learn, nothing to go wrong, soft edges.
# - **Transposed convolution**: learned upsampling. At an equal number of parameters it was below bilinear in mean IoU here, and a little above it in boundary F1.
# - **Fixed and random** positions are controls. They are there to show that it is the *right* position that counts, not just any scattering with zeros around it.
#
# And what all this does not say: painted scenes, small nets, short trainings. The order may change elsewhere, as it did in the small nets that you trained above; the arithmetic of the memory does not.
#
# ## What you know now
#
# - Six ways back to the size of the picture, and what each makes the encoder keep: nothing, two bits a window, or whole maps, which are 64 times as much.
# - Mean IoU hardly sees thin boundaries; boundary F1 looks at nothing else, and forgives a shift of a pixel or so.
# - A comparison of decoders needs one budget, several seeds and the spread beside the mean; a single short training proves nothing.
# - To find out whether positions matter, lie about them in one stage of one trained net, and measure.
#
# **Next**: you have seen all of SegNet. `docs/decoders.md` has the whole comparison, `segnet-np train --data` takes your own pictures, and in
# `segnet_np/models/decoder_variants.py` a seventh decoder would find room. Will yours be better?

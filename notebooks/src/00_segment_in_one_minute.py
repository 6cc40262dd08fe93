# %% [markdown]
# # 00 · Segment in one minute
#
# *About 20 minutes, of which one is training. Before this: nothing but Python.*
#
# **You will**
#
# - see what segmentation is, and lay a prediction over its picture,
# - see why nets made for classification lose boundaries, which is where SegNet starts,
# - train a small SegNet on street scenes and watch it learn,
# - measure it with the first number that everybody measures.
#
# **The question.** A net that says "there is a car in this picture" is old news. How does one say *which pixels* are the
# car, up to its very edge?
#
# Run one cell after the other with Shift+Enter. Where you see a question with an answer folded away, guess before you open it:
# a wrong guess teaches more than an answer that was read.

# %%
import numpy as np

import segnet_np as snp
from segnet_np import lessons
from segnet_np.data import CAMVID, Scenes
from segnet_np.lessons import pictures

# %% [markdown]
# ## Is everything there?

# %%
fine = lessons.environment()

# %% [markdown]
# ## The picture
#
# The package paints street scenes itself, so nothing has to be downloaded. Each comes with its labels: one class for each pixel,
# as if someone had coloured the picture in by hand. The classes are those of CamVid, a collection of photographs from a car,
# which the paper was tested on.
#
# Move the sliders. The lower one wipes the colours across.

# %%
scenes = Scenes(count=40, seed=1)
image, labels = scenes[6]
lessons.overlay_slider(image, labels)

# %% [markdown]
# That is all that segmentation is: **one class for each pixel**. Some pixels are labelled `void`: the person who coloured it in
# could not tell, and they are not counted.

# %%
lessons.guess(
    "The scene above has 96 x 128 = 12,288 pixels and 11 classes. A net that classifies says 11 "
    "numbers for the whole picture. **How many numbers does a net that segments say?**",
    "11 numbers for **each pixel**, 12,288 x 11 = **135,168**: how much it believes in each "
    "class, there. The largest of the 11 gives the pixel its colour.",
)

# %% [markdown]
# ## Why nets made for classification lose boundaries
#
# A net that classifies makes its maps smaller and smaller. It does so on purpose: a car is a car wherever it stands, so the
# *place* is thrown away, bit by bit, and with it the boundary. The encoder of SegNet is such a net, VGG-16, without its
# end.

# %%
lessons.guess(
    "VGG-16 pools five times, and each time the maps become half as high and half as wide. **How "
    "many pixels of the picture share one number of its last map?**",
    "Halved five times is divided by 32, in both directions: **32 x 32 = 1,024 pixels** share one "
    "number. In a street scene, the edge of a lamp post is one pixel wide.",
)

# %% [markdown]
# Let us watch it happen. Here is how strongly the brightness changes from pixel to pixel: dark lines are the boundaries.
# We pool that map three times, and then try to come back to the old size in three ways.

# %%
from segnet_np.layers import MaxPool2d, MaxUnpool2d
from segnet_np.models.preprocess import resize_maps

brightness = image.mean(axis=2) / 255
down, right = np.gradient(brightness)
edges = np.hypot(down, right)[None, None]  # (N, C, H, W): one picture, one map

pool, unpool = MaxPool2d(), MaxUnpool2d()
small, remembered = edges, []
for _ in range(3):
    small, indices = pool(small)
    remembered.append(indices)

nearest = small.repeat(8, axis=2).repeat(8, axis=3)  # each number fills its 8x8 pixels
bilinear = resize_maps(small[0], *edges.shape[2:])[None]  # in between, straight lines
unpooled = small
for indices in reversed(remembered):  # the last indices are needed first
    unpooled = unpool(unpooled, indices)

# %%
rows, columns = slice(30, 78), slice(40, 104)
dots = np.repeat(1 - 0.4 * edges[0, 0, :, :, None] / edges.max(), 3, axis=2)  # the edges, pale
dots[unpooled[0, 0] > 0] = (0.8, 0.25, 0.0)
names = [
    "edges of the scene",
    "back by copies (nearest)",
    "back by straight lines (bilinear)",
    "back by remembered places (dots)",
]
lessons.show(
    pictures.draw_maps([m[rows, columns] for m in (edges[0, 0], nearest[0, 0], bilinear[0, 0], dots)], names),
    "A detail of the edges of the scene: sharp lines; then coarse blocks; then blurred blobs; "
    "then single dots that stand exactly on the lines",
)

# %% [markdown]
# Copies give blocks, straight lines give fog: both know *that* there is an edge within these 64 pixels, not *where*. The dots on
# the right know it to the pixel (the true edges are drawn pale behind them). They are few, one for each 8x8 pixels, and the
# convolutions of SegNet's decoder have to fill in the rest. But where they stand, they are right. Let us count:

# %%
where_unpooled = unpooled > 0
print("dots that stand on their own old value:", (unpooled[where_unpooled] == edges[where_unpooled]).mean())

i, j = np.indices(edges.shape[2:])
off = np.hypot(i % 8 - 3.5, j % 8 - 3.5)  # how far each pixel is from the middle of its block
print(f"where a block says 'here', the edge is {off[where_unpooled[0, 0]].mean():.1f} pixels away on average")

# %% [markdown]
# That is the idea of SegNet. Lesson 01 takes it to pieces. Now let us train one.
#
# ## Train it
#
# These are the settings of the demo, the same that `segnet-np train` takes, with fewer steps.

# %%
from segnet_np.training.config import Config
from segnet_np.training.recipe import read_recipe
from segnet_np.training.schedule import one_cycle
from segnet_np.training.setup import prepare

steps = lessons.short(600, 24)
config = Config.from_dict({**read_recipe("scenes", photographs=False), "steps": steps})
demo = prepare(config)
print(demo.net.model, "of width", demo.net.width, "·", len(demo.batches.dataset), "scenes to train on")

# %% [markdown]
# This is one training step. It is the same for every net there is: forward, loss, backward, a small change of the weights.


# %%
def training_step(k):
    images, labels = demo.batches.draw(k)
    logits = demo.net(demo.net.normalise(images))
    loss, dlogits = snp.softmax_cross_entropy(logits, labels, demo.class_weights, CAMVID.ignore_index)
    demo.net.zero_grad()
    demo.net.backward(dlogits, input_grad=False)
    for group, highest in zip(demo.optimizer.param_groups, demo.highest_rates, strict=True):
        group["lr"] = highest * one_cycle(k, steps)
    demo.optimizer.step()
    return loss


# %% [markdown]
# **A word on the first step.** The fast parts of this library are compiled for your processor, by Numba, when they are first
# used. That takes about 40 seconds on two cores, once. Then they lie on your disk, and from the second time on they are only
# read. So the first step is slow, and nothing is wrong. Let us measure it.

# %%
import time

from segnet_np.training.compilation import announced_compilation

losses = []
for k in range(2):
    began = time.perf_counter()
    with announced_compilation(print) as compilation:
        losses.append(training_step(k))
    compilation.report()
    print(
        f"step {k + 1}: {time.perf_counter() - began:.2f} s, of which {compilation.seconds:.2f} s compiling"
    )

# %%
lessons.guess(
    "Before it has learned anything, the net says each of the 11 classes with about the same "
    "probability, 1/11. The loss is $-\\log$ of the probability that it gave to the right class. "
    "**What loss do you expect in the first step?**",
    "$-\\log(1/11) = \\log 11 \\approx 2.4$, if all 11 probabilities were equal. With random "
    "first weights they are not: the net is surer of itself than it has any right to be, and sure "
    "mistakes are dear. So it is somewhat more, about 3. A first loss of 10 or 100 would mean "
    "that something is wrong.",
)
print("first loss:", round(losses[0], 2), " log 11:", round(np.log(11), 2))

# %%
curve = lessons.LiveCurve("training loss", steps)
for loss in losses:
    curve.add(loss)
for k in range(len(losses), steps):
    losses.append(training_step(k))
    curve.add(losses[-1])
curve.finish()

# %% [markdown]
# Did it learn? Expected: the mean of the last ten losses is well below that of the first ten.

# %%
first, last = np.mean(losses[:10]), np.mean(losses[-10:])
print(
    f"loss {first:.2f} -> {last:.2f}:",
    "it fell, the net has learned." if last < first else "it did NOT fall. Run from the top.",
)

# %% [markdown]
# ## Look at it
#
# On a scene that it was never trained on. The menu changes between what the net says and the truth.

# %%
image, labels = scenes[6]
prediction, probabilities = demo.net.predict(image)
lessons.overlay_slider(image, {"the net": prediction, "the truth": labels})

# %%
lessons.guess(
    "Before you look closely: **which classes will the net find best, and which worst?** Large "
    "things or thin things?",
    "Sky and road come out well: they are large, always in the same part of the picture, and "
    "there are many of their pixels to learn from. People, fences and signs are hard: they are "
    "thin or rare, so the loss hardly notices them. Lesson 05 gives rare classes more weight.",
)

# %% [markdown]
# ## Your turn: the first number
#
# How good is it? The first number that everybody looks at is the share of pixels that are right. Pixels that nobody labelled count
# neither way.


# %%
def pixel_accuracy(prediction, labels, void):
    """Both (H, W). Returns the share of the pixels with a known class that are predicted right."""
    ...  # your turn


# lessons.hint("pixel_accuracy")  # take away the first # for a hint; there are three
lessons.check("pixel_accuracy", pixel_accuracy)

# %% [markdown]
# And for the net, on all held-out scenes, as the library counts it (`G` in the paper):

# %%
from segnet_np.training.evaluate import evaluate

metrics = evaluate(demo.net, demo.held_out, boundaries=False)
print(f"right pixels {metrics.global_accuracy:.3f}, mean IoU {metrics.mean_iou:.3f}")
for name, iou in zip(CAMVID.names, metrics.iou, strict=True):
    print(f"  {name:11}", "-" if np.isnan(iou) else f"{iou:.2f} " + "#" * round(30 * iou))

# %%
lessons.guess(
    "Imagine a net that is perfect, only that it **never** sees a pole, a sign or a pedestrian. "
    "**What share of right pixels can it reach?**",
    "About **0.9**, as the next cell counts: these three are a tenth of the pixels. A fine number "
    "for a net that runs over every pedestrian. That is why one looks at each class, with the "
    "IoU: of the pixels that are this class or were called so, the share that is both. Lesson 08 "
    "computes it.",
)

# %%
known = np.concatenate(
    [labels[labels != CAMVID.ignore_index] for _, labels in (scenes[k] for k in range(40))]
)
unseen = [CAMVID.names.index(name) for name in ("Pole", "SignSymbol", "Pedestrian")]
print(f"right pixels without these three: {1 - np.isin(known, unseen).mean():.2f}")

# %% [markdown]
# ## A net that was trained longer
#
# The package brings such a net along that was trained on the 367 photographs of CamVid for more than two hours. Of the 101 photographs that
# CamVid keeps for validation, filmed in the same streets, it gets 0.90 of the pixels right; elsewhere expect less. It has never seen a
# *painted* scene. What will it make of ours, painted as large as its photographs were?

# %%
from segnet_np.models.shipped import weights_path

camvid = snp.load(weights_path("camvid"))
large = Scenes(count=7, size=(360, 480), seed=1)
image, labels = large[6]
prediction, _ = camvid.predict(image)
lessons.overlay_slider(image, {"trained on photographs": prediction, "the truth": labels})
print(f"on seven scenes: right pixels {evaluate(camvid, large, boundaries=False).global_accuracy:.2f}")

# %% [markdown]
# Rather more than every second pixel is right: it finds its way to some degree, and goes astray where paint does not look like a photograph.
# A net knows the world that it was shown, and nothing else. For a photograph of your own, `segnet-np predict photo.jpg` in a
# terminal takes these weights by itself; or here:
#
# ```python
# from segnet_np.data import read_image
# photo = read_image("photo.jpg")
# lessons.overlay_slider(photo, camvid.predict(photo)[0])
# ```

# %% [markdown]
# ## What you know now
#
# - Segmentation gives **each pixel** a class.
# - Nets made for classification pool, and so forget *where*; after five poolings 1,024 pixels share one number.
# - SegNet remembers the place of each maximum, and puts it back there: right to the pixel.
# - The first loss should be about $\log$ of the number of classes, and then it should fall.
# - The share of right pixels hides rare classes; look at each class.
#
# **Next:** lesson 01, *Pool, remember, unpool*: the idea of SegNet, step by step, forward and backward.

# %% [markdown]
# # 05 · A loss for rare classes
#
# A net gives eleven numbers for each pixel. The loss turns them into one number for the whole picture, and
# its gradient is where everything that is learned begins. Here we build it by hand, and see why a cyclist
# needs a little help to be noticed.
#
# *About 50 minutes. Before this: lesson 02, for its central differences.*
#
# **You will**
#
# - turn logits into probabilities without overflow, and say why the shift changes nothing;
# - derive the gradient of softmax and cross-entropy together, `p - one_hot`, and check it;
# - leave out void pixels and weigh classes exactly as PyTorch does, and know the one case where it gives NaN;
# - compute the paper's class weights from counted pixels;
# - see what the weights do to the gradient, and what they cost.
#
# **The question.** In CamVid's street scenes, one labelled pixel in three is road, and one in 329 belongs to a
# cyclist. A net that has never found a cyclist is right nearly everywhere. How do we tell it that this is not good
# enough?

# %%
import numpy as np

import segnet_np as snp
from segnet_np import data, lessons
from segnet_np.data.class_weights import count_labels, weights_of_counts
from segnet_np.lessons.pictures.loss import (
    by_hand_picture,
    counts_picture,
    found_picture,
    loss_curve,
    pixel_picture,
    pull_picture,
)

NAMES, VOID = data.CAMVID.names, data.CAMVID.ignore_index

# %% [markdown]
# ## The picture
#
# On the left one of the package's painted scenes and its labels. On the right how many pixels each class has in the 367
# training images of CamVid, real streets (wide bars), and in forty painted scenes (narrow ones), where rare things are
# not quite as rare. Look at the wide bars: what would a lazy net learn?

# %%
camvid_pixels = np.array(
    [
        10_682_767, 14_750_079, 623_349, 20_076_880, 2_845_085, 6_166_762,
        743_859, 714_595, 3_719_877, 405_385, 184_967, 2_503_995,
    ]
)  # of the classes, and last of void  # fmt: skip
scenes = data.Scenes(count=40, size=(96, 128), seed=5)
label_maps = [scenes[k][1] for k in range(len(scenes))]
counts = sum(count_labels(labels, 11, VOID) for labels in label_maps)[:11]
image, labels = scenes[4]
lessons.show(
    counts_picture(image, labels, {"CamVid, training": camvid_pixels[:11], "40 painted scenes": counts}),
    "A street scene, its labels, and bars: in CamVid, road, building and sky have most pixels, cyclists next to none",
)

# %%
lessons.guess(
    "A net finds **three** classes of CamVid without a fault: road, building and sky. All else it calls building. What "
    "share of the labelled pixels does it get right? And what is the mean, over the eleven classes, of the share of each "
    "class that it finds?",
    "**74.7 %** of the pixels, but only 3/11 = **27.3 %** as the mean over the classes, because eight classes are never "
    "found. *Global accuracy* (G) forgives what is rare; *class accuracy* (C) does not. A loss that is a plain mean over "
    "the pixels sees the net as G does.",
)

# %%
known = [NAMES.index(name) for name in ("Road", "Building", "Sky")]
print(f"G: {camvid_pixels[known].sum() / camvid_pixels[:11].sum():.1%}   C: {3 / 11:.1%}")
print(
    f"one labelled pixel in {camvid_pixels[:11].sum() / camvid_pixels[NAMES.index('Bicyclist')]:.0f} is a cyclist's"
)

# %% [markdown]
# ## From logits to probabilities
#
# The net's last layer gives each pixel one number per class, the **logits** $z_0, z_1, \dots$, of any size
# and sign. **Softmax** makes shares of them:
#
# $$p_c = \frac{e^{z_c}}{\sum_k e^{z_k}}$$
#
# By hand, for one pixel with two classes and the logits $z = (0, \log 3)$: the exponentials are 1 and 3,
# their sum is 4, so $p = (1/4, 3/4)$.

# %%
z = np.array([0.0, np.log(3.0)])
exponentials = np.exp(z)
print("exponentials ", exponentials)
print("probabilities", exponentials / exponentials.sum())

# %% [markdown]
# ### Shift first
#
# What if the logits are (1000, 1001)?

# %%
z = np.array([1000.0, 1001.0])
with np.errstate(over="ignore", invalid="ignore"):
    exponentials = np.exp(z)
    print("as the formula says:", exponentials, "->", exponentials / exponentials.sum())

# %% [markdown]
# `exp(1000)` has 435 digits, a float64 ends at 309 (a float32 at 39): the result is `inf`, and `inf / inf` is
# NaN.
#
# The way out: take the same number $m$ off all logits of a pixel. Above and below the bar stands the same
# factor $e^{-m}$, and it cancels:
#
# $$\frac{e^{z_c - m}}{\sum_k e^{z_k - m}} = \frac{e^{-m}\, e^{z_c}}{e^{-m} \sum_k e^{z_k}} = p_c$$
#
# With $m$ = the largest logit of that pixel, the largest exponent is 0, so no exponential exceeds 1. Very
# small ones may become 0, which is nearly the truth, and at least one is exactly 1, so the sum is never 0.

# %%
shifted = np.exp(z - z.max())
print("shifted by the max: ", shifted, "->", shifted / shifted.sum())

# %% [markdown]
# ### Your turn
#
# Now for whole pictures. The classes of a pixel lie along axis 1.


# %%
def softmax(logits):
    """logits (N, num_classes, H, W) -> probabilities of the same shape."""
    ...  # your turn


# lessons.hint("softmax")  # take away the first # for a hint; there are three
lessons.check("softmax", softmax)

# %% [markdown]
# ## Cross-entropy
#
# The label says which class is right. The loss of a pixel is
#
# $$l = -\log p_{label}$$
#
# If the net is sure and right, $p = 1$ and the loss is 0. At $p = 1/2$ it is 0.69. The more sure and wrong it
# is, the higher it climbs, without end.

# %%
lessons.show(loss_curve(), "The loss falls from above 5 near probability 0 to 0 at probability 1")

# %% [markdown]
# The logarithm and the exponential undo each other, so the loss can be had without ever making $p$:
#
# $$-\log p_{label} = \log \sum_k e^{z_k} - z_{label} \qquad\text{or, shifted,}\qquad m + \log \sum_k e^{z_k - m} - z_{label}$$
#
# That is not only shorter. If the right class has logit 0 and another one 2000, then $p$ is stored as 0, and
# `log(0)` is minus infinity; the line above gives 2000, which is right.

# %%
z, label = np.array([0.0, 2000.0]), 0
p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
with np.errstate(divide="ignore"):
    print("through p:   ", -np.log(p[label]))
print("without p:   ", z.max() + np.log(np.exp(z - z.max()).sum()) - z[label])

# %% [markdown]
# ## The gradient, by hand
#
# Take the two terms of $l = \log \sum_k e^{z_k} - z_{label}$ one after the other.
#
# - The first: the derivative of a logarithm is one over what is in it, times the derivative of that. So
#   $\frac{\partial}{\partial z_c} \log \sum_k e^{z_k} = \frac{e^{z_c}}{\sum_k e^{z_k}} = p_c$. Softmax comes
#   back by itself.
# - The second: $-z_{label}$ has the derivative $-1$ for $c = label$ and 0 for all others. That is minus the
#   *one-hot* vector of the label.
#
# $$\frac{\partial l}{\partial z_c} = p_c - \mathrm{onehot}_c$$
#
# For our pixel with $p = (1/4, 3/4)$ and label 1: $(1/4, 3/4) - (0, 1) = (1/4, -1/4)$.

# %%
lessons.guess(
    "The classes of a pixel have gradients that add up to a certain number, whatever the logits are. Which "
    "one? And what is the gradient if the net is sure and right, and what if it is sure and wrong?",
    "They add up to **0**: p adds up to 1, and so does one-hot. It is a tug-of-war: what the right class is pulled up, "
    "the others are pushed down.\n\n"
    "Sure and right: p is one-hot, the gradient is 0, nothing is left to learn. Sure and wrong: -1 at the label and +1 "
    "at the wrong class. No pixel ever pulls harder than that, however large its loss.",
)

# %%
z, label, h = np.array([0.0, np.log(3.0)]), 1, 1e-5


def pixel_loss(z, label):
    return z.max() + np.log(np.exp(z - z.max()).sum()) - z[label]


numerical = [
    (pixel_loss(z + h * unit, label) - pixel_loss(z - h * unit, label)) / (2 * h) for unit in np.eye(2)
]
p = np.exp(z) / np.exp(z).sum()
by_hand = p - np.eye(2)[label]
print("by hand            ", by_hand)
print("central differences", np.array(numerical))
print("they differ by at most", np.abs(by_hand - numerical).max(), "(about 1e-11 is expected)")

# %% [markdown]
# Move the three logits, choose the right class, and watch who pulls. Blue is $p$, orange is one-hot; their
# difference, green, is the gradient. A step of training goes *against* it.


# %%
def one_pixel(z0=0.5, z1=1.0, z2=-0.5, right_class=0):
    """Bars of softmax, of one-hot and of their difference, for one pixel with three classes."""
    return pixel_picture((z0, z1, z2), right_class)


logit = (-4.0, 4.0, 0.25)
lessons.explore(one_pixel, z0=logit, z1=logit, z2=logit, right_class=[0, 1, 2])

# %% [markdown]
# ## Void, weights, and which mean
#
# Two things are still missing.
#
# **Void.** Some pixels have no class: nobody labelled them, or they are what no class covers. Their label is
# a number above the classes, in CamVid 11. Such a pixel is in *no* sum.
#
# **Weights.** Each class gets a weight; a pixel counts as much as the class of its *label* weighs. So the
# loss becomes a weighted mean:
#
# $$L = \frac{\sum_i w_i\, l_i}{\sum_i w_i} \qquad w_i = \text{the weight of pixel } i\text{'s label},\quad \text{both sums over the pixels that are not void}$$
#
# Below are four pixels with two classes, weights 1 and 3; one pixel is void.

# %%
lessons.show(
    by_hand_picture(),
    "Four pixels: their labels, the probability of the label, its loss, its weight. One is void",
)

# %% [markdown]
# By hand: the upper sum is 1 · 0.288 + 3 · 1.386 + 1 · 0.693 = 5.140; the lower one is 1 + 3 + 1 = 5; the
# loss is 1.028. And in code, with the library:

# %%
p_of_class_0 = np.array([[0.75, 0.75], [0.5, 0.5]])
logits = np.log(np.stack([p_of_class_0, 1 - p_of_class_0]))[None]
four = np.array([[[0, 1], [11, 0]]])
loss, dlogits = snp.softmax_cross_entropy(logits, four, class_weights=np.array([1.0, 3.0]), ignore_index=11)
print(f"loss {loss:.3f}")
print("gradient of class 1:")
print(dlogits[0, 1].round(3))

# %%
lessons.guess(
    "All class weights are doubled. What happens to the loss and to its gradient? And what would happen if "
    "the sum were divided by the number of pixels?",
    "**Nothing**: the factor stands above and below the bar. Only the ratios of the weights matter. Divided "
    "by the number of pixels, loss and gradient would double, and that would act like a learning rate twice "
    "as large: a side effect that nobody asked for.",
)

# %% [markdown]
# This is PyTorch's convention, and not everybody's, which is a common source of numbers that do not agree:
#
# | | `segnet_np.softmax_cross_entropy` | `torch.nn.functional.cross_entropy`, `reduction="mean"` |
# |---|---|---|
# | class weights | `class_weights`, one number a class | `weight` |
# | divided by | the sum of the weights of the pixels that count | the same |
# | pixels left out | `ignore_index`, none by default | `ignore_index`, -100 by default |
# | all pixels left out | loss 0, gradient 0 | NaN, for it is 0 / 0 |
#
# The last line is the only difference in what is computed, and it matters: a random crop may hold nothing but void, and
# one NaN in the gradient is in all weights of the net a step later.

# %%
nothing = np.full((1, 2, 2), VOID)
loss, dlogits = snp.softmax_cross_entropy(logits, nothing, ignore_index=VOID)
print("all pixels void: loss", loss, "and the largest gradient", np.abs(dlogits).max())

# %% [markdown]
# If PyTorch is installed, ask it for the loss of the four pixels, and for that of four void ones. (Nothing in the package
# needs it; it is the judge that the tests call.)

# %%
try:
    import torch
except ImportError:
    print("PyTorch is not installed here: go on.")
else:
    theirs = torch.nn.functional.cross_entropy
    options = {"weight": torch.tensor([1.0, 3.0], dtype=torch.float64), "ignore_index": VOID}
    print("four pixels:", theirs(torch.tensor(logits), torch.tensor(four), **options).item())
    print("all void:   ", theirs(torch.tensor(logits), torch.tensor(nothing), **options).item())

# %% [markdown]
# ### Your turn: the loss
#
# Beware of two traps: a void label must never be used as an index, and `log(0)` is to be avoided as above.


# %%
def weighted_cross_entropy(logits, labels, class_weights, ignore_index):
    """logits (N, num_classes, H, W), labels (N, H, W), class_weights (num_classes,) -> the loss, a number."""
    ...  # your turn


# lessons.hint("weighted_cross_entropy")  # take away the first # for a hint; there are three
lessons.check("weighted_cross_entropy", weighted_cross_entropy)

# %% [markdown]
# ### Your turn: its gradient
#
# With the weights, the gradient of the pixel's loss becomes $w_i\,(p - \mathrm{onehot})$, divided by the same
# sum of the weights. A void pixel has 0 in all classes.


# %%
def weighted_cross_entropy_backward(logits, labels, class_weights, ignore_index):
    """The gradient of the loss, of the shape of logits."""
    ...  # your turn


# lessons.hint("weighted_cross_entropy_backward")  # take away the first # for a hint; there are three
lessons.check("weighted_cross_entropy_backward", weighted_cross_entropy_backward)

# %% [markdown]
# ### Trust it only when checked
#
# The library's gradient against central differences, in float64, with weights and void. The expected relative
# error is around 1e-9.

# %%
rng = np.random.default_rng(0)
logits = rng.normal(0, 2, (2, 5, 4, 6))
some_labels = rng.integers(0, 5, (2, 4, 6))
some_labels[0, 1:3] = VOID
weights = rng.uniform(0.2, 4, 5)


def loss_of(logits):
    return snp.softmax_cross_entropy(logits, some_labels, weights, VOID)[0]


dlogits = snp.softmax_cross_entropy(logits, some_labels, weights, VOID)[1]
numerical, h = np.zeros_like(logits), 1e-5
for index in np.ndindex(logits.shape):
    step = np.zeros_like(logits)
    step[index] = h
    numerical[index] = (loss_of(logits + step) - loss_of(logits - step)) / (2 * h)
print("largest gradient       ", np.abs(dlogits).max())
print("largest difference     ", np.abs(dlogits - numerical).max())
print("in void pixels, at most", np.abs(dlogits[0, :, 1:3]).max())
print("sum over the classes   ", np.abs(dlogits.sum(axis=1)).max(), "at most: each pixel's pulls cancel")

# %% [markdown]
# ## Which weights? Median-frequency balancing
#
# The paper weighs its classes as Eigen and Fergus do:
#
# $$\mathrm{freq}(c) = \frac{\text{pixels of class } c}{\text{all pixels of the images in which } c \text{ appears}} \qquad w(c) = \frac{\text{median of all freq}}{\mathrm{freq}(c)}$$
#
# Mind the denominator: only *images in which the class appears* count. A class that is in few pictures, but
# large there, is not called rare for that.
#
# By hand, with one label map of six pixels, `0 0 0 / 0 1 2`: the frequencies are 4/6, 1/6, 1/6, their median
# is 1/6, and the weights are 1/4, 1, 1.

# %%
print(data.median_frequency_weights([np.array([[0, 0, 0], [0, 1, 2]])], num_classes=3))

# %% [markdown]
# **And void?** The formula leaves it open. The weights of the authors' released training files tell: they come
# out if the void pixels count as pixels of their image, *and* if void's frequency is one of those that the
# median is taken of. The library does so. From the pixels of the 367 CamVid training images:

# %%
images_with = np.array([366, 365, 366, 367, 349, 319, 351, 173, 360, 317, 201, 367])  # in which it appears
around = images_with * 360 * 480  # all pixels of those images
with_void = weights_of_counts(camvid_pixels, around)[:11]
without = weights_of_counts(camvid_pixels[:11], around[:11])
print("class         published   recomputed   void not in the median")
for name, published, ours, other in zip(NAMES, data.PUBLISHED_CAMVID, with_void, without, strict=True):
    print(f"{name:12s} {published:10.4f} {ours:12.4f} {other:12.4f}")

# %% [markdown]
# Ten of the eleven agree within 11 %. SignSymbol does not: its published weight does not follow from these labels. The
# last two columns differ by one common factor, so it hardly matters which one is taken: the weighted mean
# divides it away.
#
# ### Your turn


# %%
def median_frequency_weights(label_maps, num_classes, ignore_index):
    """label_maps: a list of integer arrays (H, W) -> weights (num_classes,)."""
    ...  # your turn


# lessons.hint("median_frequency_weights")  # take away the first # for a hint; there are three
lessons.check("median_frequency_weights", median_frequency_weights)

# %% [markdown]
# ## Where the pull comes from
#
# Now the picture of this lesson. For each pixel of a scene we draw the *size* of its gradient, the sum of `|dlogits|`
# over the classes, in units of the mean pixel. Dark pixels pull hard at the net's weights, white ones not at all.
#
# We need logits for it, and take two nets that need no training:
#
# - one that **knows nothing**: all logits are 0, so each class has the probability 1/11;
# - one that **knows how common each class is**: in every pixel, the probability of a class is its share of all pixels.
#   That is the first and cheapest thing to learn, because the biases of the last layer are enough for it.
#
# The bars compare, class by class, the share of the pixels with the share of the pull. Choose *median frequency* and see
# what changes; then make single classes lighter or heavier with the sliders.

# %%
median_weights = data.median_frequency_weights(label_maps, 11, VOID)
log_shares = np.log(counts / counts.sum())


def pull(weights="none", the_net_knows="how common each class is", road=1.0, pole=1.0, pedestrian=1.0):
    """A scene, how hard each of its pixels pulls, and the shares of the classes in the pixels and in the pull."""
    chosen = median_weights.copy() if weights == "median frequency" else np.ones(11)
    for name, factor in (("Road", road), ("Pole", pole), ("Pedestrian", pedestrian)):
        chosen[NAMES.index(name)] *= factor
    logits = log_shares if the_net_knows == "how common each class is" else np.zeros(11)
    return pull_picture(image, labels, logits, chosen, counts)


lessons.explore(
    pull,
    weights=["none", "median frequency"],
    the_net_knows=["how common each class is", "nothing"],
    road=(0.0, 3.0, 0.25),
    pole=(0.0, 10.0, 0.5),
    pedestrian=(0.0, 10.0, 0.5),
    labels={"road": "Road ×", "pole": "Pole ×", "pedestrian": "Pedestrian ×"},
)

# %% [markdown]
# And with *median frequency*, for those who read this without a kernel:

# %%
lessons.show(
    pull(weights="median frequency"),
    "With median-frequency weights poles, signs and people are dark, the road is pale",
)

# %% [markdown]
# Without weights a class pulls about as much as it has pixels. With median-frequency weights each *class*
# pulls about as much as any other, so each *pixel* of a rare class pulls much more. That is all the weights
# do: they leave the net and its labels alone, and change whose mistakes are heard.
#
# Set the Road slider to 0 and road pixels turn white: weight 0 is another way of saying void.
#
# ## What it does to a training, and what it costs
#
# The same small net, the same start and the same batches, once with the plain mean and once with
# median-frequency weights.

# %%
STEPS = lessons.short(120, 40)
street = data.Scenes(count=64, seed=7)
test_scenes = data.Scenes(count=12, size=(96, 128), seed=99)


def trained(class_weights):
    """A small SegNet-Basic, trained for a few seconds; always the same but for the weights."""
    net = snp.SegNetBasic(num_classes=11, width=32, kernel_size=3, seed=0)
    optimizer = snp.AdamW(net.parameters())
    batches = data.Batches(street, batch=4, crop=64, seed=0)
    for step in range(STEPS):
        optimizer.lr = 8e-3 * min(1, (step + 1) / 20, 2 * (1 - step / STEPS))  # up, then down again
        images, batch_labels = batches.draw(step)
        optimizer.zero_grad()
        logits = net(net.normalise(images))
        _, dlogits = snp.softmax_cross_entropy(logits, batch_labels, class_weights, VOID)
        net.backward(dlogits, input_grad=False)
        optimizer.step()
    return net.eval()


def found(net):
    """The share of each class's pixels that the net finds, and the share of all pixels."""
    predicted = np.stack([net.predict(test_scenes[k][0])[0] for k in range(len(test_scenes))])
    true = np.stack([test_scenes[k][1] for k in range(len(test_scenes))])
    right = (predicted == true) & (true != VOID)
    return (
        np.array([right[true == c].mean() for c in range(11)]),
        right.sum() / (true != VOID).sum(),
        predicted,
    )


plain, weighted = trained(None), trained(median_weights)
plain_found, plain_global, plain_predicted = found(plain)
weighted_found, weighted_global, weighted_predicted = found(weighted)
print("                     G (pixels)   C (mean of the classes)")
print(f"plain mean           {plain_global:10.1%} {plain_found.mean():12.1%}")
print(f"median frequency     {weighted_global:10.1%} {weighted_found.mean():12.1%}")


# %%
lessons.show(
    found_picture(
        {
            "a scene not seen in training": test_scenes[0][0],
            "its labels": test_scenes[0][1],
            "plain mean": plain_predicted[0],
            "median frequency": weighted_predicted[0],
        },
        {"plain mean": plain_found, "median frequency": weighted_found},
        order=np.argsort(counts)[::-1],
    ),
    "Predictions of both nets, and for each class, the most common first, the share of its pixels that each "
    "net finds",
)

# %% [markdown]
# A short training of a small net, so do not read much into single bars. The direction is what the paper found
# too, on CamVid, with SegNet-Basic (Table 1, test set):
#
# | in percent | G | C | mIoU | boundary F1 |
# |---|---|---|---|---|
# | natural frequencies (no weights) | **84.0** | 54.6 | 46.3 | **36.67** |
# | median-frequency weights | 82.7 | **62.0** | **47.7** | 35.78 |
#
# Rare classes are found more often (C rises), some common pixels are lost to them (G falls): where the net is in doubt, it
# now says *pole* too readily. Weights are a choice of which mistakes are worse, not a free gift; for its large comparison
# with other nets (Tables 3 and 4) the paper used none. The library's own recipes go part of the way: they raise the
# weights to a power below 1 (`balance`).
#
# ## What you know now
#
# - Softmax makes shares; the largest logit of each pixel is taken off first, which changes nothing except that
#   it prevents overflow.
# - The gradient of softmax and cross-entropy together is `p - one_hot`: it adds up to 0 in each pixel, and each of its
#   numbers lies between -1 and 1.
# - Void is in no sum. The weighted mean divides by the sum of the weights, so only their ratios matter.
# - Median-frequency weights give each class about the same pull. They raise C and lower G.
#
# The whole derivation, line for line with the code:
# [docs/derivations/softmax_cross_entropy.md](../docs/derivations/softmax_cross_entropy.md).
#
# **Next**: [06 · Make it fast with Numba](06_fast_with_numba.ipynb).

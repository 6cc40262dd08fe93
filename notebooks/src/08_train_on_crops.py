# %% [markdown]
# # 08 · Train on crops
#
# *About 45 minutes. Before this: lessons 05 and 07.*
#
# **You will**
#
# - train on small windows cut from pictures, changed at random each time,
# - write the optimizer's step, the confusion matrix and the mean IoU yourself,
# - learn one crop by heart, the first thing to try with any net,
# - watch a net learn: live curves, a strip of predictions, a confusion matrix,
# - stop a training and go on to the same weights, bit for bit,
# - tell a net that learns from one that only remembers.
#
# **The question.** The net is built and all its gradients are right. What is there still to be done? How does it
# learn, and how do you know that it does?

# %%
import shutil
import tempfile
from pathlib import Path

import numpy as np

import segnet_np as snp
from segnet_np import lessons, plots
from segnet_np.data import CAMVID, Batches, Changes, Scenes, median_frequency_weights, random_crop
from segnet_np.lessons.pictures import training as pictures

VOID = CAMVID.ignore_index
train_scenes, held_out = Scenes(120, seed=0), Scenes(lessons.short(12, 6), seed=1)

# %% [markdown]
# ## The picture
#
# Whole pictures are large, slow, and there are few of them. A net of convolutions does not mind: it looks at each
# place in the same way, so it can be trained on small windows and used on whole pictures. Here are eight windows,
# *crops*, of 64x64 pixels, cut at random from scenes of 96x128, with their labels below. Move the slider: each
# training step draws a new batch.


# %%
def batch_picture(step=0):
    """Eight crops of street scenes with their labels below, as one training step sees them."""
    return pictures.draw_crops(*batches.draw(step))


batches = Batches(train_scenes, batch=8, crop=64, seed=0)
lessons.explore(batch_picture, step=(0, 20))

# %%
lessons.guess(
    "Scenes of 96x128, windows of 64x64. **In how many ways can one window be cut from one scene?** Mirrored ones "
    "count as others.",
    "The upper edge can be in rows 0 to 32 and the left one in columns 0 to 64: 33 x 65 = 2,145 places, and mirrored "
    "**4,290**. They overlap, so they are not as good as 4,290 pictures; but the net hardly sees the same numbers "
    "twice.",
)

# %% [markdown]
# ## A 2x2 crop by hand
#
# Image and labels must be cut by the *same* window: whoever draws two random windows teaches the net nonsense, and no
# error is raised. Try it on a map whose numbers say where they are.

# %%
numbers = np.arange(16).reshape(4, 4)
rng = np.random.default_rng(3)
image, labels = random_crop(np.repeat(numbers[..., None], 3, axis=2), numbers, 2, rng)
print("labels:\n", labels, "\nfirst channel of the image:\n", image[..., 0], sep="")

# %% [markdown]
# Expected: the same four numbers twice, neighbours in the map.
#
# ## Another light, another size
#
# A car is a car in the evening, too. So each crop is changed at random: mirrored, nearer or farther, in another
# light. That is *augmentation*. The labels go along where the place changes, and stay where only the colour does.
# Here is one crop, changed eight times; move the sliders.


# %%
def changes_picture(colour=0.25, light=0.0, zoom=1.0):
    """The same scene cut and changed eight times, with the labels below."""
    changes = Changes(colour=colour, light=light, zoom=zoom)
    rng = np.random.default_rng(0)
    pairs = [changes.apply(*train_scenes[2], 64, rng) for _ in range(8)]
    return pictures.draw_crops(*(np.stack(arrays) for arrays in zip(*pairs, strict=True)))


lessons.explore(changes_picture, colour=(0.0, 0.9), light=(0.0, 1.5), zoom=(1.0, 1.4))

# %%
lessons.guess(
    "When a crop is made larger or smaller, new pixels of the *image* are means of old ones. **Why must the labels "
    "not be averaged?** Think of a pixel between Sky (0) and Pole (2).",
    "The mean of class 0 and class 2 would be class 1, Building, which is nowhere near. Labels are names and not "
    "amounts: a new pixel takes the label of the *nearest* old one.",
)

# %% [markdown]
# ## One step of the optimizer
#
# The gradient says in which direction the loss grows; so the weights go the other way. *SGD with momentum* does not
# follow each gradient alone: it keeps a **velocity**, to which each gradient adds, and which fades. With gradient
# $g$, weight $w$, velocity $v$, learning rate $\eta$, momentum $\mu$ and weight decay $\lambda$:
#
# $$d = g + \lambda w \qquad v \leftarrow \mu v + d \qquad w \leftarrow w - \eta v$$
#
# By hand, one weight: $w = 2$, $g = 0.5$, $v = 1$, $\eta = 0.1$, $\mu = 0.9$, $\lambda = 0$. Then $d = 0.5$, $v = 0.9
# \cdot 1 + 0.5 = 1.4$ and $w = 2 - 0.1 \cdot 1.4 = 1.86$. The library:

# %%
weight = snp.layers.Parameter(np.array([2.0]))
optimizer = snp.SGD([weight], lr=0.1, momentum=0.9)
for gradient in (1.0, 0.5):  # the first step makes the velocity 1
    weight.grad = np.array([gradient])
    before = weight.data.copy()
    optimizer.step()
print(f"moved by {(weight.data - before)[0]:.2f}, and -0.1 x 1.4 is {-0.1 * 1.4:.2f}")

# %%
lessons.guess(
    "A steady gradient of 1 for many steps, momentum 0.9. **How large does the velocity become in the end?** It "
    "grows by 1 and loses a tenth in each step.",
    "It stops growing when a tenth of it is 1: **10**. So with momentum 0.9 the steps are ten times as long where "
    "the gradients agree, and where they change sign from step to step they cancel. The learning rate means "
    "something else with momentum than without.",
)

# %% [markdown]
# Walk down a valley that is 25 times as steep across as along. Find a learning rate at which plain SGD (momentum 0)
# just does not jump out of it, then add momentum.


# %%
def descent_picture(lr=0.04, momentum=0.0):
    """The path of SGD through a narrow valley, and the loss at each step."""
    return pictures.draw_descent(lr, momentum)


lessons.explore(descent_picture, lr=(0.005, 0.1, 0.005), momentum=(0.0, 0.95, 0.05))

# %% [markdown]
# ## Your turn: the step


# %%
def sgd_momentum(weight, grad, velocity, lr, momentum, weight_decay):
    """Arrays of one shape, then three numbers. Returns (weight, velocity), both new."""
    ...  # your turn


# lessons.hint("sgd_momentum")  # take away the first # for a hint; there are three
lessons.check("sgd_momentum", sgd_momentum)

# %% [markdown]
# ## Learn one crop by heart
#
# Before training for hours, do what takes seconds: train on *one* crop until the net knows it by heart. A net that
# cannot even do that will not learn anything else, and the mistake is quickly found: labels that do not belong to the
# image, a learning rate that is far off, a loss that is weighted to nothing.
#
# This is the whole training step. Remember it; everything else in this lesson is around it.


# %%
def training_step(net, optimizer, images, labels, class_weights=None):
    """Forward, loss, backward, and a small move of all weights. Returns the loss."""
    logits = net(net.normalise(images))
    loss, dlogits = snp.softmax_cross_entropy(logits, labels, class_weights, ignore_index=VOID)
    net.zero_grad()
    net.backward(dlogits, input_grad=False)
    optimizer.step()
    return loss


one_image, one_labels = Batches(train_scenes, batch=1, crop=64, seed=4).draw(0)
pupil = snp.SegNetBasic(width=32, kernel_size=3, seed=0)
optimizer = snp.SGD(pupil.parameters(), lr=0.1, momentum=0.9)

# %%
lessons.guess(
    "11 classes, random first weights. **What is the first loss, about?** And where can it get to, on this one crop?",
    "Somewhat above $\\log 11 \\approx 2.4$, which it would be if each class got the same probability; random "
    "weights are not that fair. On one crop it can come close to **0**: there are more parameters than pixels, so "
    "nothing stops the net from learning the crop by heart.",
)

# %%
PAGES = lessons.short(120, 60)
curve = lessons.LiveCurve("loss on one crop", PAGES)
for _ in range(PAGES):
    curve.add(training_step(pupil, optimizer, one_image, one_labels))
curve.finish()

# %% [markdown]
# Self-check: the loss must have fallen below 0.1. (Tried with eight crops and first weights, it came to between 0.004
# and 0.028.)

# %%
first, last = curve.values[0], curve.values[-1]
print(f"loss {first:.2f} -> {last:.3f}:", "learned by heart" if last < 0.1 else "NOT learned")
right = (pupil.predict(one_image[0])[0] == one_labels[0])[one_labels[0] != VOID].mean()
print(f"right pixels of the crop: {right:.3f}")

# %%
lessons.guess(
    "The net knows that crop. **How much of scenes that it has never seen will it get right?**",
    "Little, as the next cell says. It did not learn what a car is; it learned where the dark pixels of this one "
    "crop are. Learning by heart is a test of the code, not of the net.",
)

# %%
from segnet_np.training.evaluate import evaluate

metrics = evaluate(pupil, held_out, boundaries=False)
print(
    f"on scenes it never saw: {metrics.global_accuracy:.2f} of the pixels right, mean IoU {metrics.mean_iou:.2f}"
)

# %% [markdown]
# ## How good is it? The confusion matrix
#
# Count, for each pixel, what it is (row) and what it was predicted as (column). By hand, four pixels of two classes:
#
# | labels | | predictions | | | confusion | as 0 | as 1 |
# |---|---|---|---|---|---|---|---|
# | 0 | 0 | 0 | 1 | | **is 0** | 1 | 1 |
# | 1 | 1 | 1 | 1 | | **is 1** | 0 | 2 |
#
# Three measures come from it. With $t$ the sum of a class's row, $p$ that of its column, and $h$ the cell of both:
#
# - **global accuracy** G: all hits over all pixels, here 3/4;
# - **class accuracy** C: the mean of $h / t$, here (1/2 + 2/2) / 2 = 0.75;
# - **mean IoU**: the mean of $h / (t + p - h)$, here (1/2 + 2/3) / 2 = 0.583.

# %%
from segnet_np.training.metrics import Metrics
from segnet_np.training.metrics import confusion_matrix as library_confusion

tiny = Metrics(library_confusion(np.array([[0, 0], [1, 1]]), np.array([[0, 1], [1, 1]]), num_classes=2))
print(tiny.confusion)
print(f"G {tiny.global_accuracy:.3f}   C {tiny.class_accuracy:.3f}   mean IoU {tiny.mean_iou:.3f}")

# %%
lessons.guess(
    "A picture has 90 pixels of Road and 10 of Pedestrian. A net says Road everywhere. **What are G, C and mean IoU?**",
    "G = 90 / 100 = **0.90**, which sounds good. C = (1 + 0) / 2 = **0.50**. IoU of Road 90 / 100, of Pedestrian 0: "
    "mean IoU **0.45**. G forgives a net that overlooks people.",
)

# %% [markdown]
# ## Your turn: count, then measure


# %%
def confusion_matrix(labels, predictions, num_classes, ignore_index):
    """Integer arrays of one shape. Returns (num_classes, num_classes): row the true class, column the predicted one."""
    ...  # your turn


# lessons.hint("confusion_matrix")
lessons.check("confusion_matrix", confusion_matrix)

# %% [markdown]
# A class that is neither in the labels nor in the predictions has no IoU, 0 divided by 0, and is left out of the
# mean. A class that is in only one of the two has 0.


# %%
def mean_iou(confusion):
    """Returns a number from 0 to 1."""
    ...  # your turn


# lessons.hint("mean_iou")
lessons.check("mean_iou", mean_iou)

# %% [markdown]
# ## Two more settings: class weights and the schedule
#
# Road has many pixels and poles have few, so the loss listens to the road. *Class weights* (lesson 05) give rare
# classes a louder voice: the median frequency over their own. All of it is often too much, so `balance` takes a power
# of it: 0 leaves all classes alike, 1 takes the weights as they are.

# %%
some_labels = [train_scenes[k][1] for k in range(lessons.short(60, 20))]
weights = median_frequency_weights(some_labels, CAMVID.num_classes, VOID)
bars = {"median-frequency weights": weights, "to the power 0.35": weights**0.35}
lessons.show(
    pictures.draw_bars(bars, CAMVID.names, "class weights (a logarithmic scale)"),
    "Bars for each class: Road, Car, Sky and Building far below one, Pole, SignSymbol and Pedestrian above; with the "
    "power 0.35 they are closer to one",
)

# %% [markdown]
# The learning rate need not stay the same. `one-cycle` starts low, while everything is still random, rises, and falls
# to nearly nothing, so that the weights come to rest. The paper keeps it constant.

# %%
lessons.show(
    pictures.draw_schedules(300),
    "Three curves over 300 steps: constant at one; poly falling almost straight to zero; one-cycle rising over a "
    "fifth of the steps, then falling like a cosine",
)

# %% [markdown]
# ## Train
#
# Now for real: crops of 120 scenes, four at a time. Every now and then the net is shown scenes that it is *not*
# trained on, the held-out ones. That is the number that counts.

# %%
from segnet_np.training.schedule import one_cycle

STEPS = lessons.short(300, 24)
LOOK = STEPS // 6
net = snp.SegNetBasic(width=40, kernel_size=3, seed=0)
optimizer = snp.AdamW(net.parameters(), lr=8e-3)
batches = Batches(train_scenes, batch=4, crop=64, seed=0)

lessons.guess(
    "It will be looked at six times. **Which classes will appear first in its predictions, and which last?**",
    "Large ones first: Sky, Road, Building and Car, after a few dozen steps. Then Tree and Pavement. Signs, fences "
    "and people come late, if at all in so short a training. The strip below shows it.",
)

# %%
curve = lessons.LiveCurve("training loss", STEPS)
looks, scores, views = [], [], []
for step in range(STEPS):
    optimizer.lr = 8e-3 * one_cycle(step, STEPS)
    curve.add(training_step(net, optimizer, *batches.draw(step), weights**0.35))
    if (step + 1) % LOOK == 0:
        metrics = evaluate(net, held_out, boundaries=False)
        looks.append(step + 1)
        scores.append(metrics.mean_iou)
        views.append([net.predict(held_out[k][0])[0] for k in (0, 5)])
curve.finish()

# %% [markdown]
# The same with what was seen on held-out scenes. Pale: the loss of each batch, which jumps, because some crops are
# harder than others. Full: its running mean. Look at the mean, and above all at the middle picture.

# %%
ious = dict(zip(CAMVID.names, metrics.iou, strict=True))
lessons.show(
    plots.curves(range(1, STEPS + 1), curve.values, looks, {"mean IoU": scores}, ious),
    "Left the falling training loss, in the middle the rising mean IoU on held-out scenes, right the IoU of each "
    "class as bars",
)

# %% [markdown]
# How it came to see, as a strip: two held-out scenes, a column for each look, the truth on the right.

# %%
rows = [(held_out[k][0], *(view[place] for view in views), held_out[k][1]) for place, k in enumerate((0, 5))]
titles = ["image", *(f"step {step}" for step in looks), "truth"]
strip = plots.samples(rows, CAMVID, titles, width=1.6)
lessons.show(strip, "Two scenes with predictions that become finer from step to step")

# %% [markdown]
# And what it confuses. Each row is a true class, in percent: a perfect net has 100 on the diagonal.

# %%
matrix = plots.confusion(metrics.confusion, CAMVID.names)
lessons.show(matrix, "The confusion matrix of the held-out scenes, a row for each true class")

# %%
lessons.guess(
    "Look at the row of Pole, then at its *column*. **Which of the two says that poles are missed, and which that "
    "poles are seen where there are none?**",
    "The **row** holds all pixels that are Pole: what is outside the diagonal was missed. The **column** holds all "
    "pixels that were called Pole: what is outside the diagonal is no pole. Large class weights push numbers from "
    "the first fault to the second.",
)

# %%
print(metrics)
print("\nYour mean_iou(metrics.confusion) should give the mean IoU above. Try it.")

# %% [markdown]
# ## Stop, and go on to the same bit
#
# A training takes hours, and computers are switched off. What must be on the disk so that it can go on *as if nothing
# had happened*?

# %%
lessons.guess(
    "The weights, of course. **What else?** Go through the training step and look for everything that it reads and "
    "that an earlier step has left behind.",
    "- the **running statistics** of batch norm,\n- the optimizer's **velocity** (or Adam's two means), or the first "
    "steps after the break are others,\n- the **number of the step**: the learning rate follows from it, and which "
    "crops are drawn.\n\nRandom state is missing in this list, because there is none: what a step draws depends on "
    "the seed and the step's number alone.",
)

# %% [markdown]
# Try it with the real thing: `train` is what `segnet-np train` calls. It keeps the last two checkpoints. We train six
# steps at once with a checkpoint after three. Then we take the checkpoint of step 3, as if the power had failed right
# then, and let a new training go on from there.

# %%
import contextlib
import io

from segnet_np.training.config import Config
from segnet_np.training.loop import train

config = Config(
    model="segnet-basic", width=4, kernel_size=3, crop=32, batch=2, steps=6, optimizer="sgd", class_weights="none",
    validate_every=6, checkpoint_every=3,
)  # fmt: skip


def quietly(*arguments):
    """Train without a word; only the progress bar is left."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        return train(*arguments)


runs = Path(tempfile.mkdtemp())
quietly(config, runs / "at-once")

(runs / "resumed").mkdir()
shutil.copy(runs / "at-once" / "checkpoint-previous.safetensors", runs / "resumed" / "checkpoint.safetensors")
shutil.copy(runs / "at-once" / "log.csv", runs / "resumed")
shutil.copy(runs / "at-once" / "config.json", runs / "resumed")
result = quietly(config, runs / "resumed", True)
print("steps made after the break:", result.steps_made)

# %% [markdown]
# Are the weights the same? Not nearly: exactly, each bit.

# %%
from segnet_np.training.checkpoint import load_checkpoint

at_once = load_checkpoint(runs / "at-once" / "checkpoint.safetensors")
resumed = load_checkpoint(runs / "resumed" / "checkpoint.safetensors")
same = [at_once.weights[name].tobytes() == resumed.weights[name].tobytes() for name in at_once.weights]
print(f"{sum(same)} of {len(same)} arrays are the same, bit for bit")

# %% [markdown]
# Expected: all of them. And now the mistake that many training scripts make: load the weights, and let the optimizer
# begin anew, without its velocity.

# %%
from segnet_np.training.setup import prepare


def three_more(checkpoint, with_velocity):
    """Steps 4 to 6 after a checkpoint of step 3; returns the weights."""
    setup = prepare(config)
    setup.net.load_state_dict(checkpoint.weights)
    if with_velocity:
        setup.optimizer.load_state_dict(checkpoint.optimizer)
    setup.net.train()
    for step in range(checkpoint.step, config.steps):
        for group, highest in zip(setup.optimizer.param_groups, setup.highest_rates, strict=True):
            group["lr"] = highest * one_cycle(step, config.steps)
        training_step(setup.net, setup.optimizer, *setup.batches.draw(step))
    return setup.net.state_dict()


after_three = load_checkpoint(runs / "at-once" / "checkpoint-previous.safetensors")
for with_velocity in (True, False):
    weights_now = three_more(after_three, with_velocity)
    off = max(
        np.abs(weights_now[name] - at_once.weights[name]).max()
        for name in weights_now
        if name.endswith("weight")
    )
    print(f"{'with' if with_velocity else 'without'} the velocity: weights off by at most {off:.2g}")

# %% [markdown]
# Without it the training goes on, the loss falls, nobody complains; but it is another training.
#
# ## What a run leaves
#
# Each run has a folder, and everything in it is written whole or not at all, so that a full disk or a power cut
# cannot leave half a file:

# %%
means = {
    "config.json": "all settings: with the seed, they determine every number of the run",
    "log.csv": "a row for every step",
    "curves.png": "loss and scores",
    "samples.png": "held-out pictures, their labels, the predictions",
    "strip.png": "how it came to see the first few of them",
    "weights.safetensors": "the net, for predict and evaluate",
    "checkpoint.safetensors": "all that going on needs",
    "checkpoint-previous.safetensors": "the one before, should the newest be damaged",
}
for name, text in means.items():
    size = (runs / "at-once" / name).stat().st_size
    print(f"{name:32} {size / 1e3:>7.1f} kB  {text}")
print((runs / "at-once" / "log.csv").read_text().splitlines()[0][:70], "...")
shutil.rmtree(runs)

# %% [markdown]
# ## Learning, or only remembering?
#
# Train on the same four crops over and over, and look now and then at crops of scenes that the net never saw:

# %%
few_images, few_labels = Batches(Scenes(4, seed=0), batch=4, crop=64, seed=0).draw(0)
other_images, other_labels = Batches(held_out, batch=8, crop=64, seed=0).draw(0)
crammer = snp.SegNetBasic(width=24, kernel_size=3, seed=1)
optimizer = snp.AdamW(crammer.parameters(), lr=3e-3)
seen, at, others = [], [], []
for step in range(lessons.short(96, 40)):
    if step % 8 == 0:
        # With the statistics of their own batch: the running ones lag behind in so short a training.
        logits = crammer(crammer.normalise(other_images))
        others.append(snp.softmax_cross_entropy(logits, other_labels, ignore_index=VOID)[0])
        at.append(step + 1)
    seen.append(training_step(crammer, optimizer, few_images, few_labels))
lessons.show(
    pictures.draw_two_losses(seen, at, others),
    "Two curves: the loss on the four crops falls to nearly zero; the loss on other scenes falls at first, then "
    "rises again",
)

# %%
lessons.guess(
    "The blue curve falls to almost nothing, the orange one does not. **Until which step was this net learning "
    "something about streets?** What would have helped?",
    "As long as the orange curve falls. From its lowest point on, the net learns its four crops by heart; that is "
    "*overfitting*. More pictures help most; then changing them (mirror, light, zoom), dropout, weight decay, or "
    "simply stopping in time. The loss of what it is trained on shows none of this.",
)

# %% [markdown]
# ## When it does not learn
#
# | you see | look at |
# |---|---|
# | the loss is NaN or grows | a lower learning rate; labels outside of the classes |
# | the loss stays at $\log$ of the number of classes | do labels belong to the images? learn one crop by heart |
# | everything is Road | class weights; the IoU of each class and not G |
# | rare classes are painted everywhere | smaller class weights (`balance`) |
# | good on its own pictures, poor on others | more pictures, more changes; stop earlier |
# | good while training, poor when evaluated | batch norm's running statistics: too few steps, or too high a rate at the end |
#
# Training in a terminal says several of these by itself:
#
# ```sh
# segnet-np train                           # the demo, about a minute
# segnet-np check-data photos               # what is in the labels of a folder
# segnet-np train --data photos --resume    # train on it, or go on
# ```
#
# ## What you know now
#
# - Nets are trained on **crops**, cut from image and labels by the same window and changed at random; labels are
#   never averaged.
# - Momentum keeps a velocity; the learning rate acts on all of it.
# - First learn **one crop by heart**: it tests the code in seconds.
# - From one confusion matrix come G, C and mean IoU; absent classes are left out, overlooked ones count 0.
# - A checkpoint holds weights, statistics, velocity and the step's number; then a run goes on **bit for bit**.
# - Only scenes that it has never seen say whether a net has learned.
#
# **Next:** lesson 09, *Why unpooling?*: you can build and train a net. Was unpooling by indices worth it?

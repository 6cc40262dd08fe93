# %% [markdown]
# # 07 · Build SegNet
#
# *About 45 minutes. Before this: lessons 01, 03 and 04.*
#
# **You will**
#
# - put the layers of the lessons before together into the whole net, of 26 convolutions,
# - follow a picture of 360x480 pixels down to 11x15 and back, through odd sizes,
# - count its 29.4 million parameters by hand,
# - check the gradient of all of them at once,
# - look inside a trained SegNet: what each stage sees, and which places it remembers.
#
# **The question.** You have pooling and unpooling, convolution, batch norm and ReLU. How many of each, in which
# order, and who hands what to whom?

# %%
import inspect

import numpy as np

import segnet_np as snp
from segnet_np import lessons
from segnet_np.data import street_scene
from segnet_np.lessons import pictures
from segnet_np.lessons.pictures.nets import draw_stages
from segnet_np.lessons.pictures.stages import draw_stage
from segnet_np.lessons.stages import look_inside

# %% [markdown]
# ## From VGG-16 to an encoder
#
# SegNet did not invent its encoder. VGG-16 is a net that gives *one* class for a whole picture. It has 13
# convolutions in five stages, each stage ends with max-pooling, and then come three *fully connected* layers, in
# which every number of the last maps is connected with every output. The sizes of these three: from 7 x 7 x 512
# numbers to 4096, from 4096 to 4096, and from 4096 to 1000 classes.

# %%
lessons.guess(
    "SegNet keeps the 13 convolutions and throws the three fully connected layers away. They know *what* is in the "
    "picture. **Why must they go?** And how much of VGG-16's parameters goes with them, a tenth, a half, or more?",
    "They have to go because they mix all places: after them there is no *where* left. And with them go **about nine "
    "tenths** of the parameters, as the next cell counts.",
)

# %%
convolutions = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256)]
convolutions += [(256, 512), (512, 512), (512, 512), (512, 512), (512, 512), (512, 512)]
kept = sum(9 * c * o + o for c, o in convolutions)  # 3x3 kernels, and a bias for each output channel
dropped = sum(c * o + o for c, o in ((7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)))
print(f"{len(convolutions)} convolutions: {kept:,} parameters   fully connected: {dropped:,}")
print(f"the fully connected layers hold {dropped / (kept + dropped):.0%} of them")

# %% [markdown]
# ## The picture
#
# What SegNet puts in their place is the encoder once more, the other way round: the **decoder**. Left, the encoder
# goes down; right, the decoder comes up. Each dashed arrow is a set of pooling indices: the only thing that crosses
# over.
#
# Click a block, or move with the arrow keys: you see its shapes, its parameters and, for pools, where its indices go.
# Change the size of the picture; try 45x61.

# %%
lessons.architecture()

# %% [markdown]
# ## A 4x4 case by hand
#
# Two stages, without convolutions, so that only pooling and unpooling are at work. With pencil and paper: pool this
# map, pool the result, and write both sets of offsets down. Then unpool twice.

# %%
x = np.array([[1, 5, 2, 0], [3, 2, 1, 7], [9, 4, 3, 6], [8, 0, 8, 5]], float)[None, None]
pool, unpool = snp.layers.MaxPool2d(), snp.layers.MaxUnpool2d()
pooled_once, indices1 = pool(x)
pooled_twice, indices2 = pool(pooled_once)
back_once = unpool(pooled_twice, indices2)  # the last indices first
back = unpool(back_once, indices1)

maps = [m[0, 0] for m in (x, pooled_once, pooled_twice, back_once, back)]
figure, axes = pictures.grids(*(m.shape for m in maps))
for ax, m, title in zip(axes, maps, ["x", "pool1", "pool2", "unpool2", "unpool1"], strict=True):
    pictures.draw_grid(ax, m, title=title, window=2, marked=m == 9, faint=m == 0)
lessons.show(
    figure,
    "A 4x4 map, pooled to 2x2 and to a single 9, then unpooled to 2x2 and 4x4: the 9 is back in its place, all else is zero",
)

# %%
lessons.guess(
    "The 9 came back to its own pixel over two poolings. **What would have happened if `unpool2` had been given "
    "`indices1`?**",
    "It does not even fit: `indices1` has one entry for each of 2x2 windows, and what comes to `unpool2` is a single "
    "number. The next cell shows the error. In a real net that mistake cannot stay hidden, because every stage has "
    "another size.",
)

# %%
try:
    unpool(pooled_twice, indices1)
except ValueError as error:
    print(error)

# %% [markdown]
# ## The whole net in ten lines
#
# Here is the forward pass of SegNet, on the library's own blocks. A *block* is a convolution with its batch norm and
# ReLU (lessons 03 and 04).


# %%
def forward(net, x):
    remembered = []
    for stage in net.encoder:
        for block in stage.values():
            x = block(x)
        x, indices = pool(x)
        remembered.append(indices)  # the indices leave the encoder here ...
    for stage in net.decoder:
        x = unpool(x, remembered.pop())  # ... and reach the decoder here, the last ones first
        for block in stage.values():
            x = block(x)
    return net.classifier(x)


net = snp.SegNet(width=8, seed=7).eval()
scene, _ = street_scene(7)
x = net.normalise(scene[None])
print("largest difference to the library's own forward:", np.abs(forward(net, x) - net(x)).max())

# %% [markdown]
# Expected: 0, or a rounding of about 1e-6, as the library works with unfinished maps to be faster. In the library
# that is the method `run_forward` of `segnet_np/models/segnet.py`. It is the **only** place in which indices travel
# from the encoder to the decoder:

# %%
print(inspect.getsource(snp.SegNet.run_forward))

# %%
lessons.guess(
    "`remembered` is a list that is filled from one end and emptied from the same end: a *stack*. **Which stage's "
    "indices does the decoder take first, and why?**",
    "Those of stage 5: the decoder begins with the smallest maps, which the encoder made last. Last in, first out. "
    "With `remembered.pop(0)` the indices of stage 1 would come first, and would not fit.",
)

# %% [markdown]
# ## Down to 11x15 and back
#
# Each pooling halves a map. 360 rows become 180, 90, 45, and then? Follow a picture of 360x480 through a net of width
# 1; sizes do not depend on the width.

# %%
thin = snp.SegNet(width=1).eval()
steps = thin.trace(np.zeros((1, 3, 360, 480), "float32"))
for stage in (1, 2, 3, 4, 5):
    indices = steps[f"indices{stage}"]
    before, after = "x".join(map(str, indices.input_size)), "x".join(map(str, indices.shape[2:]))
    print(
        f"stage {stage}: {before:>7} pooled to {after:>7}; unpool{stage} makes {steps[f'unpool{stage}'].shape[2:]}"
    )

# %%
lessons.guess(
    "45 rows pool to 22: the last row is left out. A decoder that just doubles would make 44 rows of 22. **How does "
    "this one know that there were 45?** And what would go wrong with 44?",
    "The indices know it: a `PoolingIndices` remembers its `input_size`. With 44 rows the maps would go on as 88, "
    "176 and 352, and the labels would be eight rows too short for the picture; already at `unpool3` the indices, of "
    "45x60 windows, would no longer fit.",
)

# %% [markdown]
# Caffe, which the authors used, rounds up instead: 45 rows pool to 23, and the last window hangs over the edge. With
# `ceil_mode=True` this net does the same.

# %%
steps = snp.SegNet(width=1, ceil_mode=True).eval().trace(np.zeros((1, 3, 360, 480), "float32"))
print(
    "rows:", [steps[f"indices{k}"].input_size[0] for k in (1, 2, 3, 4, 5)], "->", steps["indices5"].shape[2]
)

# %% [markdown]
# ## Your turn: the trip of the indices
#
# Write down what the decoder is told, for a picture of any size: one row for each unpooling, in the order in which
# the decoder does them, with the stage (1 to 5), the rows and columns of the indices, and the rows and columns that
# the unpooling makes. Round down.


# %%
def trip_of_the_indices(height, width):
    """Returns an array of shape (5, 5), a row for each unpooling: stage, PH, PW, H, W."""
    ...  # your turn


# lessons.hint("trip_of_the_indices")  # take away the first # for a hint; there are three
lessons.check("trip_of_the_indices", trip_of_the_indices)

# %% [markdown]
# ## Counting parameters
#
# A convolution from C to O channels has a 3x3 kernel for each pair of channels, and a bias for each output: $9 \cdot
# C \cdot O + O$. Its batch norm has a weight and a bias for each channel: $2 \cdot O$. (The running mean and variance
# are no parameters: no gradient reaches them.)

# %%
lessons.guess(
    "The first block, `conv11` with `bn11`, goes from 3 to 64 channels. **How many parameters does it have?** And "
    "the last one of stage 5, `conv53` with `bn53`, from 512 to 512?",
    "The first: 9 x 3 x 64 + 64 = 1,792, and 128 of the batch norm: **1,920**. The last: 9 x 512 x 512 + 512 = "
    "2,359,808, and 1,024: **2,360,832**, more than a thousand times as many.",
)

# %%
segnet = snp.SegNet()  # the paper's net: width 64, 11 classes
print(segnet)

# %%
lessons.show(
    draw_stages(segnet, 360, 480),
    "Two bar charts: nearly all parameters are in stages 3 to 5, of encoder and decoder alike; nearly all numbers of "
    "the maps are in stages 1 and 2",
)

# %% [markdown]
# The two sides are mirrored: **weights live deep, maps live shallow**. So the memory for weights has nothing to do
# with the size of the picture, and the memory for maps nearly all comes from the first two stages.
#
# ## Your turn: count them
#
# For any number of input channels, classes, and any width. It must be 29,449,355 for `(3, 11, 64)`: encoder, decoder
# and classifier together.


# %%
def count_parameters(in_channels, num_classes, width):
    """Returns (encoder, decoder, classifier)."""
    ...  # your turn


# lessons.hint("count_parameters")
lessons.check("count_parameters", count_parameters)

# %% [markdown]
# In float32 that is 4 bytes each, 117.8 MB. The paper prints 117 MB (its Table 6).
#
# ## One gradient check for all of it
#
# Each layer passed its gradient check in its own lesson. Is the whole right, too? Wires can be crossed between right
# layers. To move each of millions of parameters would take hours, so a whole net is checked along *random
# directions*: all numbers are moved a little at once, and the change of the loss is compared with what the gradient
# promises. One wrong gradient anywhere shows. We take a narrow net, float64, and an odd size.

# %%
lessons.guess(
    "A net of width 2 has about a thousandth of the parameters. **Is a check of the narrow net worth anything for "
    "the wide one?**",
    "Yes. The code is the same: a mistake in a formula, in an axis or in a wire is there at every width. What a "
    "narrow net cannot show is what depends on size, such as a sum in float32 that gets inexact when it is long, or "
    "a kernel's special path for many channels. The tests of this package check those as well.",
)

# %%
small = snp.SegNet(width=2, num_classes=3, dtype="float64", seed=1)
x = np.random.default_rng(7).standard_normal((2, 3, 45, 37))
report = snp.gradcheck(small, x, pytorch=False)
print("\n".join(str(report).splitlines()[:8]))
print("...")
print("all rows are right:", report.ok)

# %% [markdown]
# Expected: errors around 1e-8 or below, and `True`. `print(report)` shows all rows: one through the input, one
# through all parameters together, and one for each layer, which would name the wrong one.
#
# ## Names
#
# The layers are called as in a widely used PyTorch version of SegNet, so its checkpoints can be loaded:
# two digits for the stage and the place in it, and a `d` for the decoder.

# %%
names = list(segnet.state_dict())
print(*names[:7], "...", sep="\n")
print([name for name in names if name.startswith("conv5") and name.endswith("weight")])

# %% [markdown]
# A checkpoint of PyTorch goes in like this (it needs PyTorch to be read, and is not needed here):
#
# ```python
# import torch
# state = torch.load("segnet.pth", weights_only=True)
# segnet.load_state_dict({name: array.numpy() for name, array in state.items()})
# ```
#
# If a name is missing, unknown or of another shape, the error names all of them at once.
#
# ## SegNet-Basic beside it
#
# For its study of decoders the paper uses a smaller net: four stages of one convolution each, 64 channels everywhere,
# and 7x7 kernels to make up for the missing depth. Its decoder has no ReLU.

# %%
lessons.architecture("segnet-basic")

# %%
lessons.guess(
    "A pixel of SegNet-Basic's deepest maps sees 106x106 pixels of the picture. **How much does one of SegNet's "
    "deepest maps see: less, about as much, or more?** It has 3x3 kernels, but thirteen of them. (You wrote "
    "`receptive_field` in lesson 03.)",
    "**212x212**, twice as much in each direction: at stage 5 each 3x3 kernel reaches over 32 more pixels of the "
    "picture, since every pixel there stands for 16x16. Depth with pooling is a cheap way to see far.",
)


# %%
def sees(stages, kernel):
    """Side of what one pixel of the deepest pooled map sees; `stages` says how many convolutions each has."""
    side, jump = 1, 1
    for convolutions in stages:
        side += convolutions * (kernel - 1) * jump  # each convolution reaches further, by its kernel ...
        side += jump  # ... and the pooling by one pixel
        jump *= 2
    return side


basic = snp.SegNetBasic()
for name, model, field in (
    ("SegNet", segnet, sees((2, 2, 3, 3, 3), 3)),
    ("SegNet-Basic", basic, sees((1, 1, 1, 1), 7)),
):
    count = sum(p.data.size for p in model.parameters())
    print(f"{name:12}  {count:>10,} parameters, its deepest maps see {field}x{field} pixels")

# %% [markdown]
# ## Look inside
#
# Now a net that comes with the package: a SegNet of width 32, trained on photographs of streets. We show it a
# painted street, as photographs are not part of the package. If you have a photograph of a street, take it: `from
# segnet_np.data import read_image`, then `image = read_image("photo.jpg")`.

# %%
trained = snp.load("camvid-segnet")
image, _ = street_scene(11, (360, 480))
inside = look_inside(trained, image)
print(
    "looked at:",
    inside.picture.shape[:2],
    "pixels, because the net was trained at",
    inside.scale,
    "of the size",
)
lessons.overlay_slider(image, inside.labels)

# %% [markdown]
# Before you look, a question about the *switches*: the places that the poolings remember.

# %%
lessons.guess(
    "Each window remembers one of four places. **Are the four taken about equally often?** And is the choice noise, "
    "or does it show something of the picture?",
    "Over a whole picture they are taken about equally often. But the choice is far from noise: in the enlarged part "
    "below, the dots stand in lines along the edges. Windows next to each other remember the same row or column, or step "
    "on as the edge does.",
)

# %%
lessons.show(
    draw_stage(inside, stage=2),
    "Stage 2 in five pictures: a feature map, its remembered places in four colours over the picture, a part of it "
    "enlarged with dots, the sparse map after unpooling, and the dense map after the decoder's convolutions",
)

# %% [markdown]
# Above, from left to right, what the encoder does; below, what the decoder makes of it:
#
# 1. What the encoder sees, just before the pooling: dark where this channel found what it looks for.
# 2. The places. A colour for each of the four, the stronger the larger the maximum; grey where all four numbers of a
#    window are zero (*silent*).
# 3. A part of it, enlarged: a dot at the pixel that won.
# 4. What unpooling makes: the **decoder's** numbers at the **encoder's** places. Three of four numbers are zero.
# 5. After the decoder's convolutions: the gaps are filled. This is another channel, as convolutions mix all of them.
#
# Now walk through the stages. Which things does stage 1 look for, which stage 4?


# %%
def stage_picture(stage=2, channel=0):
    """One stage of the trained net in five pictures, from the encoder's map to the decoder's dense map."""
    return draw_stage(inside, stage, channel)


lessons.explore(
    stage_picture,
    stage=(1, 5),
    channel=[("strongest", 0), ("second", 1), ("third", 2)],
)

# %%
lessons.guess(
    "In stage 4 or 5, compare the sparse map with the enlarged places. Some windows have a dot, but nothing dark at "
    "that place in the sparse map. **Why?**",
    "The dot says where the *encoder's* maximum was. The number that comes there is the *decoder's*, from the stage "
    "below, and that may be zero: its own ReLU let nothing through. Indices carry places, not values.",
)

# %%
print("stage  top left  top right  bottom left  bottom right   silent windows")
for stage in inside.stages:
    shares = "".join(f"{share:>11.0%}" for share in stage.shares)
    print(f"{stage.number:>5}{shares}{stage.silent:>15.0%}")

told = sum(stage.index_bytes for stage in inside.stages)
whole = sum(stage.map_bytes for stage in inside.stages)
print(
    f"\nAll indices together: {told / 1e6:.2f} MB at two bits each; the maps they stand for: {whole / 1e6:.1f} MB."
)

# %% [markdown]
# The same for any picture, as one page with explanations, in a terminal:
#
# ```sh
# segnet-np explain photo.jpg --weights camvid-segnet --out report.html
# ```
#
# ## What you know now
#
# - SegNet is VGG-16's 13 convolutions, and the same mirrored; the fully connected layers are gone, because they
#   forget *where*.
# - Indices travel from each pooling to the unpooling of its stage, on a stack: last in, first out. One list in
#   `run_forward` is all of it.
# - `PoolingIndices` know the size that they came from, so 45 rows come back as 45 and not as 44.
# - The weights are in the deep stages, the maps in the shallow ones.
# - A whole net is checked along random directions; one wrong gradient anywhere shows.
# - Unpooling puts the **decoder's** numbers at the **encoder's** places.
#
# **Next:** lesson 08, *Train on crops*: the net is built, now it has to learn.

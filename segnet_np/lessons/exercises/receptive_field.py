"""Exercise: how much of the input one feature sees, after a list of layers."""

from collections.abc import Sequence

from segnet_np.lessons.exercise import Case, Exercise, Mistake

Layers = Sequence[tuple[int, int]]

CONV3, CONV7, CONV1, POOL = (3, 1), (7, 1), (1, 1), (2, 2)
#: SegNet's encoder, which is that of VGG-16.
ENCODER = (*[CONV3] * 2, POOL, *[CONV3] * 2, POOL, *[CONV3] * 3, POOL, *[CONV3] * 3, POOL, *[CONV3] * 3, POOL)


def solution(layers: Layers) -> int:
    """Grow from one pixel: a kernel adds its width minus one, in steps as large as the pools made them."""
    size, step = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * step
        step *= stride
    return size


def cases() -> Sequence[Case]:
    """Make the calls, the easiest one first."""
    return [
        Case("one 3x3 convolution", ([CONV3],)),
        Case("no layer at all", ([],)),
        Case("two 3x3 convolutions", ([CONV3, CONV3],)),
        Case("a 1x1 convolution, which sees no neighbour", ([CONV3, CONV1],)),
        Case("one pool", ([POOL],)),
        Case("a convolution, then a pool", ([CONV3, POOL],)),
        Case("a convolution after a pool", ([POOL, CONV3],)),
        Case("two stages of convolutions and pool", ([CONV3, CONV3, POOL, CONV3, CONV3, POOL],)),
        Case("convolutions that stride themselves", ([(7, 2), (3, 2), (3, 1), (3, 3), (3, 1)],)),
        Case("a 2x2 convolution that does not stride", ([(2, 1), CONV3],)),
        Case("a 3x3 convolution that strides", ([(3, 2), CONV3],)),
        Case("SegNet-Basic's encoder", ([CONV7, POOL] * 4,)),
        Case("SegNet's encoder up to its last convolution", (list(ENCODER[:-1]),)),
        Case("SegNet's whole encoder", (list(ENCODER),)),
    ]


def _no_step(layers: Layers) -> int:
    return 1 + sum(kernel_size - 1 for kernel_size, _ in layers)


def _whole_kernel(layers: Layers) -> int:
    size, step = 1, 1
    for kernel_size, stride in layers:
        size += kernel_size * step
        step *= stride
    return size


def _from_zero(layers: Layers) -> int:
    return solution(layers) - 1


def _step_too_early(layers: Layers) -> int:
    size, step = 1, 1
    for kernel_size, stride in layers:
        step *= stride
        size += (kernel_size - 1) * step
    return size


def _backwards(layers: Layers) -> int:
    return solution(list(layers)[::-1])


def _last_stride_only(layers: Layers) -> int:
    size, before = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * before
        before = stride
    return size


def _step_added(layers: Layers) -> int:
    size, step = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * step
        step += stride - 1
    return size


def _product(layers: Layers) -> int:
    size = 1
    for kernel_size, _ in layers:
        size *= kernel_size
    return size


def _pools_left_out(layers: Layers) -> int:
    return _no_step([layer for layer in layers if layer[1] == 1])


def _pools_only_widen_steps(layers: Layers) -> int:
    size, step = 1, 1
    for kernel_size, stride in layers:
        if stride == 1:
            size += (kernel_size - 1) * step
        step *= stride
    return size


def _only_pools_stride(layers: Layers) -> int:
    return solution([layer if layer[1] == 1 else POOL for layer in layers])


def _stride_of_the_kernel(layers: Layers) -> int:
    return solution([(kernel_size, 2 if kernel_size == 2 else 1) for kernel_size, _ in layers])


def _area(layers: Layers) -> int:
    return solution(layers) ** 2


EXERCISE = Exercise(
    name="receptive_field",
    lesson="03",
    task="""Write `receptive_field(layers)`. `layers` is a list of `(kernel_size, stride)`, from the input
on: `(3, 1)` is a 3x3 convolution, `(2, 2)` a 2x2 pool. Return, as a whole number, how many rows (or
columns: the kernels are square) of the input one pixel of the last layer's output depends on. No layers:
1, the pixel itself.""",
    outputs=("size",),
    solution=solution,
    cases=cases,
    hints=(
        "Take two 3x3 convolutions and draw a row of pixels. One output looks at 3 pixels of the middle "
        "row; at how many of the first row do these three look together? What did the second layer add?",
        "Keep two numbers: `size`, the rows seen so far, and `step`, by how many input pixels two "
        "neighbours of the present map are apart. Both are 1 at first. A kernel of k looks at k neighbours: "
        "it adds k - 1 steps.",
        "For each layer, in order: first let `size` grow by `kernel_size - 1` steps, and only then multiply "
        "`step` by the stride.",
    ),
    mistakes=(
        Mistake(
            _no_step,
            "Each layer adds kernel_size - 1, as if its pixels were still one input pixel apart. After a "
            "pool, neighbours are two apart, after two pools four: keep track of that step.",
        ),
        Mistake(
            _whole_kernel,
            "Each layer adds its whole kernel. One of the kernel's pixels is the one you have already: it "
            "adds kernel_size - 1.",
        ),
        Mistake(_from_zero, "One too small: before any layer a pixel sees one pixel, itself."),
        Mistake(
            _step_too_early,
            "The stride of a layer is used for the layer itself. It counts only for those after it: first "
            "grow, then change the step.",
        ),
        Mistake(
            _backwards,
            "The layers are taken in the wrong order: a kernel reaches further only for the pools *before* "
            "it. With `(r - 1) * s + k` one starts at the output: go through the layers backwards. Or keep "
            "a step, and go forwards.",
        ),
        Mistake(
            _last_stride_only,
            "Only the stride of the layer just before is used. Steps multiply over all pools so far: 2, 4, "
            "8, ...",
        ),
        Mistake(
            _step_added,
            "The strides are added up. Each pool doubles the step, so that they multiply: 2, 4, 8, ...",
        ),
        Mistake(
            _product,
            "The kernels are multiplied. Neighbouring patches overlap, so that a second 3x3 layer sees 5 "
            "rows, not 9.",
        ),
        Mistake(
            _pools_left_out,
            "The pools are left out. They see two pixels themselves and, above all, double the step of "
            "everything after them.",
        ),
        Mistake(
            _pools_only_widen_steps,
            "The pools double the step, but they also look at two pixels themselves: a pool adds (2 - 1) "
            "steps like any layer.",
        ),
        Mistake(
            _only_pools_stride,
            "Every stride above 1 is taken for a 2x2 pool. A layer adds (kernel_size - 1) steps and "
            "multiplies the step by its own stride.",
        ),
        Mistake(
            _stride_of_the_kernel,
            "The stride is guessed from the kernel: 2 for a kernel of 2, else 1. Each layer brings its own "
            "stride, the second number of the pair.",
        ),
        Mistake(_area, "This is the number of pixels, the square. Wanted is the number of rows."),
    ),
    see="segnet_np/lessons/pictures/convolution.py, fields",
    other_ways=("(kernel_size - 1) * step",),
)

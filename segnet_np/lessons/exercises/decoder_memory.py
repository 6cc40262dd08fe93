"""Exercise: what an encoder must keep for its decoder, in bytes."""

from collections.abc import Sequence

from segnet_np.lessons.exercise import Case, Exercise, Mistake


def solution(height: int, width: int, channels: Sequence[int]) -> tuple[float, int, int]:
    """Go down the stages: count windows and numbers, then halve the size."""
    windows = numbers = 0
    for count in channels:
        numbers += count * height * width  # the maps before they are pooled
        height, width = height // 2, width // 2
        windows += count * height * width
    two_bits = windows * 2 / 8
    one_byte = windows
    whole_maps = numbers * 4
    return two_bits, one_byte, whole_maps


def cases() -> Sequence[Case]:
    """The calls, the easiest first."""
    return [
        Case("one stage with one map of 4x6", (4, 6, [1])),
        Case("one stage with 64 maps of 360x480", (360, 480, [64])),
        Case("two stages", (8, 12, [3, 5])),
        Case("the four stages of SegNet-Basic at 360x480", (360, 480, [64, 64, 64, 64])),
        Case(
            "the five stages of SegNet at 360x480, where 45 rows come up",
            (360, 480, [64, 128, 256, 512, 512]),
        ),
        Case("odd sizes from the start", (45, 61, [2, 3, 4])),
    ]


def _counted(
    height: int,
    width: int,
    channels: Sequence[int],
    bits: float = 2,
    item: int = 4,
    per_byte: float = 8,
    halves: bool = True,
    before: bool = False,
    pooled_maps: bool = False,
    ceil: bool = False,
    stages: int | None = None,
) -> tuple[float, float, float]:
    """Count with something wrong; the defaults are right."""
    windows = numbers = 0
    for count in channels[:stages]:
        up = 1 if ceil else 0
        half = (height + up) // 2, (width + up) // 2
        windows += count * (height * width if before else half[0] * half[1])
        numbers += count * (half[0] * half[1] if pooled_maps else height * width)
        if halves:
            height, width = half
    return windows * bits / per_byte, windows, numbers * item


def _pixels(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, before=True)


def _bits_not_bytes(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, per_byte=1)


def _bit_for_each_place(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, bits=4)


def _pooled(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, pooled_maps=True)


def _not_halved(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, halves=False)


def _rounded_up(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, ceil=True)


def _float64(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, item=8)


def _numbers(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, item=1)


def _first_stage(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, channels, stages=1)


def _one_channel(height: int, width: int, channels: Sequence[int]) -> tuple[float, float, float]:
    return _counted(height, width, [1] * len(channels))


EXERCISE = Exercise(
    name="decoder_memory",
    lesson="09",
    task="""Write `decoder_memory(height, width, channels)`. `height` and `width` are whole numbers, and
`channels` is a list: of each stage, how many maps it has. A picture of height x width pixels goes through
the stages one after the other. Stage k has `channels[k]` maps and ends with 2x2 pooling, which halves
both sides, rounded down. Return how many **bytes** the encoder must keep for the decoder: three numbers,
each for all stages together. They are the pooling indices at 2 bits a window (a fraction of a byte stays
a fraction: six windows are 1.5 bytes), the pooling indices at 1 byte a window, and the whole maps before
the pooling, in float32.""",
    outputs=("two_bits", "one_byte", "whole_maps"),
    solution=solution,
    cases=cases,
    hints=(
        "Take one stage with one map of 4x6. How many windows of 2x2 are in it, and how many numbers? How "
        "many bytes is each?",
        "A stage of c maps of h x w pixels has c * h * w numbers of 4 bytes, and c * (h // 2) * (w // 2) "
        "windows. The next stage is h // 2 by w // 2.",
        "Add up windows and numbers over the stages, halving height and width in between. Then `windows * "
        "2 / 8`, `windows` and `numbers * 4`.",
    ),
    mistakes=(
        Mistake(
            _pixels,
            "The indices are too many by a factor of about 4: one was counted for each **pixel**. There is "
            "one for each window of 2x2.",
        ),
        Mistake(
            _bits_not_bytes,
            "The first result counts two for each window. It is two **bits**, and eight bits make a byte.",
        ),
        Mistake(
            _bit_for_each_place,
            "The first result counts a bit for each of the four places of a window. Two bits can say four "
            "things already.",
        ),
        Mistake(
            _pooled,
            "The whole maps were counted after the pooling. U-Net hands on what is there **before** it: "
            "maps of the size that the decoder wants to come back to.",
        ),
        Mistake(
            _not_halved,
            "All stages were counted at the size of the first one. Each pooling halves both sides.",
        ),
        Mistake(
            _rounded_up,
            "Odd sizes were rounded up. Here they are rounded down, as PyTorch does; 45 rows have 22 "
            "windows. (Caffe, and so the authors, rounded up.)",
        ),
        Mistake(_float64, "The maps were counted with 8 bytes a number. float32 has 32 bits."),
        Mistake(_numbers, "The maps were counted in numbers, not in bytes. A float32 is 4 bytes."),
        Mistake(
            _first_stage, "Only the first stage was counted. Every stage keeps something for its counterpart."
        ),
        Mistake(_one_channel, "Each stage was counted with a single map. It has `channels[k]` of them."),
    ),
    see="benchmarks/decoders.py, kept_for_decoder, which reads the same off the arrays of a real net",
)

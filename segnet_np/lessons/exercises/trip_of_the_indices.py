"""Exercise: which sizes the pooling indices have, stage by stage, and what the decoder unpools to."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

STAGES = 5


def solution(height: int, width: int) -> np.ndarray:
    """Follow a map through five poolings, and back."""
    remembered = []
    for stage in range(1, STAGES + 1):
        pooled_height, pooled_width = height // 2, width // 2
        remembered.append([stage, pooled_height, pooled_width, height, width])
        height, width = pooled_height, pooled_width
    # The decoder starts where the encoder ended: what was remembered last is used first.
    return np.array(remembered[::-1])


def cases() -> Sequence[Case]:
    return [
        Case("sizes that halve five times without a rest", (64, 96)),
        Case("the paper's 360x480, where 45 rows pool to 22", (360, 480)),
        Case("odd sizes", (45, 61)),
        Case("a picture that is higher than wide", (99, 70)),
        Case("the smallest picture that SegNet takes", (32, 32)),
    ]


def _doubled(height: int, width: int) -> np.ndarray:
    trip = solution(height, width)
    trip[:, 3:] = 2 * trip[:, 1:3]
    return trip


def _first_in_first_out(height: int, width: int) -> np.ndarray:
    return solution(height, width)[::-1]


def _ceil(height: int, width: int) -> np.ndarray:
    remembered = []
    for stage in range(1, STAGES + 1):
        pooled = -(-height // 2), -(-width // 2)
        remembered.append([stage, *pooled, height, width])
        height, width = pooled
    return np.array(remembered[::-1])


def _width_first(height: int, width: int) -> np.ndarray:
    return solution(height, width)[:, [0, 2, 1, 4, 3]]


def _numbered_backwards(height: int, width: int) -> np.ndarray:
    trip = solution(height, width)
    trip[:, 0] = trip[::-1, 0]
    return trip


def _sizes_swapped(height: int, width: int) -> np.ndarray:
    return solution(height, width)[:, [0, 3, 4, 1, 2]]


def _from_zero(height: int, width: int) -> np.ndarray:
    return solution(height, width) - [1, 0, 0, 0, 0]


EXERCISE = Exercise(
    name="trip_of_the_indices",
    lesson="07",
    task="""Write `trip_of_the_indices(height, width)`: what SegNet's decoder is told, for a picture of height
x width. The encoder pools five times, each time rounding down. Return an integer array of shape (5, 5), one
row for each unpooling **in the order in which the decoder does them**, with these columns: the number of the
encoder's stage (1 to 5) that remembered the indices; the rows and the columns of these indices, one for each
2x2 window; the rows and the columns of the map that the unpooling makes.""",
    outputs=("trip",),
    solution=solution,
    cases=cases,
    hints=(
        "Walk through the encoder first, and write down what it knows just before and just after each "
        "pooling.",
        "The size before the pooling is what the unpooling has to give back; halving it, rounded down, gives "
        "the size of the indices. Keep both in a list, as `run_forward` keeps the indices.",
        "`remembered.append([stage, h // 2, w // 2, h, w])` and `h, w = h // 2, w // 2`, for the stages 1 to "
        "5; the decoder then takes them from the end of the list.",
    ),
    mistakes=(
        Mistake(
            _doubled,
            "The unpooled sizes are twice the pooled ones, which is right for even maps only: 45 rows pool "
            "to 22, and 2 x 22 is 44. The decoder has to use the size that the encoder had, which is why "
            "PoolingIndices remember their input_size.",
        ),
        Mistake(
            _first_in_first_out,
            "The rows are in the encoder's order. The decoder starts with the smallest map, so what was "
            "remembered last is needed first.",
        ),
        Mistake(
            _ceil,
            "Odd sizes are rounded up here, as Caffe and so the authors did. The task asks for rounding "
            "down, which is PyTorch's default and this package's.",
        ),
        Mistake(_width_first, "Height and width have changed places: rows come first, then columns."),
        Mistake(
            _numbered_backwards,
            "The sizes are right, but the stages are numbered in the decoder's order. The first unpooling "
            "uses what the encoder's fifth stage remembered.",
        ),
        Mistake(
            _sizes_swapped,
            "The two sizes have changed places: the indices have one entry a window, so theirs is the "
            "smaller one.",
        ),
        Mistake(
            _from_zero, "The stages are counted from 0; the task counts them from 1, as the layers' names do."
        ),
    ),
    see="segnet_np/models/segnet.py, run_forward",
)

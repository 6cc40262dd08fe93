"""Exercise: what is left of numbers that are unpooled and then pooled again."""

from collections.abc import Sequence

import numpy as np

from segnet_np.lessons.exercise import Case, Exercise, Mistake

Size = tuple[int, int]


def solution(p: np.ndarray, size: Size) -> np.ndarray:
    """Zeros stand around each number, so a negative one loses; unless it is alone in its window."""
    pooled = np.maximum(p, 0)
    height, width = size
    if height < 2 * p.shape[0] and width < 2 * p.shape[1]:
        pooled[-1, -1] = p[-1, -1]
    return pooled


def cases() -> Sequence[Case]:
    rng = np.random.default_rng(5)
    p = np.array([[5.0, 7.0], [9.0, 8.0]])
    mixed = np.array([[5.0, -7.0], [0.0, -8.0]])
    wide = rng.permutation(12).reshape(3, 4) - 8.5
    wide[-1, -1] = -0.5
    return [
        Case("positive numbers", (p, (4, 4))),
        Case("two negative numbers and a zero", (mixed, (4, 4))),
        Case("a larger map", (wide, (6, 8))),
        Case("an odd height, whose last row has no window", (wide, (7, 8))),
        Case("an odd map, whose last row and column have no windows", (wide, (7, 9))),
        Case("windows that hang over the lower edge", (wide, (5, 8))),
        Case("windows that hang over the right edge", (wide, (6, 7))),
        Case("windows that hang over both edges", (wide, (5, 7))),
        Case("one window on a single pixel", (np.array([[-3.0]]), (1, 1))),
    ]


def _unchanged(p: np.ndarray, size: Size) -> np.ndarray:
    return p.copy()


def _always_relu(p: np.ndarray, size: Size) -> np.ndarray:
    return np.maximum(p, 0)


def _edges_survive(p: np.ndarray, size: Size) -> np.ndarray:
    pooled = np.maximum(p, 0)
    if size[0] < 2 * p.shape[0]:
        pooled[-1] = p[-1]
    if size[1] < 2 * p.shape[1]:
        pooled[:, -1] = p[:, -1]
    return pooled


def _corner_of_any_odd_edge(p: np.ndarray, size: Size) -> np.ndarray:
    pooled = np.maximum(p, 0)
    if size[0] < 2 * p.shape[0] or size[1] < 2 * p.shape[1]:
        pooled[-1, -1] = p[-1, -1]
    return pooled


def _odd_sides_survive(p: np.ndarray, size: Size) -> np.ndarray:
    pooled = np.maximum(p, 0)
    if size[0] % 2:
        pooled[-1] = p[-1]
    if size[1] % 2:
        pooled[:, -1] = p[:, -1]
    return pooled


def _corner_of_one_odd_side(p: np.ndarray, size: Size) -> np.ndarray:
    pooled = np.maximum(p, 0)
    if size[0] % 2 or size[1] % 2:
        pooled[-1, -1] = p[-1, -1]
    return pooled


def _corner_of_any_odd_map(p: np.ndarray, size: Size) -> np.ndarray:
    pooled = np.maximum(p, 0)
    if size[0] % 2 and size[1] % 2:
        pooled[-1, -1] = p[-1, -1]
    return pooled


def _without_sign(p: np.ndarray, size: Size) -> np.ndarray:
    return np.abs(p)


def _all_zero_if_any_negative(p: np.ndarray, size: Size) -> np.ndarray:
    return p.copy() if (p >= 0).all() else np.zeros_like(p)


def _negative_only(p: np.ndarray, size: Size) -> np.ndarray:
    return np.minimum(p, 0)


EXERCISE = Exercise(
    name="pool_of_unpool",
    lesson="01",
    task="""Write `pool_of_unpool(p, size)`, **without pooling or unpooling**. The numbers `p` of shape (PH,
PW) are unpooled into a map of `size` (H, W), by whatever offsets, and that map is max-pooled again, with as
many windows as p has numbers. What comes out? `size` may be odd: then the last row or column has no windows
(H > 2 * PH), or its windows hang over the edge (H < 2 * PH), and likewise for the width.""",
    see="tests/test_max_unpool.py, test_pooling_undoes_unpooling, where it is proved with random maps",
    outputs=("pooled",),
    solution=solution,
    cases=cases,
    hints=(
        "Draw one window after unpooling: which four numbers stand in it? Which one does pooling find, if "
        "the number that was put there is 5? And if it is -5?",
        "The zeros win against a negative number, so max(p, 0) comes out: ReLU. But are there always zeros? "
        "Look at the smallest window that a map with odd height **and** width can have.",
        "Start with `np.maximum(p, 0)`. Only if windows hang over both edges (`size[0] < 2 * PH and size[1] "
        "< 2 * PW`) has the last corner a single pixel, without a zero beside it: there p stays as it is.",
    ),
    mistakes=(
        Mistake(
            _unchanged,
            "A negative number does not come back: three zeros stand around it, and zero is larger.",
        ),
        Mistake(
            _always_relu,
            "Nearly: max(p, 0) is right wherever a zero stands in the window. One window of an odd map can "
            "have a single pixel. Which one, and when?",
        ),
        Mistake(
            _edges_survive,
            "A window that hangs over one edge still has two pixels: the number and a zero, and the zero is "
            "larger than a negative number. Which window has no zero at all?",
        ),
        Mistake(
            _corner_of_any_odd_edge,
            "The last corner has a single pixel only if its window hangs over **both** edges. Over one edge "
            "it has two, and one of them is a zero.",
        ),
        Mistake(
            _odd_sides_survive,
            "Where a side is odd, the whole last row or column survives here. A window cut on one side still "
            "has two pixels, so a zero; only one cut on both sides has a single pixel.",
        ),
        Mistake(
            _corner_of_one_odd_side,
            "The corner survives here where either side is odd. A window cut on one side still has two "
            "pixels, so a zero; only one cut on both sides has a single pixel.",
        ),
        Mistake(
            _corner_of_any_odd_map,
            "An odd map need not have windows that hang over the edge: its last row and column may have "
            "none, and then every window has four pixels. Compare `size` with the shape of p.",
        ),
        Mistake(
            _without_sign,
            "A negative number does not come back without its sign; it is not found at all. Which is the "
            "largest of -5, 0, 0, 0?",
        ),
        Mistake(
            _all_zero_if_any_negative,
            "Each window is pooled for itself: a negative number in one does nothing to the others.",
        ),
        Mistake(
            _negative_only,
            "It is the other way round: the positive numbers are found again, and the negative ones lose "
            "against the zeros.",
        ),
    ),
)

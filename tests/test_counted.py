"""Numbers that count their products."""

import numpy as np
import pytest

from segnet_np.lessons.counted import Counted, products


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (lambda d, g: d[0] * g[0] + d[1] * g[1], 2),
        (lambda d, g: (d[0] - d[1]) * (g[0] + g[1]) / 2, 1),
        (lambda d, g: 0.5 * d[0] - 3 * -g[1] + 1, 0),
        (lambda d, g: d[0] / g[0], 1),
        (lambda d, g: d @ g, 3),
        (lambda d, g: (np.eye(3) @ d) * (np.ones((3, 3)) @ g), 3),
        (lambda d, g: np.float64(2) * d[0] - np.float32(1), 0),
        (lambda d, g: sum(d) * sum(g), 1),
    ],
)
def test_counts(function, count):
    assert products(function, np.arange(1.0, 4), np.arange(2.0, 5)) == count


def test_keeps_the_value():
    tally = [0]
    a, b = Counted(3.0, tally), Counted(4.0, tally)
    assert ((a + b) * (1 - b) / 2 - a + 5).value == (3 + 4) * (1 - 4) / 2 - 3 + 5
    assert tally == [1]


def test_says_nothing_where_it_cannot_count():
    assert products(lambda d: np.sin(d[0]), np.ones(2)) is None
    assert products(lambda d: d.astype(float), np.ones(2)) is None

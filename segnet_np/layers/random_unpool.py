"""Unpooling at random: each value goes to one of the four places of its window, drawn anew in every forward.

    out[2 * i + a, 2 * j + b] = y[i, j] where (a, b) is drawn, else 0
    dy[i, j]                  = dout[2 * i + a, 2 * j + b] with the same (a, b)

In evaluation mode too: it is the comparison for :mod:`segnet_np.layers.max_unpool` in which a decoder gets
the right values at places that mean nothing. In a quarter of the windows the place is right by chance. The
places are drawn from `generator` and nothing else: who sets it draws the same again.
"""

import numpy as np

from segnet_np.layers.pooling_indices import WINDOW
from segnet_np.layers.unpool_by_rule import UnpoolByRule


class RandomUnpool2d(UnpoolByRule):
    """Unpooling to twice the size, each value at a random place of its 2x2 window.

    Parameters
    ----------
    seed : int, SeedSequence or Generator, default 0
        Where the random places come from.

    Attributes
    ----------
    generator : numpy.random.Generator

    Examples
    --------
    >>> RandomUnpool2d(seed=1)(np.full((1, 1, 1, 3), 4.0))
    array([[[[0., 0., 0., 0., 4., 0.],
             [0., 4., 0., 4., 0., 0.]]]])
    """

    def __init__(self, *, seed: int | np.random.SeedSequence | np.random.Generator = 0) -> None:
        super().__init__()
        self.generator = np.random.default_rng(seed)

    def places(self, shape: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
        """See :meth:`UnpoolByRule.places`: drawn, each of the four with the same probability."""
        offsets = self.generator.integers(0, WINDOW**2, shape, np.uint8)
        # The last window of an odd map may hang over the edge: of such a one only the part inside is drawn.
        offsets[:, size[0] // WINDOW :] %= WINDOW
        offsets[:, :, size[1] // WINDOW :] &= WINDOW
        return offsets

    def __repr__(self) -> str:
        return "RandomUnpool2d()"

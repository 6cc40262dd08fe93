"""Unpooling at a fixed place: each value goes to the top left corner of its window, with zeros around it.

    out[2 * i, 2 * j] = y[i, j], all else 0
    dy[i, j]          = dout[2 * i, 2 * j]

Nothing has to be remembered, and nothing is: where in its window the maximum stood is lost. Compare
:mod:`segnet_np.layers.max_unpool`, which puts each value back to where it was.
"""

import numpy as np

from segnet_np.layers.unpool_by_rule import UnpoolByRule


class FixedUnpool2d(UnpoolByRule):
    """Unpooling to twice the size, each value at the top left of its 2x2 window.

    Examples
    --------
    >>> FixedUnpool2d()(np.full((1, 1, 1, 2), 4.0))
    array([[[[4., 0., 4., 0.],
             [0., 0., 0., 0.]]]])
    """

    def places(self, shape: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
        """See :meth:`UnpoolByRule.places`: 0, the top left, everywhere."""
        offsets = self.workspace.empty(shape, np.uint8)
        offsets[...] = 0
        return offsets

    def __repr__(self) -> str:
        return "FixedUnpool2d()"

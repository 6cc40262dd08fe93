"""Look at one picture several times, and take the mean of what is seen.

A net that is shown a street mirrored, or a little nearer, finds slightly other things in it. What it finds each
time is more likely to be there, so the mean of several looks is right more often than any one of them. The
field calls this test-time augmentation; it costs as many passes as there are looks, and no training.
"""

from collections.abc import Callable

import numpy as np

# How large each view is, of the size at which the net looks once; each is looked at mirrored, too.
SIZES = (0.8, 1.0, 1.25)


def mean_of_views(
    look: Callable[[np.ndarray, float], np.ndarray], image: np.ndarray, scale: float
) -> np.ndarray:
    """The mean of the probabilities that a net gives in six looks: at three sizes, as it is and mirrored.

    Parameters
    ----------
    look : callable
        ``look(image, scale)`` returns probabilities of shape (num_classes, H, W).
    image : ndarray of uint8, shape (H, W, channels)
    scale : float
        To what part of its size the picture is brought for one look.

    Returns
    -------
    probabilities : ndarray, shape (num_classes, H, W)
    """
    mirrored = np.ascontiguousarray(image[:, ::-1])
    total: np.ndarray | float = 0.0
    for size in SIZES:
        total = total + look(image, scale * size)
        total += look(mirrored, scale * size)[:, :, ::-1]  # mirrored back
    return np.divide(total, 2 * len(SIZES))

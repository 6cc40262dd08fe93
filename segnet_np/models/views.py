"""Look at one picture several times, and take the mean of what is seen.

What a net finds each time is more likely to be there than what it finds once. How much the mean of six looks
gains is measured in docs/results.md. The field calls this test-time augmentation; it costs as many passes as
there are looks.
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
    probabilities : ndarray of the dtype of the looks, shape (num_classes, H, W)
    """
    mirrored = np.ascontiguousarray(image[:, ::-1])
    looks = (
        seen
        for size in SIZES
        for seen in (look(image, scale * size), look(mirrored, scale * size)[:, :, ::-1])  # mirrored back
    )
    total = next(looks)
    for probabilities in looks:
        total += probabilities
    total /= 2 * len(SIZES)
    return total

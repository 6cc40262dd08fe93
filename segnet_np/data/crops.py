"""Cut the same random window out of an image and its labels."""

import numpy as np


def random_crop(
    image: np.ndarray, labels: np.ndarray, size: int | tuple[int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a window at a place drawn uniformly from all where it lies wholly inside.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
    labels : ndarray, shape (H, W)
    size : int or (height, width)
        One number makes a square window.
    rng : numpy.random.Generator

    Returns
    -------
    image : ndarray, shape (height, width, 3)
    labels : ndarray, shape (height, width)
        Both are views, nothing is copied.

    Raises
    ------
    ValueError
        When image and labels differ in size, the window is empty, or the image is smaller than the window.
    """
    height, width = (size, size) if isinstance(size, int | np.integer) else size
    if image.shape[:2] != labels.shape:
        raise ValueError(
            f"random_crop: an image of {_sized(image)} does not go with labels of {_sized(labels)}"
        )
    if height < 1 or width < 1:
        raise ValueError(f"random_crop: a window of {height}x{width}, expected at least 1x1")
    if image.shape[0] < height or image.shape[1] < width:
        raise ValueError(
            f"random_crop: an image of {_sized(image)} is smaller than the window of {height}x{width}"
        )
    top = rng.integers(image.shape[0] - height + 1)
    left = rng.integers(image.shape[1] - width + 1)
    window = np.s_[top : top + height, left : left + width]
    return image[window], labels[window]


def _sized(array: np.ndarray) -> str:
    return "x".join(str(length) for length in array.shape[:2])

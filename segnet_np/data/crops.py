"""Cut the same random window out of an image and its labels."""

import math

import numpy as np
from PIL import Image

from segnet_np.sizes import scaled_size


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


def random_zoomed_crop(
    image: np.ndarray,
    labels: np.ndarray,
    size: tuple[int, int],
    scale: float,
    zoom: float,
    stretch: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a window out of the picture at a random size.

    The picture is brought to `scale` of its size, then made larger or smaller by a factor between 1 / zoom
    and zoom, and wider or narrower by one between 1 / stretch and stretch; the factors are uniform in their
    logarithm. The first one is raised where the picture would become smaller than the window, which lies
    wholly inside. Of the image new pixels are means, weighted by distance, of those they cover; of the labels
    they are the nearest ones.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    labels : ndarray of uint8, shape (H, W)
    size : (height, width)
        Of the window.
    scale : float
        Above 0.
    zoom, stretch : float
        At least 1.
    rng : numpy.random.Generator

    Returns
    -------
    image : ndarray of uint8, shape (height, width, 3)
    labels : ndarray of uint8, shape (height, width)

    Raises
    ------
    ValueError
        When image and labels differ in size, or the picture at its scale is smaller than the window.
    """
    if image.shape[:2] != labels.shape:
        raise ValueError(
            f"random_zoomed_crop: an image of {_sized(image)} does not go with labels of {_sized(labels)}"
        )
    (height, width), (tall, wide) = size, labels.shape
    scaled_tall, scaled_wide = scaled_size(tall, wide, scale)
    if scaled_tall < height or scaled_wide < width:
        raise ValueError(
            f"random_zoomed_crop: an image of {_sized(image)}, brought to {scale:g} of its size, is smaller "
            f"than the window of {height}x{width}"
        )
    factor = scale * math.exp(rng.uniform(-1, 1) * math.log(zoom))
    wider = math.exp(rng.uniform(-1, 1) * math.log(stretch))
    factor = max(factor, height / tall, width / (wider * wide))
    # After that, only rounding could make it smaller than the window.
    new_tall, new_wide = max(height, round(factor * tall)), max(width, round(factor * wider * wide))
    top, left = rng.integers(new_tall - height + 1), rng.integers(new_wide - width + 1)
    # The window in pixels of the picture as it is.
    down, along = tall / new_tall, wide / new_wide
    box = (left * along, top * down, (left + width) * along, (top + height) * down)

    def cut(array: np.ndarray, how: Image.Resampling) -> np.ndarray:
        return np.asarray(Image.fromarray(array).resize((width, height), how, box=box))

    return cut(image, Image.Resampling.BILINEAR), cut(labels, Image.Resampling.NEAREST)


def _sized(array: np.ndarray) -> str:
    return "x".join(str(length) for length in array.shape[:2])

"""Changes of an image that leave what it shows the same: mirrored, or in another light."""

import numpy as np

# Each factor of random_colour is drawn from 1 - CHANGE .. 1 + CHANGE.
CHANGE = 0.25

# How much red, green and blue count in a pixel's grey value (ITU-R BT.601).
GREY = np.array([0.299, 0.587, 0.114], np.float32)


def random_flip(
    image: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mirror image and labels left to right, every other time on average.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
    labels : ndarray, shape (H, W)
    rng : numpy.random.Generator

    Returns
    -------
    image : ndarray, shape (H, W, 3)
    labels : ndarray, shape (H, W)
        Both are views, nothing is copied.
    """
    return (image[:, ::-1], labels[:, ::-1]) if rng.random() < 0.5 else (image, labels)


def random_colour(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change contrast, saturation and brightness a little, by factors drawn in this order.

    Contrast pulls every pixel from the image's mean grey or towards it, saturation from its own grey or
    towards it, brightness scales all. They are computed in float32 and rounded once, at the end.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    rng : numpy.random.Generator

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
        A new array.

    Raises
    ------
    TypeError
        When the image is not uint8.
    """
    if image.dtype != np.uint8:
        raise TypeError(f"random_colour: expected an image of uint8, got {image.dtype}")
    contrast, saturation, brightness = rng.uniform(1 - CHANGE, 1 + CHANGE, size=3).astype(np.float32)
    pixels = image.astype(np.float32)
    mean = (pixels @ GREY).mean()
    pixels = mean + contrast * (pixels - mean)
    grey = (pixels @ GREY)[..., None]
    pixels = brightness * (grey + saturation * (pixels - grey))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)

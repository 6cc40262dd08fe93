"""Changes of an image that leave what it shows the same: mirrored, nearer or farther, or in another light."""

from dataclasses import dataclass

import numpy as np

from segnet_np.data.crops import random_crop, random_zoomed_crop
from segnet_np.sizes import scaled_size

# The least and the most that the numbers of `Changes` may be.
RANGES = {"scale": (0.01, 4), "zoom": (1, 10), "stretch": (1, 10), "colour": (0, 1), "light": (0, 3)}

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


def random_colour(image: np.ndarray, rng: np.random.Generator, change: float = 0.25) -> np.ndarray:
    """Change contrast, saturation and brightness a little, by factors drawn in this order.

    Contrast pulls every pixel from the image's mean grey or towards it, saturation from its own grey or
    towards it, brightness scales all. They are computed in float32 and rounded once, at the end.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    rng : numpy.random.Generator
    change : float
        Each factor is drawn from 1 - change to 1 + change.

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
        A new array.

    Raises
    ------
    TypeError
        When the image is not uint8.
    """
    _check_bytes("random_colour", image)
    contrast, saturation, brightness = rng.uniform(1 - change, 1 + change, size=3).astype(np.float32)
    pixels = image.astype(np.float32)
    mean = (pixels @ GREY).mean()
    pixels = mean + contrast * (pixels - mean)
    grey = (pixels @ GREY)[..., None]
    pixels = brightness * (grey + saturation * (pixels - grey))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def random_light(image: np.ndarray, rng: np.random.Generator, change: float) -> np.ndarray:
    """Show the image at another hour: a curve for all numbers, and a tint.

    With v = value / 255, each becomes ``tint * v ** gamma``, where ln(gamma) is drawn from -change to change,
    and the tint of each channel from 1 - change / 3 to 1 + change / 3.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    rng : numpy.random.Generator
    change : float

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
        A new array.

    Raises
    ------
    TypeError
        When the image is not uint8.
    """
    _check_bytes("random_light", image)
    gamma = np.exp(rng.uniform(-change, change))
    tint = rng.uniform(1 - change / 3, 1 + change / 3, size=3)
    # A table for each channel: there are only 256 values.
    curves = 255 * tint * (np.arange(256)[:, None] / 255) ** gamma
    curves = np.clip(np.rint(curves), 0, 255).astype(np.uint8)
    return curves[image, np.arange(3)]


def _check_bytes(owner: str, image: np.ndarray) -> None:
    if image.dtype != np.uint8:
        raise TypeError(f"{owner}: expected an image of uint8, got {image.dtype}")


@dataclass(frozen=True)
class Changes:
    """What is done to each picture before a net is trained on it.

    Parameters
    ----------
    scale : float
        Pictures are brought to this part of their size.
    zoom, stretch : float
        And then to a random size: larger or smaller by a factor of up to `zoom`, though never smaller than
        the window, and wider or narrower by one of up to `stretch`; 1 leaves them.
    flip : bool
        Mirror every other one.
    colour, light : float
        How far :func:`random_colour` and :func:`random_light` may go; 0 leaves the picture.

    Raises
    ------
    ValueError
        When a number is outside of its range in `RANGES`.
    """

    scale: float = 1.0
    zoom: float = 1.0
    stretch: float = 1.0
    flip: bool = True
    colour: float = 0.25
    light: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(
                    f"Changes: {name} {getattr(self, name)!r}, expected a number from {low:g} to {high:g}"
                )

    def apply(
        self, image: np.ndarray, labels: np.ndarray, crop: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cut a window at random and change it.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, 3)
        labels : ndarray of uint8, shape (H, W)
        crop : int
            Side of the window; 0 takes the whole picture.
        rng : numpy.random.Generator

        Returns
        -------
        image : ndarray of uint8, shape (crop, crop, 3), or that of the whole picture at its scale
        labels : ndarray of uint8, likewise

        Raises
        ------
        ValueError
            When the picture, at its scale, is smaller than the window.
        """
        height, width = labels.shape
        whole = scaled_size(height, width, self.scale)
        if self.scale == self.zoom == self.stretch == 1:
            image, labels = random_crop(image, labels, crop or whole, rng)
        else:
            window = (crop, crop) if crop else whole
            image, labels = random_zoomed_crop(
                image, labels, window, self.scale, self.zoom, self.stretch, rng
            )
        if self.flip:
            image, labels = random_flip(image, labels, rng)
        if self.colour:
            image = random_colour(image, rng, self.colour)
        if self.light:
            image = random_light(image, rng, self.light)
        return image, labels

"""Between pictures and what a net takes and gives: their size, and the range of their numbers.

A picture has three numbers from 0 to 255 a pixel. What a net is fed is one of these:

- ``"standard"``: ``(rgb / 255 - mean) / std``, with one mean and one std a channel;
- ``"response"``: local response normalisation, as in the authors' definition of SegNet-Basic (Krizhevsky,
  Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012, section 3.3):
  each number is divided by ``(1 + alpha / n * sum of the squares of n neighbouring channels) ** beta``, so
  that a pixel counts by its colour more than by its light.

A net may also be made for smaller pictures than it gets, which is several times faster: then the picture is
made smaller, and the probabilities are brought back to its own size before the largest is chosen.
"""

import numpy as np
from PIL import Image

NORMALISATIONS = ("standard", "response")

# Of the authors' SegNet-Basic: segnet_basic_train.prototxt in their SegNet-Tutorial.
ALPHA, BETA, NEIGHBOURS = 1e-4, 0.75, 5


def normalise(
    images: np.ndarray, how: str, mean: tuple[float, ...], std: tuple[float, ...], dtype: np.dtype
) -> np.ndarray:
    """Bring the numbers of pictures into the range that a net is made for.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, C)
    how : str
        One of `NORMALISATIONS`.
    mean, std : tuple of float
        One number a channel; only ``"standard"`` uses them.
    dtype : numpy.dtype

    Returns
    -------
    x : ndarray of `dtype`, shape (N, H, W, C)
    """
    if how == "response":
        return normalise_response(images, dtype)
    return standardise(images, mean, std, dtype)


def standardise(
    images: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...], dtype: np.dtype
) -> np.ndarray:
    """Compute ``(images / 255 - mean) / std``.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, C)
    mean, std : tuple of float
        One number a channel.
    dtype : numpy.dtype

    Returns
    -------
    x : ndarray of `dtype`, shape (N, H, W, C)
    """
    # Through a table of the 256 values a channel can have: one look-up a number instead of three operations.
    levels = np.arange(256)[:, None] / 255
    table = ((levels - mean) / std).astype(dtype)
    return table[images, np.arange(images.shape[3])]


def normalise_response(images: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Divide each number by what it and its neighbours in channel order respond together.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, C)
    dtype : numpy.dtype

    Returns
    -------
    x : ndarray of `dtype`, shape (N, H, W, C)
    """
    x = images.astype(dtype)
    channels = x.shape[3]
    reach = NEIGHBOURS // 2
    near = np.abs(np.subtract.outer(np.arange(channels), np.arange(channels))) <= reach
    energy = np.square(x) @ near.astype(dtype)
    return x / (1 + dtype.type(ALPHA / NEIGHBOURS) * energy) ** dtype.type(BETA)


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring a picture to another size; each new pixel is a mean, weighted by distance, of those it covers.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3) or (H, W, 1)
    height, width : int

    Returns
    -------
    resized : ndarray of uint8, shape (height, width, C)
    """
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR))
        for plane in np.ascontiguousarray(image.transpose(2, 0, 1))
    ]
    return np.stack(planes, axis=2)


def resize_maps(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring maps to another size, bilinearly.

    Parameters
    ----------
    maps : ndarray of floats, shape (C, H, W)
    height, width : int

    Returns
    -------
    resized : ndarray of the same dtype, shape (C, height, width)
        Interpolated in float32.
    """
    resized = np.empty((len(maps), height, width), maps.dtype)  # filled map by map: photographs are large
    for plane, out in zip(maps, resized, strict=True):
        picture = Image.fromarray(plane.astype(np.float32))
        out[...] = picture.resize((width, height), Image.Resampling.BILINEAR)
    return resized

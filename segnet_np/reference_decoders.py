"""The operations of the decoders that SegNet's is compared with, in plain NumPy loops: their specification.

As :mod:`segnet_np.reference`, whose conventions hold here too: float arrays in PyTorch's shapes, nothing is
checked, and each `..._backward` takes the gradient of what the function returned and gives that of its
inputs.
"""

import math

import numpy as np

# ------------------------------------------------------------------------------- unpooling without indices


def unpool_at(y: np.ndarray, offsets: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    """Put each value at the offset in its window, zeros everywhere else.

    Parameters
    ----------
    y : ndarray, shape (N, C, PH, PW)
    offsets : ndarray of integers, shape (N, C, PH, PW)
        0 1 in the upper row of the window, 2 3 in the lower one. Zeros for fixed unpooling.
    output_size : tuple of int
        (H, W).

    Returns
    -------
    out : ndarray, shape (N, C, H, W)
    """
    batch, channels, _, _ = y.shape
    out = np.zeros((batch, channels, *output_size), y.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        a, b = divmod(int(offsets[n, c, i, j]), 2)
        out[n, c, 2 * i + a, 2 * j + b] = y[n, c, i, j]
    return out


def unpool_at_backward(dout: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Collect the gradient from where each value was put."""
    dy = np.zeros(offsets.shape, dout.dtype)
    for n, c, i, j in np.ndindex(offsets.shape):
        a, b = divmod(int(offsets[n, c, i, j]), 2)
        # forward was: out[2 * i + a, 2 * j + b] = y[i, j]
        dy[n, c, i, j] = dout[n, c, 2 * i + a, 2 * j + b]
    return dy


# ------------------------------------------------------------------------------------- bilinear upsampling


def _between(k: int, size: int, out_size: int) -> list[tuple[int, float]]:
    """Which input pixels, and how much of each, output pixel k of a line is mixed from."""
    place = max((k + 0.5) * size / out_size - 0.5, 0.0)
    first = min(math.floor(place), size - 1)
    second = min(first + 1, size - 1)
    return [(first, 1 - (place - first)), (second, place - first)]


def upsample_bilinear2d(x: np.ndarray, output_size: tuple[int, int]) -> np.ndarray:
    """Mix each output pixel from the four input pixels around its place.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    output_size : tuple of int
        (OH, OW).

    Returns
    -------
    out : ndarray, shape (N, C, OH, OW)
    """
    batch, channels, height, width = x.shape
    out = np.zeros((batch, channels, *output_size), x.dtype)
    for i, j in np.ndindex(output_size):
        for row, down in _between(i, height, output_size[0]):
            for column, right in _between(j, width, output_size[1]):
                out[:, :, i, j] += down * right * x[:, :, row, column]
    return out


def upsample_bilinear2d_backward(dout: np.ndarray, input_size: tuple[int, int]) -> np.ndarray:
    """Give each input pixel the gradient of each mix that it is in, times its share."""
    batch, channels, *output_size = dout.shape
    dx = np.zeros((batch, channels, *input_size), dout.dtype)
    for i, j in np.ndindex(*output_size):
        for row, down in _between(i, input_size[0], output_size[0]):
            for column, right in _between(j, input_size[1], output_size[1]):
                # forward was: out[i, j] += down * right * x[row, column]
                dx[:, :, row, column] += down * right * dout[:, :, i, j]
    return dx


# ---------------------------------------------------------------------------------- transposed convolution


def conv_transpose2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, output_size: tuple[int, int]
) -> np.ndarray:
    """Turn each pixel into a block of 2x2 pixels.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight : ndarray, shape (C, O, 2, 2)
    bias : ndarray, shape (O,), or None
    output_size : tuple of int
        (OH, OW).

    Returns
    -------
    out : ndarray, shape (N, O, OH, OW)
        What lies beyond the last block is the bias.
    """
    out = np.zeros((x.shape[0], weight.shape[1], *output_size), x.dtype)
    for n, o, row, column in np.ndindex(out.shape):
        i, j = row // 2, column // 2
        if i < x.shape[2] and j < x.shape[3]:
            out[n, o, row, column] = np.sum(x[n, :, i, j] * weight[:, o, row % 2, column % 2])
        if bias is not None:
            out[n, o, row, column] += bias[o]
    return out


def conv_transpose2d_backward(
    dout: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give each factor of each product its share.

    Parameters
    ----------
    dout : ndarray, shape (N, O, OH, OW)
    x, weight
        As given to :func:`conv_transpose2d`.

    Returns
    -------
    dx : ndarray, shape (N, C, H, W)
    dweight : ndarray, shape (C, O, 2, 2)
    dbias : ndarray, shape (O,)
    """
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    dbias = np.zeros_like(weight[0, :, 0, 0])
    for n, o, row, column in np.ndindex(dout.shape):
        i, j = row // 2, column // 2
        # forward was: out[row, column] = sum(x[i, j] * weight[:, o, row % 2, column % 2]) + bias[o]
        if i < x.shape[2] and j < x.shape[3]:
            dx[n, :, i, j] += dout[n, o, row, column] * weight[:, o, row % 2, column % 2]
            dweight[:, o, row % 2, column % 2] += dout[n, o, row, column] * x[n, :, i, j]
        dbias[o] += dout[n, o, row, column]
    return dx, dweight, dbias


# ------------------------------------------------------------------------------------------- concatenation


def concatenate(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The channels of b behind those of a."""
    return np.array([[*a[n], *b[n]] for n in range(len(a))])


def concatenate_backward(dout: np.ndarray, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut the gradient where a, of so many channels, ended."""
    return dout[:, :channels].copy(), dout[:, channels:].copy()

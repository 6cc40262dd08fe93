"""What bad input gets: an exception that names what was given and what was expected."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

FLOATS = (np.dtype("float32"), np.dtype("float64"))


def float_dtype(owner: str, dtype: DTypeLike) -> np.dtype:
    """Return `dtype` as a numpy.dtype; raise TypeError unless it is float32 or float64."""
    message = f"{owner}: dtype must be float32 or float64, but {dtype!r} was given"
    if dtype is None:  # which NumPy takes for float64
        raise TypeError(message)
    try:
        given = np.dtype(dtype)
    except TypeError:
        raise TypeError(message) from None
    if given not in FLOATS:
        raise TypeError(message)
    return given


def check_array(owner: str, name: str, x: Any) -> None:
    """Raise TypeError unless x is an ndarray."""
    # A masked array is one too, but its mask would be lost.
    if not isinstance(x, np.ndarray) or isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{owner}: {name} must be a numpy.ndarray, but a {type(x).__name__} was given")


def check_maps(
    owner: str, name: str, x: Any, channels: int | None = None, dtype: np.dtype | None = None
) -> None:
    """Check an activation (N, C, H, W).

    Parameters
    ----------
    owner, name : str
        Who asks, and what the array is called there; both start the message.
    x : object
        What was given.
    channels : int, optional
        The number of channels expected.
    dtype : numpy.dtype, optional
        The dtype expected; without it, float32 and float64 are both fine.

    Raises
    ------
    TypeError
        If x is no ndarray or has another dtype.
    ValueError
        If x has not four dimensions, another number of channels, or is empty.
    """
    check_array(owner, name, x)
    if dtype is None and x.dtype not in FLOATS:
        raise TypeError(f"{owner}: {name} must be float32 or float64, but has dtype {x.dtype}")
    if dtype is not None and x.dtype != dtype:
        raise TypeError(f"{owner}: {name} must be {dtype} here, but has dtype {x.dtype}")
    if x.ndim != 4:
        raise ValueError(f"{owner}: {name} must have shape (N, C, H, W), but {_shape(x)} was given")
    if channels is not None and x.shape[1] != channels:
        raise ValueError(
            f"{owner}: {name} must have {channels} channels, (N, {channels}, H, W), but {_shape(x)} was given"
        )
    if x.size == 0:
        raise ValueError(f"{owner}: {name} must not be empty, but {_shape(x)} was given")


def check_gradient(
    owner: str,
    gradient: Any,
    shape: tuple[int, ...],
    dtype: np.dtype,
    name: str = "dout",
    of: str = "forward's output",
) -> None:
    """Raise unless a gradient has the shape and dtype of what it is the gradient of."""
    check_array(owner, name, gradient)
    if gradient.dtype != dtype:
        raise TypeError(f"{owner}: {name} must be {dtype} like {of}, but has dtype {gradient.dtype}")
    if gradient.shape != shape:
        raise ValueError(
            f"{owner}: {name} must have the shape of {of}, {shape}, but {_shape(gradient)} was given"
        )


def check_replaced(owner: str, name: str, data: Any, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Raise unless a parameter's array still is what the layer made it: kernels would read beyond another."""
    if not isinstance(data, np.ndarray) or data.dtype != dtype:
        given = getattr(data, "dtype", type(data).__name__)
        raise TypeError(
            f"{owner}: {name} must be {dtype}, but is {given}; was p.data replaced? p.data[...] = values "
            "keeps it"
        )
    if data.shape != shape:
        raise ValueError(
            f"{owner}: {name} must have shape {shape}, but has {data.shape}; was p.data replaced?"
        )


def check_count(owner: str, name: str, value: Any, least: int) -> int:
    """Return a whole number; raise TypeError if it is none, ValueError if it is below `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{owner}: {name} must be a whole number, but {value!r} was given")
    if value < least:
        raise ValueError(f"{owner}: {name} must be at least {least}, but {value} was given")
    return int(value)


def check_flag(owner: str, name: str, value: Any) -> bool:
    """Return True or False; raise TypeError for anything else, such as the word "false"."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{owner}: {name} must be True or False, but {value!r} was given")
    return bool(value)


def check_number(owner: str, name: str, value: Any, most: float = np.inf) -> float:
    """Return a number from 0 to `most`; raise TypeError if it is none, ValueError if it lies outside."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{owner}: {name} must be a number, but {value!r} was given")
    if not (np.isfinite(value) and 0 <= value <= most):
        above = "" if most == np.inf else f" and at most {most}"
        raise ValueError(f"{owner}: {name} must be finite, not negative{above}, but {value} was given")
    return float(value)


def _shape(x: np.ndarray) -> str:
    return f"an array of shape {x.shape}"

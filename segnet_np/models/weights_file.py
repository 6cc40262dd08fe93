"""Weights in a file that says which net it holds: safetensors, with a description in its metadata."""

import json
import math
import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from segnet_np.files import whole_file
from segnet_np.models.decoder_variants import DecoderVariant
from segnet_np.models.net import Net
from segnet_np.models.preprocess import NORMALISATIONS
from segnet_np.models.segnet import SegNet
from segnet_np.models.segnet_basic import SegNetBasic
from segnet_np.models.shipped import weights_path
from segnet_np.models.tensors_file import read_json, read_tensors, write_tensors
from segnet_np.names import shown

# What can be trained by name, and what a file may hold besides: nets for comparing decoders.
MODELS: dict[str, type[Net]] = {net.model: net for net in (SegNet, SegNetBasic)}
KNOWN: dict[str, type[Net]] = {**MODELS, DecoderVariant.model: DecoderVariant}

T = TypeVar("T")

_KEY = "segnet_np"
_FORMAT = 1
_LARGEST_SIDE = 10**6


def build(config: dict[str, Any]) -> Net:
    """Build the net that a `config` describes.

    Parameters
    ----------
    config : dict
        ``"model"``, one of :data:`KNOWN`, and the arguments of that class.

    Returns
    -------
    net : Net

    Raises
    ------
    ValueError
        If the model is unknown.
    """
    arguments = dict(config)
    model = arguments.pop("model", None)
    if model not in KNOWN:
        raise ValueError(f"unknown model {model!r}; expected one of {', '.join(KNOWN)}")
    return KNOWN[model](**arguments)


def describe(net: Net) -> dict[str, str]:
    """What a file must say about a net besides its weights, as safetensors metadata."""
    description = {
        "format": _FORMAT,
        "config": net.config,
        "input_mean": net.input_mean,
        "input_std": net.input_std,
        "input_normalisation": net.input_normalisation,
        "input_scale": net.input_scale,
        "input_side": net.input_side,
        "input_views": net.input_views,
        "class_names": net.class_names,
        "class_colours": net.class_colours,
    }
    return {_KEY: json.dumps(description)}


class _Ration(np.random.Generator):
    """Draws zeros in place of first weights, and no more than a file holds numbers.

    So a net that is larger than its file is never made, whatever its description says, and one that is not is
    made without the time that random numbers take.
    """

    def __init__(self, numbers: int) -> None:
        super().__init__(np.random.PCG64(0))
        self.left = numbers

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        self.left -= math.prod(size)
        if self.left < 0:
            raise ValueError("its net has more weights than the file holds numbers")
        return np.zeros(size, dtype)


def rebuild(metadata: dict[str, str] | None, source: str, held: int) -> Net:
    """Build the net that :func:`describe` described, its weights not loaded yet.

    Parameters
    ----------
    metadata : dict of str, or None
        The metadata of a safetensors file.
    source : str
        The file, for messages.
    held : int
        How many numbers the file's arrays hold.

    Returns
    -------
    net : Net
        Its weights are zeros.

    Raises
    ------
    ValueError
        If the description is missing or not understood, or its net would have more weights than `held`; then
        no memory is taken for them.
    """
    if metadata and metadata.get("format", "").startswith("segnet_np checkpoint"):
        raise ValueError(f"{source} is a checkpoint, expected the weights.safetensors beside it")
    if not metadata or _KEY not in metadata:
        raise ValueError(
            f"{source} does not say which net it holds: its metadata has no entry {_KEY!r}. "
            "If the names of its arrays are SegNet's, build the net yourself and give them to load_state_dict"
        )
    try:
        description = read_json(metadata[_KEY])
        if description["format"] != _FORMAT:
            raise ValueError(f"format {description['format']} instead of {_FORMAT}")
        config = dict(description["config"])
        if large := [f"{name} {value}" for name, value in config.items() if _exceeds(value, held)]:
            raise ValueError(f"{', '.join(large)}, but the file holds {held} numbers")
        net = build({**config, "seed": _Ration(held)})
        net.seed_dropout(0)
        net.input_mean = _numbers(description, "input_mean", net.in_channels)
        net.input_std = _numbers(description, "input_std", net.in_channels)
        if min(net.input_std) <= 0:
            raise ValueError(f"input_std {net.input_std} instead of numbers above 0")
        # Older files do not say these four.
        net.input_normalisation = description.get("input_normalisation", net.input_normalisation)
        if net.input_normalisation not in NORMALISATIONS:
            raise ValueError(f"input_normalisation {net.input_normalisation!r}")
        net.input_scale = float(description.get("input_scale", net.input_scale))
        if not 0 < net.input_scale <= 4:
            raise ValueError(f"input_scale {net.input_scale} instead of a number above 0 and at most 4")
        net.input_side = description.get("input_side")
        side = net.input_side
        if side is not None and (type(side) is not int or not 1 <= side <= _LARGEST_SIDE):
            raise ValueError(f"input_side {side!r} instead of a whole number from 1 to {_LARGEST_SIDE}")
        net.input_views = description.get("input_views", net.input_views)
        if not isinstance(net.input_views, bool):
            raise ValueError(f"input_views {net.input_views!r} instead of true or false")
        net.class_names = _for_classes(description, "class_names", net.num_classes, _name)
        net.class_colours = _for_classes(description, "class_colours", net.num_classes, _colour)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{source} has a description that is not understood: {error}") from error
    return net


def _exceeds(value: Any, held: int) -> bool:
    """Whether a setting, such as a number of channels, is larger than the number of all weights."""
    return isinstance(value, int) and value > held


def _numbers(description: dict[str, Any], key: str, count: int) -> tuple[float, ...]:
    values = tuple(float(value) for value in description[key])
    if len(values) != count or not np.isfinite(values).all():
        raise ValueError(f"{key} {values} instead of {count} finite numbers")
    return values


def _for_classes(
    description: dict[str, Any], key: str, count: int, read: Callable[[Any], T]
) -> tuple[T, ...] | None:
    """Read one entry a class, or None where the file says nothing."""
    if description[key] is None:
        return None
    values = tuple(read(value) for value in description[key])
    if len(values) != count:
        raise ValueError(f"{len(values)} {key} instead of {count}")
    return values


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"class name {value!r} instead of a string")
    return value


def _colour(value: Any) -> tuple[int, int, int]:
    r, g, b = value
    if not all(isinstance(part, int) and 0 <= part <= 255 for part in (r, g, b)):
        raise ValueError(f"class colour {value} instead of three numbers 0 to 255")
    return r, g, b


def save(net: Net, path: str | os.PathLike[str], *, half: bool = False) -> None:
    """Write a net's weights and description to a safetensors file, whole or not at all.

    Parameters
    ----------
    net : Net
    path : str or path-like
    half : bool, default False
        Store the kernels of convolutions, nearly all of the file, as float16, which halves it and rounds them
        to three digits; all else keeps its dtype. :func:`load` widens them again.

    Raises
    ------
    TypeError
        If `net` is no net of this package.
    ValueError
        If a number is too large for float16.
    OSError
        If the file cannot be written; one that was there before stays as it was.

    Examples
    --------
    >>> save(SegNet(width=1), "net.safetensors")  # doctest: +SKIP
    """
    if not isinstance(net, Net):
        raise TypeError(f"save: expected a SegNet or SegNetBasic, but a {type(net).__name__} was given")
    state = net.state_dict()
    if half:
        state = {name: _narrowed(name, array) if array.ndim == 4 else array for name, array in state.items()}
    with whole_file(path) as temporary:
        write_tensors(state, temporary, describe(net))


def _narrowed(name: str, array: np.ndarray) -> np.ndarray:
    if np.abs(array).max() > np.finfo(np.float16).max:
        raise ValueError(f"save: {name} has numbers beyond the range of float16; save it without half=True")
    return array.astype(np.float16)


def load(path: str | os.PathLike[str]) -> Net:
    """Read a net from a safetensors file, in evaluation mode.

    Parameters
    ----------
    path : str or path-like
        A file, or the name of weights that come with the package (:mod:`segnet_np.models.shipped`).

    Returns
    -------
    net : Net
        In evaluation mode; call ``train()`` to go on training.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no whole safetensors file, a pickle, does not say which net it holds, or its arrays do not
        fit that net or are not finite. What a file only claims takes no memory.
    """
    path = weights_path(path)
    arrays, metadata = read_tensors(path)
    source = shown(path)
    net = rebuild(metadata, source, held=sum(array.size for array in arrays.values()))
    spoilt = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if spoilt:
        raise ValueError(f"{source}: NaN or infinity in {', '.join(spoilt)}; expected finite numbers")
    try:
        net.load_state_dict(arrays)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{source}: {error}") from error
    net.eval()
    return net

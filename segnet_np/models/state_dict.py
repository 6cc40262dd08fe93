"""Weights and statistics by name, out of the layers and back in."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from segnet_np.layers.base import Layer
from segnet_np.layers.batch_norm import BatchNorm2d

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def named_arrays(layers: dict[str, Layer]) -> dict[str, np.ndarray]:
    """The live arrays themselves, by their names in the state dict, in PyTorch's order."""
    arrays = {}
    for layer_name, layer in layers.items():
        for name, parameter in layer.named_parameters():
            arrays[f"{layer_name}.{name}"] = parameter.data
        if isinstance(layer, BatchNorm2d):
            for name in _BUFFERS:
                arrays[f"{layer_name}.{name}"] = getattr(layer, name)
    return arrays


def read_state(layers: dict[str, Layer]) -> dict[str, np.ndarray]:
    """C-contiguous copies of all arrays. (A safetensors file of any other order would hold wrong data.)"""
    return {name: array.copy(order="C") for name, array in named_arrays(layers).items()}


def write_state(owner: str, layers: dict[str, Layer], state: dict[str, Any]) -> None:
    """Copy `state` into the layers after all of it was checked; see :meth:`Net.load_state_dict`."""
    if not isinstance(state, Mapping):
        raise TypeError(
            f"{owner}: a state dict must be a dict of arrays, but a {type(state).__name__} was given"
        )
    arrays = named_arrays(layers)
    missing = [name for name in arrays if name not in state and not name.endswith("num_batches_tracked")]
    unknown = [str(name) for name in state if name not in arrays]
    shapes, dtypes = [], []
    for name, array in arrays.items():
        if name not in state:
            continue
        value = state[name]
        if not isinstance(value, np.ndarray | np.generic) or isinstance(value, np.ma.MaskedArray):
            dtypes.append(f"{name}: {type(value).__name__} instead of ndarray")
        elif value.shape != array.shape:
            shapes.append(f"{name}: {value.shape} instead of {array.shape}")
        elif value.dtype != array.dtype:
            dtypes.append(f"{name}: {value.dtype} instead of {array.dtype}")
    problems = [
        f"{what}: {', '.join(names)}"
        for what, names in (
            ("missing", missing),
            ("not in this net", unknown),
            ("of another shape", shapes),
            ("of another type", dtypes),
        )
        if names
    ]
    if problems:
        kind = ValueError if missing or unknown or shapes else TypeError
        raise kind(f"{owner}: the state dict does not fit, nothing was loaded. " + "; ".join(problems))
    for name, array in arrays.items():
        if name in state:
            array[...] = state[name]

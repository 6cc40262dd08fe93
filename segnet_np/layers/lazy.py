"""How layers hand unfinished maps to each other; :class:`LazyMaps` says what is unfinished about them."""

from functools import lru_cache

import numpy as np

from segnet_np.kernels.maps import LazyMaps, write
from segnet_np.kernels.max_unpool import gather
from segnet_np.layers.workspace import Workspace

_NO_OFFSETS = np.empty((0, 0, 0, 0), np.uint8)


@lru_cache(maxsize=256)
def _nothing_to_do(channels: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Minus zero is what can be added to any number, zeros of both signs too, without changing it.
    return np.ones(channels, dtype), np.full(channels, -0.0, dtype), np.full(channels, -np.inf, dtype)


def finished(x: np.ndarray) -> LazyMaps:
    """See a contiguous x (N, H, W, C) as maps to which nothing is left to do."""
    _, height, width, channels = x.shape
    return LazyMaps(x, *_nothing_to_do(channels, x.dtype), _NO_OFFSETS, height, width)


def unfinished(x: np.ndarray, scale: np.ndarray, shift: np.ndarray, floor: float) -> LazyMaps:
    """See x (N, H, W, C) as ``max(x * scale + shift, floor)``."""
    if not scale.shape == shift.shape == x.shape[3:]:
        raise ValueError(f"batch norm of {scale.shape} and {shift.shape} does not fit {x.shape[3]} channels")
    floors = np.full(x.shape[3], floor, x.dtype)
    return finished(x)._replace(scale=scale.astype(x.dtype), shift=shift.astype(x.dtype), floor=floors)


def unpooled(maps: LazyMaps, offsets: np.ndarray, size: tuple[int, int], workspace: Workspace) -> LazyMaps:
    """See maps (N, PH, PW, C) as unpooled to (N, H, W, C) by offsets (N, PH, PW, C).

    Only one unpooling can be left to do; one that is left from before is done first.
    """
    if maps.offsets.size:
        maps = finished(finish(maps, workspace))
    if maps.raw.shape != offsets.shape:
        raise ValueError(
            f"indices of {offsets.shape} do not fit maps of {maps.raw.shape}, both (N, PH, PW, C)"
        )
    return maps._replace(offsets=offsets, height=size[0], width=size[1])


def gathered(dmaps: LazyMaps, offsets: np.ndarray, workspace: Workspace) -> LazyMaps:
    """The transpose of :func:`unpooled`: gradients (N, H, W, C) from where offsets (N, PH, PW, C) say."""
    dout = finish(dmaps, workspace)
    dy = workspace.empty(offsets.shape, dout.dtype)
    gather(dout, offsets, dy)
    return finished(dy)


def size_of(maps: LazyMaps) -> tuple[int, int, int, int]:
    """(N, H, W, C)."""
    return maps.raw.shape[0], maps.height, maps.width, maps.raw.shape[3]


def finish(maps: LazyMaps, workspace: Workspace) -> np.ndarray:
    """Do what is left to do, and return an array (N, H, W, C); of finished maps their own."""
    nothing_to_do = _nothing_to_do(maps.raw.shape[3], maps.raw.dtype)
    if maps.scale is nothing_to_do[0] and maps.offsets is _NO_OFFSETS:
        return maps.raw
    out = workspace.empty(size_of(maps), maps.raw.dtype)
    write(maps, 0, 0, out)
    return out

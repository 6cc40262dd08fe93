"""The convolutions that layers share, and the choice between the algorithms for them.

``"direct"`` adds the products as the definition says: any kernel size, float64 too, and the exact path.
``"winograd"`` needs a fraction of the products for kernels of 3x3 and more, at the price of some rounding
(:mod:`segnet_np.kernels.winograd_points`).
"""

from functools import lru_cache

import numpy as np

from segnet_np.kernels.maps import LazyMaps
from segnet_np.kernels.winograd_weights import pieces_of
from segnet_np.layers import convolve_direct, convolve_winograd
from segnet_np.layers.lazy import size_of
from segnet_np.layers.workspace import Workspace

ALGORITHMS = ("auto", "direct", "winograd")


@lru_cache
def tile_size(
    algorithm: str, dtype: np.dtype, kernel_size: int, channels: int, out_shape: tuple[int, int, int]
) -> int:
    """Choose how a convolution is computed: 0 directly, m by Winograd's tiles of m x m pixels.

    Parameters
    ----------
    algorithm : str
        ``"auto"`` takes float64 directly, because that is for checking, and few channels, because then the
        transforms would cost more than the products that they save.
    dtype : numpy.dtype
    kernel_size : int
    channels : int
        The smaller of C and O.
    out_shape : tuple of int
        (N, OH, OW).

    Returns
    -------
    m : int
        0, 2 or 4.
    """
    if algorithm == "direct" or kernel_size < 3:
        return 0
    if algorithm == "auto" and (dtype == np.float64 or channels < 8):
        return 0
    batch, out_h, out_w = out_shape
    prepared = convolve_winograd.PREPARED

    def cost(m: int) -> int:
        """Products for each pair of channels. Preparing the weights is counted once."""
        if m == 0:
            # The micro-kernel takes about six pixels of a row at a time.
            return (batch * out_h * -(-out_w // 6) * 6 + prepared) * kernel_size**2
        tiles = batch * -(-out_h // m) * -(-out_w // m)
        return (tiles + prepared) * pieces_of(kernel_size) * (m + 2) ** 2

    return min((4, 2) if algorithm == "winograd" else (4, 2, 0), key=cost)


def correlate(
    workspace: Workspace,
    maps: LazyMaps,
    weight: np.ndarray,
    bias: np.ndarray,
    padding: int,
    algorithm: str,
    adjoint: bool = False,
    want_moments: bool = False,
    leaves: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Correlate maps with weight.

    Parameters
    ----------
    workspace : Workspace
    maps : LazyMaps of (N, H, W, C)
    weight : ndarray, shape (O, C, K, K)
    bias : ndarray, shape (O,)
    padding : int
        Rows and columns of zeros around the maps; negative ones cut.
    algorithm : str
        One of `ALGORITHMS`.
    adjoint : bool, default False
        With the kernel that backward needs: turned by 180 degrees, C and O exchanged.
    want_moments : bool, default False
        Whether batch norm follows, which needs them in training.
    leaves : bool, default False
        Whether `out` may outlive the step (:meth:`segnet_np.layers.workspace.Workspace.empty`).

    Returns
    -------
    out : ndarray, shape (N, H + 2 * padding - K + 1, W + 2 * padding - K + 1, O), or C with adjoint
    moments : ndarray of float64, shape (blocks, 3, O), or None
        If wanted and Winograd's algorithm ran, of each block of pixels their number, the mean, and the sum of
        squared deviations from it: what batch norm would otherwise have to go over `out` for.
    """
    batch, height, width, _ = size_of(maps)
    kernel_size = weight.shape[2]
    grow = 2 * padding - kernel_size + 1
    out_shape = (batch, height + grow, width + grow)
    m = tile_size(algorithm, weight.dtype, kernel_size, min(weight.shape[:2]), out_shape)
    wanted = weight.shape[0 if adjoint else 1], weight.dtype
    if (maps.raw.shape[3], maps.raw.dtype) != wanted:
        # Only a layer of a user's own can bring this; kernels would read beyond arrays.
        raise ValueError(
            f"Conv2d: maps of {maps.raw.shape[3]} channels and {maps.raw.dtype} came to weights that take "
            f"{wanted[0]} and {wanted[1]}"
        )
    # Kernels count positions in memory.
    weight, bias = np.ascontiguousarray(weight), np.ascontiguousarray(bias)
    if m == 0:
        return convolve_direct.correlate(workspace, maps, weight, bias, padding, adjoint, leaves)
    out, moments = convolve_winograd.correlate(
        workspace, maps, weight, bias, padding, adjoint, m, want_moments, leaves
    )
    return out, moments if want_moments else None


def weight_gradient(
    workspace: Workspace, maps: LazyMaps, dout: np.ndarray, padding: int, kernel_size: int, algorithm: str
) -> np.ndarray:
    """Sum x[pixel + tap] * dout[pixel] over all pixels.

    Parameters
    ----------
    workspace : Workspace
    maps : LazyMaps of (N, H, W, C)
        x, what forward convolved.
    dout : ndarray, shape (N, OH, OW, O)
    padding, kernel_size : int
    algorithm : str
        One of `ALGORITHMS`.

    Returns
    -------
    dweight : ndarray, shape (O, C, K, K)
    """
    channels = min(maps.raw.shape[3], dout.shape[3])
    m = tile_size(algorithm, dout.dtype, kernel_size, channels, dout.shape[:3])
    if m == 0:
        return convolve_direct.weight_gradient(workspace, maps, dout, padding, kernel_size)
    return convolve_winograd.weight_gradient(workspace, maps, dout, padding, kernel_size, m)

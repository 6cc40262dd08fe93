"""What the tests share: an assertion that says where two arrays differ, and arrays in every memory order."""

import numpy as np
import pytest

from segnet_np.verify.tolerances import TORCH_FLOAT32_LAYER, TORCH_FLOAT64

#: Error against an oracle, as a share of the array's largest value, that rounding may make in one layer.
TOLERANCE = {"float32": TORCH_FLOAT32_LAYER, "float64": TORCH_FLOAT64}

ORDERS = ("contiguous", "channels_last", "every other", "fortran", "read-only")


def assert_close(got, expected, tolerance, what="result"):
    """Fail with the worst element if any differs by more than `tolerance` times the largest value."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: shape {got.shape} instead of {expected.shape}"
    if got.size == 0:
        return
    both_nan = np.isnan(got) & np.isnan(expected)
    difference = np.where(both_nan, 0, np.abs(got - expected))
    scale = np.abs(expected[~np.isnan(expected)]).max(initial=0) or 1
    worst = np.unravel_index(np.nanargmax(np.where(np.isnan(difference), np.inf, difference)), got.shape)
    assert difference[worst] <= tolerance * scale, (
        f"{what}: at {tuple(int(k) for k in worst)} of {got.shape} "
        f"{got[worst]} instead of {expected[worst]}, "
        f"{difference[worst] / scale:.1e} of the largest value; {tolerance:.0e} is allowed"
    )


def arrange(x, order):
    """The same numbers (N, C, H, W) in another memory order."""
    if order == "contiguous":
        return np.ascontiguousarray(x)
    if order == "channels_last":
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    if order == "every other":
        spread = np.full((*x.shape[:3], 2 * x.shape[3]), np.nan, x.dtype)
        spread[..., ::2] = x
        return spread[..., ::2]
    if order == "fortran":
        return np.asfortranarray(x)
    frozen = x.copy()
    frozen.flags.writeable = False
    return frozen


def grid_without_ties(shape, dtype, seed=0):
    """A shuffled grid: all values differ by far more than any rounding, so that no maximum is in doubt."""
    count = int(np.prod(shape))
    values = np.random.default_rng(seed).permutation(count) - count / 3
    return (values / 8).reshape(shape).astype(dtype)


def bad_maps(channels, dtype):
    """What no layer may take as (N, C, H, W), with the exception that each must get."""
    other = "float32" if dtype == "float64" else "float64"
    good = np.zeros((2, channels, 6, 8), dtype)
    cases = [
        ("a list", good.tolist(), TypeError, "numpy.ndarray"),
        ("a masked array", np.ma.masked_array(good), TypeError, "MaskedArray"),
        ("three dimensions", good[0], ValueError, r"\(N, C, H, W\)"),
        ("an empty batch", good[:0], ValueError, "empty"),
        *(
            (name, good.astype(name), TypeError, name)
            for name in ("uint8", "int64", "float16", "complex64", "bool")
        ),
    ]
    if channels > 1:  # layers with parameters know their channels and their dtype
        cases.append(("too few channels", good[:, 1:], ValueError, f"{channels} channels"))
        cases.append(("another float", good.astype(other), TypeError, other))
    return [pytest.param(x, error, match, id=name) for name, x, error, match in cases]

"""To what sizes a pooled map may come back: twice its own, or one less or more where it was odd."""

from collections.abc import Sequence

from segnet_np.layers.pooling_indices import WINDOW, check_size


def doubled_size(owner: str, shape: tuple[int, ...], output_size: Sequence[int] | None) -> tuple[int, int]:
    """Check a wanted size, or choose twice the map's own.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    shape : tuple of int
        (N, C, PH, PW) of the map.
    output_size : tuple of int, or None
        (H, W); each at most one away from twice the map's, as pooling leaves it of odd sizes.

    Returns
    -------
    size : tuple of int
        (H, W).

    Raises
    ------
    TypeError, ValueError
        If `output_size` is no such pair.
    """
    twice = WINDOW * shape[2], WINDOW * shape[3]
    if output_size is None:
        return twice
    size = check_size(owner, "output_size", output_size)
    if any(abs(wanted - usual) > 1 for wanted, usual in zip(size, twice, strict=True)):
        raise ValueError(
            f"{owner}: output_size {size} does not fit maps of {shape[2]}x{shape[3]}; expected "
            f"{twice[0]}x{twice[1]}, or one less or more"
        )
    return size

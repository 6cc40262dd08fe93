"""How large a picture is when it was brought to a part of its size: one rule for training and prediction."""


def scaled_size(height: int, width: int, scale: float) -> tuple[int, int]:
    """The size in whole pixels.

    Parameters
    ----------
    height, width : int
    scale : float

    Returns
    -------
    size : (height, width)
    """
    return round(scale * height), round(scale * width)

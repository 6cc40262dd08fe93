"""SegNet's architecture to click through: shapes and parameters of each block, and where its indices go.

The picture is HTML with plain JavaScript (`architecture.js`) and needs no kernel: it works in a notebook, in
its exported page and in the docs.
"""

from segnet_np.layers.checks import check_count, check_flag
from segnet_np.layers.pooling_indices import pooled_size
from segnet_np.lessons.figures.embedding import embedded
from segnet_np.models.weights_file import MODELS

# The stages of each net.
_DEPTHS = {"segnet": 5, "segnet-basic": 4}


class ArchitecturePicture:
    """What :func:`architecture` returns: a notebook shows it, ``str`` of it is the HTML."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text

    def __str__(self) -> str:
        return self._text


def architecture(
    model: str = "segnet",
    height: int = 360,
    width: int = 480,
    channels: int = 64,
    num_classes: int = 11,
    ceil_mode: bool = False,
) -> ArchitecturePicture:
    """Show a net as blocks that can be clicked, for a size of the picture that can be changed.

    Parameters
    ----------
    model : {"segnet", "segnet-basic"}
    height, width : int
        Of the picture.
    channels : int, default 64
        The net's `width`: channels of its first stage.
    num_classes : int, default 11
    ceil_mode : bool, default False
        How odd sizes are pooled.

    Returns
    -------
    picture : ArchitecturePicture

    Raises
    ------
    TypeError, ValueError
        If the model is unknown, a number is no whole number, or the picture is too small for the net.
    """
    if model not in _DEPTHS:
        raise ValueError(f"architecture: model {model!r}, expected one of {', '.join(_DEPTHS)}")
    least = MODELS[model].min_size
    settings = {
        "model": model,
        "height": check_count("architecture", "height", height, least),
        "width": check_count("architecture", "width", width, least),
        "channels": check_count("architecture", "channels", channels, 1),
        "classes": check_count("architecture", "num_classes", num_classes, 1),
        "ceil": check_flag("architecture", "ceil_mode", ceil_mode),
    }
    asleep = _table(model, height, width, ceil_mode)
    return ArchitecturePicture(embedded("architecture", "arch", "architecture", settings, asleep))


def _table(model: str, height: int, width: int, ceil_mode: bool) -> str:
    """What remains where no script runs: how the sizes go down and come back."""
    rows, size = "", (height, width)
    for stage in range(1, _DEPTHS[model] + 1):
        pooled = pooled_size(size, ceil_mode)
        before, after = (f"{h}x{w}" for h, w in (size, pooled))
        rows += f"<tr><td>{stage}</td><td>{before} to {after}</td><td>{after} to {before}</td></tr>"
        size = pooled
    return (
        "<p>The encoder goes down the stages, the decoder comes up again, with the indices that each "
        "pooling hands to the unpooling of its "
        f"stage.</p><table><tr><th>stage</th><th>pooling</th><th>unpooling</th></tr>{rows}</table>"
    )

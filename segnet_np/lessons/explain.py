"""What ``segnet-np explain`` does: a picture file in, one page about what the net sees in it out."""

import math
from pathlib import Path

from segnet_np.data.pictures import read_image
from segnet_np.files import whole_file
from segnet_np.lessons.explain_page import page
from segnet_np.lessons.stages import look_inside
from segnet_np.models.net import Net
from segnet_np.names import shown
from segnet_np.sizes import scaled_size
from segnet_np.training.predict import classes_of, too_small, usual_scale

#: All maps of a pass are kept to be looked at, so a picture has at most so many pixels for it.
MOST_PIXELS = 300_000


def explain_file(net: Net, picture: Path, out: Path, weights: str) -> Path:
    """Look at a picture through a net, and write a page about it: one HTML file that needs no other.

    The picture is brought to the size that `predict` would bring it to, or to `MOST_PIXELS` if that is
    smaller; then the page says so.

    Parameters
    ----------
    net : Net
    picture : Path
        PNG or JPEG, as `predict` takes them.
    out : Path
        The file to write, ``.html``.
    weights : str
        What the net's weights are called, for the page.

    Returns
    -------
    out : Path

    Raises
    ------
    ValueError
        When the picture cannot be read or is too small, or `out` is no name for a page or is the picture.
    OSError
        When the picture is not there or the page cannot be written.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--out {shown(out)}: a page is written, expected a name that ends in .html")
    if out.resolve() == picture.resolve():
        raise ValueError(f"--out {shown(out)} would take the place of the picture")
    image = read_image(picture)
    if net.in_channels != image.shape[2]:
        raise ValueError(
            f"{shown(weights)}: a net for {net.in_channels} channels, but a picture has {image.shape[2]}"
        )
    height, width = image.shape[:2]
    if small := too_small(net, picture, height, width):
        raise ValueError(small)
    usual = usual_scale(net, height, width)
    scale = min(usual, math.sqrt(MOST_PIXELS / (height * width)))
    if min(scaled_size(height, width, scale * net.smallest_view)) < net.min_size:  # a very long strip
        raise ValueError(
            f"{shown(picture)}: {height}x{width}, too long to look inside: brought to {MOST_PIXELS} pixels, "
            f"its shorter side would be below the {net.min_size} that the net needs"
            + (" in each of its looks" if net.input_views else "")
        )
    classes = classes_of(net)
    inside = look_inside(net, image, scale)
    text = page(inside, net, classes, image, shown(picture.name), shown(weights), usual)
    with whole_file(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return out

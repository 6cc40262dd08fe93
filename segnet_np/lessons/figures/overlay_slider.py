"""A segmentation laid over its picture, with sliders that need no kernel: plain HTML, on saved pages too."""

import base64
import html
import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from segnet_np.data.classes import CAMVID, VOID_NAME, Classes, colourise
from segnet_np.lessons.show import show_html

# What is found from an event's target: the frame around it all, and in it the pictures that are laid over.
_ALL = "this.closest('[data-overlay]').querySelectorAll('[data-labels]').forEach(p => {})"
_OPACITY = _ALL.format("p.style.opacity = this.value / 100")
_WIPE = _ALL.format("p.style.clipPath = 'inset(0 ' + (100 - this.value) + '% 0 0)'")
# Not `hidden`: the layers' own display would outweigh it.
_CHOOSE = _ALL.format("p.style.display = p.dataset.labels === this.value ? 'block' : 'none'")


def overlay_slider(
    image: np.ndarray,
    labels: np.ndarray | Mapping[str, np.ndarray],
    classes: Classes = CAMVID,
    width: int = 640,
) -> None:
    """Show a picture with a segmentation over it, and sliders for how much of it is seen.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
    labels : ndarray of integers, shape (H, W), or mapping of str to such arrays
        With several, by name, a menu changes between them.
    classes : Classes
        For colours and legend.
    width : int
        How wide it is shown at most, in pixels of the page.

    Raises
    ------
    ValueError
        When a label map is not as large as the image.
    """
    maps = dict(labels) if isinstance(labels, Mapping) else {"segmentation": labels}
    for name, array in maps.items():
        if array.shape != image.shape[:2]:
            raise ValueError(f"overlay_slider: {name} has shape {array.shape}, the image {image.shape[:2]}")
    names = ", ".join(maps)
    show_html(_markup(image, maps, classes, width), f"[picture: {names} laid over an image]")


def _markup(image: np.ndarray, maps: dict[str, np.ndarray], classes: Classes, width: int) -> str:
    fit = "display: block; width: 100%; image-rendering: pixelated; margin: 0"
    layers = [f'<img src="{_png(image)}" alt="the picture" style="{fit}">']
    for k, (name, array) in enumerate(maps.items()):
        alt = f"{html.escape(name)}: {_describe(array, classes)}"
        unseen = "display: none; " if k else ""
        layers.append(
            f'<img src="{_png(colourise(array, classes))}" alt="{alt}" '
            f'data-labels="{html.escape(name)}" '
            f'style="{fit}; {unseen}position: absolute; inset: 0; height: 100%; opacity: 0.6">'
        )
    controls = [
        _slider("See-through to solid", 60, _OPACITY),
        _slider("Left to right", 100, _WIPE),
    ]
    if len(maps) > 1:
        options = "".join(f"<option>{html.escape(name)}</option>" for name in maps)
        controls.insert(0, f'<label>Show <select onchange="{_CHOOSE}">{options}</select></label>')
    present = sorted({int(k) for array in maps.values() for k in np.unique(array)})
    # The attribute keeps JupyterLab from taking keys that are meant for a slider.
    return (
        f'<div data-overlay data-lm-suppress-shortcuts="true" style="max-width: {width}px">'
        f'<div style="position: relative">{"".join(layers)}</div>'
        '<div style="display: flex; flex-wrap: wrap; gap: 0.3em 1.5em; margin: 0.5em 0; align-items: center">'
        f"{''.join(controls)}</div>"
        '<div style="display: flex; flex-wrap: wrap; gap: 0.2em 1em; font-size: 0.9em">'
        f"{''.join(_swatch(label, classes) for label in present)}</div></div>"
    )


def _slider(label: str, value: int, event: str) -> str:
    return (
        f'<label style="display: inline-flex; align-items: center; gap: 0.5em">{label} '
        f'<input type="range" min="0" max="100" value="{value}" oninput="{event}"></label>'
    )


def _swatch(label: int, classes: Classes) -> str:
    name, colour = _name_and_colour(label, classes)
    square = (
        "display: inline-block; width: 0.9em; height: 0.9em; margin-right: 0.35em; vertical-align: -0.1em;"
        f"border: 1px solid #888; background: rgb{colour}"
    )
    return f'<span><span style="{square}"></span>{html.escape(name)}</span>'


def _name_and_colour(label: int, classes: Classes) -> tuple[str, tuple[int, int, int]]:
    if label == classes.ignore_index:
        return VOID_NAME, classes.void_colour
    return classes.names[label], classes.colours[label]


def _describe(labels: np.ndarray, classes: Classes) -> str:
    """The classes of a map by how much of it they cover, for those who cannot see it."""
    values, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts)
    shares = [
        f"{html.escape(_name_and_colour(int(values[k]), classes)[0])} {100 * counts[k] / labels.size:.0f} %"
        for k in order
    ]
    return ", ".join(shares)


def _png(image: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()

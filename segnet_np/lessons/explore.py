"""A picture with sliders: drawn anew for each setting where a kernel runs, still where none does."""

import base64
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from segnet_np.lessons.show import in_notebook, picture, png_bytes, show_bundle

WIDGET = "application/vnd.jupyter.widget-view+json"


def explore(
    draw: Callable[..., Figure],
    *,
    start: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    **controls: Any,
) -> None:
    """Show what `draw` draws, with a control for each of its arguments.

    Parameters
    ----------
    draw : callable
        Called with one value for each control, by name; returns a figure. The first line of its docstring
        is read out to those who cannot see the picture.
    start : mapping, optional
        The values to begin with, by name; else the default that `draw` has for it, else the first value.
    labels : mapping, optional
        What to write beside a control; else its name, with spaces for underscores.
    **controls : tuple, list or bool
        ``(low, high)`` or ``(low, high, step)`` of ints or floats makes a slider, a list of choices (or of
        ``(label, value)``) a menu, a bool a box to tick.

    Raises
    ------
    TypeError
        When a control is something else, or `draw` returns no figure.
    ValueError
        When a value to begin with is not among those of its control, or its name is no control.
    """
    values = _start(draw, dict(start or {}), controls)
    png = png_bytes(draw(**values))
    words = (inspect.getdoc(draw) or "").partition("\n")[0] or "a picture that follows the controls above it"
    data: dict[str, Any] = {
        "text/html": picture(png, words),  # a bare PNG has no words on the site
        "image/png": base64.b64encode(png).decode(),
        "text/plain": f"[picture: {words}; controls: {', '.join(controls)}]",
    }
    if not in_notebook():
        print(data["text/plain"])
        return
    try:
        import ipywidgets as widgets
    except ImportError:
        show_bundle(data)
        print("(Sliders need ipywidgets: pip install 'segnet-np[notebooks]')")
        return
    boxes = {
        name: _widget(widgets, control, values[name], (labels or {}).get(name, name.replace("_", " ")))
        for name, control in controls.items()
    }
    # Not an Image widget: JupyterLab cannot show one that has a tooltip, and it knows no alternative text.
    image = widgets.HTML(value=picture(png, words))
    trouble = widgets.HTML()

    def redraw(_change: Any) -> None:
        # An error in here would vanish in the log, so it is shown where the picture is.
        try:
            image.value = picture(png_bytes(draw(**{name: box.value for name, box in boxes.items()})), words)
            trouble.value = ""
        except Exception as error:
            trouble.value = f"<code>{type(error).__name__}: {error}</code>"

    for box in boxes.values():
        box.observe(redraw, names="value")
    whole = widgets.VBox([*boxes.values(), trouble, image])
    view = whole._repr_mimebundle_()
    show_bundle({**data, WIDGET: view[WIDGET]})


def _start(draw: Callable[..., Figure], start: dict[str, Any], controls: dict[str, Any]) -> dict[str, Any]:
    """The value that each control begins with."""
    unknown = sorted(set(start) - set(controls))
    if unknown:
        raise ValueError(f"explore: start names {', '.join(unknown)}, but the controls are {list(controls)}")
    parameters = inspect.signature(draw).parameters
    values = {}
    for name, control in controls.items():
        choices = _choices(name, control)
        default = parameters[name].default if name in parameters else inspect.Parameter.empty
        given = start.get(name, default)
        if name not in start and (given is inspect.Parameter.empty or not _among(given, control, choices)):
            given = choices[0]
        if not _among(given, control, choices):
            raise ValueError(f"explore: {name} cannot begin with {given!r}, its control is {control!r}")
        values[name] = given
    return values


def _choices(name: str, control: Any) -> list[Any]:
    """The values of a control; of a slider its lowest one."""
    if isinstance(control, bool):
        return [control, not control]
    if isinstance(control, list) and control:
        return [c[1] if isinstance(c, tuple) and len(c) == 2 else c for c in control]
    numbers = isinstance(control, tuple) and all(isinstance(n, int | float) for n in control)
    if numbers and len(control) in (2, 3) and control[0] < control[1]:
        return [control[0]]
    raise TypeError(
        f"explore: {name}={control!r}; expected (low, high), (low, high, step), a list of choices, or a bool"
    )


def _among(value: Any, control: Any, choices: list[Any]) -> bool:
    if isinstance(control, tuple):
        return isinstance(value, int | float) and control[0] <= value <= control[1]
    return any(value is choice or value == choice for choice in choices)


def _widget(widgets: Any, control: Any, value: Any, label: str) -> Any:
    wide = {"description": label, "style": {"description_width": "12em"}, "layout": {"width": "32em"}}
    if isinstance(control, bool):
        return widgets.Checkbox(value=value, **wide)
    if isinstance(control, list):
        return widgets.Dropdown(options=control, value=value, **wide)
    low, high = control[:2]
    if all(isinstance(number, int) for number in control):
        step = control[2] if len(control) == 3 else 1
        return widgets.IntSlider(value=value, min=low, max=high, step=step, **wide)
    step = control[2] if len(control) == 3 else (high - low) / 100
    return widgets.FloatSlider(value=value, min=low, max=high, step=step, readout_format=".3g", **wide)

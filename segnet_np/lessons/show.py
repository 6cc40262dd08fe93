"""Show things: as a notebook can where there is one, as text elsewhere."""

import base64
import html
import io
import struct
import sys
from typing import Any

from matplotlib.figure import Figure


def in_notebook() -> bool:
    """Whether this runs in a kernel that shows HTML and pictures."""
    ipython = sys.modules.get("IPython")  # a kernel has imported it; without it there is none
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def show_html(markup: str, text: str) -> None:
    """Show HTML in a notebook, and print the text elsewhere.

    Parameters
    ----------
    markup : str
    text : str
        The same for a terminal.
    """
    if in_notebook():
        show_bundle({"text/html": markup, "text/plain": text})
    else:
        print(text)


def show_bundle(data: dict[str, Any]) -> None:
    """Show one thing in several forms, of which the notebook takes the best it can."""
    from IPython.display import display

    display(data, raw=True)


def png_bytes(figure: Figure) -> bytes:
    """Draw a figure into a PNG, and close it if it is one of pyplot's.

    Raises
    ------
    TypeError
        When it is no figure.
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"expected a matplotlib Figure, got {type(figure).__name__}")
    buffer = io.BytesIO()
    # Tight, so that nothing at the rim is cut off; the background of the page must not show through.
    figure.savefig(buffer, format="png", bbox_inches="tight", facecolor="white")
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)  # else it would be shown a second time, and figures would pile up
    return buffer.getvalue()


def show(figure: Figure, alt: str = "") -> None:
    """Show a figure, with words for those who cannot see it.

    Parameters
    ----------
    figure : Figure
        One of pyplot's is closed, so that it is not shown twice.
    alt : str
        What is to be seen, in a sentence.
    """
    png = png_bytes(figure)
    if not in_notebook():
        print(f"[picture: {alt or 'open it in a notebook'}]")
        return
    data = base64.b64encode(png).decode()
    show_bundle({"text/html": picture(png, alt), "image/png": data, "text/plain": f"[picture: {alt}]"})


def picture(png: bytes, alt: str) -> str:
    """Write a PNG as HTML: never wider than the page, with words for those who cannot see it."""
    data = base64.b64encode(png).decode()
    # With its size, so that the page has room for it at once and does not jump when a slider draws it anew.
    width, height = struct.unpack(">II", png[16:24])
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" width="{width}" height="{height}" '
        'style="max-width: 100%; height: auto">'
    )

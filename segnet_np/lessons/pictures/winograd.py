"""Winograd's transforms for two results of a filter of three, and the picture of them in lesson 06."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from segnet_np.lessons.pictures.drawing import BLUE, GREEN, ORANGE, PURPLE, draw_grid, grids, light, number
from segnet_np.plots import INK

BT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], float)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
AT = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], float)
"""The matrices of :mod:`segnet_np.kernels.winograd_points` for m = 2."""


def winograd_picture(d: Sequence[float], g: Sequence[float]) -> Figure:
    """Show Winograd's four products for two results of a filter of three.

    Parameters
    ----------
    d : sequence of 4 numbers
    g : sequence of 3 numbers

    Returns
    -------
    figure : Figure
    """
    line, kernel = np.array(d, float), np.array(g, float)
    v, u = BT @ line, G @ kernel
    m = v * u
    y = AT @ m
    figure, axes = grids((4, 1), (4, 1), (3, 1), (4, 1), (4, 1), (2, 1), cell=0.85, gap=0.5)
    parts: tuple[tuple[str, np.ndarray, str, tuple[str, ...]], ...] = (
        ("d", line, BLUE, ("d0", "d1", "d2", "d3")),
        ("Bᵀd", v, BLUE, ("d0\u2212d2", "d1+d2", "d2\u2212d1", "d1\u2212d3")),
        ("g", kernel, ORANGE, ("g0", "g1", "g2")),
        ("G g", u, ORANGE, ("g0", "½(g0+g1+g2)", "½(g0\u2212g1+g2)", "g2")),
        ("m = product", m, GREEN, ("m0", "m1", "m2", "m3")),
        ("y = Aᵀm", y, PURPLE, ("m0+m1+m2", "m1\u2212m2\u2212m3")),
    )
    for ax, (title, values, colour, names) in zip(axes, parts, strict=True):
        colours = np.broadcast_to(light((colour,)), (len(values), 1, 3))
        draw_grid(ax, values[:, None], colours=colours, title=title)
        for row, name in enumerate(names):
            ax.text(0, row + 0.42, name, ha="center", va="bottom", fontsize=7, color=INK)
    direct = " and ".join(number(line[i : i + 3] @ kernel) for i in range(2))
    figure.text(
        0.5, 0,
        f"Directly, with six products: {direct}.  With these four: {number(y[0])} and {number(y[1])}.",
        ha="center", va="top", fontsize=10, color=INK,
    )  # fmt: skip
    return figure

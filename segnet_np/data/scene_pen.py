"""Draws polygons, bars and discs of the world into a picture and its labels, with Pillow."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from segnet_np.data.scene_view import Point, View

Colour = np.ndarray | Sequence[float]


class Pen:
    """Draws shapes of the world into the doubled picture and, where they have a label, into the labels."""

    def __init__(self, rgb: np.ndarray, labels: np.ndarray, view: View, rng: np.random.Generator) -> None:
        self.view = view
        self.rng = rng
        self.haze = view.haze.tolist()
        self.image = Image.fromarray(rgb)
        self.labels = Image.fromarray(labels)
        self.draw = ImageDraw.Draw(self.image)
        self.mark = ImageDraw.Draw(self.labels)

    def seen(self, colour: Colour, z: float) -> tuple[int, int, int]:
        """A colour as it looks from a distance z."""
        clear = math.exp(-z / self.view.reach)
        red, green, blue = (
            int(min(max(far + clear * (near - far), 0), 255))
            for near, far in zip(colour, self.haze, strict=True)
        )
        return red, green, blue

    def polygon(self, points: Sequence[Point], colour: Colour, label: int | None = None) -> None:
        """Fill a polygon; without a label it is a detail of what is there already."""
        flat = [self.view.project(point) for point in points]
        self.draw.polygon(flat, self.seen(colour, points[0][2]))
        if label is not None:
            self.mark.polygon(flat, label)

    def box(
        self,
        left: float,
        bottom: float,
        right: float,
        top: float,
        z: float,
        colour: Colour,
        label: int | None = None,
    ) -> None:
        """Fill an upright rectangle that faces the camera."""
        self.polygon([(left, bottom, z), (left, top, z), (right, top, z), (right, bottom, z)], colour, label)

    def bar(
        self, a: Point, b: Point, thick: float, colour: Colour, label: int | None = None, least: float = 1
    ) -> None:
        """Draw a bar of a thickness in metres, at least `least` pixels."""
        flat = [self.view.project(a), self.view.project(b)]
        width = round(max(thick * self.view.focal / a[2], least))
        self.draw.line(flat, self.seen(colour, a[2]), width)
        if label is not None:
            self.mark.line(flat, label, width)

    def disc(
        self, centre: Point, radius: float, colour: Colour, label: int | None = None, tall: float = 1
    ) -> None:
        """Fill a disc that faces the camera, or an ellipse `tall` times as high as broad."""
        px, py = self.view.project(centre)
        r = max(radius * self.view.focal / centre[2], 0.5)
        box = (px - r, py - r * tall, px + r, py + r * tall)
        self.draw.ellipse(box, self.seen(colour, centre[2]))
        if label is not None:
            self.mark.ellipse(box, label)

    def shadow(self, x: float, z: float, half: float, deep: float, strength: float) -> None:
        """Darken the ground beneath a thing."""
        corners = [(x - half, 0, z), (x + half, 0, z), (x + half, 0, z + deep), (x - half, 0, z + deep)]
        flat = [self.view.project(corner) for corner in corners]
        px, py = self.view.project((x, 0, z))
        right, bottom = self.view.width - 1, self.view.height - 1
        under = self.image.getpixel((int(np.clip(px, 0, right)), int(np.clip(py + 1, 0, bottom))))
        assert isinstance(under, tuple)  # the picture is RGB
        self.draw.polygon(flat, tuple(int(part * strength) for part in under))

"""What lines a street: houses, fences, trees, painted pixel by pixel in NumPy, the farthest first."""

from dataclasses import dataclass

import numpy as np

from segnet_np.data.scene_backdrop import Backdrop, Street
from segnet_np.data.scene_view import ALL, BUILDING, FENCE, TREE, fraction, grey, noise_at, paint, rgb

# What a front is made of.
PLASTER, TRIM, GLASS, FASCIA, SLATE = range(5)


@dataclass(frozen=True)
class Style:
    """How a house looks. Lengths in metres; `broad` and `tall` are the window's share of its cell."""

    height: float
    roof: float
    storey: float
    pitch: float
    broad: float
    tall: float
    brick: bool
    shop: bool
    grain: float
    key: float
    colours: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator, reflection: np.ndarray) -> "Style":
        """Draw a house at random; its panes are dark or show a reflection."""
        storey = rng.uniform(2.7, 3.5)
        office = rng.random() < 0.25
        glass = grey(rng, 25, 70) if rng.random() < 0.75 else 0.75 * reflection
        walls = paint(rng, *ALL)
        return cls(
            height=storey * rng.integers(2, 7) + 0.5,
            roof=0 if office or rng.random() < 0.3 else rng.uniform(1.5, 3.5),
            storey=storey,
            pitch=rng.uniform(1.8, 3.4),
            broad=1.2 if office and rng.random() < 0.5 else rng.uniform(0.45, 0.65),
            tall=rng.uniform(0.42, 0.62),
            brick=bool(rng.random() < 0.7),
            shop=bool(rng.random() < 0.4),
            grain=rng.uniform(0.02, 0.06),
            key=rng.uniform(0, 256),
            colours=np.stack(
                [
                    walls,
                    0.5 * (walls + grey(rng, 120, 235)),
                    glass,
                    paint(rng, *ALL),
                    0.75 * paint(rng, "brick", "grey"),
                ]
            ),
        )


def line_street(backdrop: Backdrop, street: Street, side: int) -> None:
    """Line one side of the street (-1 left, 1 right) from its end to the camera: houses, gaps with trees."""
    view, rng = backdrop.view, backdrop.rng
    edge = street.kerb[0] if side < 0 else street.kerb[1]
    light = view.left if side < 0 else view.right
    # Green in summer, brown and yellow in autumn: it is the crown's glitter that makes a tree.
    season = rng.uniform(0.65, 1.25) if rng.random() < 0.7 else rng.uniform(1.2, 1.6)
    leaves = grey(rng, 50, 110, 4) * rgb(season, 1.08, rng.uniform(0.4, 0.95))
    green = rng.uniform(0.25, 0.7)
    z = street.end * rng.uniform(0.6, 0.9)
    while z > 1.6:
        near = max(z - rng.uniform(6, 14) * (1 + z / 40), 1.5)
        gap = rng.random() < green
        if gap:
            for at in np.sort(np.maximum(rng.uniform(near, z, rng.integers(1, 4)), 3))[::-1]:
                bush = rng.random() < 0.35
                out = edge + side * (rng.uniform(1, 3) if bush else rng.uniform(1.2, 4.5))
                tree(backdrop, out, at, rng.uniform(1.2, 2.4) if bush else rng.uniform(6, 11), leaves, bush)
            back = edge
        else:
            back = edge + side * (0 if rng.random() < 0.35 else rng.uniform(1, 3))
            style = Style.draw(rng, view.haze)
            facade(backdrop, (back, z), (back, near), style, light)
            if near > 2:
                facade(backdrop, (back, near), (back + side * 9, near), style, view.facing)
        if rng.random() < 0.9 and (gap or back != edge):
            fence(backdrop, (edge, z), (edge, near), light)
        z = near


def facade(
    backdrop: Backdrop, a: tuple[float, float], b: tuple[float, float], style: Style, light: float
) -> None:
    """Paint one wall of a house and the roof above it."""
    wall = backdrop.wall(a, b, style.height + style.roof)
    if wall is None:
        return
    along, up = wall.along, wall.up
    material = np.full(up.shape, PLASTER, np.uint8)
    tone = 1 + style.grain * backdrop.noise(up * 9, along * 9)
    if style.brick:
        courses = up * 5
        course = np.floor(courses)
        joint = (courses - course < 0.22) | (fraction(along * 2.5 + 0.5 * course) < 0.12)
        tone -= 0.35 * joint
    # How far, within its cell, a pixel is from the window's middle; the frame is larger than the panes.
    aside, above = abs(fraction(along / style.pitch) - 0.5), abs(fraction(up / style.storey) - 0.55)
    body = (up > 0.2) & (up < style.height - 0.4)
    frame = body & (aside < style.broad / 2 + 0.05) & (above < style.tall / 2 + 0.05)
    pane = frame & (aside < style.broad / 2) & (above < style.tall / 2) & (aside > 0.03) & (above > 0.025)
    material[frame] = TRIM
    material[pane] = GLASS
    # Each pane has a brightness of its own: a dark room, a curtain, a reflection.
    room = noise_at(np.floor(up / style.storey) * 53, np.floor(along / style.pitch) * 37 + style.key)
    tone = np.where(pane, 1 + 0.25 * room, tone)
    if style.shop:
        material[(up < 2.5) & (up > 0.5) & (fraction(along / 3.1) > 0.12)] = GLASS
        material[(up > 2.5) & (up < 3.2)] = FASCIA
    material[(up > style.height - 0.35)] = TRIM
    if style.roof:
        roof = up > style.height
        material[roof] = SLATE
        tone -= 0.15 * (roof & (fraction(up * 3) < 0.3))
    mask = (up > 0) & (up < style.height + style.roof)
    backdrop.paint(wall.rows, wall.columns, mask, style.colours[material], tone * light, wall.z, BUILDING)


def fence(backdrop: Backdrop, a: tuple[float, float], b: tuple[float, float], light: float) -> None:
    """Paint boards or railings; what shows through railings is labelled a fence as well."""
    rng = backdrop.rng
    height = rng.uniform(1.5, 2.3)
    wall = backdrop.wall(a, b, height)
    if wall is None:
        return
    along, up = wall.along, wall.up
    whole = (up > 0) & (up < height)
    if rng.random() < 0.7:
        pitch = rng.uniform(0.3, 0.5)
        board = fraction(along / pitch)
        painted = whole & (up < height - 0.12 * board)
        tone = 1 + 0.12 * backdrop.noise(up * 3, along * 14) - 0.6 * (board < 0.25)
        tone -= 0.3 * (abs(up - height / 2) < 0.05)
    else:
        pitch = rng.uniform(0.3, 0.5)
        bar = (fraction(along / pitch) < 0.5) | (abs(up - height + 0.1) < 0.11) | (abs(up - 0.3) < 0.1)
        painted = whole & bar
        tone = np.ones_like(up)
    backdrop.paint(
        wall.rows,
        wall.columns,
        painted,
        paint(rng, "wood", "wood", "dark", "grey"),
        tone * light,
        wall.z,
        None,
    )
    np.copyto(backdrop.labels[wall.rows, wall.columns], np.uint8(FENCE), where=whole)


def tree(backdrop: Backdrop, x: float, z: float, height: float, leaves: np.ndarray, bush: bool) -> None:
    """Paint a crown of leaves, ragged at its border and lit from above, and a trunk unless it is a bush."""
    view, rng = backdrop.view, backdrop.rng
    spread = height * (rng.uniform(0.6, 1.1) if bush else rng.uniform(0.36, 0.52))
    bottom = 0 if bush else height * rng.uniform(0.25, 0.4)
    half, middle = (height - bottom) / 2, (height + bottom) / 2
    scale = view.focal / z
    px, foot = view.project((x, 0, z))
    py = foot - middle * scale
    broad = max(0.035 * height * scale, 1.5)
    trunk = None if bush else backdrop.window(px - broad, py, px + broad, foot)
    if trunk is not None:
        bark = grey(rng, 40, 85) + rgb(6, 0, -8)
        everywhere = np.ones(backdrop.labels[trunk].shape, bool)
        backdrop.paint(*trunk, everywhere, bark, everywhere.astype(np.float32), z, TREE)
    reach = 1.3 * scale
    crown = backdrop.window(px - reach * spread, py - reach * half, px + reach * spread, py + reach * half)
    if crown is None:
        return
    rows, columns = crown
    u = np.arange(columns.start, columns.stop, dtype=np.float32) - px
    v = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - py
    clumps = backdrop.noise(v * (6 / scale), u * (6 / scale))
    mask = (u / (spread * scale)) ** 2 + (v / (half * scale)) ** 2 + 0.16 * clumps < 1
    # Leaves stay the same few pixels from near and far, as a camera sees their glitter.
    tone = 0.9 + 0.5 * backdrop.noise(v / 3, u / 3) + 0.15 * clumps - 0.2 * v / (half * scale)
    tone = np.maximum(tone, 0.15)
    backdrop.paint(rows, columns, mask, leaves, tone, z, TREE)

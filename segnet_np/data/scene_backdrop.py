"""The far and the flat of a street scene, painted pixel by pixel in NumPy: sky, skyline, road, pavements."""

from dataclasses import dataclass

import numpy as np

from segnet_np.data.scene_view import (
    BUILDING,
    PAVEMENT,
    ROAD,
    SKY,
    TREE,
    View,
    fraction,
    grey,
    noise_at,
    paint,
    rgb,
)


@dataclass(frozen=True)
class Street:
    """Where, across, the road and the pavements beside it end, and how far away the street does."""

    road: tuple[float, float]
    kerb: tuple[float, float]
    end: float


@dataclass(frozen=True)
class Wall:
    """The pixels of an upright wall.

    Each column has its distance `z` and its place `along` the wall, each pixel its height `up`.
    """

    rows: slice
    columns: slice
    z: np.ndarray
    along: np.ndarray
    up: np.ndarray


class Backdrop:
    """The doubled picture while it is painted: `rgb` float32 (H, W, 3) and `labels` uint8 (H, W)."""

    def __init__(self, view: View, rng: np.random.Generator) -> None:
        self.view = view
        self.rng = rng
        self.rgb = np.empty((view.height, view.width, 3), np.float32)
        self.labels = np.full((view.height, view.width), SKY, np.uint8)
        # Where pixels are as seen from the camera, to the right of it and below it, in units of z.
        self.across = ((np.arange(view.width) + 0.5 - view.centre) / view.focal).astype(np.float32)
        self.down = ((np.arange(view.height) + 0.5 - view.horizon) / view.focal).astype(np.float32)

    def below(self, rows: slice, columns: slice) -> np.ndarray:
        """How far below the horizon pixels are, in units of z."""
        return self.down[rows, None] - np.float32(self.view.roll) * self.across[None, columns]

    def noise(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Noise that is another one each time it is asked for."""
        return noise_at(u + np.float32(self.rng.uniform(0, 256)), v + np.float32(self.rng.uniform(0, 256)))

    def window(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice] | None:
        """The rows and columns of a box that are in the picture, or None."""
        rows = np.s_[max(int(top), 0) : min(int(bottom) + 1, self.view.height)]
        columns = np.s_[max(int(left), 0) : min(int(right) + 1, self.view.width)]
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None

    def wall(self, a: tuple[float, float], b: tuple[float, float], height: float) -> Wall | None:
        """Find the wall that stands on the ground from (x, z) = a to b, or None where it is out of sight."""
        view = self.view
        ends = [view.project((x, y, z)) for x, z in (a, b) for y in (0, height)]
        px, py = zip(*ends, strict=True)
        found = self.window(min(px), min(py), max(px), max(py))
        if found is None:
            return None
        rows, columns = found
        (ax, az), (bx, bz) = ((x + view.bend * z * z, z) for x, z in (a, b))
        ray = self.across[columns]
        crossing = (bx - ax) - ray * (bz - az)
        along = np.clip((az * ray - ax) / np.where(abs(crossing) < 1e-6, 1e-6, crossing), 0, 1)
        z = (az + along * (bz - az)).astype(np.float32)
        up = np.float32(view.eye) - self.below(rows, columns) * z
        return Wall(rows, columns, z, (along * np.hypot(bx - ax, bz - az)).astype(np.float32), up)

    def paint(
        self,
        rows: slice,
        columns: slice,
        mask: np.ndarray,
        colour: np.ndarray,
        tone: np.ndarray,
        z: float | np.ndarray,
        label: int | np.ndarray | None,
    ) -> None:
        """Paint the masked pixels of a window with colour times tone, as seen from a distance z."""
        clear = self.view.clear(z)
        seen = colour * (tone * clear)[..., None]
        seen += self.view.haze * (1 - np.asarray(clear, np.float32)[..., None])
        np.copyto(self.rgb[rows, columns], seen, where=mask[..., None])
        if label is not None:
            np.copyto(self.labels[rows, columns], np.uint8(label), where=mask)


def sky(backdrop: Backdrop, zenith: np.ndarray, clouds: np.ndarray, cover: float) -> None:
    """Fill everything above the horizon with a sky that pales towards it, clouds drifting over it."""
    view = backdrop.view
    bottom = int(np.clip(view.horizon + abs(view.roll) * view.width + 4, 1, view.height))
    rows, columns = np.s_[:bottom], np.s_[:]
    high = np.clip(backdrop.below(rows, columns) * (-1.6 * view.focal / view.height), 0, 1)
    stretch = 14 / (0.25 + high)
    cloud = backdrop.noise(stretch * 1.7, backdrop.across * stretch * 1.5)
    cloud = 0.8 * np.clip(0.5 * cloud + cover, 0, 1)[..., None]
    backdrop.rgb[bottom:] = view.haze
    clear = view.haze + high[..., None] * (zenith - view.haze)
    backdrop.rgb[rows] = clear + cloud * (clouds - clear)


def skyline(backdrop: Backdrop, street: Street) -> None:
    """Put distant houses and trees where the street ends."""
    view, rng = backdrop.view, backdrop.rng
    left = 0.0
    while left < view.width:
        wood = rng.random() < 0.6
        right = left + view.focal * rng.uniform(0.15, 0.4)
        found = backdrop.window(
            left, view.horizon - 0.2 * view.focal, right, view.horizon + 0.06 * view.focal
        )
        left = right
        if found is None:
            continue
        rows, columns = found
        tall = np.full(columns.stop - columns.start, rng.uniform(0.03, 0.06))
        across, down = backdrop.across[columns] * view.focal / 3, backdrop.down[rows, None] * view.focal / 3
        if wood:
            colour, label, rough = grey(rng, 55, 95) * rgb(0.9, 1.1, 0.6), TREE, 0.4
            tall += 0.012 * backdrop.noise(np.zeros(1, np.float32), across / 2)
        else:
            colour, label, rough = paint(rng, "grey", "brick", "sand"), BUILDING, 0.1
        mask = -backdrop.below(rows, columns) < tall
        tone = np.maximum(1 + rough * backdrop.noise(down, across), 0.2)
        backdrop.paint(rows, columns, mask, colour, tone, 0.5 * street.end, label)


# What the ground is made of; the first three are its labels' order as well.
ASPHALT, SLABS, GRASS, PAINT = range(4)
GROUND_LABELS = np.array([ROAD, PAVEMENT, TREE, ROAD], np.uint8)


def ground(backdrop: Backdrop, street: Street, sunny: bool) -> None:
    """Lay the road with its markings, kerbs, pavements, and green beyond them."""
    view, rng = backdrop.view, backdrop.rng
    top = int(np.clip(view.horizon - abs(view.roll) * view.width, 0, view.height - 1))
    rows, columns = np.s_[top:], np.s_[:]
    below = backdrop.below(rows, columns)
    nearest = np.float32(view.eye / street.end)
    z = np.float32(view.eye) / np.maximum(below, nearest)
    x = (backdrop.across - np.float32(view.bend) * z) * z
    left, right = street.road

    material = np.full(x.shape, GRASS, np.uint8)
    material[(x > street.kerb[0]) & (x < street.kerb[1])] = SLABS
    on_road = (x > left) & (x < right)
    material[on_road] = ASPHALT
    material[on_road & _marked(street, x, z, rng)] = PAINT

    asphalt, slabs = grey(rng, 50, 145, 3), grey(rng, 70, 185, 5)
    if rng.random() < 0.35:
        slabs *= rgb(1.15, 0.92, 0.82)
    grass = grey(rng, 70, 110) * rgb(0.85, 1.15, 0.5)
    white = rgb(225, 222, 212) if rng.random() < 0.75 else rgb(215, 180, 80)
    lines = asphalt + rng.uniform(0.5, 0.95) * (white - asphalt)

    broad = backdrop.noise(x * 3, z * 3)
    rough = np.array([0.03, 0.15, 0.4, 0.03], np.float32)[material]
    tone = 1 + rough * backdrop.noise(x * 14, z * 14) + 0.06 * broad
    slab, flag = rng.uniform(0.6, 1.1), rng.uniform(0.6, 1.3)
    joint = (fraction(x / slab) < 0.1) | (fraction(z / flag) < 0.04 + 0.007 * z)
    tone -= 0.4 * (joint & (material == SLABS))
    kerb = np.minimum(abs(x - left), abs(x - right)) < 0.12
    tone += kerb * np.where(on_road, np.float32(-0.15), np.float32(0.22))
    if sunny:
        # Houses shade one side of the street, trees and what not the rest here and there.
        shade = (x - rng.uniform(left - 1, right + 1)) * rng.choice((-1, 1)) > 0.5 * broad
        shade |= backdrop.noise(x * 1.5, z * 1.5) > rng.uniform(0.8, 2.5)
        tone *= np.where(shade, np.float32(rng.uniform(0.45, 0.7)), np.float32(1))
    colours = np.stack([asphalt, slabs, grass, lines])
    backdrop.paint(rows, columns, below > nearest, colours[material], tone, z, GROUND_LABELS[material])


def _marked(street: Street, x: np.ndarray, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dashes in the middle of the road, lines along its edges, now and then a zebra crossing."""
    left, right = street.road
    dash, gap = rng.uniform(1.5, 4), rng.uniform(1.5, 5)
    marked = (abs(x - (left + right) / 2) < 0.09) & (
        fraction((z + rng.uniform(0, 9)) / (dash + gap)) < dash / (dash + gap)
    )
    if rng.random() < 0.5:
        marked |= abs(np.minimum(x - left, right - x) - 0.45) < 0.06
    if rng.random() < 0.3:
        marked |= (abs(z - rng.uniform(5.5, 15)) < 1.5) & (fraction(x) < 0.5)
    return marked

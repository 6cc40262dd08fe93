"""The still parts of a street scene: sky, ground, facades, fences, trees, painted pixel by pixel in NumPy."""

from dataclasses import dataclass

import numpy as np

from segnet_np.data.scene_view import (
    BUILDING,
    FENCE,
    PAVEMENT,
    ROAD,
    SKY,
    TREE,
    View,
    any_colour,
    grey,
    noise_at,
)


@dataclass(frozen=True)
class Street:
    """The plan of the street: where, across, the road and the pavements end, and the far end."""

    road: tuple[float, float]
    kerb: tuple[float, float]
    end: float


class Backdrop:
    """The doubled picture while it is painted: `rgb` float32 (H, W, 3) and `labels` uint8 (H, W)."""

    def __init__(self, view: View, rng: np.random.Generator) -> None:
        self.view = view
        self.rng = rng
        self.rgb = np.empty((view.height, view.width, 3), np.float32)
        self.labels = np.full((view.height, view.width), SKY, np.uint8)
        # Pixel centres as seen from the camera: to the right of it and below it, in units of z.
        self.across = ((np.arange(view.width, dtype=np.float32) + 0.5) - view.centre) / view.focal
        self.down = ((np.arange(view.height, dtype=np.float32) + 0.5) - view.horizon) / view.focal

    def below(self, rows: slice, columns: slice) -> np.ndarray:
        """How far below the horizon pixels are, in units of z."""
        return self.down[rows, None] - self.view.roll * self.across[None, columns]

    def offset(self) -> float:
        """Somewhere on the noise tile."""
        return self.rng.uniform(0, 256)

    def sky(self, zenith: np.ndarray, clouds: np.ndarray, cover: float) -> None:
        """Fill all with a sky that pales to the haze at the horizon, clouds on it."""
        view = self.view
        height = np.clip(-self.below(np.s_[:], np.s_[:]) * view.focal / view.height * 1.6, 0, 1)[..., None]
        self.rgb[:] = view.haze + height * (zenith - view.haze)
        stretch = 18 / (0.25 + height[..., 0])
        cloud = noise_at(self.across * stretch + self.offset(), stretch * 1.5 + self.offset())
        cloud = np.clip(0.5 * cloud + cover, 0, 1)[..., None] * 0.8
        self.rgb += cloud * (clouds - self.rgb)

    def skyline(self, street: Street) -> None:
        """Distant houses and trees where the street ends."""
        view, rng = self.view, self.rng
        at = 0
        while at < view.width:
            broad = int(view.focal * rng.uniform(0.04, 0.16))
            columns = np.s_[at : at + broad]
            at += broad
            tree = rng.random() < 0.5
            tall = rng.uniform(0.03, 0.16) * np.ones(len(self.across[columns]), np.float32)
            if tree:
                tall += 0.02 * noise_at(
                    self.across[columns] * 150 + self.offset(), np.float32([self.offset()])
                )
            colour = grey(rng, 50, 90) + (-8, 8, -12) if tree else any_colour(rng)
            top = int(max(view.horizon - view.focal * 0.3, 0))
            bottom = int(min(max(view.horizon + view.focal * 0.06, top), view.height))
            rows = np.s_[top:bottom]
            mask = -self.below(rows, columns) < tall
            mottled = (
                colour
                * (
                    1
                    + 0.15
                    * noise_at(self.down[rows, None] * 300 + self.offset(), self.across[None, columns] * 300)
                )[..., None]
            )
            colour = view.haze + view.clear(street.end) * (mottled - view.haze)
            self.fill(rows, columns, mask, colour, TREE if tree else BUILDING)

    def fill(self, rows: slice, columns: slice, mask: np.ndarray, colour: np.ndarray, label: int) -> None:
        """Paint the masked pixels of a window."""
        np.copyto(self.rgb[rows, columns], colour, where=mask[..., None])
        np.copyto(self.labels[rows, columns], np.uint8(label), where=mask)

    def ground(self, street: Street, sunny: bool) -> None:
        """Road with its markings, kerbs, pavements, and green beyond them."""
        view, rng = self.view, self.rng
        slack = abs(view.roll) * view.width
        top = int(np.clip(view.horizon - slack, 0, view.height - 1))
        rows, columns = np.s_[top:], np.s_[:]
        below = self.below(rows, columns)
        seen = below > view.eye / street.end
        z = view.eye / np.maximum(below, view.eye / street.end)
        x = self.across * z - view.bend * z * z
        left, right = street.road
        on_road = (x > left) & (x < right)
        paved = (x > street.kerb[0]) & (x < street.kerb[1]) & ~on_road

        fine = noise_at(x * 20 + self.offset(), z * 20 + self.offset())
        broad = noise_at(x * 3 + self.offset(), z * 3 + self.offset())
        asphalt, slabs = grey(rng, 55, 150), grey(rng, 75, 185)
        if rng.random() < 0.35:
            slabs = slabs * np.float32((1.15, 0.92, 0.82))
        green = grey(rng, 60, 110) * np.float32((0.95, 1.12, 0.6))
        tone = np.where(on_road, 1 + 0.05 * fine + 0.07 * broad, 1 + 0.06 * fine + 0.04 * broad)
        tone = np.where(on_road | paved, tone, 1 + 0.16 * fine + 0.1 * broad)
        across_slab, along_slab = rng.uniform(0.5, 1.1), rng.uniform(0.5, 1.3)
        joint = ((x % across_slab) < 0.06) | ((z % along_slab) < 0.02 + 0.004 * z)
        tone -= 0.22 * (paved & joint)
        kerb = np.minimum(abs(x - left), abs(x - right)) < 0.12
        tone += 0.22 * (kerb & ~on_road) - 0.15 * (kerb & on_road)
        if sunny:
            # Houses shade one side of the street, and trees here and there.
            edge = rng.uniform(left - 1, right + 1)
            shade = (x - edge) * rng.choice((-1, 1)) > 0.5 * broad
            shade |= noise_at(x * 1.5 + self.offset(), z * 1.5 + self.offset()) > rng.uniform(0.8, 2.5)
            tone *= np.where(shade, rng.uniform(0.45, 0.7), 1)
        rgb = (
            np.where(on_road[..., None], asphalt, np.where(paved[..., None], slabs, green)) * tone[..., None]
        )
        self.markings(street, x, z, on_road, rgb)
        clear = view.clear(z)[..., None]
        label = np.where(on_road, ROAD, np.where(paved, PAVEMENT, TREE))
        rgb = view.haze + clear * (rgb - view.haze)
        np.copyto(self.rgb[rows], rgb, where=seen[..., None])
        np.copyto(self.labels[rows], label.astype(np.uint8), where=seen)

    def markings(
        self, street: Street, x: np.ndarray, z: np.ndarray, on_road: np.ndarray, rgb: np.ndarray
    ) -> None:
        """Dashes in the middle, lines along the edges, now and then a zebra crossing."""
        rng = self.rng
        left, right = street.road
        middle = (left + right) / 2
        dash, gap = rng.uniform(1.5, 4), rng.uniform(1.5, 5)
        line = (abs(x - middle) < 0.09) & (((z + rng.uniform(0, 9)) % (dash + gap)) < dash)
        paint = np.float32((225, 222, 212)) if rng.random() < 0.75 else np.float32((215, 180, 80))
        if rng.random() < 0.5:
            line |= abs(np.minimum(x - left, right - x) - 0.45) < 0.06
        if rng.random() < 0.3:
            near = rng.uniform(4, 14)
            line |= (abs(z - near - 1.5) < 1.5) & ((x % 1.0) < 0.5)
        worn = rng.uniform(0.5, 0.95)
        rgb += (worn * (line & on_road))[..., None] * (paint - rgb)

    def wall(
        self, a: tuple[float, float], b: tuple[float, float], height: float
    ) -> tuple[slice, slice, np.ndarray, np.ndarray, np.ndarray] | None:
        """Find the pixels of an upright wall from (x, z) = a to b on the ground.

        Returns their rows and columns, and of each column the distance z and the position along the wall,
        and of each pixel its height above the ground; None where the wall is out of sight.
        """
        view = self.view
        ends = [view.project((x, y, z)) for x, z in (a, b) for y in (0, height)]
        low, high = min(e[0] for e in ends), max(e[0] for e in ends)
        columns = np.s_[max(int(low), 0) : min(int(np.ceil(high)), view.width)]
        rows = np.s_[
            max(int(min(e[1] for e in ends)), 0) : min(int(max(e[1] for e in ends)) + 2, view.height)
        ]
        if columns.stop <= columns.start or rows.stop <= rows.start:
            return None
        (ax, az), (bx, bz) = ((x + view.bend * z * z, z) for x, z in (a, b))
        ray = self.across[columns]
        crossing = (bx - ax) - ray * (bz - az)
        along = np.clip((az * ray - ax) / np.where(abs(crossing) < 1e-6, 1e-6, crossing), 0, 1)
        z = az + along * (bz - az)
        up = view.eye - self.below(rows, columns) * z
        return rows, columns, z, along * np.hypot(bx - ax, bz - az), up

    def facade(self, a: tuple[float, float], b: tuple[float, float], style: "Style", light: float) -> None:
        """Paint one wall of a house, its roof above it."""
        found = self.wall(a, b, style.height + style.roof)
        if found is None:
            return
        rows, columns, z, along, up = found
        view = self.view
        grain = noise_at(along * 9 + self.offset(), up * 9 + self.offset())
        tone = 1 + style.grain * grain
        if style.brick:
            course = (up * 5).astype(np.int32)
            tone -= 0.18 * ((up * 5 % 1 < 0.22) | ((along * 2.5 + 0.5 * (course & 1)) % 1 < 0.12))
        rgb = style.colour * tone[..., None]
        u, v = along / style.pitch % 1, up / style.storey % 1
        inside = np.where(style.ribbon, True, abs(u - 0.5) < style.broad / 2) & (
            abs(v - 0.55) < style.tall / 2
        )
        frame = (abs(u - 0.5) < style.broad / 2 + 0.05) & (abs(v - 0.55) < style.tall / 2 + 0.05)
        frame &= ~inside
        body = (up < style.height - 0.4) & (up > 0.2)
        rgb += (frame & body)[..., None] * (0.6 * (style.trim - rgb))
        # Panes differ from window to window: a reflection of the sky or a dark room.
        cell = noise_at(np.floor(along / style.pitch) * 37 + style.key, np.floor(up / style.storey) * 53)
        pane = style.glass * (0.8 + 0.25 * cell + 0.25 * v)[..., None]
        bar = (abs(u - 0.5) < 0.03) | (abs(v - 0.55) < 0.025)
        rgb = np.where((inside & body & ~bar)[..., None], pane, rgb)
        if style.shop:
            ground = up < 2.5
            post = (along / 3.1 % 1) < 0.12
            rgb = np.where(
                (ground & ~post & (up > 0.5))[..., None], style.glass * (0.6 + 0.2 * grain[..., None]), rgb
            )
            rgb = np.where(((up >= 2.5) & (up < 3.2))[..., None], style.fascia, rgb)
        eaves = (up > style.height - 0.35) & (up < style.height)
        rgb += eaves[..., None] * (0.7 * (style.trim - rgb))
        tiles = (up > style.height)[..., None]
        rgb = np.where(tiles, style.slate * (1 + 0.1 * grain - 0.15 * (up * 3 % 1 < 0.3))[..., None], rgb)
        rgb = view.haze + view.clear(z)[:, None] * (rgb * light - view.haze)
        self.fill(rows, columns, (up > 0) & (up < style.height + style.roof), rgb, BUILDING)

    def fence(self, a: tuple[float, float], b: tuple[float, float], light: float) -> None:
        """Paint boards or railings; what shows through railings is a fence as well."""
        rng = self.rng
        height = rng.uniform(1.0, 1.9)
        found = self.wall(a, b, height)
        if found is None:
            return
        rows, columns, z, along, up = found
        colour = any_colour(rng) * light
        if rng.random() < 0.45:
            pitch = rng.uniform(0.14, 0.3)
            gap = along / pitch % 1 < 0.18
            grain = noise_at(along * 14 + self.offset(), up * 3 + self.offset())
            rgb = colour * (1 + 0.12 * grain - 0.4 * gap - 0.3 * (abs(up - height * 0.5) < 0.05))[..., None]
            painted = (up > 0) & (up < height - 0.12 * (along / pitch % 1))
        else:
            pitch = rng.uniform(0.25, 0.5)
            bar = (along / pitch % 1 < 0.4) | (abs(up - height + 0.08) < 0.09) | (abs(up - 0.25) < 0.08)
            post = along / (pitch * 6) % 1 < 0.12
            rgb = np.broadcast_to(colour, (*up.shape, 3))
            painted = (up > 0) & (up < height) & (bar | post)
        rgb = self.view.haze + self.view.clear(z)[:, None] * (rgb - self.view.haze)
        np.copyto(self.rgb[rows, columns], rgb, where=painted[..., None])
        np.copyto(self.labels[rows, columns], np.uint8(FENCE), where=(up > 0) & (up < height))

    def tree(self, x: float, z: float, height: float, leaves: np.ndarray, bush: bool = False) -> None:
        """Paint a crown of leaves with a ragged border, light from above, and a trunk unless it is a bush."""
        view, rng = self.view, self.rng
        spread = height * (rng.uniform(0.6, 1.1) if bush else rng.uniform(0.28, 0.42))
        bottom = 0 if bush else height * rng.uniform(0.25, 0.4)
        px, foot = view.project((x, 0, z))
        _, middle = view.project((x, (height + bottom) / 2, z))
        scale = view.focal / z
        rx, ry = spread * scale, (height - bottom) / 2 * scale
        if not bush:
            self.trunk(px, middle, foot, 0.035 * height * scale, z)
        rows = np.s_[max(int(middle - 1.3 * ry), 0) : max(min(int(middle + 1.3 * ry), view.height), 0)]
        columns = np.s_[max(int(px - 1.3 * rx), 0) : max(min(int(px + 1.3 * rx), view.width), 0)]
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return
        u = (np.arange(columns.start, columns.stop, dtype=np.float32) - px) / scale
        v = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - middle) / scale
        clumps = noise_at(u * 6 + self.offset(), v * 6 + self.offset())
        radius = (u / spread) ** 2 + (v / ((height - bottom) / 2)) ** 2
        mask = radius + 0.16 * clumps < 1
        leaf = noise_at(u * 16 + self.offset(), v * 16 + self.offset())
        tone = 0.85 + 0.22 * leaf + 0.14 * clumps - 0.25 * v / height
        rgb = view.haze + view.clear(z) * (leaves * tone[..., None] - view.haze)
        self.fill(rows, columns, mask, rgb, TREE)

    def trunk(self, px: float, top: float, foot: float, broad: float, z: float) -> None:
        """The trunk, an upright bar in bark's colour."""
        broad = max(broad, 1.5)
        rows = np.s_[max(int(top), 0) : max(min(int(foot), self.view.height), 0)]
        columns = np.s_[max(int(px - broad), 0) : max(min(int(px + broad), self.view.width), 0)]
        if rows.stop > rows.start and columns.stop > columns.start:
            bark = grey(self.rng, 40, 85) + np.float32((6, 0, -8))
            bark = self.view.haze + self.view.clear(z) * (bark - self.view.haze)
            self.rgb[rows, columns] = bark
            self.labels[rows, columns] = TREE


@dataclass(frozen=True)
class Style:
    """How a house looks. Lengths in metres; `broad` and `tall` are the window's share of its cell."""

    height: float
    roof: float
    storey: float
    pitch: float
    broad: float
    tall: float
    ribbon: bool
    brick: bool
    shop: bool
    grain: float
    key: float
    colour: np.ndarray
    trim: np.ndarray
    glass: np.ndarray
    slate: np.ndarray
    fascia: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator, haze: np.ndarray) -> "Style":
        """Draw a house at random."""
        storey = rng.uniform(2.7, 3.5)
        storeys = rng.integers(2, 7)
        office = rng.random() < 0.25
        return cls(
            height=storey * storeys + 0.5,
            roof=0 if office or rng.random() < 0.4 else rng.uniform(1.5, 3.5),
            storey=storey,
            pitch=rng.uniform(1.8, 3.4),
            broad=rng.uniform(0.35, 0.65),
            tall=rng.uniform(0.42, 0.62),
            ribbon=bool(office and rng.random() < 0.5),
            brick=bool(rng.random() < 0.5),
            shop=bool(rng.random() < 0.4),
            grain=rng.uniform(0.03, 0.12),
            key=rng.uniform(0, 256),
            colour=any_colour(rng),
            trim=grey(rng, 60, 225),
            glass=grey(rng, 35, 80) if rng.random() < 0.6 else 0.75 * haze,
            slate=any_colour(rng) * 0.7,
            fascia=any_colour(rng),
        )

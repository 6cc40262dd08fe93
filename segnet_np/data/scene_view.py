"""What all painters of a street scene share: the labels, the camera, the light, the palette, the noise.

World coordinates are metres: x to the right, y up from the road, z ahead of the camera. Pictures are
painted at twice their size and averaged in the end, so a pixel here is half a pixel of the scene.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from segnet_np.data.classes import CAMVID

SKY, BUILDING, POLE, ROAD, PAVEMENT, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST = range(CAMVID.num_classes)
VOID = 11

Point = tuple[float, float, float]

# What people build, paint and wear. Houses come in all of these and whatever else there is in some of them:
# no colour belongs to one class alone, and shape, texture and place have to tell the rest.
PALETTES = {
    "grey": ((58, 60, 64), (96, 98, 100), (140, 140, 138), (172, 172, 170), (214, 214, 208)),
    "brick": ((150, 78, 60), (122, 62, 52), (168, 96, 74), (112, 80, 62)),
    "sand": ((176, 140, 104), (206, 184, 146), (224, 208, 180)),
    "wood": ((128, 90, 54), (150, 108, 66), (96, 66, 44), (216, 212, 200), (66, 84, 50)),
    "green": ((62, 84, 40), (84, 104, 56), (48, 66, 34)),
    "dark": ((34, 36, 48), (44, 44, 78), (70, 36, 52), (52, 44, 40), (84, 30, 34)),
    "bright": ((220, 196, 50), (226, 132, 40), (176, 204, 60), (232, 90, 60)),
    "enamel": ((34, 74, 160), (172, 34, 38), (40, 110, 76), (214, 176, 46)),
    "blue": ((70, 90, 124), (110, 134, 166), (60, 70, 110)),
}
ALL = ("grey", "grey", "brick", "brick", "sand", "wood", "green", "dark", "bright", "enamel", "blue")


@dataclass(frozen=True)
class View:
    """The camera and the light of one scene.

    `focal`, `centre`, `horizon` are pixels of the doubled picture; `eye` is the camera's height; `roll` tilts
    the picture; `bend` is the road's sideways shift per z squared. `left`, `right`, `facing` say how bright
    walls are on the left, on the right and across; `haze` is the colour that things fade to and `reach` the
    distance in which they do.
    """

    height: int
    width: int
    focal: float
    centre: float
    horizon: float
    roll: float
    eye: float
    bend: float
    left: float
    right: float
    facing: float
    haze: np.ndarray
    reach: float

    def project(self, point: Point) -> tuple[float, float]:
        """Where a point of the world is in the picture."""
        x, y, z = point
        across = self.focal * (x + self.bend * z * z) / z
        return self.centre + across, self.horizon + self.roll * across + self.focal * (self.eye - y) / z

    def clear(self, z: float | np.ndarray) -> float | np.ndarray:
        """How much of a thing's own colour is left at distance z; the rest is haze."""
        return np.exp(-z / self.reach)


@lru_cache(maxsize=1)
def noise_tile() -> np.ndarray:
    """A tile of noise that repeats seamlessly, 256 cells of 4x4 values a side.

    It holds smooth blotches of 32 cells down to grain of one cell, all equally strong; mean 0, deviation 1.
    """
    rng = np.random.default_rng(20151102)
    across = np.fft.rfftfreq(1024, 1 / 1024)
    down = np.fft.fftfreq(1024, 1 / 1024)
    frequency = np.hypot(down[:, None], across)  # periods in the tile
    tile = np.zeros((1024, 1024))
    for periods in (8, 16, 32, 64, 128, 256):
        grain = np.fft.rfft2(rng.standard_normal((1024, 1024)))
        octave = np.fft.irfft2(grain * np.exp(-((frequency / periods) ** 2)), s=tile.shape)
        tile += octave / octave.std()
    return ((tile - tile.mean()) / tile.std()).astype(np.float32)


def noise_at(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Look the noise up at (u, v), counted in cells of the tile."""
    return noise_tile()[(u * 4).astype(np.int32) & 1023, (v * 4).astype(np.int32) & 1023]


def fraction(x: np.ndarray) -> np.ndarray:
    """The part after the point, as `x % 1` but several times faster."""
    return x - np.floor(x)


def paint(rng: np.random.Generator, *palettes: str) -> np.ndarray:
    """A colour near one of the named palettes', each of which is as likely."""
    colours = PALETTES[palettes[rng.integers(len(palettes))]]
    colour = rgb(*colours[rng.integers(len(colours))]) * rng.uniform(0.8, 1.15)
    return np.clip(colour + rng.normal(0, 6, 3), 12, 245).astype(np.float32)


def rgb(red: float, green: float, blue: float) -> np.ndarray:
    """A colour."""
    return np.array((red, green, blue), np.float32)


def grey(rng: np.random.Generator, low: float, high: float, tint: float = 6) -> np.ndarray:
    """A grey between low and high, a little tinted."""
    return (rng.uniform(low, high) + rng.normal(0, tint, 3)).astype(np.float32)

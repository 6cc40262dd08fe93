"""Street scenes made up from a seed: pictures with labels of CamVid's classes, without a photograph.

Each scene is a street seen from a car: its bends and widths, what stands along it and moves on it, weather,
light and camera are drawn at random. Grey cars stand before grey houses under a grey sky; what tells the
classes apart is shape, texture and place. The picture is painted at twice its size and averaged; a label is
that of one of the four pixels that are averaged.
"""

import numpy as np

from segnet_np.data import scene_objects as objects
from segnet_np.data.classes import CAMVID, Classes
from segnet_np.data.scene_backdrop import Backdrop, Street, ground, sky, skyline
from segnet_np.data.scene_pen import Pen
from segnet_np.data.scene_roadside import line_street
from segnet_np.data.scene_view import View, grey, rgb

MIN_SIDE = 32

# What stands along the pavements, and how often.
ALONG = (objects.pedestrian, objects.lamp_post, objects.sign, objects.traffic_light, objects.litter)
OFTEN = (0.4, 0.22, 0.2, 0.12, 0.06)


def street_scene(seed: int, size: tuple[int, int] = (96, 128)) -> tuple[np.ndarray, np.ndarray]:
    """Paint the street scene of a seed.

    Parameters
    ----------
    seed : int
        Not negative. The same seed and size give the same bytes.
    size : (height, width)
        At least 32 each.

    Returns
    -------
    image : ndarray of uint8, shape (H, W, 3)
    labels : ndarray of uint8, shape (H, W)
        0..10 are the classes of `CAMVID`, 11 is void.

    Raises
    ------
    ValueError
        When a side is smaller than 32 or the seed is negative.

    Examples
    --------
    >>> image, labels = street_scene(7)
    >>> image.shape, labels.shape
    ((96, 128, 3), (96, 128))
    """
    height, width = size
    if min(height, width) < MIN_SIDE:
        raise ValueError(f"street_scene: size {height}x{width}, expected at least {MIN_SIDE}x{MIN_SIDE}")
    if seed < 0:
        raise ValueError(f"street_scene: seed {seed}, expected at least 0")
    rng = np.random.default_rng(seed)
    weather = rng.choice(("sun", "clouds", "overcast", "dusk", "fog"), p=(0.35, 0.25, 0.28, 0.09, 0.03))
    view = _view(2 * height, 2 * width, weather, rng)
    street = _street(rng)
    backdrop = _backdrop(view, street, weather, rng)
    rgb = np.clip(backdrop.rgb, 0, 255).astype(np.uint8)
    pen = Pen(rgb, backdrop.labels, view, rng)
    _populate(pen, street)
    fine = np.asarray(pen.image, np.float32)
    image = (fine[0::2, 0::2] + fine[0::2, 1::2] + fine[1::2, 0::2] + fine[1::2, 1::2]) / 4
    return _photograph(image, rng), np.asarray(pen.labels)[1::2, 1::2].copy()


def _view(height: int, width: int, weather: str, rng: np.random.Generator) -> View:
    haze = {
        "sun": lambda: rgb(200, 210, 220) * rng.uniform(0.6, 1.05),
        "clouds": lambda: grey(rng, 110, 230, 4),
        "overcast": lambda: grey(rng, 75, 220, 4),
        "dusk": lambda: rgb(214, 160, 120) * rng.uniform(0.6, 1.05),
        "fog": lambda: grey(rng, 140, 200, 3),
    }[weather]()
    contrast = rng.uniform(0.25, 0.5) if weather in ("sun", "dusk") else rng.uniform(0, 0.12)
    sun = rng.choice((-1, 1)) * contrast
    return View(
        height=height,
        width=width,
        focal=height * rng.uniform(1.05, 1.45),
        centre=width * rng.uniform(0.38, 0.62),
        horizon=height * rng.uniform(0.36, 0.56),
        roll=rng.normal(0, 0.02),
        eye=rng.uniform(1.25, 1.9),
        bend=rng.normal(0, 0.0022),
        left=1 + sun,
        right=1 - sun,
        facing=1 - 0.5 * contrast + rng.uniform(-0.1, 0.1),
        haze=haze,
        reach=rng.uniform(40, 70) if weather == "fog" else rng.uniform(120, 400),
    )


def _street(rng: np.random.Generator) -> Street:
    # The camera drives in its lane, the other one is beside it; on which side depends on the country.
    near, far = rng.uniform(1.5, 2.0), rng.uniform(2.8, 4.0)
    left, right = (-near, far) if rng.random() < 0.5 else (-far, near)
    return Street(
        (left, right), (left - rng.uniform(2, 3.5), right + rng.uniform(2, 3.5)), rng.uniform(45, 90)
    )


def _backdrop(view: View, street: Street, weather: str, rng: np.random.Generator) -> Backdrop:
    backdrop = Backdrop(view, rng)
    zenith, clouds, cover = {
        "sun": lambda: (
            rgb(105, 150, 205) * rng.uniform(0.55, 1.1),
            grey(rng, 225, 245),
            rng.uniform(-0.6, 0.1),
        ),
        "clouds": lambda: (
            rgb(125, 150, 180) * rng.uniform(0.55, 1.1),
            grey(rng, 130, 235),
            rng.uniform(0.1, 0.6),
        ),
        "overcast": lambda: (view.haze * rng.uniform(0.6, 1.05), view.haze * rng.uniform(0.7, 1.1), 0.4),
        "dusk": lambda: (
            rgb(100, 110, 150) * rng.uniform(0.6, 1),
            view.haze,
            rng.uniform(-0.2, 0.5),
        ),
        "fog": lambda: (view.haze, view.haze, 0.0),
    }[weather]()
    sky(backdrop, zenith, clouds, cover)
    skyline(backdrop, street)
    ground(backdrop, street, sunny=weather in ("sun", "dusk"))
    for side in (-1, 1):
        line_street(backdrop, street, side)
    return backdrop


def _populate(pen: Pen, street: Street) -> None:
    """Put what stands on the pavements first, then what is on the road; of each, the farthest first."""
    rng, view = pen.rng, pen.view
    left, right = street.road

    def first(x: float) -> float:
        """The distance at which x comes into the picture."""
        return max(abs(x) * view.focal / (0.46 * view.width), 3.2)

    # Along each pavement one thing after another, so that they hide each other no more than they must.
    thing: objects.Thing
    standing: list[tuple[float, float, objects.Thing]] = []
    for side, kerb in ((-1, left), (1, right)):
        z = first(kerb) * rng.uniform(1, 1.2)
        for which in rng.choice(len(ALONG), rng.integers(2, 4), p=OFTEN):
            thing = ALONG[which]
            x = kerb + side * (rng.uniform(0.6, 1.6) if thing is objects.pedestrian else 0.4)
            standing.append((z * abs(x / kerb), x, thing))
            z *= rng.uniform(1.25, 1.5)
    moving: list[tuple[float, float, objects.Thing]] = []
    for side, kerb, thing in ((-1, left, objects.car_from_behind), (1, right, objects.car_from_ahead)):
        parked = rng.random() < 0.4
        x = kerb - side * 1.1 if parked else (left + right) / 2 + side * (right - left) / 4
        z = first(x) + rng.uniform(0, 6)
        while z < 15:
            moving.append((z, x, thing))
            z += rng.uniform(6, 9) if parked else rng.uniform(9, 20)
    for thing in (objects.bicyclist, objects.bicyclist, objects.pedestrian):
        if rng.random() < 0.65:
            x = rng.uniform(left + 0.4, right - 0.4)
            moving.append((first(x) * rng.uniform(1, 1.7), x, thing))
    for things in (standing, moving):
        for z, x, thing in sorted(things, key=lambda placed: -placed[0]):
            thing(pen, x, z)
    if rng.random() < 0.3:
        objects.bonnet(pen, rng.uniform(-0.15, 0.15))


def _photograph(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What the camera makes of it: white balance, exposure, contrast, a darker rim, noise."""
    height, width = image.shape[:2]
    balance = np.exp(rng.normal(0, 0.035, 3) + rng.normal(0, 0.08))
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    rim = 1 - rng.uniform(0, 0.2) * (x * x + y * y) / 2
    image = image * (rim[..., None] * balance).astype(np.float32)
    image = 120 + np.float32(rng.uniform(0.9, 1.15)) * (image - 120)
    image += np.float32(rng.uniform(1, 3)) * rng.standard_normal(image.shape, np.float32)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


class Scenes:
    """A data set of street scenes, painted when first asked for and then kept.

    The seed of scene k follows from (seed, k), so sets with different seeds have no scene in common.

    Parameters
    ----------
    count : int
        How many scenes, at least 1.
    size : (height, width)
        At least 32 each.
    seed : int
        Not negative.

    Raises
    ------
    ValueError
        When `count`, `size` or `seed` is too small.

    Examples
    --------
    >>> scenes = Scenes(count=3, size=(48, 64), seed=1)
    >>> len(scenes), scenes[2][0].shape, scenes.name(2)
    (3, (48, 64, 3), 'scene-1-2')
    """

    classes: Classes = CAMVID

    def __init__(self, count: int, size: tuple[int, int] = (96, 128), seed: int = 0) -> None:
        if count < 1 or min(size) < MIN_SIDE or seed < 0:
            raise ValueError(
                f"Scenes: count {count}, size {size[0]}x{size[1]}, seed {seed}; "
                f"expected at least 1, {MIN_SIDE}x{MIN_SIDE} and 0"
            )
        self.count = count
        self.size = size
        self.seed = seed
        self._painted: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= index < self.count:
            raise IndexError(f"Scenes: scene {index} of {self.count}")
        index = int(index)
        if index not in self._painted:
            state = np.random.SeedSequence((self.seed, index)).generate_state(1, np.uint64)
            self._painted[index] = street_scene(int(state[0]), self.size)
        return self._painted[index]

    def name(self, index: int) -> str:
        """The name of a scene, for messages and file names."""
        return f"scene-{self.seed}-{index}"

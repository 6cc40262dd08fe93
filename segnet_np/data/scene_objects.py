"""What stands and moves in a street scene: cars, people, poles, signs, drawn as polygons with Pillow."""

from collections.abc import Callable

import numpy as np

from segnet_np.data.scene_pen import Pen
from segnet_np.data.scene_view import (
    ALL,
    BICYCLIST,
    CAR,
    PEDESTRIAN,
    POLE,
    SIGN,
    VOID,
    Point,
    grey,
    paint,
    rgb,
)

Thing = Callable[[Pen, float, float], None]


def _car(pen: Pen, x: float, z: float, rear: bool) -> None:
    """A car, van or bus of which we see the back or the front and the side towards us."""
    rng, view = pen.rng, pen.view
    kind = rng.random()
    half, length, tall = rng.uniform(0.82, 0.95), rng.uniform(3.6, 4.6), rng.uniform(1.4, 1.6)
    waist, lean = rng.uniform(0.82, 0.95), rng.uniform(0.3, 0.7)
    if kind < 0.2:
        half, length, tall, lean = rng.uniform(0.95, 1.15), rng.uniform(4.5, 6.5), rng.uniform(1.9, 2.7), 0.12
        waist = 1.1
    lacquer = paint(rng, "grey", "grey", "blue", "enamel", "bright", "green", "sand")
    front, side = lacquer * view.facing, lacquer * (view.right if x > 0 else view.left)
    glass = grey(rng, 25, 60) if rng.random() < 0.6 else 0.7 * view.haze
    black = (24, 24, 26)
    back = z + length
    inner = x - half if x > 0 else x + half  # the side that looks to the middle of the picture
    top = half - 0.16
    inner_top = x - top if x > 0 else x + top
    pen.shadow(x, z - 0.1, half * 1.12, length, 0.42)
    # Side: body, cabin, panes, wheels.
    pen.polygon([(inner, 0.22, z), (inner, waist, z), (inner, waist, back), (inner, 0.22, back)], side, CAR)
    roof = [
        (inner, waist, z),
        (inner_top, tall, z + lean),
        (inner_top, tall, back - 1.2),
        (inner, waist, back - 0.5),
    ]
    pen.polygon(roof, side, CAR)
    pane = [
        (inner, waist + 0.05, z + 0.35),
        (inner_top, tall - 0.14, z + lean + 0.15),
        (inner_top, tall - 0.14, back - 1.35),
        (inner, waist + 0.05, back - 0.9),
    ]
    pen.polygon(pane, glass)
    for wheel in (z + 0.75, back - 0.8):
        ring = [(inner, 0.32 + 0.32 * np.sin(t), wheel + 0.32 * np.cos(t)) for t in CIRCLE]
        pen.polygon(ring, black, CAR)
    # Roof and the end that faces us.
    pen.polygon(
        [
            (x - top, tall, z + lean),
            (x + top, tall, z + lean),
            (x + top, tall, back - 1.2),
            (x - top, tall, back - 1.2),
        ],
        lacquer * 1.05,
        CAR,
    )
    for wheel in (x - half + 0.13, x + half - 0.13):
        pen.bar((wheel, 0, z), (wheel, 0.4, z), 0.24, black, CAR)
    pen.box(x - half, 0.22, x + half, waist, z, front, CAR)
    pen.polygon(
        [(x - half, waist, z), (x - top, tall, z + lean), (x + top, tall, z + lean), (x + half, waist, z)],
        front,
        CAR,
    )
    pen.polygon(
        [
            (x - half + 0.14, waist + 0.04, z),
            (x - top + 0.1, tall - 0.1, z + lean),
            (x + top - 0.1, tall - 0.1, z + lean),
            (x + half - 0.14, waist + 0.04, z),
        ],
        glass,
    )
    pen.box(x - half, 0.22, x + half, 0.4, z, 0.55 * front)
    lamp = (190, 24, 20) if rear else (250, 246, 225)
    high = waist - 0.18
    for at in (x - half + 0.18, x + half - 0.18):
        pen.disc((at, high, z), 0.15, lamp, tall=0.75)
    plate = (225, 195, 60) if rear else (235, 235, 230)
    pen.box(x - 0.26, 0.45, x + 0.26, 0.58, z, plate)


def car_from_behind(pen: Pen, x: float, z: float) -> None:
    """A car that goes where we go."""
    _car(pen, x, z, rear=True)


def car_from_ahead(pen: Pen, x: float, z: float) -> None:
    """A car that comes towards us."""
    _car(pen, x, z, rear=False)


CIRCLE = np.linspace(0, 2 * np.pi, 12, endpoint=False).tolist()
SKIN = ((224, 182, 152), (196, 146, 112), (140, 96, 70), (92, 62, 46))


def pedestrian(pen: Pen, x: float, z: float) -> None:
    """Somebody who stands or walks, seen from any side, perhaps with a bag."""
    rng = pen.rng
    tall = rng.uniform(1.55, 1.9) if rng.random() < 0.88 else rng.uniform(1.1, 1.4)
    coat, legs, skin = (
        paint(rng, "dark", "dark", "brick"),
        paint(rng, "dark"),
        rgb(*SKIN[rng.integers(len(SKIN))]),
    )
    hair = grey(rng, 20, 110, 10)
    light = pen.view.facing
    stride = rng.uniform(0, 0.2) * tall
    hip, neck = 0.5 * tall, 0.82 * tall
    pen.shadow(x, z - 0.1, 0.3, 0.3, 0.6)
    for foot in (-stride, stride):
        pen.bar((x + 0.35 * foot, hip, z), (x + foot, 0, z), 0.1 * tall, legs * light, PEDESTRIAN, least=2)
    shoulder, waist = 0.135 * tall, rng.uniform(0.09, 0.14) * tall
    hem = hip - rng.uniform(-0.02, 0.15) * tall
    body = [(x - shoulder, neck, z), (x + shoulder, neck, z), (x + waist, hem, z), (x - waist, hem, z)]
    pen.polygon(body, coat * light, PEDESTRIAN)
    for side in (-1, 1):
        swing = rng.uniform(-0.02, 0.1) * tall
        hand = (x + side * (shoulder + swing), 0.47 * tall, z)
        pen.bar(
            (x + side * shoulder * 0.85, neck - 0.03, z),
            hand,
            0.06 * tall,
            coat * light * 0.85,
            PEDESTRIAN,
            2,
        )
    pen.disc((x, 0.92 * tall, z), 0.062 * tall, skin * light, PEDESTRIAN, tall=1.25)
    pen.disc((x, 0.955 * tall, z), 0.06 * tall, hair * light, PEDESTRIAN, tall=0.8)
    if rng.random() < 0.3:
        bag = x + rng.choice((-1, 1)) * 0.17 * tall
        pen.box(bag - 0.1, 0.35, bag + 0.12, 0.75, z, paint(rng, "dark") * light, PEDESTRIAN)


def bicyclist(pen: Pen, x: float, z: float) -> None:
    """Somebody on a bicycle that heads anywhere; what is seen through the bicycle is labelled as it is."""
    rng = pen.rng
    heading = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.4:
        heading = np.pi / 2 * rng.choice((-1, 1)) + rng.uniform(-0.3, 0.3)
    cos, sin = float(np.cos(heading)), float(np.sin(heading))
    light = pen.view.facing

    def at(along: float, up: float, aside: float = 0.0) -> Point:
        return x + along * cos - aside * sin, up, z + along * sin + aside * cos

    frame, shirt, trousers = paint(rng, "enamel"), paint(rng, "bright"), paint(rng, "blue", "dark")
    skin = rgb(*SKIN[rng.integers(len(SKIN))]) * light
    helmet = paint(rng, "bright", "grey")
    tyre = (28, 28, 30)
    pen.shadow(x, z - 0.1, 0.25 + 0.7 * abs(cos), 0.4, 0.6)
    for hub in (-0.52, 0.52):
        rim = [at(hub + 0.35 * np.cos(t), 0.35 + 0.35 * np.sin(t)) for t in CIRCLE]
        pen.mark.polygon([pen.view.project(point) for point in rim], BICYCLIST)
        for p, q in zip(rim, rim[1:] + rim[:1], strict=True):
            pen.bar(p, q, 0.07, tyre, BICYCLIST, least=2)
    between = [at(-0.52, 0.1), at(-0.22, 0.95), at(0.42, 1.02), at(0.52, 0.1)]
    pen.mark.polygon([pen.view.project(point) for point in between], BICYCLIST)
    pedal, saddle, bars = at(-0.05, 0.3), at(-0.22, 0.92), at(0.42, 1.02)
    for p, q in (
        (at(-0.52, 0.35), pedal),
        (pedal, at(0.38, 0.85)),
        (saddle, at(0.38, 0.85)),
        (saddle, pedal),
        (at(0.52, 0.35), bars),
    ):
        pen.bar(p, q, 0.06, frame * light, BICYCLIST, least=2)
    shoulder, hip = at(0.2, 1.48), at(-0.2, 0.98)
    for side in (-1, 1):
        knee = at(0.2, 0.72 + side * 0.12, 0.1 * side)
        pen.bar(at(-0.2, 0.98, 0.1 * side), knee, 0.17, trousers * light, BICYCLIST, least=2)
        pen.bar(
            knee, at(-0.02, 0.3 + side * 0.12, 0.1 * side), 0.14, trousers * light * 0.9, BICYCLIST, least=2
        )
        pen.bar(
            at(0.2, 1.4, 0.18 * side), at(0.42, 1.05, 0.22 * side), 0.1, shirt * light * 0.85, BICYCLIST, 2
        )
        pen.bar(
            at(0.2, 1.44, 0.12 * side), at(-0.2, 0.95, 0.1 * side), 0.24, shirt * light, BICYCLIST, least=2
        )
    pen.bar(shoulder, hip, 0.3, shirt * light, BICYCLIST, least=2)
    pen.disc(at(0.3, 1.66), 0.12, skin, BICYCLIST, tall=1.2)
    pen.disc(at(0.29, 1.74), 0.13, helmet * light, BICYCLIST, tall=0.75)


def post(pen: Pen, x: float, z: float, tall: float, thick: float, colour: np.ndarray) -> None:
    """A round post: bright along its middle, dark at both sides."""
    pen.bar((x, 0, z), (x, tall, z), thick, colour * 0.5, POLE, least=5)
    pen.bar((x, 0, z), (x, tall, z), thick * 0.45, colour * 1.3, least=2)


def lamp_post(pen: Pen, x: float, z: float) -> None:
    """A tall post with an arm over the road."""
    rng = pen.rng
    colour = grey(rng, 70, 185) * pen.view.facing
    tall, thick = rng.uniform(4.5, 8), rng.uniform(0.28, 0.4)
    arm = -np.sign(x) * rng.uniform(0.5, 1.8)
    pen.bar((x + arm, tall + 0.2, z), (x, tall - 0.1, z), 0.12, colour, POLE, least=3)
    post(pen, x, z, tall, thick, colour)


def traffic_light(pen: Pen, x: float, z: float) -> None:
    """A post with a box of three lamps, one of them lit."""
    rng = pen.rng
    post(pen, x, z, 2.4, 0.32, grey(rng, 60, 160) * pen.view.facing)
    pen.box(x - 0.36, 2.1, x + 0.36, 3.5, z, (230, 228, 222), SIGN)
    pen.box(x - 0.26, 2.2, x + 0.26, 3.4, z, (30, 32, 32))
    lit = rng.integers(3)
    for k, lamp in enumerate(((255, 50, 40), (255, 180, 50), (60, 250, 140))):
        pen.disc((x, 3.16 - 0.36 * k, z), 0.16, lamp if k == lit else (60, 58, 55))


def sign(pen: Pen, x: float, z: float) -> None:
    """A pole with a traffic sign: a round one, a triangle, or a board."""
    rng = pen.rng
    light = pen.view.facing
    post(pen, x, z, 2.9, 0.3, grey(rng, 70, 185) * light)
    white, red = rgb(238, 236, 230) * light, rgb(190, 30, 34) * light
    half, middle = rng.uniform(0.45, 0.7), rng.uniform(2.3, 2.8)
    kind = rng.random()
    if kind < 0.35:
        rim, inside = (red, white) if rng.random() < 0.6 else (white, rgb(40, 80, 170) * light)
        pen.disc((x, middle, z), half, rim, SIGN)
        pen.disc((x, middle, z), half * 0.72, inside)
        pen.bar((x - half * 0.4, middle, z), (x + half * 0.4, middle, z), 0.14, (40, 40, 44))
    elif kind < 0.55:
        for size, colour in ((half, red), (half * 0.6, white)):
            low, high = middle - size * 0.8, middle + size
            pen.polygon([(x - size, low, z), (x + size, low, z), (x, high, z)], colour, SIGN)
    else:
        broad = half * rng.uniform(0.9, 2.2)
        board = paint(rng, "enamel", "enamel", "green", "brick") * light
        text = white if rng.random() < 0.6 else rgb(30, 30, 34)
        pen.box(x - broad, middle - half, x + broad, middle + half, z, white, SIGN)
        pen.box(x - broad * 0.9, middle - half * 0.9, x + broad * 0.9, middle + half * 0.9, z, board)
        for line in (-0.35, 0.05, 0.45):
            end = x + broad * rng.uniform(-0.1, 0.75)
            pen.bar(
                (x - broad * 0.75, middle + line * half, z),
                (end, middle + line * half, z),
                0.1 * half * 2,
                text,
            )


def litter(pen: Pen, x: float, z: float) -> None:
    """Small things that have no class: a litter bin, a dog."""
    rng = pen.rng
    colour = paint(rng, *ALL) * pen.view.facing
    if rng.random() < 0.6:
        pen.polygon(
            [(x - 0.28, 0, z), (x - 0.33, 1.0, z), (x + 0.33, 1.0, z), (x + 0.28, 0, z)], colour, VOID
        )
        pen.bar((x - 0.34, 1.0, z), (x + 0.34, 1.0, z), 0.12, colour * 0.6, VOID)
    else:
        for leg in (-0.3, -0.2, 0.2, 0.3):
            pen.bar((x + leg, 0, z), (x + leg, 0.35, z), 0.09, colour * 0.85, VOID, least=2)
        pen.polygon(
            [(x - 0.38, 0.32, z), (x - 0.38, 0.6, z), (x + 0.36, 0.62, z), (x + 0.36, 0.32, z)], colour, VOID
        )
        pen.disc((x + 0.46, 0.7, z), 0.15, colour, VOID, tall=0.8)


def bonnet(pen: Pen, x: float) -> None:
    """The edge of the camera's own car, at the bottom of the picture."""
    view, rng = pen.view, pen.rng
    centre, half = view.centre + x * view.width, view.width * rng.uniform(0.5, 0.8)
    top = view.height * rng.uniform(0.92, 0.97)
    box = (centre - half, top, centre + half, top + view.height * 0.3)
    pen.draw.ellipse(box, pen.seen(paint(rng, *ALL) * 0.8, 1))
    pen.mark.ellipse(box, VOID)

"""The page that ``segnet-np explain`` writes: pictures of each stage, and what they mean, in one file."""

import base64
import html
import io
from pathlib import Path

import numpy as np
from PIL import Image

from segnet_np.data.classes import Classes, colourise
from segnet_np.lessons.pictures.drawing import WINDOW_COLOURS
from segnet_np.lessons.pictures.stages import enlarge_places, paint_places, shade
from segnet_np.lessons.stages import PLACES, Channel, Inside, Stage
from segnet_np.models.net import Net
from segnet_np.models.views import SIZES
from segnet_np.sizes import scaled_size

# The longer side of a picture on the page has at most so many pixels; it is halved until it has.
_LONGEST = 900


def page(
    inside: Inside, net: Net, classes: Classes, image: np.ndarray, name: str, weights: str, usual_scale: float
) -> str:
    """Write the page.

    Parameters
    ----------
    inside : Inside
        What there is to see.
    net : Net
    classes : Classes
        For the colours and names of the predicted labels.
    image : ndarray of uint8, shape (H, W, 3)
        The picture at its own size.
    name : str
        What the picture is called.
    weights : str
        What the weights are called.
    usual_scale : float
        To what part of its size `predict` would bring the picture.

    Returns
    -------
    text : str
        HTML, complete in itself.
    """
    style = (Path(__file__).parent / "explain.css").read_text(encoding="utf-8")
    stages = "".join(_stage(inside, stage) for stage in inside.stages)
    title = html.escape(f"What SegNet sees in {name}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"{_introduction(inside, net, image, name, weights, usual_scale)}{_legend()}{stages}"
        f"{_told(inside)}{_prediction(inside, classes, image)}</main>\n"
        "<footer><p>Written by <code>segnet-np explain</code>. The net is that of Vijay Badrinarayanan, Alex "
        "Kendall, Roberto Cipolla, <cite>SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image "
        'Segmentation</cite>, <a href="https://arxiv.org/abs/1511.00561">arXiv 1511.00561</a>.</p></footer>\n'
        "</body>\n</html>\n"
    )


def _introduction(
    inside: Inside, net: Net, image: np.ndarray, name: str, weights: str, usual_scale: float
) -> str:
    height, width = image.shape[:2]
    seen_height, seen_width = inside.picture.shape[:2]
    looked = f"{seen_height}x{seen_width} pixels"
    if (seen_height, seen_width) != (height, width):
        looked += f", {inside.scale:.3g} of its size"
        usual = scaled_size(height, width, usual_scale)
        if usual != (seen_height, seen_width):
            looked += (
                f". <strong>predict would look at it at {usual[0]}x{usual[1]}</strong>: here it is smaller, "
                "because all maps are kept to be looked at. So its labels may differ a little from those "
                "below"
            )
        elif inside.scale == net.input_scale:
            looked += ": the net was trained on pictures of this part of their size"
        else:
            looked += ": a net knows things by the size that they have in its training pictures"
    parameters = sum(p.data.size for p in net.parameters())
    facts = {
        "picture": f"{html.escape(name)}, {height}x{width} pixels (rows x columns)",
        "looked at": looked,
        "weights": html.escape(weights),
        "net": f"<code>{html.escape(repr(net))}</code>, {parameters:,} parameters",
    }
    if net.input_views:
        sizes = " and ".join(f"{size:g}" for size in SIZES if size != 1)
        facts["looks"] = (
            f"what it predicts is the mean of {2 * len(SIZES)} looks: at this size, at {sizes} of it, and "
            "each mirrored, too; the maps are those of the look at this size"
        )
    rows = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in facts.items())
    depth = len(inside.stages)
    seen = _figure(inside.picture, "The picture, as the net looked at it", "", photo=True)
    return (
        "<p>A net for segmentation gives each pixel a class. Its <em>encoder</em> looks at ever larger "
        f"parts of the picture: {depth} times, convolutions look for something, and <em>max-pooling</em> "
        "keeps the largest value of each 2x2 window. That says <em>what</em> is there and forgets "
        "<em>where</em>. SegNet's idea is to remember, for each window, at which of its four places the "
        "largest value stood. The <em>decoder</em> goes the same way back, and puts each of its values at "
        f"the place that was remembered.</p>\n<dl>{rows}</dl>\n"
        f'<div class="seen">{seen}</div>\n'
        f"<p>Below, the {depth} stages from the first to the deepest. Each shows the channels in which most "
        "is to be seen: those with the largest product of two spreads (standard deviations), that of the "
        "encoder's map and that of the map that unpooling makes.</p>\n"
    )


def _legend() -> str:
    pairs = zip(WINDOW_COLOURS, PLACES, strict=True)
    cells = "".join(f'<span style="background: {colour}">{place}</span>' for colour, place in pairs)
    return (
        "<h2>How to read the pictures</h2>\n"
        "<p>The colour of a window says where in it the largest value stood, and the stronger the colour, "
        "the larger the value:</p>\n"
        '<div class="places" role="img" aria-label="Four colours for the four places of a window: top left '
        f'blue, top right orange, bottom left green, bottom right purple">{cells}</div>\n'
        "<p>A window without a colour is <em>silent</em>: all four of its numbers are zero, because ReLU "
        "let nothing through. Its place is the top left, because one has to be, and says nothing.</p>\n"
        '<p>Maps: white is zero, the darker the larger <span class="bar" role="img" aria-label="white to '
        'dark blue"></span>. The darkest shade stands for the 99th percentile of the values that are not '
        "zero. Orange, where there is any, is below zero.</p>\n"
    )


def _stage(inside: Inside, stage: Stage) -> str:
    (height, width), (ph, pw) = stage.size, stage.pooled_size
    side = 2 * stage.pixels
    first, *others = (_channel(inside, stage, channel) for channel in stage.channels)
    more = f"{len(others)} more channel{'s' if len(others) > 1 else ''} of stage {stage.number}"
    folded = f"<details><summary>{more}</summary>{''.join(others)}</details>\n" if others else ""
    odd = ""
    if (2 * ph, 2 * pw) != (height, width):
        odd = (
            f" Twice {ph}x{pw} is not {height}x{width}: here a net that only doubles would come back with "
            "another size. The indices know the size that they came from."
        )
    shares = ", ".join(f"{p} {100 * s:.0f} %" for p, s in zip(PLACES, stage.shares, strict=True))
    return (
        f'<section>\n<h2 id="stage{stage.number}">'
        f"Stage {stage.number}: a window covers {side}x{side} pixels</h2>\n"
        f"<p>{stage.num_channels} maps of {height}x{width} are pooled to {ph}x{pw}.{odd} Of all windows "
        f"{100 * stage.silent:.0f} % are silent. In the others the largest value stood {shares}.</p>\n"
        f"{first}{folded}</section>\n"
    )


def _channel(inside: Inside, stage: Stage, channel: Channel) -> str:
    zeros = 100 * float((channel.encoder == 0).mean())
    filled = 100 * float((channel.sparse != 0).mean())
    silent = 100 * float(channel.silent.mean())
    shares = ", ".join(f"{p} {100 * s:.0f} %" for p, s in zip(PLACES, channel.shares, strict=True))
    rows, columns = channel.places.shape
    number = stage.number
    figures = [
        _figure(
            shade(channel.encoder),
            "What the encoder sees",
            f"The map in front of <code>{stage.pool}</code>. Dark is where this channel found what it looks "
            "for; nobody told it what that is, training did.",
            f"Feature map {channel.number} of {stage.encoder_layer}, {zeros:.0f} % of it zero",
        ),
        _figure(
            paint_places(inside, stage, channel),
            "The places it remembers",
            f"One of four for each of {rows}x{columns} windows, two bits each: all that the decoder is "
            "told. Along an edge, windows remember the same place, or step on as the edge does; where the "
            "colour is weak the value is small, and the place hardly more than chance.",
            f"Places of the maxima over the grey picture: {shares}; {silent:.0f} % silent",
        ),
        _figure(
            enlarge_places(inside, stage, channel),
            "The same, enlarged",
            "The part where the channel is strongest"
            + (", framed in the picture before" if rows > 9 or columns > 12 else "")
            + ". A square is a window, the dot marks the place in it.",
            "Enlarged windows over the picture, a dot in each at the place of its maximum",
        ),
        _figure(
            shade(channel.sparse),
            "What unpooling makes",
            f"<code>{stage.unpool}</code> puts the decoder's values, which came up from "
            + ("the pooled maps" if number == len(inside.stages) else f"stage {number + 1}")
            + f", at these places; all else is zero. Filled: {filled:.0f} %, one number a window at most.",
            f"Sparse map: {filled:.0f} % of its numbers are not zero",
        ),
        _figure(
            shade(channel.dense),
            "After the decoder's convolutions",
            f"Channel {channel.dense_number} of <code>{stage.decoder_layer}</code>: neighbours have filled "
            "in the zeros. The convolutions mix all channels, so this one continues all of them and not "
            "only the one on the left.",
            f"Dense map {channel.dense_number} of {stage.decoder_layer}",
        ),
    ]
    return f'<h3>Channel {channel.number}</h3>\n<div class="row">{"".join(figures)}</div>\n'


def _told(inside: Inside) -> str:
    rows = "".join(
        f"<tr><td>{s.number}</td><td>{s.num_channels} x {s.pooled_size[0]} x {s.pooled_size[1]}</td>"
        f"<td>{s.index_bytes / 1e3:,.1f} kB</td><td>{s.map_bytes / 1e3:,.1f} kB</td></tr>"
        for s in inside.stages
    )
    told = sum(s.index_bytes for s in inside.stages)
    whole = sum(s.map_bytes for s in inside.stages)
    return (
        "<section>\n<h2>What the decoder was told</h2>\n<p>Two bits a window are enough for one of four "
        "places. Keeping the whole maps in float32 instead, as nets do that hand them over to their "
        f"decoder, would take {whole / told:.0f} times as much.</p>\n"
        '<div class="scroll"><table>\n<thead><tr><th scope="col">stage</th><th scope="col">windows</th>'
        '<th scope="col">places, 2 bits each</th><th scope="col">whole maps</th></tr></thead>\n'
        f'<tbody>{rows}<tr><th scope="row">all</th><td></td><td>{told / 1e3:,.1f} kB</td>'
        f"<td>{whole / 1e3:,.1f} kB</td></tr></tbody>\n</table></div>\n</section>\n"
    )


def _prediction(inside: Inside, classes: Classes, image: np.ndarray) -> str:
    labels = inside.labels
    blended = np.rint(0.45 * image + 0.55 * colourise(labels, classes)).astype(np.uint8)
    values, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rows = "".join(
        f'<tr><td><span class="swatch" style="background: rgb{classes.colours[k]}"></span>'
        f"{html.escape(classes.names[k])}</td><td>{100 * n / labels.size:.1f} %</td>"
        f"<td>{inside.confidence[labels == k].mean():.2f}</td></tr>"
        for k, n in zip(values[order].tolist(), counts[order].tolist(), strict=True)
    )
    said = ", ".join(
        f"{html.escape(classes.names[k])} {100 * n / labels.size:.0f} %"
        for k, n in zip(values[order].tolist(), counts[order].tolist(), strict=True)
    )
    unsure = 100 * float((inside.confidence < 0.5).mean())
    figures = _figure(
        blended,
        "The predicted classes over the picture",
        "For each pixel the class with the largest probability; the colours are in the table.",
        f"Predicted classes: {said}",
        photo=True,
    ) + _figure(
        shade(inside.confidence, top=1),
        "How sure the net is",
        "The probability of the class that won, from white for 0 to dark for 1. Pale lines run along the "
        f"boundaries and around narrow things; {unsure:.0f} % of the pixels have less than one half.",
        f"Map of probabilities; {unsure:.0f} % of it is below one half",
    )
    return (
        '<section>\n<h2 id="prediction">What it makes of it</h2>\n'
        f'<div class="row wide">{figures}</div>\n'
        '<div class="scroll"><table>\n<thead><tr><th scope="col">class</th>'
        '<th scope="col">of the picture</th>'
        f'<th scope="col">mean probability</th></tr></thead>\n<tbody>{rows}</tbody>\n</table></div>\n'
        "<p>A probability says how sure the net is, not whether it is right: a net is also sure of "
        "mistakes, most of all in pictures unlike those that it was trained on.</p>\n</section>\n"
    )


def _figure(image: np.ndarray, title: str, text: str, alt: str = "", photo: bool = False) -> str:
    alt = html.escape(alt or title)
    kind = ' class="photo"' if photo else ""
    return (
        f'<figure><img src="{_inlined(image, photo)}" alt="{alt}"{kind}>'
        f"<figcaption><strong>{title}</strong> {text}</figcaption></figure>"
    )


def _inlined(image: np.ndarray, photo: bool) -> str:
    """A picture as an URL that holds it: PNG, and what is no photograph with a palette, which is a third."""
    every = -(-max(image.shape[:2]) // _LONGEST)
    picture = Image.fromarray(np.ascontiguousarray(image))
    if every > 1:
        picture = picture.reduce(every)
    if not photo:
        picture = picture.quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()

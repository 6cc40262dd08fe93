"""Pictures of whole nets: where their parameters and their maps are."""

import numpy as np
from matplotlib.figure import Figure

from segnet_np.lessons.pictures.drawing import BLUE, ORANGE
from segnet_np.models.segnet import EncoderDecoder
from segnet_np.plots import DPI, FAINT, INK, SOFT


def parameters_by_stage(net: EncoderDecoder) -> tuple[np.ndarray, np.ndarray]:
    """Count the parameters of each stage.

    Parameters
    ----------
    net : SegNet or SegNetBasic

    Returns
    -------
    encoder, decoder : ndarray of int64
        From stage 1 to the deepest; the classifier counts to the decoder's stage 1.
    """

    def counts(stages: list) -> np.ndarray:
        blocks = [list(stage.values()) for stage in stages]
        return np.array([sum(p.data.size for b in stage for p in b.parameters()) for stage in blocks])

    encoder, decoder = counts(net.encoder), counts(net.decoder[::-1])
    decoder[0] += sum(p.data.size for p in net.classifier.parameters())
    return encoder, decoder


def draw_stages(net: EncoderDecoder, height: int, width: int) -> Figure:
    """Draw where a net's parameters are, and where its maps: the one lie deep, the other shallow.

    Parameters
    ----------
    net : SegNet or SegNetBasic
    height, width : int
        Of the picture.

    Returns
    -------
    figure : Figure
    """
    encoder, decoder = parameters_by_stage(net)
    stages = np.arange(1, len(encoder) + 1)
    channels = [list(stage.values())[-1].conv.out_channels for stage in net.encoder]
    maps = [c * (height >> k) * (width >> k) for k, c in enumerate(channels)]
    figure = Figure(figsize=(10, 3.2), dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2)
    for shift, counts, colour, name in ((-0.2, encoder, BLUE, "encoder"), (0.2, decoder, ORANGE, "decoder")):
        bars = left.bar(stages + shift, counts / 1e6, 0.38, color=colour, label=name)
        left.bar_label(bars, [f"{n / 1e6:.2f}" for n in counts], fontsize=8, color=INK, padding=2)
    left.set_title("parameters of each stage, in millions", loc="left", fontsize=11, color=INK)
    left.legend(frameon=False, labelcolor=INK)
    bars = right.bar(stages, np.array(maps) / 1e6, 0.6, color=SOFT)
    right.bar_label(bars, [f"{n / 1e6:.2f}" for n in maps], fontsize=8, color=INK, padding=2)
    title = f"numbers in the maps before each pooling, in millions ({height}x{width})"
    right.set_title(title, loc="left", fontsize=11, color=INK)
    for ax in (left, right):
        ax.set_xticks(stages, [f"stage {k}" for k in stages])
        ax.grid(axis="y", color=FAINT, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(colors=SOFT, length=0)
        ax.spines[:].set_visible(False)
        ax.margins(y=0.15)
    return figure

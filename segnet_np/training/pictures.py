"""Pictures that a run leaves: its curves, and what it makes of a few held-out pictures."""

import math
from pathlib import Path

from segnet_np import plots
from segnet_np.data.batches import Dataset
from segnet_np.models.net import Net
from segnet_np.training import run_folder
from segnet_np.training.log import Log

SAMPLES = 4


def draw_curves(log: Log, folder: Path) -> None:
    """Write curves.png.

    Parameters
    ----------
    log : Log
        Of the run so far.
    folder : Path
    """
    scores, ious = {}, {}
    for name in ("global_accuracy", "class_accuracy", "mean_iou"):
        validated, scores[name.replace("_", " ").replace("iou", "IoU")] = log.column(name)
    newest: dict[str, float] = next((row for row in reversed(log.rows) if "mean_iou" in row), {})
    if newest:
        of_classes = [name for name in log.columns if name.startswith("iou_")]
        # A class may be nowhere.
        ious = {name.removeprefix("iou_"): newest.get(name, math.nan) for name in of_classes}
    plots.save(plots.curves(*log.column("loss"), validated, scores, ious), folder / run_folder.CURVES)


def draw_samples(net: Net, held_out: Dataset, folder: Path, step: int) -> None:
    """Write samples.png.

    Parameters
    ----------
    net : Net
        Predicts a few pictures of `held_out`.
    held_out : Dataset
    folder : Path
    step : int
        How many steps the net has been trained.
    """
    rows = []
    for k in plots.spread(SAMPLES, len(held_out)):
        image, labels = held_out[k]
        rows.append((image, labels, net.predict(image)[0]))
    figure = plots.samples(rows, held_out.classes, ("image", "truth", f"prediction, step {step}"))
    plots.save(figure, folder / run_folder.SAMPLES)

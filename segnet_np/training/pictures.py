"""The pictures that a run leaves: its curves, and what it makes of a few held-out pictures."""

from pathlib import Path

from segnet_np import plots
from segnet_np.data.batches import Dataset
from segnet_np.models.net import Net
from segnet_np.training import run_folder
from segnet_np.training.log import Log

SAMPLES = 4


def draw(net: Net, held_out: Dataset, log: Log, folder: Path) -> None:
    """Write curves.png and samples.png.

    Parameters
    ----------
    net : Net
        Predicts a few pictures of `held_out`.
    held_out : Dataset
    log : Log
        Of the run so far.
    folder : Path
    """
    scores = {}
    for name in ("global_accuracy", "class_accuracy", "mean_iou"):
        validated, scores[name.replace("_", " ").replace("iou", "IoU")] = log.column(name)
    plots.save(plots.curves(*log.column("loss"), validated, scores), folder / run_folder.CURVES)
    rows = []
    for k in plots.spread(SAMPLES, len(held_out)):
        image, labels = held_out[k]
        rows.append((image, labels, net.predict(image)[0]))
    figure = plots.samples(rows, held_out.classes, ("image", "truth", "prediction"))
    plots.save(figure, folder / run_folder.SAMPLES)

"""Bring the weights of a run into the package: judged, stored as half floats, judged again, with a card.

python -m benchmarks.ship RUN --data DIR --name camvid

The half floats must not cost more than 0.002 of the mean IoU, and all weights of the package together be at
most 16 MB, or nothing is written. A net that takes several looks at a picture is judged by one look, too.
"""

import argparse
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import segnet_np as snp
from segnet_np.data.folders import Folder
from segnet_np.files import whole_file
from segnet_np.machine import describe
from segnet_np.models.shipped import FOLDER
from segnet_np.training import run_folder
from segnet_np.training.checkpoint import load_checkpoint
from segnet_np.training.config import Config
from segnet_np.training.evaluate import evaluate
from segnet_np.training.metrics import Metrics

LOSS, LARGEST = 0.002, 16e6

CARD = Path(__file__).with_name("model_card.md")


def ship(run: Path, data: str, name: str) -> str:
    """Write the package's weights and their card; return the card."""
    config = Config.read(run / run_folder.CONFIG)
    checkpoint = load_checkpoint(run / run_folder.CHECKPOINT)
    if checkpoint.step < config.steps:
        raise ValueError(f"{run}: step {checkpoint.step} of {config.steps}, expected a finished run")
    net, val = snp.load(run / run_folder.WEIGHTS), Folder(data, "val")
    whole = evaluate(net, val, progress=True)
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / run_folder.WEIGHTS
        snp.save(net, stored, half=True)
        narrow = snp.load(stored)
        half = evaluate(narrow, val, progress=True)
        rows = {"as trained, float32": whole, "as stored": half}
        if narrow.input_views:
            narrow.input_views = False
            rows["as stored, one look (`--no-views`)"] = evaluate(narrow, val, progress=True)
        size = stored.stat().st_size
        others = sum(file.stat().st_size for file in FOLDER.glob("*.safetensors") if file.stem != name)
        if whole.mean_iou - half.mean_iou > LOSS or size + others > LARGEST:
            raise ValueError(
                f"half floats: mean IoU {half.mean_iou:.4f} instead of {whole.mean_iou:.4f}, {size} bytes "
                f"beside {others} of others; expected a loss of at most {LOSS}, {LARGEST:.0f} bytes together"
            )
        with whole_file(FOLDER / f"{name}.safetensors") as temporary:
            shutil.copyfile(stored, temporary)
    settings = {key: value for key, value in asdict(config).items() if key != "data"}
    card = CARD.read_text(encoding="utf-8").format(
        name=name,
        title={"segnet": "SegNet", "segnet-basic": "SegNet-Basic"}[net.model],
        count=len(Folder(data, "train")),
        classes=net.num_classes,
        names=", ".join(net.class_names or ()),
        net=repr(net),
        parameters=sum(p.data.size for p in net.parameters()),
        size=size / 1e6,
        steps=config.steps,
        batch=config.batch,
        seconds=checkpoint.seconds,
        machine=describe()["processor"],
        command=f"segnet-np train --recipe {name} --data DIR",
        val=len(val),
        looks=" The net takes the mean of six looks at each picture." if net.input_views else "",
        scores="\n".join(f"| {what} | {_scores(metrics)} |" for what, metrics in rows.items()),
        header=" | ".join(half.class_names),
        rule="|".join("---" for _ in half.class_names),
        ious=" | ".join(f"{iou:.3f}" for iou in half.iou),
        settings=json.dumps(settings, indent=2),
    )
    with whole_file(FOLDER / f"{name}.md") as temporary:
        temporary.write_text(card, encoding="utf-8")
    return card


def _scores(metrics: Metrics) -> str:
    numbers = (metrics.global_accuracy, metrics.class_accuracy, metrics.mean_iou, metrics.boundary_f1)
    return " | ".join(f"{number:.3f}" for number in numbers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--name", required=True)
    args = parser.parse_args()
    print(ship(args.run, args.data, args.name))

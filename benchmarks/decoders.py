"""One encoder, six decoders, equal budgets: what it gives to remember the maxima's places, and what it costs.

python -m benchmarks.decoders [seeds]
python -m benchmarks.decoders time

Trains each decoder on the demo's scenes, with the demo's recipe, from several seeds; the decoders' widths are
chosen so that all nets have as many parameters. A seventh net concatenates without being made narrower. Then
a net that was trained with indices is judged with wrong ones, a stage at a time. What is finished is kept
after each training, and not done again. The second command only repeats the timing, which wants a quiet
machine. `python -m benchmarks.decoders_report` draws and tabulates.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from tqdm.auto import tqdm

from benchmarks.results import FOLDER, keep, read
from segnet_np.data import Scenes
from segnet_np.layers import PoolingIndices, softmax_cross_entropy
from segnet_np.models import DecoderVariant
from segnet_np.models.decoder_variants import DECODERS, WRONG
from segnet_np.training.adamw import AdamW
from segnet_np.training.config import Config
from segnet_np.training.evaluate import evaluate
from segnet_np.training.metrics import Metrics
from segnet_np.training.recipe import read_recipe
from segnet_np.training.schedule import SCHEDULES
from segnet_np.training.setup import Setup, prepare

SEEDS = 4
HELD_OUT = 100
STAGES = (1, 2, 3, 4)
WIDE = "concatenation, wide"
NAMES = (*DECODERS, WIDE)

# Held-out scenes whose predictions the lesson shows, of the first seed.
SHOWN = (1, 2, 5, 7)

# Maps of CamVid's size, for memory and inference; turns of the timing.
SIZE, TURNS = (360, 480), 15

LESSONS = Path(__file__).parents[1] / "segnet_np" / "lessons"
PREDICTIONS = LESSONS / "decoders.npz"


def build(name: str, config: Config, seed: int) -> DecoderVariant:
    """A new net; all but the wide one have the parameters of the one with indices, as nearly as can be."""
    decoder = DECODERS[-1] if name == WIDE else name

    def of(decoder_width: int, kind: str = decoder) -> DecoderVariant:
        return DecoderVariant(
            3, 11, config.width, config.kernel_size, seed=seed, decoder=kind, decoder_width=decoder_width
        )

    if name == WIDE:
        return of(config.width)
    wanted = parameters_of(of(config.width, "indices"))
    width = min(
        range(config.width, 0, -1), key=lambda narrow: abs(_parameters(decoder, config, narrow) - wanted)
    )
    return of(width)


def parameters_of(net: DecoderVariant) -> int:
    """How many numbers are learned."""
    return sum(parameter.data.size for parameter in net.parameters())


def _parameters(decoder: str, config: Config, narrow: int) -> int:
    """The same without making the net."""
    wide, area = config.width, config.kernel_size**2
    below = [wide, narrow, narrow, narrow]
    beside = wide if decoder == "concatenation" else 0
    encoder = sum(c * wide * area + 3 * wide for c in (3, wide, wide, wide))
    blocks = sum((c + beside) * narrow * area + 3 * narrow for c in below)
    upsampling = sum(4 * c * c + c for c in below) if decoder == "transposed" else 0
    return encoder + blocks + upsampling + 11 * narrow + 11


def train(name: str, config: Config, setup: Setup) -> tuple[DecoderVariant, float]:
    """Make the recipe's steps; the net after the last one, and the seconds they took."""
    net = build(name, config, config.seed)
    net.input_mean, net.input_std = setup.net.input_mean, setup.net.input_std
    net.class_names, net.class_colours = setup.net.class_names, setup.net.class_colours
    kernels = [p for p in net.parameters() if p.data.ndim == 4]
    others = [p for p in net.parameters() if p.data.ndim != 4]
    optimizer = AdamW(
        [{"params": kernels, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=config.lr,
    )
    began = time.perf_counter()
    bar = tqdm(range(config.steps), desc=f"{name}, seed {config.seed}", unit="step", leave=False)
    for step in bar:
        images, labels = setup.batches.draw(step)
        for group in optimizer.param_groups:
            group["lr"] = config.lr * SCHEDULES[config.schedule](step, config.steps)
        loss = _step(net, optimizer, net.normalise(images), labels, setup.class_weights)
        if not np.isfinite(loss):
            raise RuntimeError(f"{name}, seed {config.seed}: the loss of step {step + 1} is {loss}")
        bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
    return net, time.perf_counter() - began


def _step(
    net: DecoderVariant, optimizer: AdamW, x: np.ndarray, labels: np.ndarray, weights: np.ndarray | None
) -> float:
    loss, dlogits = softmax_cross_entropy(net(x), labels, weights, ignore_index=11)
    net.zero_grad()
    net.backward(dlogits, input_grad=False)
    optimizer.step()
    return loss


def judge(net: DecoderVariant, held_out: Scenes) -> dict[str, Any]:
    """Scores on the held-out scenes."""
    net.seed_dropout(0)  # the random decoder draws the same places for each judgement
    return _rounded(evaluate(net, held_out))


def _rounded(metrics: Metrics) -> dict[str, Any]:
    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(one) for key, one in value.items()}
        return value if value is None else round(value, 5)

    return short(metrics.as_dict())


def misplace(net: DecoderVariant, held_out: Scenes, seed: int) -> dict[str, Any]:
    """Scores of a net with indices when one stage is unpooled to wrong places."""
    found: dict[str, Any] = {how: {} for how in WRONG}
    for stage in tqdm(STAGES, desc="wrong places", unit="stage", leave=False):
        for how in WRONG:
            with net.misplaced(stage, how, seed):
                found[how][str(stage)] = _rounded(evaluate(net, held_out))
    return found


def remember(name: str, net: DecoderVariant, held_out: Scenes) -> None:
    """Keep what a net of the first seed predicts for the scenes that the lesson shows."""
    kept = dict(np.load(PREDICTIONS)) if PREDICTIONS.exists() else {}

    def predicted() -> np.ndarray:
        return np.stack([net.predict(held_out[k][0])[0] for k in SHOWN]).astype(np.uint8)

    net.seed_dropout(0)
    kept[name] = predicted()
    if net.decoder_kind == "indices":
        for how in WRONG:
            for stage in STAGES:
                with net.misplaced(stage, how):
                    kept[f"{how} {stage}"] = predicted()
    kept["scenes"] = np.array(SHOWN)
    np.savez_compressed(PREDICTIONS, **kept)


def costs(config: Config) -> dict[str, Any]:
    """Memory between encoder and decoder, and time, of each net with its first weights."""
    found: dict[str, Any] = {}
    steps: dict[str, Callable[[], Any]] = {}
    looks: dict[str, Callable[[], Any]] = {}
    rng = np.random.default_rng(0)
    picture = rng.standard_normal((1, 3, *SIZE)).astype("float32")
    x = rng.standard_normal((config.batch, 3, config.crop, config.crop)).astype("float32")
    labels = rng.integers(0, 11, (config.batch, config.crop, config.crop))
    for name in NAMES:
        net = build(name, config, 0)
        optimizer = AdamW(net.parameters(), lr=config.lr)
        judged = build(name, config, 0).eval()
        found[name] = {
            "parameters": parameters_of(net),
            "decoder_width": net.decoder_width,
            "kept": kept_for_decoder(judged, picture),
        }
        steps[name] = lambda net=net, optimizer=optimizer: _step(net, optimizer, x, labels, None)
        looks[name] = lambda net=judged: net(picture)
    for what, ways in (("step", steps), ("inference", looks)):
        for name, seconds in _in_turn(ways).items():
            found[name][f"{what}_ms"] = round(1e3 * seconds, 2)
    return found


def kept_for_decoder(net: DecoderVariant, x: np.ndarray) -> dict[str, int]:
    """Bytes that the encoder must keep for the decoder, read off the arrays of a real pass."""
    steps = net.trace(x)
    windows = sum(maps.offsets.size for maps in steps.values() if isinstance(maps, PoolingIndices))
    maps = sum(steps[f"relu{stage}"].nbytes for stage in STAGES)  # type: ignore[union-attr]
    if net.decoder_kind == "indices":
        return {"two_bits": windows // 4, "one_byte": windows}
    return {"whole_maps": maps} if net.joins else {}


def _in_turn(ways: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median over the turns, each way once a turn; what comes before compiles."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TURNS + 2):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if turn > 1:
                seconds[name].append(time.perf_counter() - began)
    return {name: float(np.median(times)) for name, times in seconds.items()}


def main(seeds: int) -> None:
    """Do what is not done yet, and keep it."""
    demo = Config(**read_recipe("scenes", photographs=False))
    recipe = {name: getattr(demo, name) for name in ("width", "kernel_size", "crop", "batch", "steps", "lr")}
    found: dict[str, Any] = {"recipe": recipe, "held_out": HELD_OUT, "size": SIZE, "trainings": []}
    if (FOLDER / "decoders.json").exists():
        found = read("decoders")["rows"]
        if found["recipe"] != recipe:
            raise SystemExit(f"results of another recipe are there: {found['recipe']}; move them away first")
    done = {(row["name"], row["seed"]) for row in found["trainings"]}
    left = [(name, seed) for seed in range(seeds) for name in NAMES if (name, seed) not in done]
    held_out = Scenes(HELD_OUT, seed=1)
    setup = None
    began = time.perf_counter()
    for k, (name, seed) in enumerate(left):
        config = Config(**{**read_recipe("scenes", photographs=False), "seed": seed})
        if setup is None or setup.batches.seed != seed:
            setup = prepare(config)
        net, seconds = train(name, config, setup)
        row = {"name": name, "seed": seed, "seconds": round(seconds, 1), **judge(net, held_out)}
        if name == "indices":
            row["misplaced"] = misplace(net, held_out, seed)
        if seed == 0:
            remember(name, net, held_out)
        found["trainings"].append(row)
        _publish(found)
        minutes = (time.perf_counter() - began) / (k + 1) * (len(left) - k - 1) / 60
        print(
            f"{name}, seed {seed}: mean IoU {row['mean_iou']:.3f}, BF {row['boundary_f1']:.3f}, "
            f"{seconds:.0f} s; about {minutes:.0f} minutes left",
            flush=True,
        )
    if "costs" not in found:
        time_them()


def time_them() -> None:
    """Measure times and memory, and keep them beside the scores."""
    found = read("decoders")["rows"]
    found["costs"] = costs(Config(**read_recipe("scenes", photographs=False)))
    _publish(found)


def _publish(found: dict[str, Any]) -> None:
    """Keep the figures, and a copy in the package, where the lesson reads them; a test holds both equal."""
    keep("decoders", found)
    shutil.copyfile(FOLDER / "decoders.json", LESSONS / "decoders.json")


if __name__ == "__main__":
    print(f"{numba.get_num_threads()} threads", flush=True)
    if sys.argv[1:] == ["time"]:
        time_them()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)

"""The training loop: from settings to trained weights, with a record, pictures and checkpoints on the way.

The order matters when a run dies: first the step itself, then the look at held-out pictures and, if the
weights are the best so far, their file; then the row of the log and the pictures; and last the checkpoint.
So a checkpoint never promises what is not there yet, and what was written after the last one is written
again, the same, when the run is resumed. The first checkpoint is of step 0: from then on there is always one.
"""

import errno
import math
import shlex
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from segnet_np.data.batches import DROPOUT
from segnet_np.layers import softmax_cross_entropy
from segnet_np.models import load, save
from segnet_np.training import pictures, run_folder
from segnet_np.training.checkpoint import Checkpoint, load_newest, save_checkpoint
from segnet_np.training.compilation import announced_compilation
from segnet_np.training.config import Config
from segnet_np.training.evaluate import evaluate
from segnet_np.training.interrupt import Interrupt
from segnet_np.training.log import Log
from segnet_np.training.look_through import fingerprint
from segnet_np.training.messages import say
from segnet_np.training.metrics import Metrics
from segnet_np.training.schedule import SCHEDULES
from segnet_np.training.setup import Setup, prepare
from segnet_np.training.statistics import estimate_statistics
from segnet_np.training.strip import Strip
from segnet_np.training.symptoms import collapsed, never_predicted, never_seen, nothing_to_judge, rising
from segnet_np.training.tensorboard import Board

# Seconds after which the curves are drawn anew while the training goes on; it takes about half a second.
REDRAWN = 30


@dataclass
class Result:
    """How a training ended.

    Attributes
    ----------
    metrics : Metrics
        Of the weights that were kept, on the held-out pictures.
    best_step : int
        After which step the kept weights were taken.
    seconds : float
        How long all steps took together, those before a break included.
    steps_made : int
        How many steps this call made; 0 when the run had been finished before.
    folder : Path
        Where the run is.
    """

    metrics: Metrics
    best_step: int
    seconds: float
    steps_made: int
    folder: Path


def train(config: Config, folder: Path | None = None, resume: bool = False) -> Result:
    """Train a net and leave the run in a folder.

    Parameters
    ----------
    config : Config
    folder : Path or None
        None makes a new one under runs/, named by the settings. It gets config.json, log.csv,
        checkpoint.safetensors and the one before it, checkpoint-previous.safetensors, weights.safetensors
        (those that `config.keep` says), curves.png, samples.png, strip.png with its strip.safetensors and,
        where tensorboardX is installed, a folder tensorboard.
    resume : bool
        Go on from the folder's checkpoint, if there is one; from the one before, if it is damaged. In the end
        the weights are the same, bit for bit, as without the break.

    Returns
    -------
    result : Result

    Raises
    ------
    FileExistsError
        When the folder holds a run and `resume` is not asked for, weights without their checkpoint, or a
        training that is at work.
    KeyboardInterrupt
        After Ctrl-C, when the step is done and a checkpoint is written.
    RuntimeError
        When the loss or a weight is not finite; the last checkpoint stays as it was.
    ValueError, OSError
        When data, settings or both checkpoints cannot be used, or the disk is full.
    """
    if folder:
        run_folder.check_free(folder, resume)
    setup = prepare(config)  # first: what cannot be trained shall leave no folder behind
    folder = folder or run_folder.new_folder(run_folder.RUNS, config.name)
    with run_folder.kept_for_one(folder):
        run_folder.check_free(folder, resume)  # again: somebody else may have been quicker
        run_folder.remove_leftovers(folder)
        return _Training(config, setup, folder, resume).run()


class _Training:
    """One run: what it runs with, and how far it is."""

    def __init__(self, config: Config, setup: Setup, folder: Path, resume: bool) -> None:
        self.config = config
        self.folder = folder
        self.setup = setup
        self.net = setup.net
        self.classes = setup.held_out.classes
        self.fingerprint = fingerprint(setup.batches.dataset)
        self.step = 0
        self.seconds = 0.0
        self.best: Metrics | None = None
        self.best_step = 0
        self.saved_step: int | None = None
        self.newest_is_good = True  # or known to be damaged, so that it is not worth keeping
        self.seen = np.zeros(self.classes.num_classes, np.int64)  # pixels of each class in the batches so far
        if resume:
            self._restore()

    def run(self) -> Result:
        """Make the steps that are left."""
        before = self.step
        if self.step < self.config.steps:
            self.config.write(self.folder / run_folder.CONFIG)
            try:
                if self.saved_step is None:
                    self._save()
                self._loop()
            except OSError as error:  # a full disk, an image that is gone
                where = "" if error.filename is None else f"{error.filename}: "
                text = f"step {self.step}: {where}{error.strerror or error}; {self._kept()}"
                raise OSError(error.errno or errno.EIO, text) from error
            except ValueError as error:  # an image that is broken by now
                raise ValueError(f"step {self.step}: {error}; {self._kept()}") from error
            except KeyboardInterrupt as stop:
                # The second Ctrl-C comes without a word, from wherever the first one was not yet met.
                raise stop if stop.args else KeyboardInterrupt(f"stopped at once; {self._kept()}") from None
        assert self.best is not None
        return Result(self.best, self.best_step, self.seconds, self.step - before, self.folder)

    def _loop(self) -> None:
        config = self.config
        scores = ["global_accuracy", "class_accuracy", "mean_iou", *(f"iou_{n}" for n in self.classes.names)]
        with (
            Log(self.folder / run_folder.LOG, ["loss", "lr", "images_per_second", *scores], self.step) as log,
            Board(self.folder, self.step) as board,
            tqdm(total=config.steps, initial=self.step, desc="training", unit="step") as bar,
            announced_compilation(say) as compilation,
            Interrupt(say) as interrupt,
        ):
            if len(log.rows) != self.step:
                say(f"warning: {log.path} lacks rows: it has {len(log.rows)} of the {self.step} steps so far")
            strip = Strip(self.folder, self.setup.held_out, self.setup.batches, self.step)
            drawn = time.perf_counter()
            while self.step < config.steps:
                began = time.perf_counter()
                row = self._take_step()
                row["images_per_second"] = config.batch / (time.perf_counter() - began)
                compilation.report()
                last = self.step == config.steps
                validated = last or self.step % config.validate_every == 0
                if validated:
                    row |= self._validate(log.column("loss")[1])
                log.write(row)
                board.write(row)
                if validated:
                    pictures.draw_samples(self.net, self.setup.held_out, self.folder, self.step)
                if last or strip.due(self.step):
                    strip.look(self.net, self.step)
                if validated or time.perf_counter() - drawn > REDRAWN:
                    pictures.draw_curves(log, self.folder)
                    drawn = time.perf_counter()
                self.seconds += time.perf_counter() - began
                stop = interrupt.asked  # looked at once: it may come true at any moment
                if last or stop or self.step % config.checkpoint_every == 0:
                    log.flush_to_disk()
                    self._save()
                    board.flush()
                speed = f"{row['images_per_second']:.0f} images/s"
                bar.set_postfix_str(f"loss {row['loss']:.3f}, lr {row['lr']:.1e}, {speed}", refresh=False)
                bar.update()
                if stop and not last:
                    raise KeyboardInterrupt(f"stopped after step {self.step}; {self._kept()}")

    def _take_step(self) -> dict[str, float]:
        config, setup = self.config, self.setup
        images, labels = setup.batches.draw(self.step)
        self.net.train()
        self.net.seed_dropout(config.seed, DROPOUT, self.step)
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is looked for, and said, here
            logits = self.net(self.net.normalise(images))
        loss, dlogits = softmax_cross_entropy(logits, labels, setup.class_weights, self.classes.ignore_index)
        if not math.isfinite(loss):
            raise RuntimeError(f"the loss of step {self.step + 1} is {loss}; {self._diverged()}")
        self.net.zero_grad()
        self.net.backward(dlogits, input_grad=False)
        factor = SCHEDULES[config.schedule](self.step, config.steps)
        for group, highest in zip(setup.optimizer.param_groups, setup.highest_rates, strict=True):
            group["lr"] = highest * factor
        setup.optimizer.step()
        self.step += 1
        self.seen += np.bincount(labels.ravel(), minlength=256)[: self.classes.num_classes]
        return {"step": self.step, "loss": loss, "lr": setup.optimizer.lr}

    def _validate(self, losses: list[float]) -> dict[str, float]:
        """Judge the net on the held-out pictures; keep its weights if they are the best so far.

        `losses` are those of the steps before; what looks wrong is said.
        """
        self._finite_weights()
        if self.config.statistics == "full-pass":
            estimate_statistics(self.net, self.setup.batches)
        metrics = evaluate(self.net, self.setup.held_out, progress=True, boundaries=False)
        better = self._better(metrics)
        judged = not math.isnan(metrics.mean_iou)  # all that is held out may be void
        if better:
            save(self.net, self.folder / run_folder.WEIGHTS)
            self.best, self.best_step = metrics, self.step
        names = self.classes.names
        say(
            f"step {self.step}, held out: global accuracy {metrics.global_accuracy:.3f}, "
            f"class accuracy {metrics.class_accuracy:.3f}, mean IoU {metrics.mean_iou:.3f}"
            + (", the best so far\n" if better and judged and self.config.keep != "last" else "\n")
            + "    " + ", ".join(f"{name} {iou:.2f}" for name, iou in zip(names, metrics.iou, strict=True))
        )  # fmt: skip
        for warning in (
            nothing_to_judge(metrics.confusion),
            collapsed(metrics.confusion, names),
            never_predicted(metrics.confusion, names),
            never_seen(self.seen, names),
            rising(losses),
        ):
            if warning:
                say(warning)
        return {
            "global_accuracy": metrics.global_accuracy,
            "class_accuracy": metrics.class_accuracy,
            "mean_iou": metrics.mean_iou,
            **{f"iou_{name}": float(iou) for name, iou in zip(names, metrics.iou, strict=True)},
        }

    def _better(self, metrics: Metrics) -> bool:
        """Whether weights with these scores take the place of those that were kept."""
        if self.best is None or self.config.keep == "last":
            return True
        new, old = (getattr(scores, self.config.keep) for scores in (metrics, self.best))
        return math.isnan(old) or new > old

    def _finite_weights(self) -> dict[str, np.ndarray]:
        weights = self.net.state_dict()
        bad = [name for name, array in weights.items() if not np.isfinite(array).all()]
        if bad:
            raise RuntimeError(
                f"after step {self.step} {bad[0]} is not finite, and {len(bad) - 1} more; {self._diverged()}"
            )
        return weights

    def _save(self) -> None:
        best = (
            None if self.best is None else {"step": self.best_step, "confusion": self.best.confusion.tolist()}
        )
        checkpoint = Checkpoint(
            step=self.step,
            weights=self._finite_weights(),
            optimizer=self.setup.optimizer.state_dict(),
            seconds=self.seconds,
            best=best,
            seen=self.seen.tolist(),
            config=asdict(self.config),
            pictures=self.fingerprint,
        )
        save_checkpoint(checkpoint, self.folder / run_folder.CHECKPOINT, keep_previous=self.newest_is_good)
        self.newest_is_good = True
        self.saved_step = self.step

    def _restore(self) -> None:
        newest = self.folder / run_folder.CHECKPOINT
        try:
            found = load_newest(newest, say)
        except ValueError as error:
            weights = self.folder / run_folder.WEIGHTS
            hope = f"; {weights} holds the best weights so far" if weights.exists() else ""
            raise ValueError(f"{error}; begin anew in another folder (--out){hope}") from error
        if found is None:
            say(f"There is no checkpoint in {self.folder} yet: starting with step 1.")
            return
        checkpoint, path = found
        self.newest_is_good = path == newest
        # How often it is saved changes no number of a run; everything else does.
        settings: dict[str, Any] = {k: v for k, v in checkpoint.config.items() if k != "checkpoint_every"}
        differences = self.config.differences(settings)
        if differences:
            raise ValueError(f"{path} is of a run with other settings: {'; '.join(differences)}")
        try:
            self.net.load_state_dict(checkpoint.weights)
            self.setup.optimizer.load_state_dict(checkpoint.optimizer)
            if checkpoint.seen is not None:
                self.seen[:] = checkpoint.seen
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error
        if checkpoint.step > self.config.steps:
            raise ValueError(f"{path}: step {checkpoint.step} of a run of {self.config.steps}")
        if checkpoint.pictures not in (None, self.fingerprint):
            raise ValueError(
                f"{path}: the training pictures were {checkpoint.pictures}, now they are {self.fingerprint}; "
                "bring them back, or begin anew in another folder (--out)"
            )
        self.step = self.saved_step = checkpoint.step
        self.seconds = checkpoint.seconds
        if checkpoint.best is not None:
            self._restore_best(checkpoint.best)

    def _restore_best(self, best: dict[str, Any]) -> None:
        """Remember the score of the kept weights, which must be in their file: no checkpoint holds them."""
        weights = self.folder / run_folder.WEIGHTS
        try:
            if not weights.is_file():
                raise ValueError(f"no file {weights}")
            load(weights)
        except (OSError, ValueError) as error:
            which = "last" if self.config.keep == "last" else "best"
            lost = f"the {which} weights so far, of step {best['step']}, are lost: {error}"
            if self.step == self.config.steps:
                raise ValueError(f"{lost}; begin anew in another folder (--out)") from error
            say(f"warning: {lost}; the {which} of the steps from here on will be kept")
            return
        self.best = Metrics(np.array(best["confusion"]), self.classes.names)
        self.best_step = best["step"]

    def _diverged(self) -> str:
        """What to do then: the same steps again would end as these did."""
        kept = f"; the checkpoint of step {self.saved_step} is kept" if self.saved_step is not None else ""
        return f"begin anew with a lower --lr, in another folder (--out){kept}"

    def _kept(self) -> str:
        """What is safe, in words."""
        if self.saved_step is None:
            return "there was no checkpoint yet"
        command = f"segnet-np train --resume --out {shlex.quote(str(self.folder))}"
        return f"the checkpoint of step {self.saved_step} is kept, go on with: {command}"

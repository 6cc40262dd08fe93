"""Trainings that are killed at a chosen moment, and gone on with; a script that test_nothing_lost.py runs.

The kernels are loaded once. Then each training is a fork of this process, which costs no start. That is
allowed with Numba's own threads ("workqueue"), which a fork may start anew; those of OpenMP would end it.

    python killing.py ROOT

leaves in ROOT: `whole`, a run that nobody disturbed; `moment-K`, one for each moment, killed there and gone
on with; `again-K`, the same from `half`, whose newest checkpoint is damaged; `random-K`, killed from outside
now and then; `full`, whose disk was full for a while, and `when-full`, as it was then; `moments.json`, what
the moments were.
"""

import functools
import json
import os
import random
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import tqdm

from segnet_np.kernels import kernel
from segnet_np.models import weights_file
from segnet_np.training import checkpoint, loop, setup, strip
from segnet_np.training.config import Config
from segnet_np.training.log import Log

# Step 3 writes weights, step 4 a checkpoint, step 6 both; its weights are the best and must outlive the rest.
# All that is drawn at random is drawn, and the pass for the statistics too.
CONFIG = Config(
    width=2, crop=32, batch=2, steps=8, validate_every=3, checkpoint_every=2, class_weights="none", seed=22,
    dropout=0.5, zoom=1.5, light=0.5, statistics="full-pass",
)  # fmt: skip


class Moments:
    """Counts the moments at which a file is half written or about to get its name; at one of them all ends.

    What a folder holds changes at no other moments.

    Parameters
    ----------
    last : int or None
        At which moment this process kills itself, from 1.
    """

    def __init__(self, last=None):
        self.last = last
        self.names = []

    def __enter__(self):
        self._before = [(os, "replace"), (Log, "write")]
        self._before += [(module, "write_tensors") for module in (checkpoint, weights_file, strip)]
        self._before = [(owner, name, getattr(owner, name)) for owner, name in self._before]
        for owner, name, real in self._before:
            setattr(owner, name, self._watched(name, real))
        return self

    def __exit__(self, *_):
        for owner, name, real in self._before:
            setattr(owner, name, real)

    def _watched(self, name, real):
        def watched(*arguments):
            self.names.append(f"{name} {Path(arguments[-1]).name}" if name == "replace" else name)
            now = len(self.names) == self.last
            if now and name == "write":
                log, row = arguments
                log._file.write(log._row(row)[:-3])
                log._file.flush()
            elif now and name == "write_tensors":
                real(*arguments)
                os.truncate(arguments[1], arguments[1].stat().st_size // 2)
            if now:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments)

        return watched


def forked(work):
    """Start `work` in a process of its own and return its number."""
    pid = os.fork()
    if pid:
        return pid
    kernel._lost_its_threads = False  # these come along
    signal.alarm(120)  # what hangs shall end, and be told from what was killed
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def exit_code(pid):
    """Wait for a process; the negative number of the signal if one ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def train(folder):
    loop.train(CONFIG, folder, resume=True)


def killed_train(folder, moment):
    with Moments(moment):
        train(folder)


def go_on(folder):
    code = exit_code(forked(lambda: train(folder)))
    assert code == 0, f"{folder} does not go on: {code}"


def counted(folder):
    """Train to the end and return the moments on the way."""
    with Moments() as moments:
        train(folder)
    return moments.names


def kill_at_every_moment(root, name, moments, start=None):
    for number, what in enumerate(moments, start=1):
        folder = root / f"{name}-{number}"
        if start:
            shutil.copytree(start, folder)
        code = exit_code(forked(lambda folder=folder, number=number: killed_train(folder, number)))
        assert code == -signal.SIGKILL, f"{folder} was to end at {what}, but: {code}"
        go_on(folder)


def kill_at_random(root, number, most=6):
    folder, rng = root / f"random-{number}", random.Random(number)
    for _ in range(most):
        pid = forked(lambda: train(folder))
        time.sleep(rng.uniform(0.02, 0.3))
        os.kill(pid, signal.SIGKILL)
        if exit_code(pid) == 0:  # it was quicker
            break
    go_on(folder)


def at_step(step, what):
    """Have `what` happen in this process when batch number `step` is drawn."""
    draw = setup.Batches.draw

    def drawn(self, at):
        if at == step:
            what()
        return draw(self, at)

    setup.Batches.draw = drawn


def half_a_run(folder):
    """Leave a run that was killed in its last step: the newest checkpoint is of step 6."""

    def work():
        at_step(7, lambda: os.kill(os.getpid(), signal.SIGKILL))
        train(folder)

    assert exit_code(forked(work)) == -signal.SIGKILL


def fill_the_disk(folder, size):
    """Run into a limit of `size` bytes a file, set in the last step; what is said goes to FOLDER.txt."""

    def work():
        at_step(7, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
        try:
            train(folder)
        except OSError as error:
            Path(f"{folder}.txt").write_text(error.strerror)

    assert exit_code(forked(work)) == 0


def main(root):
    tqdm.tqdm.monitor_interval = 0  # it is a thread, which does not fork
    # Its own lock is one for all forks: whoever is killed while holding it would stop the others for ever.
    tqdm.tqdm.set_lock(threading.RLock())
    setup.TRAINING_SCENES, setup.HELD_OUT_SCENES = 6, 2
    # What takes longer than such a training: drawing, TensorBoard, and painting the same scenes each time.
    loop.pictures.draw_samples = loop.pictures.draw_curves = lambda *_: None
    strip.Strip._figure = strip.plots.save = lambda *_: None
    sys.modules["tensorboardX"] = None
    setup.training_pictures = functools.cache(setup.training_pictures)
    setup.held_out_pictures = functools.cache(setup.held_out_pictures)

    moments = counted(root / "whole")
    kill_at_every_moment(root, "moment", moments)

    half_a_run(root / "half")
    newest = root / "half" / "checkpoint.safetensors"
    size = newest.stat().st_size
    shutil.copytree(root / "half", root / "full")
    os.truncate(newest, size // 2)
    shutil.copytree(root / "half", root / "again-0")
    again = counted(root / "again-0")
    kill_at_every_moment(root, "again", again, root / "half")

    for number in range(3):
        kill_at_random(root, number)

    fill_the_disk(root / "full", size // 2)
    shutil.copytree(root / "full", root / "when-full")
    go_on(root / "full")
    (root / "moments.json").write_text(json.dumps({"moment": moments, "again": again}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

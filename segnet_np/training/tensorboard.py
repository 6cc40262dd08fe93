"""The log of a training for TensorBoard too, where tensorboardX is installed."""

import math
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from segnet_np.training import run_folder
from segnet_np.training.messages import say


class Board:
    """Writes every row of the log as TensorBoard's scalars; without tensorboardX it does nothing.

    Parameters
    ----------
    folder : Path
        Of the run; the files go to its folder ``tensorboard``.
    keep : int
        Steps after this one are made again, so TensorBoard shall forget them.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._writer: Any = None
        before = set(threading.enumerate())
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            return
        # Its queue of 10 would be waited for, for good, if the thread that empties it dies of a full disk.
        self._writer = SummaryWriter(str(folder / run_folder.TENSORBOARD), purge_step=keep + 1, max_queue=0)
        self._threads = set(threading.enumerate()) - before

    def __enter__(self) -> "Board":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._try("close")

    def write(self, row: dict[str, float]) -> None:
        """Write a row of the log.

        Parameters
        ----------
        row : dict
            With ``step``. A score ``iou_Car`` goes to the group ``iou``; a value that is NaN goes nowhere.
        """
        if self._alive():
            for name, value in row.items():
                if name != "step" and not math.isnan(value):
                    self._writer.add_scalar(name.replace("iou_", "iou/", 1), value, int(row["step"]))

    def flush(self) -> None:
        """Have the rows so far in the file, but for the last few, which tensorboardX's thread may hold."""
        self._try("flush")

    def _try(self, what: str) -> None:
        """Flush or close; a full disk is no reason to end the training."""
        if self._alive():
            try:
                getattr(self._writer, what)()
            except OSError as error:
                self._give_up(error.strerror or str(error))

    def _give_up(self, reason: str) -> None:
        say(f"warning: tensorboardX cannot write any more ({reason}); the training goes on without it")
        self._writer = None

    def _alive(self) -> bool:
        """Whether there is a writer; one that died is said, once, and no reason to end the training."""
        if self._writer is not None and not all(thread.is_alive() for thread in self._threads):
            self._give_up("its thread has ended")
        return self._writer is not None

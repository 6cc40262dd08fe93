"""The log of a training for TensorBoard too, where tensorboardX is installed."""

from pathlib import Path
from types import TracebackType
from typing import Any

from segnet_np.training import run_folder


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
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder / run_folder.TENSORBOARD), purge_step=keep + 1)

    def __enter__(self) -> "Board":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, row: dict[str, float]) -> None:
        """Write a row of the log.

        Parameters
        ----------
        row : dict
            With ``step``. A score ``iou_Car`` goes to the group ``iou``.
        """
        if self._writer is not None:
            for name, value in row.items():
                if name != "step":
                    self._writer.add_scalar(name.replace("iou_", "iou/", 1), value, int(row["step"]))

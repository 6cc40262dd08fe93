"""How a net's view of a few held-out pictures changed, as a strip: a row a picture, a column an epoch.

Predictions are looked at after the epochs 1, 2, 4, 8 and so on, because a net changes most in its first ones,
and whenever the held-out pictures are judged at the end. They are kept in a file of the run's folder, made
small, so that a resumed run goes on with its strip.
"""

from pathlib import Path

import numpy as np

from segnet_np import plots
from segnet_np.data.batches import Dataset
from segnet_np.files import whole_file
from segnet_np.models.net import Net
from segnet_np.models.tensors_file import read_tensors, write_tensors
from segnet_np.training import run_folder
from segnet_np.training.messages import say

PICTURES, WIDTH = 3, 200


class Strip:
    """The predictions of a run so far.

    Parameters
    ----------
    folder : Path
        Of the run; what is there already is continued.
    held_out : Dataset
    epoch : float
        Steps in an epoch.
    keep : int
        Predictions of later steps are dropped: a resumed training makes these steps again.
    """

    def __init__(self, folder: Path, held_out: Dataset, epoch: float, keep: int) -> None:
        self.folder, self.held_out, self.epoch = folder, held_out, epoch
        self.chosen = plots.spread(PICTURES, len(held_out))
        self._views: dict[str, np.ndarray] = {}
        path = folder / run_folder.STRIP_DATA
        if keep and path.exists():
            try:
                views, _ = read_tensors(path)
                self._views = {name: view for name, view in views.items() if _step(name) <= keep}
            except ValueError as error:  # no reason to lose a training
                say(f"warning: {error}; the strip begins anew")

    def due(self, step: int) -> bool:
        """Whether an epoch of the series 1, 2, 4, 8... ends with this step."""
        ended, before = int(step / self.epoch), int((step - 1) / self.epoch)
        return ended > before and ended & (ended - 1) == 0

    def look(self, net: Net, step: int) -> None:
        """Predict the pictures and write strip.png anew.

        Parameters
        ----------
        net : Net
        step : int
            How many steps it has been trained.
        """
        for place, k in enumerate(self.chosen):
            image, _ = self.held_out[k]
            self._views[f"{step}/{place}"] = _small(net.predict(image)[0].astype(np.uint8))
        with whole_file(self.folder / run_folder.STRIP_DATA) as temporary:
            write_tensors(self._views, temporary, {})
        plots.save(self._figure(), self.folder / run_folder.STRIP)

    def _figure(self) -> plots.Figure:
        steps = sorted({_step(name) for name in self._views})
        rows = []
        for place, k in enumerate(self.chosen):
            image, labels = (_small(array) for array in self.held_out[k])
            rows.append((image, *(self._views[f"{step}/{place}"] for step in steps), labels))
        titles = ["image", *(f"step {step}" for step in steps), "truth"]
        return plots.samples(rows, self.held_out.classes, titles, width=1.5)


def _step(name: str) -> int:
    return int(name.partition("/")[0])


def _small(array: np.ndarray) -> np.ndarray:
    """Every n-th pixel of a map or an image, so that it is at most about `WIDTH` wide."""
    every = -(-array.shape[1] // WIDTH)
    return np.ascontiguousarray(array[::every, ::every])

"""How a net's view of a few held-out pictures changed, as a strip: a row a picture, a column an epoch.

Predictions are looked at after the epochs 1, 2, 4, 8 and so on, because a net changes most in its first ones,
and after the last step. They are kept in a file of the run's folder, made
small, so that a resumed run goes on with its strip.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from segnet_np import plots
from segnet_np.data.batches import Batches, Dataset
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
    batches : Batches
        What is trained on; they say when an epoch ends.
    keep : int
        Predictions of later steps are dropped: a resumed training makes these steps again.
    """

    def __init__(self, folder: Path, held_out: Dataset, batches: Batches, keep: int) -> None:
        self.folder, self.held_out, self.batches = folder, held_out, batches
        self.chosen = plots.spread(PICTURES, len(held_out))
        self._names = json.dumps([held_out.name(k) for k in self.chosen])
        self._views: dict[str, np.ndarray] = {}
        path = folder / run_folder.STRIP_DATA
        if keep and path.exists():
            try:
                views, metadata = read_tensors(path)
                if metadata.get("pictures") != self._names:
                    raise ValueError(f"{path} shows other pictures than {self._names}")
                views = {name: view for name, view in views.items() if _step(name) <= keep}
                self._check(views)
                self._views = views
            except (OSError, ValueError) as error:  # no reason to lose a training
                say(f"warning: {error}; the strip begins anew")

    def _check(self, views: dict[str, np.ndarray]) -> None:
        """Raise for what no strip holds."""
        places = range(len(self.chosen))
        if lacking := sorted({f"{step}/{place}" for step in _steps(views) for place in places} - set(views)):
            raise ValueError(f"{run_folder.STRIP_DATA} lacks the predictions {', '.join(lacking)}")
        count = self.held_out.classes.num_classes
        for name, view in views.items():
            if view.dtype != np.uint8 or view.ndim != 2 or view.max(initial=0) >= count:
                raise ValueError(f"{run_folder.STRIP_DATA}: {name} is no map of classes")

    def due(self, step: int) -> bool:
        """Whether an epoch of the series 1, 2, 4, 8... ends with this step."""
        batch, pictures = self.batches.batch, len(self.batches.dataset)
        ended, before = step * batch // pictures, (step - 1) * batch // pictures
        return ended.bit_length() > before.bit_length()  # a power of two lies between

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
            write_tensors(self._views, temporary, {"pictures": self._names})
        plots.save(self._figure(), self.folder / run_folder.STRIP)

    def _figure(self) -> plots.Figure:
        steps = _steps(self._views)
        rows = []
        for place, k in enumerate(self.chosen):
            image, labels = (_small(array) for array in self.held_out[k])
            rows.append((image, *(self._views[f"{step}/{place}"] for step in steps), labels))
        titles = ["image", *(f"step {step}" for step in steps), "truth"]
        return plots.samples(rows, self.held_out.classes, titles, width=1.5)


def _steps(views: Iterable[str]) -> list[int]:
    return sorted({_step(name) for name in views})


def _step(name: str) -> int:
    return int(name.partition("/")[0])


def _small(array: np.ndarray) -> np.ndarray:
    """Every n-th pixel of a map or an image, so that it is at most about `WIDTH` wide."""
    every = -(-array.shape[1] // WIDTH)
    return np.ascontiguousarray(array[::every, ::every])

"""Batches for training: shuffled, cropped, changed at random, and the same again for the same step.

What step k sees depends on the seed and on k alone. A run that was stopped goes on at step k with the
batches it would have had, and no state of any generator has to be stored.
"""

from typing import Protocol

import numpy as np

from segnet_np.data.augment import Changes
from segnet_np.data.classes import Classes

# Keep the kinds of random numbers apart that are drawn for one seed; the last is for nets.
SHUFFLE, CHANGES, DROPOUT = 0, 1, 2

USUAL = Changes()


class Dataset(Protocol):
    """Numbered pairs of an image and its labels: `Scenes` and `Folder` are such, and yours can be."""

    classes: Classes

    def __len__(self) -> int:
        """The number of pairs."""
        ...

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Image uint8 (H, W, 3) and labels uint8 (H, W)."""
        ...

    def name(self, index: int) -> str:
        """What to call the pair in messages and file names."""
        ...


class Batches:
    """Random crops of a data set, `batch` at a time.

    The data set is gone through in epochs, each in an order of its own. Batches follow one another through
    the epochs without a break: where an epoch ends inside a batch, the next one begins there, so a batch
    may be larger than the data set.

    Parameters
    ----------
    dataset : Dataset
        `Scenes`, `Folder` or anything like them.
    batch : int
        Images in a batch.
    crop : int
        Side of the square windows; 0 takes whole pictures, which then must be of one size.
    seed : int
        Not negative.
    changes : Changes
        What is done to the pictures at random.

    Raises
    ------
    ValueError
        When the data set is empty, or `batch`, `crop` or `seed` is too small.

    Examples
    --------
    >>> from segnet_np.data.scenes import Scenes
    >>> images, labels = Batches(Scenes(10), batch=4, crop=64, seed=0).draw(step=0)
    >>> images.shape, labels.shape
    ((4, 64, 64, 3), (4, 64, 64))
    """

    def __init__(self, dataset: Dataset, batch: int, crop: int, seed: int, changes: Changes = USUAL) -> None:
        if len(dataset) < 1:
            raise ValueError("Batches: the data set is empty, expected at least one image")
        if batch < 1 or crop < 0 or seed < 0:
            raise ValueError(
                f"Batches: batch {batch}, crop {crop}, seed {seed}; "
                "expected a batch of at least 1, a crop and a seed of at least 0"
            )
        self.dataset = dataset
        self.batch = batch
        self.crop = crop
        self.seed = seed
        self.changes = changes
        self._orders: dict[int, np.ndarray] = {}

    def indices(self, step: int) -> np.ndarray:
        """Which images of the data set step `step` sees.

        Parameters
        ----------
        step : int
            Counted from 0.

        Returns
        -------
        indices : ndarray of int64, shape (batch,)

        Raises
        ------
        ValueError
            When `step` is negative.
        """
        if step < 0:
            raise ValueError(f"Batches: step {step}, expected at least 0")
        epochs, positions = np.divmod(
            np.arange(step * self.batch, (step + 1) * self.batch), len(self.dataset)
        )
        return np.array([self._order(epoch)[at] for epoch, at in zip(epochs, positions, strict=True)])

    def draw(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """The batch of step `step`.

        Parameters
        ----------
        step : int
            Counted from 0.

        Returns
        -------
        images : ndarray of uint8, shape (batch, H, W, 3)
            H and W are the crop, or the size of whole pictures at their scale.
        labels : ndarray of uint8, shape (batch, H, W)

        Raises
        ------
        ValueError
            When `step` is negative, an image is smaller than the crop, or whole images differ in size.
        """
        indices = self.indices(step)
        rng = np.random.default_rng((self.seed, CHANGES, step))
        pairs: list[tuple[np.ndarray, np.ndarray]] = []
        for index in indices.tolist():
            try:
                pairs.append(self.changes.apply(*self.dataset[index], self.crop, rng))
            except ValueError as error:
                raise ValueError(f"{self.dataset.name(index)}: {error}") from error
            if pairs[-1][1].shape != pairs[0][1].shape:
                shapes = f"{pairs[-1][1].shape} in a batch with one of {pairs[0][1].shape}"
                raise ValueError(
                    f"{self.dataset.name(index)}: a whole picture of {shapes}, expected all of one size; "
                    "or train on crops"
                )
        images, labels = zip(*pairs, strict=True)
        return np.stack(images), np.stack(labels)

    def _order(self, epoch: int) -> np.ndarray:
        if epoch not in self._orders:
            if len(self._orders) > 1:  # a batch rarely needs more than the epoch that ends and the next
                self._orders.clear()
            rng = np.random.default_rng((self.seed, SHUFFLE, epoch))
            self._orders[epoch] = rng.permutation(len(self.dataset))
        return self._orders[epoch]

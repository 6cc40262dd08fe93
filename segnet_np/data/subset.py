"""A part of a data set, to train on some of its pictures and to judge by the others."""

from collections.abc import Sequence

import numpy as np

from segnet_np.data.batches import Dataset


class Subset:
    """Some pairs of a data set.

    Parameters
    ----------
    dataset : Dataset
    indices : sequence of int
        Which ones, in the order in which they are numbered here.

    Raises
    ------
    IndexError
        When the data set has no such pair.
    """

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        if outside := [k for k in indices if not 0 <= k < len(dataset)]:
            raise IndexError(f"Subset: pairs {outside} of a data set of {len(dataset)}")
        self.dataset, self.indices, self.classes = dataset, list(indices), dataset.classes

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Read a pair, as the data set does."""
        return self.dataset[self._there(index)]

    def name(self, index: int) -> str:
        """What the data set calls the pair."""
        return self.dataset.name(self._there(index))

    def _there(self, index: int) -> int:
        if not 0 <= index < len(self.indices):
            raise IndexError(f"pair {index} of {len(self.indices)}")
        return self.indices[index]


def split_by_prefix(dataset: Dataset, prefix: str) -> tuple[Subset, Subset]:
    """Part a data set by what its pairs are called: one sequence of a film is held out, say.

    Parameters
    ----------
    dataset : Dataset
    prefix : str

    Returns
    -------
    rest, named : Subset
        Those whose names do not begin with `prefix`, and those whose do.

    Raises
    ------
    ValueError
        When either has no pair.
    """
    named = [k for k in range(len(dataset)) if dataset.name(k).startswith(prefix)]
    rest = sorted(set(range(len(dataset))) - set(named))
    if not named or not rest:
        which = "no" if not named else "every"
        raise ValueError(f"hold-out {prefix}: {which} name of {len(dataset)} begins so, expected some")
    return Subset(dataset, rest), Subset(dataset, named)

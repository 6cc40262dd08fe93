"""Parts of a data set: the right pairs under the right names."""

import numpy as np
import pytest

from segnet_np.data import Scenes
from segnet_np.data.subset import Subset, split_by_prefix


class Named:
    """Three names, of which two begin alike."""

    classes = Scenes(1).classes

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return np.full((2, 3, 3), index, np.uint8), np.full((2, 3), index, np.uint8)

    def name(self, index):
        return ("A_2", "B_1", "A_1")[index]


def test_split_by_prefix():
    rest, named = split_by_prefix(Named(), "A_")
    assert [named.name(k) for k in range(len(named))] == ["A_2", "A_1"]
    assert [int(named[k][1][0, 0]) for k in range(len(named))] == [0, 2]
    assert (len(rest), rest.name(0), int(rest[0][0][0, 0, 0])) == (1, "B_1", 1)
    assert rest.classes is Named.classes


@pytest.mark.parametrize(("prefix", "which"), [("C", "no name of 3"), ("", "every name of 3")])
def test_a_part_without_pairs_is_refused(prefix, which):
    with pytest.raises(ValueError, match=which):
        split_by_prefix(Named(), prefix)


def test_pairs_that_are_not_there():
    with pytest.raises(IndexError, match=r"pairs \[3\] of a data set of 3"):
        Subset(Named(), [0, 3])
    with pytest.raises(IndexError, match="pair 1 of 1"):
        Subset(Named(), [2])[1]

"""Batches: a pure function of seed and step, epochs complete, crops inside."""

import numpy as np
import pytest

from segnet_np.data import CAMVID, Batches, Changes, Scenes

PLAIN = Changes(flip=False, colour=0)


class Numbered:
    """A data set whose image k holds nothing but k."""

    classes = CAMVID

    def __init__(self, count, size=(8, 10)):
        self.count, self.size = count, size

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return np.full((*self.size, 3), index, np.uint8), np.full(self.size, index % 11, np.uint8)

    def name(self, index):
        return f"number-{index}"


def test_shapes_and_dtypes():
    images, labels = Batches(Numbered(5), batch=3, crop=6, seed=0).draw(0)
    assert images.shape == (3, 6, 6, 3)
    assert labels.shape == (3, 6, 6)
    assert images.dtype == labels.dtype == np.uint8


def test_a_step_depends_on_seed_and_step_alone():
    scenes = Scenes(5, size=(32, 40), seed=3)
    steps = [Batches(scenes, batch=4, crop=24, seed=7).draw(step) for step in range(6)]
    late = Batches(scenes, batch=4, crop=24, seed=7)
    for step in (5, 2, 4, 2, 0):
        images, labels = late.draw(step)
        assert np.array_equal(images, steps[step][0])
        assert np.array_equal(labels, steps[step][1])
    other = Batches(scenes, batch=4, crop=24, seed=8).draw(0)
    assert not np.array_equal(other[0], steps[0][0])


@pytest.mark.parametrize("batch", [1, 3, 7, 20])
def test_each_epoch_sees_every_image_once_in_an_order_of_its_own(batch):
    batches = Batches(Numbered(7), batch=batch, crop=4, seed=1)
    steps = -(-7 * 6 // batch)
    seen = np.concatenate([batches.indices(step) for step in range(steps)])[: 7 * 6].reshape(6, 7)
    assert (np.sort(seen, axis=1) == np.arange(7)).all()
    assert len({tuple(order) for order in seen.tolist()}) > 1


def test_images_come_with_their_own_labels():
    images, labels = Batches(Numbered(9), batch=9, crop=4, seed=2, changes=PLAIN).draw(3)
    assert sorted(images[:, 0, 0, 0].tolist()) == list(range(9))
    assert np.array_equal(images[..., 0], labels)


def test_augment_changes_the_pictures():
    scenes = Scenes(1, size=(32, 32))
    plain = Batches(scenes, batch=8, crop=32, seed=0, changes=PLAIN).draw(0)
    changed = Batches(scenes, batch=8, crop=32, seed=0).draw(0)
    assert (plain[0] == scenes[0][0]).all()
    assert len({image.tobytes() for image in changed[0]}) == 8
    assert {labels.tobytes() for labels in changed[1]} == {
        scenes[0][1].tobytes(),
        scenes[0][1][:, ::-1].tobytes(),
    }


def test_each_step_crops_and_changes_anew():
    batches = Batches(Scenes(1, size=(48, 64)), batch=1, crop=32, seed=0, changes=PLAIN)
    assert len({batches.draw(step)[0].tobytes() for step in range(8)}) >= 7


def test_an_image_smaller_than_the_crop_is_named():
    with pytest.raises(ValueError, match=r"number-\d: .*8x10 is smaller than the window of 9x9"):
        Batches(Numbered(5), batch=2, crop=9, seed=0).draw(0)


@pytest.mark.parametrize("changes", [{"batch": 0}, {"crop": -1}, {"seed": -1}, {"dataset": Numbered(0)}])
def test_nonsense_is_refused(changes):
    with pytest.raises(ValueError, match=r"Batches: .*expected"):
        Batches(**{"dataset": Numbered(3), "batch": 2, "crop": 4, "seed": 0} | changes)


def test_steps_count_from_zero():
    with pytest.raises(ValueError, match="step -1"):
        Batches(Numbered(3), batch=2, crop=4, seed=0).draw(-1)

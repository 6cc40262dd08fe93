"""Street scenes: repeatable, any size, all classes, and not to be solved by a pixel's colour and height."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from segnet_np.data import CAMVID, Scenes, street_scene

VOID = CAMVID.ignore_index


def test_the_same_seed_and_size_give_the_same_bytes():
    for size in ((96, 128), (33, 47)):
        image, labels = street_scene(5, size)
        again, again_labels = street_scene(5, size)
        assert image.tobytes() == again.tobytes()
        assert labels.tobytes() == again_labels.tobytes()
        other, other_labels = street_scene(6, size)
        assert not np.array_equal(image, other)
        assert not np.array_equal(labels, other_labels)


@pytest.mark.parametrize("size", [(32, 32), (32, 150), (150, 32), (45, 61), (96, 128), (240, 320)])
def test_any_size_from_32(size):
    for seed in range(8):
        image, labels = street_scene(seed, size)
        assert image.shape == (*size, 3)
        assert labels.shape == size
        assert image.dtype == labels.dtype == np.uint8
        assert labels.max() <= VOID
        assert image.flags.c_contiguous
        assert labels.flags.c_contiguous
        assert image.flags.writeable


@pytest.mark.parametrize("size", [(31, 64), (64, 31), (0, 0)])
def test_too_small_a_size_is_refused(size):
    with pytest.raises(ValueError, match=rf"{size[0]}x{size[1]}, expected at least 32x32"):
        street_scene(0, size)
    with pytest.raises(ValueError, match=rf"{size[0]}x{size[1]}"):
        Scenes(1, size)


def test_negative_seeds_and_empty_sets_are_refused():
    with pytest.raises(ValueError, match="seed -1"):
        street_scene(-1)
    with pytest.raises(ValueError, match="seed -1"):
        Scenes(1, seed=-1)
    with pytest.raises(ValueError, match="count 0"):
        Scenes(0)


def test_every_class_appears_often_and_large_enough_to_be_learnt():
    scenes = Scenes(120)
    counts = np.array([np.bincount(scenes[k][1].ravel(), minlength=12) for k in range(120)])
    share = counts.sum(axis=0) / counts.sum()
    assert share.min() > 0.005, dict(zip((*CAMVID.names, "void"), share.round(4), strict=True))
    assert share.max() < 0.4
    often = (counts[:, :VOID] > 20).mean(axis=0)
    assert often.min() > 0.4, dict(zip(CAMVID.names, often, strict=True))


def test_a_scene_is_a_street():
    """Sky at the top, road at the bottom, and objects that stand out of their surroundings in the picture."""
    scenes = Scenes(60, seed=2)
    rows = np.zeros((12, 96))
    for k in range(60):
        for label in range(12):
            rows[label] += (scenes[k][1] == label).sum(axis=1)
    middle = (rows * np.arange(96)).sum(axis=1) / rows.sum(axis=1)
    sky, building, road, car = (
        middle[CAMVID.names.index(name)] for name in ("Sky", "Building", "Road", "Car")
    )
    assert sky < building < car < road


def test_labels_fit_the_picture():
    """Where the label changes the picture changes, too, much more than elsewhere."""
    scenes = Scenes(20, seed=4)
    at_borders, elsewhere = [], []
    for k in range(20):
        image, labels = scenes[k]
        step = np.abs(np.diff(image.astype(int), axis=1)).sum(axis=2)
        border = labels[:, 1:] != labels[:, :-1]
        at_borders.append(step[border].mean())
        elsewhere.append(step[~border].mean())
    assert np.mean(at_borders) > 2.5 * np.mean(elsewhere)


def test_a_set_is_repeatable_and_sets_share_no_scene():
    train, held_out = Scenes(6, (32, 40), seed=0), Scenes(6, (32, 40), seed=1)
    images = {scenes[k][0].tobytes() for scenes in (train, held_out) for k in range(6)}
    assert len(images) == 12
    assert np.array_equal(Scenes(3, (32, 40), seed=0)[2][0], train[2][0])
    assert train[2][0] is train[2][0]  # painted once
    assert train.classes is CAMVID
    assert len({train.name(k) for k in range(6)} | {held_out.name(k) for k in range(6)}) == 12
    assert len(list(train)) == 6
    with pytest.raises(IndexError, match="scene 6 of 6"):
        train[6]


def row_and_colour(scenes: Scenes, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features, labels = [], []
    for k in range(len(scenes)):
        image, truth = scenes[k]
        at = rng.choice(np.flatnonzero(truth != VOID), pixels, replace=False)
        row = at // truth.shape[1] / truth.shape[0]
        features.append(np.column_stack([row, image.reshape(-1, 3)[at]]))
        labels.append(truth.ravel()[at])
    return np.concatenate(features), np.concatenate(labels)


def test_row_and_colour_alone_do_not_solve_it():
    """A strong classifier that sees one pixel's row and colour stays below a mean IoU of 0.35."""
    features, labels = row_and_colour(Scenes(150, seed=0), 1000)
    held_out, truth = row_and_colour(Scenes(50, seed=1), 2000)
    with threadpool_limits(1):  # on a busy machine its threads wait for each other for minutes
        model = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(features, labels)
        plain = model.predict_proba(held_out)
    rarity = np.bincount(labels, minlength=11) ** -0.5
    for likelihood in (plain, plain * rarity):
        found = likelihood.argmax(axis=1)
        both = np.bincount(truth[truth == found], minlength=11)
        union = np.bincount(truth, minlength=11) + np.bincount(found, minlength=11) - both
        assert (both / union).mean() < 0.35

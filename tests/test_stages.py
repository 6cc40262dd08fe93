"""What the look inside shows is what the net computed: maps, places, sparse maps; and where it is drawn."""

import numpy as np
import pytest

import segnet_np as snp
from segnet_np.data.scenes import street_scene
from segnet_np.lessons.pictures.drawing import WINDOW_COLOURS
from segnet_np.lessons.pictures.stages import (
    PIXEL,
    PLACE_COLOURS,
    draw_stage,
    enlarge_places,
    paint_places,
    shade,
    strongest_part,
)
from segnet_np.lessons.stages import Channel, Inside, Stage, look_inside
from segnet_np.models.preprocess import resize_image

IMAGE = street_scene(3, (45, 61))[0]


@pytest.mark.parametrize("model", [snp.SegNet, snp.SegNetBasic])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_maps_and_places_are_those_of_the_trace(model, ceil_mode):
    net = model(width=5, seed=1, ceil_mode=ceil_mode)
    inside = look_inside(net, IMAGE)
    steps = net.trace(net.normalise(IMAGE[None]))
    assert len(inside.stages) == len(net.pools)
    for number, stage in enumerate(inside.stages, start=1):
        assert stage.number == number
        encoder, dense = steps[stage.encoder_layer][0], steps[stage.decoder_layer][0]
        pooled, sparse, offsets = (
            steps[f"pool{number}"][0],
            steps[f"unpool{number}"][0],
            steps[f"indices{number}"].offsets[0],
        )
        assert stage.size == encoder.shape[1:] == sparse.shape[1:] == dense.shape[1:]
        assert stage.pooled_size == pooled.shape[1:]
        assert (stage.num_channels, stage.num_dense) == (len(encoder), len(dense))
        # The rule: the largest products of the two spreads.
        spreads = encoder.std((1, 2), dtype=float) * sparse.std((1, 2), dtype=float)
        numbers = [channel.number for channel in stage.channels]
        assert len(set(numbers)) == 3
        assert spreads[numbers[0]] == pytest.approx(spreads.max())
        assert (np.diff(spreads[numbers]) <= 0).all()
        assert spreads[numbers[-1]] >= np.delete(spreads, numbers).max(initial=0) * (1 - 1e-9)
        assert dense.std((1, 2), dtype=float)[stage.channels[0].dense_number] == pytest.approx(
            dense.std((1, 2), dtype=float).max()
        )
        for channel in stage.channels:
            k = channel.number
            np.testing.assert_array_equal(channel.encoder, encoder[k])
            np.testing.assert_array_equal(channel.pooled, pooled[k])
            np.testing.assert_array_equal(channel.places, offsets[k])
            np.testing.assert_array_equal(channel.sparse, sparse[k])
            np.testing.assert_array_equal(channel.dense, dense[channel.dense_number])
            np.testing.assert_array_equal(channel.silent, pooled[k] == 0)
        loud = pooled > 0
        for place in range(4):
            assert stage.shares[place] == pytest.approx((offsets[loud] == place).mean())
        assert stage.silent == pytest.approx(1 - loud.mean())


def test_what_is_outside_of_the_places_is_zero_in_the_sparse_map():
    inside = look_inside(snp.SegNet(width=4), IMAGE)
    for stage in inside.stages:
        for channel in stage.channels:
            left = channel.sparse.copy()
            i, j = np.indices(channel.places.shape)
            left[2 * i + channel.places // 2, 2 * j + channel.places % 2] = 0
            assert not left.any()


def test_labels_are_those_of_predict_and_the_picture_is_at_the_nets_scale():
    net = snp.SegNet(width=3)
    net.input_scale = 0.8
    for scale, size in ((None, (36, 49)), (1.0, (45, 61))):
        inside = look_inside(net, IMAGE, scale)
        np.testing.assert_array_equal(inside.picture, IMAGE if scale == 1 else resize_image(IMAGE, *size))
        labels, probabilities = net.predict(IMAGE, scale)
        np.testing.assert_array_equal(inside.labels, labels)
        np.testing.assert_array_equal(inside.confidence, probabilities.max(0))
        assert inside.stages[0].size == size


def test_indices_take_two_bits_a_window_and_whole_maps_four_bytes_a_number():
    stage = look_inside(snp.SegNet(width=4), street_scene(0, (32, 64))[0]).stages[1]
    assert stage.index_bytes == 8 * 8 * 16 * 2 / 8
    assert stage.map_bytes == 8 * 16 * 32 * 4
    assert stage.map_bytes == 64 * stage.index_bytes


def test_bad_input_is_refused():
    with pytest.raises(TypeError, match="look_inside: expected a SegNet or SegNetBasic, but Conv2d"):
        look_inside(snp.layers.Conv2d(3, 3, 3), IMAGE)
    with pytest.raises(ValueError, match="at least 32"):
        look_inside(snp.SegNet(width=1), IMAGE[:20])
    inside = look_inside(snp.SegNet(width=2), IMAGE)
    with pytest.raises(ValueError, match="stage 6, expected 1 to 5"):
        draw_stage(inside, 6)
    with pytest.raises(ValueError, match="channel 2, but 0 to 1 were kept"):
        draw_stage(inside, 1, 2)


def by_hand(places, pooled, size):
    """A stage 1 of one channel with these places, over a black picture."""
    places, pooled = np.array(places, np.uint8), np.array(pooled, float)
    empty = np.zeros(size)
    channel = Channel(0, empty, pooled, places, empty, 0, empty)
    stage = Stage(
        1, size, places.shape, "relu12", "pool1", "unpool1", "relu12d", 1, 1, (channel,), np.zeros(4), 0.0
    )
    return Inside(np.zeros((*size, 3), np.uint8), 1.0, (stage,), empty.astype(int), empty), stage, channel


def test_places_are_painted_where_they_are():
    inside, stage, channel = by_hand([[0, 1], [2, 3]], [[1, 1], [1, 0]], (5, 4))
    painted = paint_places(inside, stage, channel, strength=1)
    assert painted.shape == (5, 4, 3)
    for i, j, place in ((0, 0, 0), (0, 1, 1), (1, 0, 2)):
        window = painted[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert (window == PLACE_COLOURS[place]).all()
    grey = painted[4, 0]  # the odd row belongs to no window
    assert grey[0] == grey[1] == grey[2]
    assert (painted[2:4, 2:4] == grey).all()  # a silent window


def test_dots_stand_at_the_remembered_places():
    inside, stage, channel = by_hand([[0, 1], [2, 3], [3, 0]], [[1, 1], [1, 0], [2, 1]], (6, 4))
    image = enlarge_places(inside, stage, channel)
    assert image.shape == (6 * PIXEL, 4 * PIXEL, 3)
    centres = image[PIXEL // 2 :: PIXEL, PIXEL // 2 :: PIXEL].astype(int)
    dots = {}
    for i, j in np.ndindex(6, 4):
        near = np.abs(centres[i, j] - PLACE_COLOURS.astype(int)).max(1)
        if near.min() < 12:
            dots[i, j] = int(near.argmin())
    assert dots == {(0, 0): 0, (0, 3): 1, (3, 0): 2, (5, 1): 3, (4, 2): 0}


def test_the_strongest_part_is_found_and_framed():
    pooled = np.zeros((20, 30))
    pooled[11:19, 17:25] = 1
    inside, stage, channel = by_hand(np.zeros((20, 30)), pooled, (40, 60))
    top, left, rows, columns = strongest_part(channel)
    assert (rows, columns) == (9, 12)
    assert top <= 11
    assert top + rows >= 19
    assert left <= 17
    assert left + columns >= 25
    painted = paint_places(inside, stage, channel)
    assert (painted[2 * top, 2 * left : 2 * (left + columns)] == 0).all()
    assert (painted[2 * (top + rows) - 1, 2 * left : 2 * (left + columns)] == 0).all()


def test_shades():
    assert (shade(np.zeros((2, 3))) == 255).all()
    ramp = shade(np.linspace(0, 1, 50)[None], top=1)[0].astype(int).sum(1)
    assert ramp[0] == 3 * 255
    assert (np.diff(ramp) <= 0).all()
    signed = shade(np.array([[-1.0, 0.0, 1.0]]), top=1)[0]
    assert signed[0, 0] > signed[0, 2]  # orange: red above blue
    assert (signed[1] >= 253).all()
    assert signed[2, 0] < signed[2, 2]  # blue


def test_a_stage_is_drawn_with_its_five_panels_and_the_four_places():
    inside = look_inside(snp.SegNet(width=4), IMAGE)
    figure = draw_stage(inside, 2, 1)
    assert [len(ax.images) for ax in figure.axes] == [1, 1, 1, 1, 1, 0]
    assert "stage 2: 8 maps of 22x30, pooled to 11x15" in figure.get_suptitle()
    legend = figure.axes[-1].get_legend()
    assert [text.get_text() for text in legend.get_texts()][:4] == [
        "top left",
        "top right",
        "bottom left",
        "bottom right",
    ]
    assert len(WINDOW_COLOURS) == 4

"""What the pictures of lessons 05 and 06 say is what the library computes."""

import numpy as np
import pytest
from numba import prange

from segnet_np import data, softmax_cross_entropy
from segnet_np.kernels import winograd_points
from segnet_np.lessons.owners import watch
from segnet_np.lessons.pictures import loss, speed, winograd
from segnet_np.lessons.show import png_bytes

IMAGE, LABELS = data.street_scene(3, (40, 48))
COUNTS = np.array([(c == LABELS).sum() for c in range(11)])


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def heights(ax):
    return [bar.get_height() for bar in ax.patches]


@pytest.mark.parametrize("weights", [np.ones(11), np.linspace(0, 3, 11)], ids=["plain", "weighted"])
@pytest.mark.parametrize("logits", [np.zeros(11), np.linspace(-2, 2, 11)], ids=["nothing", "something"])
def test_the_pull_is_the_size_of_dlogits(weights, logits):
    figure = loss.pull_picture(IMAGE, LABELS, logits, weights, COUNTS)
    maps = np.broadcast_to(logits[None, :, None, None], (1, 11, *LABELS.shape)).copy()
    _, dlogits = softmax_cross_entropy(maps, LABELS[None], weights, ignore_index=11)
    pull = np.abs(dlogits[0]).sum(axis=0)
    of_class = np.array([pull[c == LABELS].sum() for c in range(11)])
    bars = heights(figure.axes[-1])
    assert np.allclose(bars[:11], 100 * COUNTS / COUNTS.sum())
    assert np.allclose(bars[11:], 100 * of_class / of_class.sum())
    drawn = figure.axes[1].images[0].get_array()
    assert np.allclose(drawn**2 * pull[LABELS < 11].mean(), pull)


def test_all_weights_zero_is_drawn_too():
    figure = loss.pull_picture(IMAGE, LABELS, np.zeros(11), np.zeros(11), COUNTS)
    assert not figure.axes[1].images[0].get_array().any()


def test_counts_are_written_in_percent():
    camvid = np.arange(1, 12)
    figure = loss.counts_picture(IMAGE, LABELS, {"CamVid": camvid, "scenes": COUNTS})
    assert {f"{100 * k / 66:.1f} %" for k in camvid} <= set(texts(figure))


def test_one_pixel_by_hand():
    figure = loss.pixel_picture((0.0, np.log(3.0)), 1)
    assert np.allclose(heights(figure.axes[0]), [0.25, 0.75])
    assert np.allclose(heights(figure.axes[1]), [0, 1])
    assert np.allclose(heights(figure.axes[2]), [0.25, -0.25])
    assert any("0.288" in text for text in texts(figure))


def test_a_race_is_lost_unless_one_thread_waits_for_the_other():
    results = {"".join(way): speed.play(way)[-1][2] for way in speed.WAYS}
    assert len(results) == 20
    assert [way for way, cell in results.items() if cell == 7] == ["AAABBB", "BBBAAA"]
    assert set(results.values()) == {6, 7}


def test_the_race_is_drawn_step_by_step():
    assert "reads 5" not in texts(speed.race_picture(7, 0))
    assert texts(speed.race_picture(7, 2)).count("reads 5") == 2
    assert any("lost" in text for text in texts(speed.race_picture(7, 6)))
    assert any("as it should be" in text for text in texts(speed.race_picture(0, 6)))


def test_owners_are_written_into_their_cells():
    def racing(x, out):
        for p in prange(x.size):
            out[p // 2] += x[p]

    cells = watch(racing, (np.ones(4), np.zeros(2))).writers[1]
    assert {"0 1", "2 3"} <= set(texts(speed.owners_picture({"out": cells[None]})))


def test_the_matrices_are_those_of_the_kernels():
    rng = np.random.default_rng(0)
    d, g, m = rng.normal(size=4), rng.normal(size=3), rng.normal(size=4)
    assert np.allclose(winograd.BT @ d, winograd_points.input_2(tuple(d)))
    assert np.allclose(winograd.G @ g, winograd_points.weight_2(tuple(g)))
    assert np.allclose(winograd.AT @ m, winograd_points.output_2(tuple(m)))


def test_winograd_in_numbers():
    said = texts(winograd.winograd_picture((1, 2, 3, 4), (1, 2, 3)))
    assert "Directly, with six products: 14 and 20.  With these four: 14 and 20." in said


def test_maps_moved_are_counted():
    assert {"8.25 maps", "2.25 maps"} <= set(texts(speed.traffic_picture()))


@pytest.mark.parametrize(
    "figure",
    [
        loss.loss_curve,
        loss.by_hand_picture,
        lambda: loss.found_picture(
            {"image": IMAGE, "labels": LABELS}, {"a": COUNTS / COUNTS.sum(), "b": np.ones(11)}, range(11)
        ),
        speed.memory_picture,
        speed.tile_picture,
        lambda: speed.times_picture({"loops": 1.5, "vectors": 900.0}, "ms", "times", compared=True),
    ],
)
def test_can_be_drawn(figure):
    assert png_bytes(figure())[:4] == b"\x89PNG"

"""The pictures of lessons 03 and 04 show the numbers that they are about."""

import numpy as np
import pytest

from segnet_np import reference
from segnet_np.lessons import batch_norm_ways
from segnet_np.lessons.pictures import batch_norm, convolution


def texts(ax):
    return [text.get_text() for text in ax.texts]


def heights(ax):
    return [bar.get_height() for bar in ax.patches]


def test_the_parts_of_dx_add_up_to_the_reference():
    rng = np.random.default_rng(0)
    dout, x = rng.standard_normal((2, 6))
    figure = batch_norm_ways.parts_of_dx(dout, x, weight=1.5, eps=1e-5)
    *parts, whole = [heights(ax) for ax in figure.axes]
    dx, _, _ = reference.batch_norm_train_backward(
        dout.reshape(1, 1, 2, 3), x.reshape(1, 1, 2, 3), np.full(1, 1.5)
    )
    assert np.allclose(whole, dx.ravel(), atol=1e-14)
    assert np.allclose(np.sum(parts, axis=0), whole, atol=1e-14)


@pytest.mark.parametrize("way", ["direct", "mean", "variance"])
def test_a_way_back_goes_along_arrows_and_names_each_step(way):
    path, factors, _, _ = batch_norm_ways.WAYS[way]
    steps = list(zip(path[1:], path[:-1], strict=True))
    assert (path[0], path[-1]) == ("out", "x")
    assert set(steps) <= set(batch_norm_ways.EDGES)
    assert len(factors) == len(steps)
    shown = texts(batch_norm_ways.ways(way).axes[0])
    assert set(factors) <= set(shown)


def scatter(batch, train):
    x = np.random.default_rng(0).standard_normal((40, 1, 3, 4)) + np.arange(40).reshape(40, 1, 1, 1) / 20
    *_, company = batch_norm.before_and_after(x, batch, 1.0, 0.0, train).axes
    return company.lines[0].get_ydata()


def test_a_pixel_scatters_with_its_company_only_while_training():
    assert np.std(scatter(2, True)) > 2 * np.std(scatter(32, True)) > 0
    assert np.std(scatter(2, False)) == pytest.approx(0, abs=1e-12)


def test_running_statistics_reach_those_of_all_pictures():
    x = 3 + np.random.default_rng(1).standard_normal((40, 1, 3, 4))
    figure = batch_norm.running(x, batch=8, momentum=0.1)
    for ax, goal in zip(figure.axes, (x.mean(), x.var(ddof=1)), strict=True):
        of_batch, smooth, dotted = (line.get_ydata() for line in ax.lines)
        assert dotted[0] == goal
        assert np.std(smooth[-20:]) < np.std(of_batch[-20:])
        assert smooth[-1] == pytest.approx(goal, rel=0.15)


@pytest.mark.parametrize(
    ("layers", "seen"),
    [([], 1), ([(3, 1)], 3), ([(3, 1), (3, 1)], 5), ([(3, 1), (3, 1), (2, 2), (3, 1)], 10)],
)
def test_the_pyramid_says_how_many_pixels_are_seen(layers, seen):
    figure = convolution.pyramid(layers)
    assert f"{seen} pixels seen" in texts(figure.axes[0])


def test_the_frame_on_the_picture_is_the_receptive_field():
    figure = convolution.field_on_picture(np.zeros((64, 80, 3), "uint8"), 6, (30, 40))
    frame, own = figure.axes[0].patches
    assert (frame.get_width(), frame.get_height()) == (16, 16)
    assert (own.get_width(), own.get_height()) == (4, 4)
    assert figure.axes[0].get_title().startswith("after pool2")

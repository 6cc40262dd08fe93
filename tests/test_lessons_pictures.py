"""The pictures that lessons share: what stands in the cells, which are marked, and sums that are shown."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from segnet_np.lessons import pictures
from segnet_np.lessons.pictures.pooling import (
    memory_of_the_stages,
    memory_picture,
    pool_picture,
    travel_picture,
)

X = np.array([[1, 5, 2], [3, 2, -1], [9, 4, 3]], float)


def texts(ax, shape):
    found = [text.get_text() for text in ax.texts]
    return np.array(found[: np.prod(shape)]).reshape(shape).tolist()


def test_numbers_are_brief():
    assert [pictures.number(v) for v in (3.0, -2.0, 0.126, np.nan, 7, "x", np.float32(0.5))] == [
        "3", "\u22122", "0.13", "NaN", "7", "x", "0.50",
    ]  # fmt: skip


def test_grid_marks_the_cells_it_was_told_to():
    ax = Figure().subplots()
    marked = X > 4
    pictures.draw_grid(ax, X, marked=marked, title="x")
    assert texts(ax, X.shape)[0] == ["1", "5", "2"]
    frames = {
        (round(p.get_x() + 0.42), round(p.get_y() + 0.42)) for p in ax.patches if isinstance(p, Rectangle)
    }
    assert frames == {(1, 0), (0, 2)}
    bold = [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]
    assert bold == ["5", "9"]


def test_grid_refuses_other_ranks():
    with pytest.raises(ValueError, match=r"\(2, 2, 2\)"):
        pictures.draw_grid(Figure().subplots(), np.zeros((2, 2, 2)))


def test_neighbouring_windows_have_different_colours():
    colours = pictures.window_colours(4, 6)
    assert (colours[0, 0] == colours[1, 1]).all()
    for other in (colours[0, 2], colours[2, 0], colours[2, 2]):
        assert (colours[0, 0] != other).any()
    pooled = pictures.window_colours(2, 3, window=1)
    assert (pooled.repeat(2, 0).repeat(2, 1) == colours).all()


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pool_picture_shows_what_the_layers_give(ceil_mode):
    figure = pool_picture(X, ceil_mode)
    grid, y, offsets, out = figure.axes
    assert texts(grid, (3, 3))[1] == ["3", "2", "\u22121"]
    if ceil_mode:
        assert texts(y, (2, 2)) == [["5", "2"], ["9", "3"]]
        assert texts(offsets, (2, 2)) == [["1", "0"], ["0", "0"]]
        assert texts(out, (3, 3)) == [["0", "5", "2"], ["0", "0", "0"], ["9", "0", "3"]]
    else:
        assert texts(y, (1, 1)) == [["5"]]
        assert texts(out, (3, 3)) == [["0", "5", "0"], ["0", "0", "0"], ["0", "0", "0"]]


def test_maps_side_by_side():
    figure = pictures.draw_maps([np.zeros((4, 6, 3), np.uint8), np.ones((4, 6), int), X], ["a", "b", "c"])
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c"]
    with pytest.raises(ValueError, match="1 titles for 2 maps"):
        pictures.draw_maps([X, X], ["a"])


def test_arrow_leads_from_cell_to_cell():
    figure, (left, right) = pictures.grids((3, 3), (2, 2))
    pictures.draw_arrow(left, (2, 0), right, (1, 1))
    (arrow,) = figure.artists
    assert (arrow.xy1, arrow.xy2) == ((0, 2), (1, 1))


def test_memory_is_that_of_the_paper():
    """Stage 1: 64 maps of 360x480; 2 bits a window make 0.69 MB, four float32 a window 64 times as much."""
    stages = memory_of_the_stages()
    assert stages[0]["two bits"] == pytest.approx(0.6912)
    assert stages[0]["whole maps"] == pytest.approx(64 * 0.6912)
    assert len(stages) == 5
    # 45 rows have 23 windows, which is why stage 4 keeps a little more than a quarter of its maps
    assert stages[3]["one byte"] == pytest.approx(512 * 23 * 30 / 1e6)


def test_pictures_can_be_drawn():
    for figure in (travel_picture(), memory_picture()):
        figure.canvas.draw()

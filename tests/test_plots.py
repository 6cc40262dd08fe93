"""Figures: what they show can be read back from them; they need no screen and no pyplot."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import cbook
from matplotlib.colors import to_rgba
from matplotlib.text import Text
from PIL import Image

from segnet_np import plots
from segnet_np.data.classes import CAMVID, Classes, colourise

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, size=(40, 60, 3)).astype(np.uint8)
LABELS = RNG.integers(0, 12, size=(40, 60)).astype(np.uint8)


def texts(figure):
    figure.canvas.draw()
    found = [t.get_text() for legend in figure.legends for t in legend.get_texts()]
    for ax in figure.axes:
        found += [t.get_text() for t in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.title)]
    return found


def test_curves_show_the_loss_and_the_last_scores():
    steps, losses = [1, 2, 3, 4], [4.0, 3.0, 2.0, 1.0]
    figure = plots.curves(steps, losses, [2, 4], {"mean IoU": [0.25, 0.5], "class accuracy": [0.3, np.nan]})
    left, right = figure.axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), losses)
    np.testing.assert_array_equal(right.lines[0].get_xdata(), [2, 4])
    assert {"0.500", "0.300"} <= set(texts(figure))


def test_the_running_mean_lies_under_the_steps_it_is_of():
    losses = RNG.random(90)
    line = plots.curves(range(1, 91), losses).axes[0].lines[1]
    np.testing.assert_allclose(line.get_ydata()[0], losses[:3].mean())
    assert line.get_xdata()[0] == 3
    assert line.get_xdata()[-1] == 90


def test_bars_say_of_which_step_they_are():
    figure = plots.curves([1, 2], [2.0, 1.0], [2], {"mean IoU": [0.5]}, {"Car": 0.5})
    assert figure.axes[2].get_title(loc="left") == "IoU of each class, step 2"


@pytest.mark.parametrize("columns", [2, 3, 4, 6])
def test_a_legend_is_no_wider_than_its_pictures(columns):
    figure = plots.samples([(IMAGE, *[LABELS] * (columns - 1))] * 2, CAMVID, width=1.5)
    figure.canvas.draw()
    extent = figure.legends[0].get_window_extent()
    assert extent.x0 >= 0
    assert extent.x1 <= figure.bbox.width


def test_curves_of_nothing_yet():
    plots.curves([], []).canvas.draw()
    with pytest.raises(ValueError, match="3 losses for 2 steps"):
        plots.curves([1, 2], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="1 mIoU for 2 steps"):
        plots.curves([1], [1.0], [1, 2], {"mIoU": [0.5]})


def test_samples_show_labels_in_their_colours():
    figure = plots.samples([(IMAGE, LABELS, LABELS)] * 2, CAMVID, ("image", "truth", "prediction"))
    shown = [np.asarray(ax.images[0].get_array()) for ax in figure.axes]
    np.testing.assert_array_equal(shown[0], IMAGE)
    np.testing.assert_array_equal(shown[4], colourise(LABELS, CAMVID))
    assert {"truth", "prediction", "Bicyclist", "void"} <= set(texts(figure))
    with pytest.raises(ValueError, match="at least one picture"):
        plots.samples([], CAMVID)


def test_spread_takes_the_ends_and_never_one_twice():
    assert plots.spread(4, 10) == [0, 3, 6, 9]
    assert plots.spread(4, 2) == [0, 1]
    assert plots.spread(1, 5) == [0]


def test_confusion_shows_shares_of_each_true_class():
    figure = plots.confusion(np.array([[30, 10, 0], [1, 996, 3], [0, 0, 0]]), ["a", "b", "c"])
    image = figure.axes[0].images[0]
    np.testing.assert_allclose(image.get_array(), [[0.75, 0.25, 0], [0.001, 0.996, 0.003], [np.nan] * 3])
    assert [text.get_text() for text in figure.axes[0].texts] == ["75", "25", "100"]
    assert {"percent of each true class", "a", "b", "c", "c (none)"} <= set(texts(figure))
    np.testing.assert_allclose(image.cmap.get_bad(), to_rgba(plots.FAINT))
    with pytest.raises(ValueError, match=r"shape \(2, 2\) for 3 names"):
        plots.confusion(np.zeros((2, 2), int), ["a", "b", "c"])


@pytest.mark.parametrize(("width", "enlarged"), [(60, 8), *((w, 1) for w in (480, 481, 485, 502, 510, 947))])
def test_overlay_keeps_every_pixel_and_names_the_classes_present(width, enlarged, tmp_path):
    image = RNG.integers(0, 256, size=(41, width, 3)).astype(np.uint8)
    labels = np.full(image.shape[:2], 3, np.uint8)
    labels[0] = 11
    figure = plots.overlay(image, labels, CAMVID, strength=0.5)
    plots.save(figure, tmp_path / "overlay.png")
    saved = np.asarray(Image.open(tmp_path / "overlay.png").convert("RGB")).astype(int)
    expected = np.rint(0.5 * image + 0.5 * colourise(labels, CAMVID))
    picture = expected.repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    assert saved.shape[1] == picture.shape[1]
    np.testing.assert_array_equal(saved[: len(picture)], picture)
    assert set(texts(figure)) == {"Road", "void"}


def test_names_with_dollars_are_no_mathematics(tmp_path):
    classes = Classes(("a$\\x$", "b$"), ((255, 0, 0), (0, 0, 255)))
    image, labels = np.zeros((30, 40, 3), np.uint8), np.arange(30)[:, None].repeat(40, axis=1) % 2
    for figure in (
        plots.overlay(image, labels, classes),
        plots.samples([(image, labels)], classes),
        plots.confusion(np.eye(2, dtype=int), classes.names),
        plots.curves([1], [0.5], [1], {"mean IoU": [0.5]}, dict.fromkeys(classes.names, 0.5)),
    ):
        plots.save(figure, tmp_path / "figure.png")
        assert not any(cbook.is_math_text(text.get_text()) for text in figure.findobj(Text))


def test_class_legend_names_all_classes():
    assert texts(plots.class_legend(CAMVID)) == [*CAMVID.names, "void"]


def test_save_writes_whole_files(tmp_path):
    plots.save(plots.class_legend(CAMVID), tmp_path / "new" / "legend.png")
    with Image.open(tmp_path / "new" / "legend.png") as image:
        image.load()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["legend.png"]


def test_pyplot_is_not_imported():
    program = "import sys, segnet_np.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

"""Questions with hidden answers, pictures with sliders, overlays: in a notebook, and where there is none."""

import base64
import io
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image

from segnet_np import lessons
from segnet_np.data import CAMVID
from segnet_np.lessons.markup import in_line, to_html
from segnet_np.lessons.short import VARIABLE

explore_module = sys.modules["segnet_np.lessons.explore"]
guess_module = sys.modules["segnet_np.lessons.guess"]
show_module = sys.modules["segnet_np.lessons.show"]
overlay_module = sys.modules["segnet_np.lessons.figures.overlay_slider"]


@pytest.fixture
def notebook(monkeypatch):
    """Pretend to be in a notebook; returns the list of what is shown, each a dict by MIME type."""
    shown = []
    for module in (explore_module, show_module):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
        monkeypatch.setattr(module, "show_bundle", shown.append)
    return shown


def draw(size=3, train=True, how="a"):
    """A square of some size."""
    figure = Figure(figsize=(1, 1))
    figure.subplots().imshow(np.full((size, size), float(train)))
    figure.suptitle(how)
    return figure


# ------------------------------------------------------------------------------------------------- short


def test_short_follows_the_environment(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert lessons.short(600, 24) == 600
    monkeypatch.setenv(VARIABLE, "0")
    assert lessons.short(600, 24) == 600
    monkeypatch.setenv(VARIABLE, "1")
    assert lessons.short(600, 24) == 24


# ------------------------------------------------------------------------------------------------- markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**four** of *them*", "<strong>four</strong> of <em>them</em>"),
        ("`a < b` and 3 < 4", "<code>a &lt; b</code> and 3 &lt; 4"),
        ("$a_i < 2$", '<span class="math">\\(a_i &lt; 2\\)</span>'),
        ("`**not bold** $5$`", "<code>**not bold** $5$</code>"),
        (
            "**does `f(x)` hold?** $x$",
            '<strong>does <code>f(x)</code> hold?</strong> <span class="math">\\(x\\)</span>',
        ),
        ("2 * 3 * 4 = 24", "2 * 3 * 4 = 24"),
        ("a * b, **c**", "a * b, <strong>c</strong>"),
        ("$a*b*c$ and *d*", '<span class="math">\\(a*b*c\\)</span> and <em>d</em>'),
    ],
)
def test_markup_in_a_line(text, expected):
    assert in_line(text) == expected


def test_markup_has_paragraphs_and_lists():
    text = """
        First
        paragraph.

        Then:
        - one
        - **two**
        """
    assert (
        to_html(text)
        == "<p>First\nparagraph.</p><p>Then:</p><ul><li>one</li><li><strong>two</strong></li></ul>"
    )


# -------------------------------------------------------------------------------------------------- guess


def test_guess_folds_the_answer_away(notebook):
    lessons.guess("How **many** of `x`?", "Four.")
    (data,) = notebook
    before, _, inside = data["text/html"].partition("<details>")
    assert "How <strong>many</strong> of <code>x</code>?" in before
    assert "Four" not in before
    assert "Four." in inside
    assert " open" not in data["text/html"]
    assert "data-lm-suppress-shortcuts" in before  # or Enter would be JupyterLab's


def test_guess_in_a_terminal(capsys):
    lessons.guess("How **many**?", "**Four**.")
    out = capsys.readouterr().out
    assert out.index("How many?") < out.index("Four.")


# ------------------------------------------------------------------------------------------------ explore


def sliders(monkeypatch, **controls):
    """Explore in a pretended notebook; returns what was shown and the widgets by their labels."""
    widgets = pytest.importorskip("ipywidgets")
    made = []
    box = widgets.VBox

    def note(children):
        made.append(box(children))
        return made[-1]

    monkeypatch.setattr(widgets, "VBox", note)
    lessons.explore(draw, **controls)
    *inputs, trouble, image = made[0].children
    return {child.description: child for child in inputs}, trouble, image


def test_explore_shows_a_widget_and_a_still_picture(notebook, monkeypatch):
    inputs, _, image = sliders(monkeypatch, size=(1, 8), train=True, how=["a", ("second", "b")])
    (data,) = notebook
    assert set(data) == {"text/html", "image/png", "text/plain", explore_module.WIDGET}
    assert data["text/html"] == image.value  # the still picture has the same words
    assert data["image/png"] in image.value
    assert 'alt="A square of some size."' in image.value
    assert inputs["size"].value == 3  # the default of draw
    assert inputs["size"].max == 8
    assert inputs["train"].value is True
    assert inputs["how"].options == ("a", ("second", "b"))


def test_explore_draws_anew_and_says_what_went_wrong(notebook, monkeypatch):
    inputs, trouble, image = sliders(monkeypatch, size=(-1, 8))
    before = image.value
    inputs["size"].value = 4
    assert image.value != before
    now = image.value
    inputs["size"].value = -1
    assert image.value == now
    assert "ValueError" in trouble.value
    inputs["size"].value = 5
    assert trouble.value == ""


def test_explore_labels_and_start(notebook, monkeypatch):
    inputs, _, _ = sliders(monkeypatch, size=(1, 8), start={"size": 7}, labels={"size": "side of the square"})
    assert inputs["side of the square"].value == 7
    inputs, _, _ = sliders(monkeypatch, size=(5, 9))  # the default of draw is not among them
    assert inputs["size"].value == 5


def test_explore_float_slider_has_its_step(notebook, monkeypatch):
    def curve(learning_rate):
        return draw()

    widgets = pytest.importorskip("ipywidgets")
    made = []
    monkeypatch.setattr(widgets, "FloatSlider", lambda **given: made.append(given) or widgets.IntSlider())
    lessons.explore(curve, learning_rate=(0.0, 1.0, 0.25))
    assert made[0]["step"] == 0.25
    assert made[0]["description"] == "learning rate"


def test_explore_without_a_kernel_says_what_there_is(capsys):
    lessons.explore(draw, size=(1, 8))
    assert capsys.readouterr().out == "[picture: A square of some size.; controls: size]\n"


def test_explore_without_ipywidgets_shows_the_still_picture(notebook, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    lessons.explore(draw, size=(1, 8))
    assert set(notebook[0]) == {"text/html", "image/png", "text/plain"}
    assert "pip install" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("controls", "error", "match"),
    [
        ({"size": (8, 1)}, TypeError, r"size=\(8, 1\)"),
        ({"size": "large"}, TypeError, "size='large'"),
        ({"how": []}, TypeError, "how="),
        ({"size": (1, 8), "start": {"size": 9}}, ValueError, "size cannot begin with 9"),
        ({"size": (1, 8), "start": {"sise": 9}}, ValueError, "sise"),
    ],
)
def test_explore_refuses(controls, error, match):
    with pytest.raises(error, match=match):
        lessons.explore(draw, **controls)


def test_explore_wants_a_figure():
    with pytest.raises(TypeError, match="Figure, got NoneType"):
        lessons.explore(lambda size: None, size=(1, 8))


def test_figures_of_pyplot_are_closed(notebook):
    def with_pyplot(size):
        return pyplot.figure(figsize=(size, 1))

    lessons.explore(with_pyplot, size=(1, 8))
    lessons.show(pyplot.figure(), "nothing")
    assert pyplot.get_fignums() == []


# ------------------------------------------------------------------------------------------ show, overlay


def test_show_says_what_is_seen(notebook):
    lessons.show(draw(), 'a "square" < 4')
    markup = notebook[0]["text/html"]
    assert 'alt="a &quot;square&quot; &lt; 4"' in markup
    png = base64.b64decode(re.search(r"base64,([^\"]+)", markup)[1])
    picture = Image.open(io.BytesIO(png))
    width, height = picture.size
    assert picture.format == "PNG"
    assert f'width="{width}" height="{height}"' in markup


def test_in_notebook_only_with_a_kernel(monkeypatch):
    with_kernel = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    terminal = SimpleNamespace(get_ipython=lambda: SimpleNamespace())
    for ipython, expected in ((with_kernel, True), (terminal, False)):
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert show_module.in_notebook() is expected


def test_overlay_slider_holds_image_and_labels(notebook):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (4, 6, 3), np.uint8)
    labels = rng.integers(0, 3, (4, 6))
    lessons.overlay_slider(image, {"the net": labels, "the truth": np.full((4, 6), 11)})
    markup = notebook[0]["text/html"]
    pngs = [base64.b64decode(text) for text in re.findall(r"base64,([^\"]+)", markup)]
    first, second, third = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) for png in pngs)
    assert np.array_equal(first, image)
    assert np.array_equal(second, np.array(CAMVID.colours, np.uint8)[labels])
    assert (third == 0).all()
    for word in ("Sky", "Building", "Pole", "void", "the net", "the truth"):
        assert word in markup
    assert markup.count('type="range"') == 2
    assert markup.count("<label") == 3  # each control has words
    assert "<script" not in markup


def test_overlay_slider_refuses_another_size():
    with pytest.raises(ValueError, match=r"\(4, 5\), the image \(4, 6\)"):
        lessons.overlay_slider(np.zeros((4, 6, 3), np.uint8), np.zeros((4, 5), int))


# ------------------------------------------------------------------------------------- curve, environment


def test_live_curve_ends_with_all_its_values(capsys):
    curve = lessons.LiveCurve("loss", steps=40)
    for k in range(40):
        curve.add(1 / (k + 1))
    (pale, mean) = curve.figure().axes[0].lines
    assert pale.get_ydata() == pytest.approx([1 / (k + 1) for k in range(40)])
    assert mean.get_ydata()[-1] == pytest.approx(1 / 40)
    curve.finish()
    assert "0.025 at step 40" in capsys.readouterr().out


def test_environment_is_fine_here(capsys):
    assert lessons.environment()
    out = capsys.readouterr().out
    assert "numpy" in out
    assert "ipywidgets" in out
    assert "MISSING" not in out


def test_environment_names_what_is_missing(monkeypatch, capsys):
    module = sys.modules["segnet_np.lessons.environment"]
    wanted = ["numpy>=99", "no-such-package>=1", 'torch>=99; extra == "test"']
    monkeypatch.setattr(module.importlib.metadata, "requires", lambda name: wanted)
    assert not lessons.environment()
    missing = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MISSING")]
    assert len(missing) == 2
    assert "numpy" in missing[0]
    assert "no-such-package" in missing[1]

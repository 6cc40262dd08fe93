"""The convolution to touch: its JavaScript, run under Node, against the reference; and the page around it."""

import html
import json
import re
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest

from segnet_np import lessons, reference

SCRIPT = files("segnet_np.lessons.figures") / "convolution.js"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed: the JavaScript cannot be run")

# H, W, KH, KW, padding
SHAPES = [
    (3, 3, 2, 2, 0),
    (4, 5, 3, 3, 1),
    (5, 4, 3, 3, 0),
    (4, 6, 3, 5, 2),
    (3, 2, 1, 1, 0),
    (6, 4, 5, 3, 1),
]


def example(height, width, kernel_h, kernel_w, padding):
    rng = np.random.default_rng(height * 10 + width)
    x = rng.integers(-4, 6, (height, width)) / 4
    weight = rng.integers(-3, 4, (kernel_h, kernel_w)) / 2
    size = (height + 2 * padding - kernel_h + 1, width + 2 * padding - kernel_w + 1)
    return x, weight, rng.integers(-3, 4, size) / 2, padding


def in_node(code, data):
    """Run code that sees the module as `c` and the numbers as `data`; gives back what it returns."""
    program = f"""
        const c = require({json.dumps(str(SCRIPT))});
        const data = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const answer = (() => {{ {code} }})();
        process.stdout.write(JSON.stringify(answer));
    """
    done = subprocess.run([NODE, "-e", program], input=json.dumps(data), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers_of(page):
    """The numbers that a page carries."""
    return json.loads(html.unescape(re.search('data-convolution="([^"]*)"', page)[1]))


def picture(shape, **options):
    x, weight, dout, padding = example(*shape)
    return numbers_of(lessons.convolution(x, weight, dout, padding, **options).data)


@needs_node
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_three_grids_equal_the_reference(shape):
    x, weight, dout, padding = example(*shape)
    got = in_node(
        "return ['forward', 'dx', 'dweight'].map((mode) => c.result(data, mode))"
        ".concat([c.result(data, 'dx', true)]);",
        picture(shape),
    )
    out = reference.conv2d(x[None, None], weight[None, None], padding=padding)[0, 0]
    dx, dweight, _ = reference.conv2d_backward(dout[None, None], x[None, None], weight[None, None], padding)
    # Multiples of 1/8: nothing is rounded.
    for name, one, expected in zip(
        ("out", "dx", "dweight", "dx, turned"), got, (out, dx[0, 0], dweight[0, 0], dx[0, 0]), strict=True
    ):
        assert np.array_equal(one, expected), name


@needs_node
def test_a_corner_of_dx_was_seen_once_and_the_middle_by_all():
    data = picture(SHAPES[0])
    got = in_node("return [c.terms(data, 'dx', 0, 0), c.terms(data, 'dx', 1, 1)];", data)
    assert got[0] == [[[0, 0], [0, 0]]]
    assert got[1] == [[[0, 0], [1, 1]], [[0, 1], [1, 0]], [[1, 0], [0, 1]], [[1, 1], [0, 0]]]


@needs_node
def test_turned_the_places_of_dout_are_a_whole_patch_in_reading_order():
    data = picture((4, 5, 3, 3, 1))
    places = in_node("return c.terms(data, 'dx', 0, 0, true).map(([a, b]) => a);", data)
    assert places == [[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)]


@needs_node
def test_padding_is_outside():
    data = picture((4, 5, 3, 3, 1))
    places = in_node("return c.terms(data, 'forward', 0, 0).map(([a, b]) => a);", data)
    assert places[0] == [-1, -1]
    assert places[-1] == [1, 1]


@needs_node
@pytest.mark.parametrize(
    ("mode", "place", "count", "said"),
    [
        ("forward", (0, 0), 9, "out[0, 0] = 1\u00b71 + 2\u00b72 + 4\u00b70 + 5\u00b7(\u22121) = 0."),
        ("forward", (0, 0), 2, "out[0, 0] = 1\u00b71 + 2\u00b72 = 5. So far: product 2 of 4."),
        ("dx", (2, 0), 9, "dx[2, 0] = 2\u00b70 = 0."),
        (
            "dweight",
            (0, 0),
            9,
            "dweight[0, 0] = 1\u00b71 + 2\u00b70 + 4\u00b72 + 5\u00b7(\u22121) = 4.",
        ),
    ],
)
def test_the_sentence(mode, place, count, said):
    x = np.arange(1, 10).reshape(3, 3)
    data = numbers_of(lessons.convolution(x, [[1, 2], [0, -1]], [[1, 0], [2, -1]], 0).data)
    code = f"return c.sentence(data, {mode!r}, {place[0]}, {place[1]}, {count});"
    assert in_node(code, data) == said


def test_the_page_carries_its_numbers_and_needs_nothing_else():
    page = lessons.convolution(mode="dweight").data
    data = numbers_of(page)
    assert data["mode"] == "dweight"
    assert np.shape(data["dout"]) == np.shape(data["out"]) == (4, 4)
    assert "http" not in page, "the figure must not load anything"
    assert " id=" not in page, "two figures on a page would share it"
    assert page.count("</script>") == 1


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"mode": "backward"}, "mode must be one of .* but 'backward'"),
        ({"padding": 3}, r"less than the kernel's \(3, 3\), but 3"),
        ({"padding": -1}, "at least 0"),
        (
            {"x": [[1, 2]], "padding": 0},
            r"x of \(1, 2\) with padding 0 is smaller than the kernel of \(3, 3\)",
        ),
        ({"x": [1, 2, 3]}, r"x must be a table .* shape \(3,\)"),
        ({"x": np.ones((10, 3))}, "at most 9 rows"),
        ({"weight": [[np.nan]], "padding": 0}, "weight must be a table of finite numbers"),
        ({"dout": [[1, 2]]}, r"dout must have the shape of the output, \(4, 4\), but has \(1, 2\)"),
    ],
)
def test_what_cannot_be_shown(arguments, match):
    with pytest.raises(ValueError, match=f"convolution: .*{match}"):
        lessons.convolution(**arguments)

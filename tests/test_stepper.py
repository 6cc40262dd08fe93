"""The stepper's numbers are segnet_np's, its words name the right cells: the JavaScript runs under Node."""

import json
import re
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest
from stepper_golden import MAPS, golden

SCRIPT = (files("segnet_np.lessons.figures") / "stepper.js").read_text("utf-8")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node, which is not installed")


def node(program, data=None):
    """Run the module and then `program`, which finds `data` and says `answer(...)`."""
    source = f"{SCRIPT}\nconst data = {json.dumps(data)};\n"
    source += f"const answer = (v) => console.log(JSON.stringify(v));\n{program}"
    done = subprocess.run(
        ["node", "--input-type=module"],
        input=source,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def cases():
    """Even and odd sizes, ties, negatives; then all sizes from 2x2 to 8x8, with many ties and with none."""
    rng = np.random.default_rng(0)
    for size in ((6, 6), (5, 7), (7, 5), (5, 5), (2, 3)):
        distinct = rng.permutation(size[0] * size[1]).reshape(size)
        yield from (distinct, distinct - 100, distinct // 8, np.zeros(size), -np.ones(size))
    for height in range(2, 9):
        for width in range(2, 9):
            yield rng.integers(-2, 3, (height, width))
            yield rng.standard_normal((height, width))


@needs_node
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_numbers_equal_those_of_the_layers(ceil_mode):
    rng = np.random.default_rng(1)
    data = [(x.tolist(), rng.standard_normal(x.shape).tolist()) for x in cases()]
    program = f"answer(data.map(([x, dout]) => run(x, dout, {json.dumps(ceil_mode)})));"
    got = node(program, data)
    assert len(got) == 25 + 98
    for (x, dout), one in zip(data, got, strict=True):
        assert {name: one[name] for name in MAPS} == golden(x, dout, ceil_mode)


@needs_node
def test_the_last_step_shows_all_maps_and_the_first_none():
    """At the end the cells say what `run` computed; before, nothing; in between, as much as was stepped."""
    data = [[3, 1, 0, 2, 5], [2, 7, 8, 1, 3], [0, 4, 2, 6, 1], [1, 2, 5, 3, 8], [6, 2, 1, 9, -4]]
    program = """
      const names = ["y", "offsets", "unpooled", "dy", "dx"];
      const size = { y: "y", offsets: "y", dy: "y", unpooled: "x", dx: "x" };
      answer([false, true].map((ceilMode) => {
        const m = run(data, exampleGradient(5, 5), ceilMode);
        const texts = (name, step) =>
          m[size[name]].map((row, i) => row.map((_, j) => cellText(m, step, name, i, j)));
        const all = Array.from({ length: stepCount(m) + 1 }, (_, s) => names.map((name) => texts(name, s)));
        return { maps: names.map((name) => m[name]), all };
      }));"""
    for result, windows in zip(node(program, data), (4, 9), strict=True):
        assert len(result["all"]) == 4 * windows + 1
        shown = [[[float(text) for text in row] for row in grid] for grid in result["all"][-1]]
        assert shown == result["maps"]
        assert {text for grid in result["all"][0] for row in grid for text in row} == {""}
        filled = [
            [sum(text != "" for row in grid for text in row) for grid in grids] for grids in result["all"]
        ]
        n = windows
        for step, (y, offsets, unpooled, dy, dx) in enumerate(filled):
            assert y == offsets == min(step, n)
            assert unpooled == (25 if step > n else 0)
            assert dy == min(max(step - 2 * n, 0), n)
            assert dx == (25 if step > 3 * n else 0)
        # The first step of unpooling puts one value among zeros, the others are still to come.
        first = result["all"][n + 1][2]
        assert [text for row in first for text in row if text != "0"] == ["7"]


@needs_node
def test_each_step_lights_its_window_and_the_places():
    program = """
      const m = run(EXAMPLES["6x6"], exampleGradient(6, 6), false);
      answer([5, 14, 23, 32].map((step) => lights(m, step).lit));"""
    pool, unpool, unpool_backward, pool_backward = node(program)
    # Window (1, 1) holds 2, 6, 5, 3: offset 1, row 2, column 3.
    window = [[2, 2], [2, 3], [3, 2], [3, 3]]
    for lit, big in ((pool, "x"), (unpool, "unpooled"), (unpool_backward, "dout"), (pool_backward, "dx")):
        assert [cell[1:3] for cell in lit if cell[3] == "window"] == window
        assert {cell[0] for cell in lit if cell[3] == "window"} == {big}
    rest = [
        [cell for cell in lit if cell[3] != "window"]
        for lit in (pool, unpool, unpool_backward, pool_backward)
    ]
    assert rest == [
        [["x", 2, 3, "from"], ["y", 1, 1, "to"], ["offsets", 1, 1, "to"]],
        [["y", 1, 1, "from"], ["offsets", 1, 1, "by"], ["unpooled", 2, 3, "to"]],
        [["dout", 2, 3, "from"], ["offsets again", 1, 1, "by"], ["dy", 1, 1, "to"]],
        [["dy", 1, 1, "from"], ["offsets again", 1, 1, "by"], ["dx", 2, 3, "to"]],
    ]


def sentences(x, ceil_mode, steps):
    """The sentences of some steps; dout is 0.1, 0.2, ... in reading order."""
    dout = (np.arange(1, np.size(x) + 1).reshape(np.shape(x)) / 10).tolist()
    data = {"x": x, "dout": dout, "ceil": ceil_mode, "steps": steps}
    return node(
        "const m = run(data.x, data.dout, data.ceil); answer(data.steps.map((s) => sentence(m, s)));", data
    )


@needs_node
def test_sentences_say_what_happens():
    ready, pool, unpool, unpool_backward, pool_backward = sentences([[1, 2], [3, 4]], False, [0, 1, 2, 3, 4])
    assert ready.startswith("Ready.")
    assert "the largest of 1, 2, 3, 4 is 4, at the bottom right" in pool
    assert "offsets[0, 0] remembers offset 3: row 1, column 1, flat index 1 * 2 + 1 = 3" in pool
    assert "y[0, 0] = 4 goes back to where it stood" in unpool
    assert "The other three stay 0." in unpool
    assert "dy[0, 0] takes the gradient from there: dout[1, 1] = 0.4" in unpool_backward
    assert "dx[1, 1] gets all of dy[0, 0] = 0.4" in pool_backward
    assert "last step" in pool_backward


@needs_node
def test_sentences_point_out_what_is_special():
    tie, negative = sentences([[5, 5], [5, 1]], False, [1, 2])
    assert "It stands here three times; the first one counts, row by row." in tie
    assert "smaller" not in negative
    _, negative = sentences([[-5, -1], [-5, -3]], False, [1, 2])
    assert "-1 is smaller than the zeros beside it" in negative
    # A map of 3x3: the last window of ceil mode has one cell, that above it two; floor mode drops them.
    three = [[1, 2, 3], [4, 5, 6], [7, 8, -9]]
    two, one, back = sentences(three, True, [2, 4, 8])
    assert "two cells are inside; the largest of 3, 6 is 6, at the bottom left" in two
    assert "one cell is inside; the only cell here holds -9" in one
    assert "smaller" not in back  # a window of one cell has no zeros beside it
    ready, last = sentences(three, False, [0, 4])
    assert "No window covers the last row and the last column" in ready
    assert "the last row and the last column had no window, so the gradient is 0 there" in last


@needs_node
def test_a_trace_lights_the_whole_path():
    program = """
      const m = run(EXAMPLES["odd: 5x5"], exampleGradient(5, 5), false);
      const cells = [["x", 1, 1], ["y", 0, 0], ["dx", 1, 1], ["x", 0, 0], ["dout", 4, 4], ["x", 4, 4]];
      answer(cells.map((cell) => trace(m, ...cell)));"""
    top, pooled, gradient, loser, unasked, lost = node(program)
    path = {("x", 1, 1), ("y", 0, 0), ("offsets", 0, 0), ("unpooled", 1, 1)}
    path |= {("dout", 1, 1), ("dy", 0, 0), ("offsets again", 0, 0), ("dx", 1, 1)}
    for one in (top, pooled, gradient):
        assert {tuple(cell[:3]) for cell in one["lit"]} == path
    assert [cell[:3] for cell in pooled["lit"] if cell[3] == "look"] == [["y", 0, 0]]
    assert "is the largest of its window: it goes to y[0, 0] and from there to unpooled[1, 1]" in top["words"]
    assert "came from x[1, 1], the largest of its window, and goes to unpooled[1, 1]" in pooled["words"]
    assert "x[0, 0] = 3 is not the largest of its window: x[1, 1] = 7 is" in loser["words"]
    assert ["x", 1, 1, "rival"] in loser["lit"]
    assert "nobody asks" in unasked["words"]
    assert "floor mode drops it" in lost["words"]


@needs_node
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_every_cell_of_every_map_has_words(ceil_mode):
    """No sentence has a hole in it, for any example, step or cell."""
    program = """
      const texts = [];
      for (const x of Object.values(EXAMPLES)) {
        const m = run(x, exampleGradient(x.length, x[0].length), data);
        for (let s = 0; s <= stepCount(m); s++) texts.push(sentence(m, s));
        for (const [name, map] of [["x", x], ["unpooled", x], ["dout", x], ["dx", x],
                                   ["y", m.y], ["offsets", m.y], ["dy", m.y], ["offsets again", m.y]]) {
          map.forEach((row, i) => row.forEach((_, j) => {
            const { lit, words } = trace(m, name, i, j);
            if (!lit.some((cell) => String(cell) === String([name, i, j, "look"]))) throw Error("not lit");
            texts.push(words);
          }));
        }
      }
      answer(texts);"""
    texts = node(program, ceil_mode)
    assert len(texts) > 900
    assert not [text for text in texts if re.search("undefined|null|NaN|object|  ", text)]
    assert all(text.endswith(".") for text in texts)


@needs_node
def test_what_counts_as_a_number():
    good = {"3": 3, "-2.5": -2.5, " 7 ": 7, "+1": 1, ".5": 0.5, "4.": 4, "1e2": 100, "-0": 0, "\u22123": -3}
    bad = [
        "",
        "  ",
        "abc",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        "0x10",
        "1,5",
        "1 2",
        "--1",
        "1e",
        "٣",
        "12px",
    ]
    program = "answer(data.map((text) => parseValue(text)));"
    assert [one.get("value") for one in node(program, list(good))] == list(good.values())
    for text, one in zip(bad, node(program, bad), strict=True):
        assert "value" not in one, text
        assert one["error"], text
    assert node("answer(Object.is(parseValue('-0').value, 0));")
    assert "1.5 with a point" in node("answer(parseValue('1,5').error);")


@needs_node
def test_numbers_fit_into_their_cells():
    values = [0, -9, 0.1, -0.5, 12345, 123456, 1234.5, -0.123456, 1e-7, -1.5e300, 1 / 3, 99999.9]
    texts = node("answer(data.map((value) => short(value)));", values)
    assert texts[:4] == ["0", "-9", "0.1", "-0.5"]
    for value, text in zip(values, texts, strict=True):
        assert len(text) <= 6
        assert float(text) == pytest.approx(value, rel=0.5 if "e" in text else 0.05)


@needs_node
def test_examples_and_random_maps():
    program = "answer([EXAMPLES, randomMaps(3, 4), exampleGradient(7, 8)]);"
    examples, drawn, gradient = node(program)
    for x in examples.values():
        assert np.array(x).ndim == 2
    shape = np.array(examples["ties"]).reshape(3, 2, 3, 2).transpose(0, 2, 1, 3).reshape(9, 4)
    assert all((window == window.max()).sum() > 1 for window in shape)
    assert (np.array(examples["negatives"]) < 0).mean() > 0.5
    assert np.shape(drawn["x"]) == np.shape(drawn["dout"]) == (3, 4)
    assert np.all(np.array(gradient) != 0)
    assert np.min(gradient) < 0 < np.max(gradient)

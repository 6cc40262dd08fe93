"""The stepper in a page or a notebook: its options get there, and it disturbs nothing else."""

import html
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from segnet_np.lessons.figures.stepper import markup, stepper, write_page


def options_of(text):
    return json.loads(html.unescape(re.search('data-options="([^"]*)"', text)[1]))


def test_options_reach_the_page():
    assert options_of(markup()) == {"ceilMode": False}
    assert options_of(markup([[1, 2], [3, 4]], ceil_mode=True)) == {"ceilMode": True, "x": [[1, 2], [3, 4]]}
    x = np.array([[0.1, 2], [3, 4]], dtype="float32")
    given = options_of(markup(x, dout=-x))
    assert given["x"][0][0] == 0.1
    assert given["dout"][1] == [-3, -4]
    sized = options_of(markup(height=5, width=7))["x"]
    assert np.shape(sized) == (5, 7)
    assert sized == options_of(markup(height=5, width=7))["x"]
    assert np.shape(options_of(markup(height=3))["x"]) == (3, 6)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"values": [1, 2]}, ValueError, r"2 to 8 rows and columns, but shape \(2,\)"),
        ({"values": np.zeros((9, 2))}, ValueError, r"shape \(9, 2\)"),
        ({"values": [[1], [2]]}, ValueError, r"shape \(2, 1\)"),
        ({"values": [[1, np.nan], [2, 3]]}, ValueError, "values must hold finite numbers"),
        ({"values": [["1", "2"], ["3", "4"]]}, ValueError, "finite numbers"),
        ({"values": [[1, 2], [3, 4]], "height": 2}, ValueError, "a size of their own"),
        ({"dout": [[1, 2], [3, 4]]}, ValueError, r"shape of x, \(6, 6\), but has \(2, 2\)"),
        ({"height": 9}, ValueError, "height must be 2 to 8, but 9"),
        ({"width": 2.0}, TypeError, "2.0"),
        ({"ceil_mode": 1}, TypeError, "ceil_mode"),
    ],
)
def test_what_is_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        markup(**arguments)


def test_a_notebook_gets_all_in_one_piece():
    """Element, style and script inline: nothing is loaded or leaks; with no script a sentence stays."""
    text = stepper([[1, 2], [3, 4]]).data
    assert not re.search(r"(src|href)=|@import|url\(|\bimport\b[^-]|fetch\(", text)
    assert text.count("<script") == text.count("</script") == 1
    assert 'data-lm-suppress-shortcuts="true"' in text
    static = re.sub(r"<style>.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL)
    assert "run this cell to bring it to life" in static
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    selectors = [s.strip() for s in re.findall(r"([^{}]+)\{", style)]
    for selector in selectors:
        apart = re.split(r",\s*\n", selector)
        assert selector.startswith(("@container", "@media")) or all(".snp-stepper" in one for one in apart), (
            selector
        )
    classes = set(re.findall(r"\.([a-z][\w-]*)", style))
    assert all(
        re.match("snps-|snp-stepper$|jp-|vscode-|content$|article-container$", name) for name in classes
    ), classes


def test_the_page_of_its_own(tmp_path):
    path = tmp_path / "pages" / "stepper.html"
    write_page(path, values=[[1, 2], [3, 4]])
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "<!-- stepper -->" not in text
    assert options_of(text)["x"] == [[1, 2], [3, 4]]
    assert [p.name for p in path.parent.iterdir()] == ["stepper.html"]


def test_the_command_writes_the_page(tmp_path):
    command = [sys.executable, "-W", "error", "-m", "segnet_np.lessons"]
    subprocess.run([*command, str(tmp_path / "page.html")], check=True)
    assert options_of((tmp_path / "page.html").read_text(encoding="utf-8")) == {"ceilMode": False}
    wrong = subprocess.run(command, capture_output=True, text=True, check=False)
    assert wrong.returncode != 0
    assert "usage" in wrong.stderr

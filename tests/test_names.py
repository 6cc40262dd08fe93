"""File names in messages: one line each, and nothing left unsaid."""

import unicodedata
from pathlib import Path

import pytest

from segnet_np.names import listed, shown


@pytest.mark.parametrize(
    "name",
    ["a.png", "-x.png", "with space.png", "'quoted'.png", unicodedata.normalize("NFD", "ü.png"), "图.png"],
)
def test_ordinary_names_stay(name):
    assert shown(name) == shown(Path(name)) == name


@pytest.mark.parametrize("letter", ["\n", "\r", "\x1b", "\x85", "\u2028", "\u2029", "\udcff"])
def test_other_names_are_one_printable_line(letter):
    text = shown(f"ü{letter}b.png")
    assert text.startswith("'ü\\")
    assert text.isprintable()
    assert len(text.splitlines()) == 1


def test_some_are_named_and_the_others_counted():
    names = [str(k) for k in range(12)]
    assert listed(names) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert listed(names[:10]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert listed(names[:3], total=9, most=3) == "0, 1, 2 and 6 more"

"""The classes: the file that names them, their palette, labels shown in colour."""

import numpy as np
import pytest

from segnet_np.data import CAMVID, Classes, colourise

GOOD = "0 Sky 10 20 30\n2 Car 70 80 90\n\n1 Road 40 50 60\n255 void 1 2 3\n"


def write(tmp_path, text):
    path = tmp_path / "classes.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_camvid_is_the_published_table():
    assert CAMVID.num_classes == 11
    assert CAMVID.ignore_index == 11
    assert CAMVID.names[0] == "Sky"
    assert CAMVID.names[10] == "Bicyclist"
    assert CAMVID.colours[3] == (128, 64, 128)
    assert len(set(CAMVID.colours)) == 11


def test_read_sorts_by_index_and_takes_void_out(tmp_path):
    classes = Classes.read(write(tmp_path, GOOD))
    assert classes.names == ("Sky", "Road", "Car")
    assert classes.colours == ((10, 20, 30), (40, 50, 60), (70, 80, 90))
    assert classes.ignore_index == 255
    assert classes.void_colour == (1, 2, 3)


def test_read_without_void_ignores_nothing(tmp_path):
    assert Classes.read(write(tmp_path, "0 a 1 2 3\n1 b 4 5 6\n")).ignore_index is None


@pytest.mark.parametrize(
    "line",
    [
        "1 Road 40 50",
        "1 Road 40 50 60 70",
        "one Road 1 2 3",
        "1 Road 40 50 256",
        "-1 Road 1 2 3",
        "256 a 1 2 3",
    ],
)
def test_malformed_lines_are_named_with_file_and_number(tmp_path, line):
    path = write(tmp_path, f"0 Sky 1 2 3\n{line}\n2 Car 4 5 6\nnonsense\n")
    with pytest.raises(ValueError, match=r"classes\.txt:2") as error:
        Classes.read(path)
    assert str(path) in str(error.value)
    assert "classes.txt:4" in str(error.value)  # all of them at once
    assert "classes.txt:3" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 a 1 2 3\n0 b 1 2 3\n", "txt:2: index 0 is already 'a'"),
        ("0 a 1 2 3\n1 a 1 2 3\n", "txt:2: there is already an index named 'a'"),
        ("0 a 1 2 3\n2 b 1 2 3\n", r"indices \[0, 2\]"),
        ("0 void 1 2 3\n1 b 1 2 3\n", "void 0"),
        ("", "indices"),
    ],
)
def test_contradictions_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        Classes.read(write(tmp_path, text))


def test_classes_check_themselves():
    with pytest.raises(ValueError, match="2 names and 1 colours"):
        Classes(("a", "b"), ((0, 0, 0),))
    with pytest.raises(ValueError, match="twice: a"):
        Classes(("a", "a"), ((0, 0, 0), (1, 1, 1)))
    with pytest.raises(ValueError, match=r"\(0, 0, 300\)"):
        Classes(("a",), ((0, 0, 300),))
    with pytest.raises(ValueError, match="ignore_index 0"):
        Classes(("a",), ((0, 0, 0),), ignore_index=0)


def test_palette_and_colourise_agree():
    labels = np.array([[0, 3, 11], [10, 5, 1]], np.uint8)
    image = colourise(labels, CAMVID)
    assert image.dtype == np.uint8
    assert image.shape == (2, 3, 3)
    assert image[0, 1].tolist() == [128, 64, 128]
    assert image[0, 2].tolist() == [0, 0, 0]
    assert np.array_equal(np.reshape(CAMVID.palette(), (256, 3))[labels], image)


def test_colourise_refuses_what_is_no_label():
    with pytest.raises(ValueError, match=r"\[12, 200\], expected 0..10 or 11 \(void\)"):
        colourise(np.array([[0, 200, 12]]), CAMVID)
    with pytest.raises(ValueError, match=r"\[-1\]"):
        colourise(np.array([[-1]]), CAMVID)
    with pytest.raises(TypeError, match="float64"):
        colourise(np.zeros((2, 2)), CAMVID)

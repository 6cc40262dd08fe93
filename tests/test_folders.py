"""Folders of images and labels: what is read, and what is said about each thing that can be wrong."""

import re
import unicodedata

import numpy as np
import pytest
from PIL import ExifTags, Image

from segnet_np.data import CAMVID, Folder, inspect_folder


def pixels(seed, height=6, width=8):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def truth(seed, height=6, width=8):
    return np.random.default_rng(seed).integers(0, 12, (height, width), dtype=np.uint8)


def store(array, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)
    return path


@pytest.fixture
def root(tmp_path):
    for k, name in enumerate(("b", "a", "c")):
        store(pixels(k), tmp_path / "train" / f"{name}.png")
        store(truth(k), tmp_path / "trainannot" / f"{name}.png")
    return tmp_path


def test_an_incomplete_folder_names_what_it_leaves_out(root):
    (root / "trainannot" / "b.png").unlink()
    store(truth(5), root / "trainannot" / "lonely.png")
    folder = Folder(root, "train", complete=False)
    assert [folder.name(k) for k in range(len(folder))] == ["a", "c"]
    store(truth(6, 5, 8), root / "trainannot" / "c.png")
    problems = inspect_folder(folder).problems
    for words, problem in zip(
        ("without labels", "lonely.png", "is 6x8 but its labels"), problems, strict=True
    ):
        assert words in problem


def test_pairs_come_by_stem_in_order(root):
    folder = Folder(root, "train")
    assert len(folder) == 3
    assert [folder.name(k) for k in range(3)] == ["a", "b", "c"]
    image, labels = folder[0]
    assert np.array_equal(image, pixels(1))
    assert np.array_equal(labels, truth(1))
    assert image.dtype == labels.dtype == np.uint8
    assert image.flags.writeable
    assert folder.classes is CAMVID
    assert len(list(folder)) == 3


def test_suffixes_in_any_case_and_other_files_left_alone(root):
    store(pixels(5), root / "train" / "d.JPG")
    store(truth(5), root / "trainannot" / "d.PNG")
    (root / "train" / "notes.txt").write_text("not an image")
    (root / "train" / ".hidden.png").write_bytes(b"")
    folder = Folder(root, "train")
    assert [folder.name(k) for k in range(len(folder))] == ["a", "b", "c", "d"]
    assert folder[3][0].shape == (6, 8, 3)


def test_classes_txt_is_read(root):
    (root / "classes.txt").write_text("0 Road 1 2 3\n1 Rest 4 5 6\n12 void 0 0 0\n")
    folder = Folder(root, "train")
    assert folder.classes.names == ("Road", "Rest")
    with pytest.raises(ValueError, match=r"a\.png: label values \[2, .*expected 0\.\.1 or 12 \(void\)"):
        folder[0]


def test_missing_folders_are_all_named(root):
    with pytest.raises(FileNotFoundError, match=r"val and no folder .*valannot"):
        Folder(root, "val")


def test_empty_folder(root):
    (root / "val").mkdir()
    (root / "valannot").mkdir()
    with pytest.raises(ValueError, match=r"val: no images, expected files named \*\.png, \*\.jpg"):
        Folder(root, "val")


def test_everything_without_its_partner_is_named_at_once(root):
    store(pixels(0), root / "train" / "x.png")
    store(pixels(0), root / "train" / "y.jpg")
    store(truth(0), root / "trainannot" / "z.png")
    with pytest.raises(ValueError, match=r"x\.png, y\.jpg") as error:
        Folder(root, "train")
    assert "labels without an image" in str(error.value)
    assert "z.png" in str(error.value)


def test_the_same_stem_twice(root):
    store(pixels(0), root / "train" / "a.jpg")
    with pytest.raises(ValueError, match=r"same stem.*a\.jpg, a\.png"):
        Folder(root, "train")


def test_sizes_that_differ_are_both_named(root):
    store(truth(0, 5, 8), root / "trainannot" / "a.png")
    with pytest.raises(ValueError, match=r"a\.png is 6x8 but its labels .*a\.png are 5x8"):
        Folder(root, "train")[0]


def test_label_values_outside_the_classes(root):
    store(np.full((6, 8), 77, np.uint8), root / "trainannot" / "a.png")
    with pytest.raises(ValueError, match=r"a\.png: label values \[77\], expected 0\.\.10 or 11 \(void\)"):
        Folder(root, "train")[0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", [(6, 8), (8, 6), (7, 7)])
def test_labels_beside_an_image_to_be_turned(root, orientation, shape):
    """They are taken only where the sizes prove that they lie as the upright image does."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    square = shape == (7, 7)
    stored = shape if square else (6, 8)
    store(pixels(0, *stored), root / "train" / "a.png", exif=exif)
    store(truth(0, *shape), root / "trainannot" / "a.png")
    upright = stored[::-1] if orientation > 4 else stored
    folder = Folder(root, "train")
    if orientation == 1 or (not square and orientation > 4 and shape == (8, 6)):
        if shape == upright:
            assert folder[0][0].shape == (*shape, 3)
            return
        match = r"a\.png is 6x8 but its labels .*a\.png are 8x6"
    elif shape == stored:
        match = rf"a\.png is to be turned by EXIF orientation {orientation}, and its labels .*stored upright"
    else:
        match = r"a\.png is 6x8 but its labels .*a\.png are 8x6"
    with pytest.raises(ValueError, match=match):
        folder[0]
    problems = inspect_folder(folder, [0]).problems
    assert len(problems) == 1
    assert re.search(match, problems[0])


def test_labels_in_the_colours_of_the_classes(root):
    (root / "classes.txt").write_text("0 Road 1 2 3\n1 Rest 4 5 6\n12 void 0 0 0\n")
    expected = np.random.default_rng(0).choice(np.array([0, 1, 12], np.uint8), (6, 8))
    colours = np.zeros((13, 3), np.uint8)
    colours[:2] = [[1, 2, 3], [4, 5, 6]]
    for stem in "abc":
        store(colours[expected], root / "trainannot" / f"{stem}.png")
    folder = Folder(root, "train")
    assert np.array_equal(folder[0][1], expected)
    found = inspect_folder(folder)
    assert found.ok
    assert found.pixels[[0, 1, 12]].tolist() == [3 * int((expected == k).sum()) for k in (0, 1, 12)]
    wrong = colours[expected]
    wrong[2, 3] = [4, 5, 7]
    store(wrong, root / "trainannot" / "b.png")
    match = (
        r"b\.png: labels stored as colours: 1 colour that no class has, in 1 of 48 pixels: "
        r"\(4, 5, 7\) in 1 \(nearest: Rest \(4, 5, 6\)\)"
    )
    with pytest.raises(ValueError, match=match):
        folder[1]
    found = inspect_folder(folder)
    assert len(found.problems) == 1
    assert re.search(match, found.problems[0])
    assert found.outside == {}


def test_names_composed_or_not_are_one_stem(root):
    """As a file system or an archive may spell an umlaut in one file and in its partner."""
    store(pixels(7), root / "train" / unicodedata.normalize("NFC", "straße ü.png"))
    store(truth(7), root / "trainannot" / unicodedata.normalize("NFD", "straße ü.png"))
    folder = Folder(root, "train")
    assert len(folder) == 4
    assert np.array_equal(folder[3][0], pixels(7))


def test_a_line_break_in_a_name_stays_in_one_line(root):
    store(truth(7), root / "trainannot" / "two\nlines.png")
    with pytest.raises(ValueError, match=r"labels without an image in .*: 'two\\nlines\.png'$"):
        Folder(root, "train")
    store(pixels(7), root / "train" / "two\nlines.png")
    store(truth(7, 5, 8), root / "trainannot" / "two\nlines.png")
    with pytest.raises(ValueError, match=r"^'.*two\\nlines\.png' is 6x8 but its labels '.*' are 5x8"):
        Folder(root, "train")[3]


def test_index_out_of_range(root):
    with pytest.raises(IndexError, match="image 3 of 3"):
        Folder(root, "train")[3]


def test_inspection_counts_and_collects(root):
    store(truth(0, 5, 8), root / "trainannot" / "a.png")
    store(np.full((6, 8), 77, np.uint8), root / "trainannot" / "b.png")
    (root / "train" / "c.png").write_bytes(b"no image")
    found = inspect_folder(Folder(root, "train"))
    assert not found.ok
    assert len(found.problems) == 3
    assert [name in problem for name, problem in zip("abc", found.problems, strict=True)] == [True] * 3
    assert found.outside == {77: ["b.png"]}
    values = np.concatenate([truth(0, 5, 8).ravel(), np.full(48, 77), truth(2).ravel()])
    assert np.array_equal(found.pixels, np.bincount(values, minlength=256))
    assert found.images[77] == 1
    assert found.images[3] == 2
    assert found.count == 3


def test_inspection_of_what_is_right(root):
    found = inspect_folder(Folder(root, "train"), [0, 2])
    assert found.ok
    assert found.outside == {}
    assert found.pixels.sum() == 2 * 48

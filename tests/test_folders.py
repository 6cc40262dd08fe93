"""Folders of images and labels: what is read, and what is said about each thing that can be wrong."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from segnet_np.data import CAMVID, Folder, inspect_folder, read_image, read_labels
from segnet_np.data.folders import read_size


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


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_images_that_are_not_rgb_are_refused(tmp_path, mode):
    suffix = "jpg" if mode == "CMYK" else "png"
    path = tmp_path / f"image.{suffix}"
    Image.new(mode, (8, 6)).save(path)
    with pytest.raises(ValueError, match=rf"image\.{suffix}: an image of mode {mode}, expected 8-bit RGB"):
        read_image(path)


@pytest.mark.parametrize(("bits", "colour", "raw"), [(16, 2, "RGB;16B"), (16, 0, "I;16B"), (4, 0, "L;4")])
def test_other_depths_than_eight_bits_are_refused(tmp_path, bits, colour, raw):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    line = 1 + 2 * bits * (3 if colour == 2 else 1) // 8  # a filter byte, then two pixels
    header = struct.pack(">IIBBBBB", 2, 1, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(line))) + chunk(b"IEND", b"")
    path = tmp_path / "depth.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    for read in (read_image, read_labels):
        with pytest.raises(ValueError, match=rf"depth\.png: stored as {raw}, expected 8 bits a channel"):
            read(path)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "1", "LA"])
def test_labels_that_are_no_index_images_are_refused(tmp_path, mode):
    path = tmp_path / "labels.png"
    Image.new(mode, (8, 6)).save(path)
    with pytest.raises(ValueError, match=rf"labels\.png: labels of mode {mode}, expected an 8-bit index PNG"):
        read_labels(path)


def test_palette_labels_keep_their_indices(tmp_path):
    image = Image.fromarray(truth(4))
    image.putpalette(CAMVID.palette())
    assert image.mode == "P"
    image.save(tmp_path / "labels.png")
    assert np.array_equal(read_labels(tmp_path / "labels.png"), truth(4))


@pytest.mark.parametrize("keep", [0, 20, 60, 150])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_truncated_and_foreign_files_are_named(tmp_path, suffix, keep):
    path = store(pixels(0, 40, 50), tmp_path / f"cut.{suffix}")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=rf"cut\.{suffix}: not a readable image"):
        read_image(path)
    path.write_bytes(b"this is no image" * 20)
    with pytest.raises(ValueError, match=rf"cut\.{suffix}: not a readable image"):
        read_labels(path)


@pytest.mark.parametrize(("suffix", "keep"), [("png", 150), ("jpg", 700)])
def test_the_size_is_read_from_the_header_alone(tmp_path, suffix, keep):
    path = store(pixels(0, 40, 50), tmp_path / f"cut.{suffix}")
    path.write_bytes(path.read_bytes()[:keep])
    assert read_size(path) == (40, 50)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=rf"cut\.{suffix}: not a readable image"):
        read_size(path)
    with pytest.raises(ValueError, match=r"grey\.png: an image of mode L, expected 8-bit RGB"):
        read_size(store(truth(0), tmp_path / "grey.png"))


def test_a_file_that_is_gone(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "gone.png")


@pytest.mark.parametrize("limit", [30, 10])  # above the limit Pillow warns, above twice the limit it raises
def test_suspiciously_large_images_are_named(tmp_path, monkeypatch, limit):
    path = store(pixels(0), tmp_path / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ValueError, match=r"huge\.png: not a readable image: .*48 pixels"):
        read_image(path)


def test_photographs_are_turned_upright(tmp_path):
    lying = np.zeros((16, 32, 3), np.uint8)
    lying[:, :16] = 200
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter clockwise
    image = read_image(store(lying, tmp_path / "photo.jpg", exif=exif, quality=95))
    assert image.shape == (32, 16, 3)
    assert image[:14].min() > 180
    assert image[18:].max() < 20


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

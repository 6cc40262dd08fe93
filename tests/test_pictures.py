"""What is read out of a picture file: exactly what is in it, or an error that names it."""

import io
import re
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from segnet_np.data import CAMVID, Classes, colourise, read_image, read_labels
from segnet_np.data.pictures import read_turned

CHANNELS = {
    0: 1,
    2: 3,
    3: 1,
    4: 2,
    6: 4,
}  # of PNG's colour types: grey, RGB, palette, grey and RGB with alpha
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = CHANNELS
EVERY = [(GREY, bits) for bits in (1, 2, 4, 8, 16)]
EVERY += [(PALETTE, bits) for bits in (1, 2, 4, 8)]
EVERY += [(colour, bits) for colour in (RGB, GREY_ALPHA, RGBA) for bits in (8, 16)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, colour, bits, lines, size=(6, 5), before=(), after=(), interlaced=0):
    """Write a PNG of this colour type chunk by chunk; `lines` are the rows, each with its filter byte."""
    header = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlaced)
    chunks = [(b"IHDR", header), *before, (b"IDAT", zlib.compress(lines)), *after, (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*parts) for parts in chunks))
    return path


def rows(array):
    """The lines of an array of bytes, unfiltered."""
    return b"".join(b"\0" + row.tobytes() for row in array)


def pixels(seed, height=5, width=6, channels=3):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def store(array, path, **options):
    Image.fromarray(array).save(path, **options)
    return path


def refused(path, match, *reads):
    """Each way of reading says the same of a file, whose name comes first."""
    for read in reads or (read_image,):
        with pytest.raises(ValueError, match=re.escape(path.name)) as error:
            read(path)
        assert re.search(match, str(error.value)), error.value


# Conversions that lose nothing.


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_grey_goes_to_all_channels(tmp_path, suffix):
    path = store(pixels(0, channels=1), tmp_path / f"grey.{suffix}")
    image = read_image(path)
    assert image.shape == (5, 6, 3)
    assert image.dtype == np.uint8
    assert image.flags.writeable
    assert np.array_equal(image, np.repeat(np.array(Image.open(path))[..., None], 3, axis=2))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_greys_are_spread_over_all(tmp_path, bits):
    values = np.random.default_rng(0).integers(0, 2**bits, (5, 8))
    binary = (values[..., None] >> np.arange(bits)[::-1]) & 1
    path = png(tmp_path / "grey.png", GREY, bits, rows(np.packbits(binary.reshape(5, -1), axis=1)), (8, 5))
    assert np.array_equal(read_image(path)[..., 1], values * 255 // (2**bits - 1))
    refused(path, "labels of kind (1|L;2|L;4), expected an 8-bit index PNG", read_labels)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_gives_images_its_colours_and_labels_its_indices(tmp_path, bits):
    palette, values = pixels(1, 1, 2**bits)[0], np.random.default_rng(0).integers(0, 2**bits, (5, 8))
    binary = (values[..., None] >> np.arange(bits)[::-1]) & 1
    lines = rows(np.packbits(binary.reshape(5, -1), axis=1))
    path = png(tmp_path / "p.png", PALETTE, bits, lines, (8, 5), [(b"PLTE", palette.tobytes())])
    assert np.array_equal(read_image(path), palette[values])
    assert np.array_equal(read_labels(path), values)


def test_palette_labels_keep_their_indices_whatever_the_colours(tmp_path):
    labels = np.random.default_rng(0).integers(0, 12, (5, 6), dtype=np.uint8)
    image = Image.fromarray(labels)
    image.putpalette(CAMVID.palette()[::-1])
    image.save(tmp_path / "labels.png", transparency=3)
    for classes in (None, CAMVID):
        assert np.array_equal(read_labels(tmp_path / "labels.png", classes), labels)


def alphas(path, colour, array, alpha):
    """A PNG whose pixels have this transparency, in the ways a PNG can say it."""
    if colour in (GREY_ALPHA, RGBA):
        whole = np.concatenate([array.reshape(5, 6, -1), np.full((5, 6, 1), 255, np.uint8)], axis=2)
        whole[2, 3, -1] = alpha
        return png(path, colour, 8, rows(whole))
    if colour == PALETTE:
        before = [
            (b"PLTE", np.arange(256, dtype=np.uint8).repeat(3).tobytes()),
            (b"tRNS", bytes([255] * int(array[2, 3]) + [alpha])),
        ]
        return png(path, colour, 8, rows(array), before=before)
    # The one transparent colour is that of a pixel, or of none.
    value = (
        np.array(array[2, 3])
        if alpha < 255
        else next(
            np.array(value)
            for value in np.ndindex(*[256] * CHANNELS[colour])
            if not (array == value).all(-1).any()
        )
    )
    return png(path, colour, 8, rows(array), before=[(b"tRNS", value.astype(">u2").tobytes())])


@pytest.mark.parametrize("colour", [GREY, RGB, PALETTE, GREY_ALPHA, RGBA])
def test_alpha_is_dropped_only_where_all_is_opaque(tmp_path, colour):
    array = pixels(3, channels=3 if colour in (RGB, RGBA) else 1)
    path = alphas(tmp_path / "alpha.png", colour, array, 255)
    expected = array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)
    assert np.array_equal(read_image(path), expected)
    if colour in (GREY, RGB):
        array[:, 4] = array[2, 3]  # all pixels of the colour are counted
    clear = 6 if colour in (GREY, RGB) else int((array == array[2, 3]).sum()) if colour == PALETTE else 1
    for alpha in (0, 254):
        refused(alphas(path, colour, array, alpha), f"alpha.png: {clear} transparent pixels, .*'white'")


def test_a_grey_of_few_bits_that_is_transparent(tmp_path):
    for bits in (1, 2, 4):
        before = [(b"tRNS", b"\0\1")]
        refused(
            png(tmp_path / "few.png", GREY, bits, bytes(50), before=before),
            "with a transparent grey, .*'white'",
        )


# What would need a choice.


def test_cmyk_is_refused_and_the_way_out_named(tmp_path):
    Image.new("CMYK", (6, 5)).save(tmp_path / "print.jpg")
    refused(tmp_path / "print.jpg", r"an image of mode CMYK, expected RGB or grey; .*\.convert\('RGB'\)")


@pytest.mark.parametrize("colour", [GREY, RGB, GREY_ALPHA, RGBA])
def test_sixteen_bits_are_refused_and_the_way_out_named(tmp_path, colour):
    path = png(tmp_path / "deep.png", colour, 16, rows(pixels(0, 5, 12 * CHANNELS[colour], 1)))
    refused(path, r"stored as \S*;16B, expected 8 bits a channel; 'magick .* -depth 8")
    refused(path, "16B, expected", read_labels, lambda path: read_labels(path, CAMVID))


def test_animations_are_refused(tmp_path):
    frame = struct.pack(">IIIIIHHBB", 1, 6, 5, 0, 0, 1, 1, 0, 0)
    after = [(b"fcTL", frame), (b"fdAT", struct.pack(">I", 2) + zlib.compress(rows(pixels(1))))]
    control = [(b"acTL", struct.pack(">II", 1, 0))]
    path = png(tmp_path / "film.png", RGB, 8, rows(pixels(0)), before=control, after=after)
    refused(path, "film.png: an animated PNG, expected a single image", read_image, read_labels)
    first, *others = [Image.fromarray(pixels(k)) for k in range(3)]
    first.save(path, save_all=True, append_images=others)
    refused(path, "film.png: an animated PNG, expected a single image", read_image, read_labels)
    path = png(tmp_path / "film.png", RGB, 8, rows(pixels(0)), before=[(b"acTL", struct.pack(">II", 0, 0))])
    refused(path, "not a readable image: Invalid APNG")


def test_of_several_photographs_in_a_jpeg_the_first(tmp_path):
    first, second = (Image.fromarray(pixels(k, 16, 24)) for k in range(2))
    path = tmp_path / "phone.jpg"
    first.save(path, "MPO", save_all=True, append_images=[second])
    alone = store(pixels(0, 16, 24), tmp_path / "alone.jpg")
    assert np.array_equal(read_image(path), read_image(alone))
    whole = path.read_bytes()
    gone = whole[: whole.index(b"\xff\xd9") + 2]  # the others, which are still announced
    spoilt = whole.replace(b"MPF\0II", b"MPF\0XX")  # their list
    for content in (gone, spoilt):
        assert content != whole
        path.write_bytes(content)
        assert np.array_equal(read_image(path), read_image(alone))


# The way up.


@pytest.mark.parametrize("orientation", [0, *range(1, 10)])
@pytest.mark.parametrize("kind", ["RGB", "P", "RGBA"])
def test_photographs_are_turned_upright(tmp_path, orientation, kind):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = pixels(0)
    if kind == "P":
        picture = Image.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6)).convert("P")
        picture.putpalette(stored.tobytes())
    else:
        picture = Image.fromarray(stored).convert(kind)
    path = tmp_path / "photo.png"
    picture.save(path, exif=exif)
    upright = {
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1),
        7: stored[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(stored),
    }.get(orientation, stored)
    image, turned = read_turned(path)
    assert np.array_equal(image, upright)
    assert turned == (orientation if 2 <= orientation <= 8 else 1)


def test_a_jpeg_is_turned_as_pillow_turns_it(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = store(pixels(0, 16, 24), tmp_path / "photo.jpg", exif=exif)
    with Image.open(path) as image:
        assert np.array_equal(read_image(path), np.array(ImageOps.exif_transpose(image)))
    assert read_image(path).shape == (24, 16, 3)


def test_labels_to_be_turned_are_refused(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3
    path = store(pixels(0, channels=1), tmp_path / "labels.png", exif=exif)
    refused(path, "labels to be turned by EXIF orientation 3, expected upright", read_labels)


# Labels.


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_labels_in_the_colours_of_classes(tmp_path, mode):
    labels = np.random.default_rng(0).integers(0, 12, (5, 6), dtype=np.uint8)
    path = tmp_path / "labels.png"
    Image.fromarray(colourise(labels, CAMVID)).convert(mode).save(path)
    assert np.array_equal(read_labels(path, CAMVID), labels)
    refused(path, f"labels of kind {mode}, expected .* in the colours of given classes", read_labels)
    two = Classes(("a", "b"), ((1, 2, 3), (1, 2, 3)))
    refused(path, r"same colour: a and b \(1, 2, 3\)", lambda path: read_labels(path, two))
    picture = Image.open(path).convert("RGBA")
    picture.putpixel((2, 1), (128, 64, 128, 0))
    picture.save(path)
    refused(path, "1 transparent pixels", lambda path: read_labels(path, CAMVID))


@pytest.mark.parametrize("mode", ["1", "LA"])
def test_labels_of_other_kinds(tmp_path, mode):
    Image.new(mode, (6, 5)).save(tmp_path / "labels.png")
    refused(tmp_path / "labels.png", f"labels of kind {mode}, expected an 8-bit index PNG", read_labels)


def test_labels_that_were_compressed_with_loss(tmp_path):
    """A JPEG that is only called a PNG has other values than were drawn."""
    store(pixels(0, channels=1), tmp_path / "labels.png", format="JPEG")
    refused(tmp_path / "labels.png", "labels stored as JPEG, expected PNG", read_labels)


# Damage and malice.


@pytest.mark.parametrize("black", [False, True])
@pytest.mark.parametrize(
    ("suffix", "options"),
    [("png", {}), ("jpg", {}), ("jpg", {"progressive": True})],
    ids=["png", "jpg", "prog"],
)
def test_a_file_cut_anywhere_is_refused_unless_no_pixel_is_lost(tmp_path, suffix, options, black):
    path = store(pixels(0, 20, 30) * (not black), tmp_path / f"cut.{suffix}", **options)
    whole, expected = path.read_bytes(), read_image(path)
    lost = 0
    for keep in range(len(whole)):
        path.write_bytes(whole[:keep])
        try:
            image = read_image(path)
        except ValueError as error:
            assert f"cut.{suffix}: not a readable image" in str(error)  # noqa: PT017, either way is right
            lost += 1
        else:
            assert np.array_equal(image, expected)
    assert lost > len(whole) - 25  # what is behind the pixels: a checksum and the mark of the end


def adam7(array):
    """The lines of an interlaced PNG."""
    passes = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    parts = [array[y::down, x::across] for x, y, across, down in passes]
    return b"".join(rows(part) for part in parts if part.size)


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize("size", [(6, 5), (1, 1), (3, 2), (17, 9)])
@pytest.mark.parametrize("black", [False, True])
def test_lines_that_are_missing_in_a_stream_that_ends_well(tmp_path, interlaced, size, black):
    """Pillow leaves them black without a word."""
    array = pixels(0, size[1], size[0]) * (not black)
    lines = adam7(array) if interlaced else rows(array)
    path = tmp_path / "short.png"
    assert np.array_equal(read_image(png(path, RGB, 8, lines, size, interlaced=interlaced)), array)
    for missing in (1, 1 + 3 * size[0], len(lines) // 2, len(lines)):  # the second is a whole line
        png(path, RGB, 8, lines[: len(lines) - missing], size, interlaced=interlaced)
        by_us = missing == 1 + 3 * size[0] and size[1] > 1
        refused(path, "it ends before its last line" if by_us else "not a readable image", read_image)


@pytest.mark.parametrize(("colour", "bits"), EVERY)
def test_missing_lines_are_noticed_in_every_kind(tmp_path, colour, bits):
    line = 1 + -(-7 * bits * CHANNELS[colour] // 8)
    before = [(b"PLTE", bytes(768))] if colour == PALETTE else []
    whole = png(tmp_path / "a.png", colour, bits, bytes(5 * line), (7, 5), before)
    for read in (read_image, read_labels):
        try:
            read(whole)
        except ValueError as error:
            assert "last line" not in str(error)  # noqa: PT017, of some kinds nothing is read
        else:
            png(whole, colour, bits, bytes(4 * line), (7, 5), before)
            refused(whole, "it ends before its last line", read)
            png(whole, colour, bits, bytes(5 * line), (7, 5), before)


def test_lines_in_many_chunks(tmp_path):
    path = store(np.zeros((50, 60, 3), np.uint8), tmp_path / "a.png")
    stream = zlib.compress(rows(np.zeros((50, 180), np.uint8)), 0)
    parts = [(b"IDAT", stream[k : k + 7]) for k in range(0, len(stream), 7)]
    header = (b"IHDR", struct.pack(">IIBBBBB", 60, 50, 8, 2, 0, 0, 0))
    for last in (len(parts), len(parts) - 2):
        chunks = [header, *parts[:last], (b"IEND", b"")]
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*some) for some in chunks))
        if last == len(parts):
            assert not read_image(path).any()
        else:
            refused(path, "not a readable image", read_image)


def test_foreign_files(tmp_path):
    path = tmp_path / "foreign.png"
    for content in (b"", b"this is no image" * 20, b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"):
        path.write_bytes(content)
        refused(path, "foreign.png: not a readable image", read_image, read_labels)
    Image.new("RGB", (6, 5)).save(path, "BMP")
    refused(path, "not a readable image")


def test_files_that_are_none(tmp_path):
    for read in (read_image, read_labels):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "gone.png")
    refused(tmp_path, "not a readable image")


def test_palettes_that_lack_colours(tmp_path):
    values = np.array([[0, 1], [1, 2]], np.uint8)
    path = png(tmp_path / "p.png", PALETTE, 8, rows(values), (2, 2), [(b"PLTE", bytes(6))])
    refused(path, "index 2, but its palette has 2 colours", read_image)
    assert np.array_equal(read_labels(path), values)
    refused(png(path, PALETTE, 8, rows(values), (2, 2)), "its palette has 0 colours", read_image)
    long = [(b"PLTE", bytes(771))]
    refused(
        png(path, PALETTE, 8, rows(values), (2, 2), long), "not a readable image: invalid palette", read_image
    )


@pytest.mark.parametrize("limit", [29, 14])  # above the limit Pillow warns, above twice the limit it raises
def test_suspiciously_large_images(tmp_path, monkeypatch, limit):
    path = store(pixels(0), tmp_path / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    refused(path, "huge.png: not a readable image: .*30 pixels", read_image, read_labels)


BOMB = zlib.compress(bytes(100_000_000), 9)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([(b"iCCP", b"x\0\0" + BOMB)], []),
        ([(b"zTXt", b"x\0\0" + BOMB)], []),
        ([(b"iTXt", b"x\0\1\0\0\0" + BOMB)], []),
        ([], [(b"zTXt", b"x\0\0" + BOMB)]),
        ([(b"zTXt", b"x\0\0" + zlib.compress(bytes(1_000_000)))] * 70, []),
    ],
    ids=["profile", "text", "international text", "text behind", "many texts"],
)
def test_decompression_bombs(tmp_path, before, after):
    path = png(tmp_path / "bomb.png", RGB, 8, rows(pixels(0)), before=before, after=after)
    tracemalloc.start()
    refused(path, "bomb.png: not a readable image: (?i:decompressed data too large|too much memory)")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < PngImagePlugin.MAX_TEXT_MEMORY + 10_000_000


def test_a_header_that_claims_many_pixels(tmp_path):
    path = png(tmp_path / "claims.png", RGB, 8, b"", (2**31 - 1, 2**31 - 1))
    tracemalloc.start()
    refused(path, "claims.png: not a readable image: .*decompression bomb", read_image, read_labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_stream_that_goes_on_and_on(tmp_path):
    """What comes behind the last line is not inflated."""
    path = png(tmp_path / "long.png", GREY, 8, bytes(100_000_000))
    tracemalloc.start()
    assert not read_image(path).any()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_random_change_is_refused_or_read(tmp_path):
    """Whatever Pillow makes of a damaged file, nothing but our errors comes out."""
    rng = np.random.default_rng(0)
    path = tmp_path / "spoilt.png"
    for kind in ("RGB", "P", "L", "RGBA"):
        for form in ("PNG", "JPEG") if kind in ("RGB", "L") else ("PNG",):
            stream = io.BytesIO()
            exif = Image.Exif()
            exif[ExifTags.Base.Orientation] = 6
            Image.fromarray(pixels(0, 9, 7)).convert(kind).save(stream, form, exif=exif)
            whole = np.frombuffer(stream.getvalue(), np.uint8)
            for _ in range(150):
                spoilt = whole.copy()
                spoilt[rng.integers(0, len(whole), 3)] = rng.integers(0, 256, 3)
                path.write_bytes(spoilt.tobytes())
                for read in (read_image, read_labels):
                    try:
                        read(path)
                    except ValueError as error:
                        assert str(error).startswith(str(path))  # noqa: PT017, it may be read, too


def test_a_palette_in_the_colours_of_other_classes_is_refused(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 0]], np.uint8), mode="P")
    path = tmp_path / "labels.png"
    for colours, fits in (
        (CAMVID.colours[:3], True),
        (CAMVID.colours[2::-1], False),
        (((9, 9, 9), *CAMVID.colours[2:4]), True),  # not all of them are classes' colours
    ):
        image.putpalette([number for colour in colours for number in colour])
        image.save(path)
        if fits:
            np.testing.assert_array_equal(read_labels(path, CAMVID), [[0, 1], [2, 0]])
        else:
            with pytest.raises(
                ValueError, match=r"indices \[0, 1, 2\] .* of the classes \[2, 1, 0\]; expected"
            ):
                read_labels(path, CAMVID)
        np.testing.assert_array_equal(read_labels(path), [[0, 1], [2, 0]])


def test_what_is_neither_png_nor_jpeg_is_told(tmp_path):
    Image.fromarray(pixels(0)).save(tmp_path / "street.bmp")
    (tmp_path / "empty.png").touch()
    refused(tmp_path / "street.bmp", "not a readable image: neither PNG nor JPEG")
    refused(tmp_path / "empty.png", "not a readable image: it is empty")
    for suffix, kept in (("png", 30), ("jpg", 3)):
        path = store(pixels(0), tmp_path / f"cut.{suffix}")
        path.write_bytes(path.read_bytes()[:kept])
        refused(path, "not a readable image: it is damaged at its beginning")

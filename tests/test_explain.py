"""`segnet-np explain`: one page that holds all, says what is true of the net, and refuses bad input."""

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import segnet_np as snp
from segnet_np.cli import main
from segnet_np.data.classes import CAMVID
from segnet_np.data.scenes import street_scene
from segnet_np.lessons import explain


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def tiny(model=snp.SegNet, **settings):
    """A net with every channel alive, saved as net.safetensors."""
    net = model(width=4, **settings)
    net.class_names, net.class_colours = CAMVID.names, CAMVID.colours
    snp.save(net, "net.safetensors")
    return net


def street(name="street.png", size=(45, 61), seed=0):
    image, _ = street_scene(seed, size)
    Image.fromarray(image).save(name)
    return image


class Page(HTMLParser):
    """What a page holds: its images, headings, text, tags that were not closed, and addresses."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.images, self.headings, self.words, self.open, self.addresses = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.images.append(attributes)
        self.addresses += [attributes[name] for name in ("src", "href") if name in attributes]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append((self.open[-1], data))

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.words))


def pixels(source):
    header, data = source.split(",", 1)
    assert header == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("model", [snp.SegNet, snp.SegNetBasic])
def test_the_page_is_whole_and_holds_all(model, capsys):
    net = tiny(model)
    image = street()
    assert main(["explain", "street.png", "--weights", "net.safetensors", "--out", "seen/page.html"]) == 0
    assert capsys.readouterr().out == "seen/page.html\n"
    text = Path("seen/page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert text.startswith("<!doctype html>")
    # Nothing is fetched: all pictures are in the page, and the one address leads to the paper.
    assert [a for a in page.addresses if not a.startswith("data:")] == ["https://arxiv.org/abs/1511.00561"]
    assert "url(" not in text
    assert "@import" not in text
    assert "<script" not in text
    assert all(picture["alt"] for picture in page.images)
    stages = len(net.pools)
    assert len(page.images) == 1 + stages * 3 * 5 + 2
    assert [level for level, _ in page.headings] == [
        "h1",
        "h2",
        *["h2", "h3", "h3", "h3"] * stages,
        "h2",
        "h2",
    ]
    for words in (
        "street.png, 45x61 pixels",
        "net.safetensors",
        repr(net),
        "4 maps of 45x61 are pooled to 22x30",
    ):
        assert words in page.text
    assert "Twice 22x30 is not 45x61" in page.text
    np.testing.assert_array_equal(pixels(page.images[0]["src"]), image)
    labels, probabilities = net.predict(image)
    overlay = pixels(page.images[-2]["src"])
    colours = np.array(CAMVID.colours)[labels]
    assert np.abs(overlay - (0.45 * image + 0.55 * colours)).max() < 1
    values, counts = np.unique(labels, return_counts=True)
    for value, count in zip(values, counts, strict=True):
        mean = probabilities.max(0)[labels == value].mean()
        assert f"{CAMVID.names[value]}{100 * count / labels.size:.1f} %{mean:.2f}" in page.text


def test_the_shipped_weights_are_taken_by_themselves_and_the_page_is_light(capsys):
    image = street(size=(96, 128))
    assert main(["explain", "street.png"]) == 0
    assert capsys.readouterr().out == "report.html\n"
    text = Path("report.html").read_text(encoding="utf-8")
    page = Page(text)
    net = snp.load("camvid")
    assert repr(net) in page.text
    assert f"{sum(p.data.size for p in net.parameters()):,} parameters" in page.text
    assert (
        "what it predicts is the mean of 6 looks: at this size, at 0.8 and 1.25 of it, and each mirrored"
        in page.text
    )
    assert "weightscamvid" in page.text.replace(" ", "")
    assert (
        "58x77 pixels, 0.6 of its size: the net was trained on pictures of this part of their size"
        in page.text
    )
    assert "of 58x77 are pooled to 29x38" in page.text
    labels, _ = net.predict(image)
    assert (
        np.abs(
            pixels(page.images[-2]["src"]) - (0.45 * image + 0.55 * np.array(CAMVID.colours)[labels])
        ).max()
        < 1
    )
    # Sixteen times as much for whole maps, times four for float32 in place of two bits a window: 64, and a
    # little more where odd rows are left out.
    assert re.search(r"would take (6[4-8]) times as much", page.text)
    assert len(text) < 3_000_000


def test_large_pictures_are_looked_at_as_predict_does_and_very_large_ones_smaller(monkeypatch):
    net = snp.SegNet(width=2)
    net.input_scale, net.input_side = 0.5, 80
    snp.save(net, "net.safetensors")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 160, 3)).astype(np.uint8)).save(
        "large.png"
    )
    assert main(["explain", "large.png", "--weights", "net.safetensors"]) == 0
    text = Page(Path("report.html").read_text(encoding="utf-8")).text
    assert "75x40 pixels, 0.25 of its size: a net knows things by the size" in text
    assert "predict would" not in text
    monkeypatch.setattr(explain, "MOST_PIXELS", 2700)
    assert main(["explain", "large.png", "--weights", "net.safetensors"]) == 0
    text = Page(Path("report.html").read_text(encoding="utf-8")).text
    assert "71x38 pixels, 0.237 of its size. predict would look at it at 75x40" in text


def refused(capsys, *arguments):
    """Run a command that must fail with one line, which is returned, and write nothing."""
    assert main(["explain", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = (line for line in err.splitlines() if line.startswith("segnet-np: "))
    return line


def test_bad_input_is_refused_by_name_and_nothing_is_written(tmp_path, capsys):
    tiny()
    street()
    Image.fromarray(street()[:20]).save("small.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "street.png").read_bytes()[:300])
    Image.fromarray(street()).convert("CMYK").save("print.jpg")
    Image.new("RGB", (20000, 33)).save("strip.png")
    snp.save(snp.SegNet(in_channels=1, width=1), "grey.safetensors")
    (tmp_path / "taken.html").mkdir()
    before = sorted(tmp_path.rglob("*"))
    own = ("--weights", "net.safetensors")
    assert "absent.png: No such file" in refused(capsys, "absent.png", *own)
    assert "broken.png" in refused(capsys, "broken.png", *own)
    assert "print.jpg: an image of mode CMYK" in refused(capsys, "print.jpg", *own)
    assert "small.png: 20x61, the net needs at least 32x32" in refused(capsys, "small.png", *own)
    assert "strip.png: 33x20000, too long to look inside" in refused(capsys, "strip.png", *own)
    assert "nothing.safetensors: No such file" in refused(
        capsys, "street.png", "--weights", "nothing.safetensors"
    )
    line = refused(capsys, "street.png", "--weights", "grey.safetensors")
    assert "grey.safetensors: a net for 1 channels, but a picture has 3" in line
    line = refused(capsys, "street.png", *own, "--out", "street.png")
    assert "--out street.png: a page is written, expected a name that ends in .html" in line
    assert "taken.html: not an ordinary file" in refused(capsys, "street.png", *own, "--out", "taken.html")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_picture_called_like_a_page_is_not_overwritten(tmp_path, capsys):
    tiny()
    street()
    (tmp_path / "street.png").rename("picture.html")
    before = (tmp_path / "picture.html").read_bytes()
    line = refused(capsys, "picture.html", "--weights", "net.safetensors", "--out", "./picture.html")
    assert "would take the place of the picture" in line
    assert (tmp_path / "picture.html").read_bytes() == before


def test_names_are_shown_as_text_not_as_markup(capsys):
    net = snp.SegNet(width=2, num_classes=2)
    net.class_names = ("<b>sky</b>", "road & kerb")
    snp.save(net, "net.safetensors")
    image = street("a <i>&amp;.png")
    assert main(["explain", "a <i>&amp;.png", "--weights", "net.safetensors"]) == 0
    page = Page(Path("report.html").read_text(encoding="utf-8"))
    assert ("h1", "What SegNet sees in a <i>&amp;.png") in page.headings
    assert page.open == []
    labels = snp.load("net.safetensors").predict(image)[0]
    for k, name in enumerate(net.class_names):
        assert (name in page.text) == bool((labels == k).any())


def test_a_net_that_has_learned_nothing_can_be_looked_at():
    """All zeros: every window is silent, no share is divided by zero."""
    net = tiny()
    for p in net.parameters():
        p.data[...] = 0
    snp.save(net, "net.safetensors")
    street()
    assert main(["explain", "street.png", "--weights", "net.safetensors"]) == 0
    text = Page(Path("report.html").read_text(encoding="utf-8")).text
    assert "100 % are silent" in text
    assert not re.search(r"\bnan\b", text)

"""The clickable architecture and the page of `segnet-np explain` in Chromium: mouse, keys, a phone."""

from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import segnet_np as snp
from segnet_np.data.scenes import street_scene
from segnet_np.lessons.explain import explain_file
from segnet_np.lessons.figures.architecture import architecture

from driving import complaints  # isort: skip

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>architecture</title>'
    "<body>{}</body></html>"
)


class Architecture:
    """One architecture on a page."""

    def __init__(self, driver, which=0):
        self.driver = driver
        self.root = driver.find_elements(By.CSS_SELECTOR, ".snp-arch[data-drawn]")[which]

    def button(self, text):
        buttons = self.root.find_elements(By.CSS_SELECTOR, "button")
        return next(button for button in buttons if button.text == text)

    @property
    def panel(self):
        return self.root.find_element(By.CSS_SELECTOR, ".snp-arch-panel").text

    @property
    def title(self):
        return self.panel.splitlines()[0]

    @property
    def text(self):
        return self.root.text

    def fill(self, label, value):
        for element in self.root.find_elements(By.TAG_NAME, "label"):
            if element.text.strip() == label:
                field = element.find_element(By.TAG_NAME, "input")
                field.send_keys(Keys.CONTROL, "a")
                field.send_keys(str(value))

    def linked(self):
        return {b.text for b in self.root.find_elements(By.CSS_SELECTOR, ".snp-arch-linked")}


@pytest.fixture
def page(driver, tmp_path):
    path = tmp_path / "architecture.html"
    path.write_text(PAGE.format(f"{architecture()}{architecture('segnet-basic', 45, 61)}"), encoding="utf-8")
    driver.get(path.as_uri())
    yield driver
    assert complaints(driver) == []


def test_a_click_shows_shapes_parameters_and_where_the_indices_go(page):
    net = Architecture(page)
    assert "29,449,355 parameters" in net.text
    net.button("conv41d").click()
    assert net.title == "conv41d, bn41d, relu41d"
    assert "512 maps of 45x60" in net.panel
    assert "goes from 512 to 256 channels" in net.panel
    assert "together 1,180,416" in net.panel
    assert net.linked() == set()
    for name in ("pool4", "indices 4", "unpool4"):
        net.button(name).click()
        assert net.linked() == {"pool4", "indices 4", "unpool4"}
        assert net.button(name).get_attribute("aria-pressed") == "true"
    assert "Twice 22x30 is 44x60. The indices know that they came from 45x60." in net.panel
    other = Architecture(page, 1)
    assert other.title == "pool1: max-pooling"
    assert "1,416,587 parameters" in other.text


def test_keys_walk_through_the_net_as_a_picture_does(page):
    net = Architecture(page)
    net.button("picture 360x480").click()
    seen = [net.title]
    for _ in range(60):
        ActionChains(page).send_keys(Keys.ARROW_DOWN).perform()
        if net.title == seen[-1]:
            break
        seen.append(net.title)
    names = list(snp.SegNet(width=1).children())
    expected = ["The picture"]
    for name in names:
        if name.startswith("conv") and name != "conv11d":
            expected.append(f"{name}, {name.replace('conv', 'bn')}, {name.replace('conv', 'relu')}")
        elif name.startswith("pool"):
            expected += [f"{name}: max-pooling", f"The indices from {name} to un{name}"]
        elif name.startswith("unpool"):
            expected.append(f"{name}: max-unpooling")
    assert seen == [*expected, "conv11d: the classifier"]
    ActionChains(page).send_keys(Keys.HOME, Keys.ARROW_RIGHT).perform()
    assert net.title == "conv11, bn11, relu11"
    assert page.switch_to.active_element == net.button("conv11")
    # One stop of the Tab key for all blocks.
    assert len(net.root.find_elements(By.CSS_SELECTOR, ".snp-arch-grid [tabindex='0']")) == 1


def test_sizes_and_nets_can_be_changed(page):
    net = Architecture(page)
    net.button("45x61").click()
    net.button("pool2").click()
    assert "128 maps of 22x30" in net.panel
    net.fill("rows", 47)
    net.button("pool2").click()
    assert "128 maps of 23x30" in net.panel
    assert "left out" in net.panel
    page.execute_script("arguments[0].click()", net.root.find_element(By.CSS_SELECTOR, "[type=checkbox]"))
    assert "128 maps of 12x16" in net.panel
    net.fill("rows", f"20{Keys.ENTER}")
    assert "SegNet takes pictures of at least 32x32" in net.text
    net.fill("rows", 64)
    for option in net.root.find_elements(By.TAG_NAME, "option"):
        if option.text == "SegNet-Basic":
            option.click()
    assert "1,416,587 parameters" in net.text
    net.button("conv_decode3").click()
    assert "no ReLU" in net.panel


def test_a_number_that_is_being_typed_is_not_wrong_yet(page):
    """360 begins with a 3, which is too small; what is said of that comes when the number is finished."""
    net = Architecture(page)
    refusal = net.root.find_element(By.CSS_SELECTOR, "[role=alert]")
    net.fill("rows", 3)
    assert refusal.text == ""
    page.switch_to.active_element.send_keys("6")
    assert "picture 36x480" in net.text
    net.fill("rows", 20)
    page.switch_to.active_element.send_keys(Keys.TAB)
    assert "at least 32x32" in refusal.text
    assert "picture" not in net.root.find_element(By.CSS_SELECTOR, ".snp-arch-body").text.replace(
        "pictures", ""
    )
    net.fill("rows", 45)
    assert refusal.text == ""
    # The click ends the typing too, and is not lost.
    net.button("pool2").click()
    assert net.title == "pool2: max-pooling"


def test_what_is_read_out_stays_the_same_region(page):
    """A screen reader says what changes in a live region; of a new one it says nothing."""
    net = Architecture(page)
    regions = net.root.find_elements(By.CSS_SELECTOR, "[role=status], [role=alert]")
    assert len(regions) == 2
    net.button("45x61").click()
    net.fill("classes", f"0{Keys.ENTER}")
    net.fill("classes", 3)
    net.root.find_elements(By.TAG_NAME, "option")[1].click()
    assert net.root.find_elements(By.CSS_SELECTOR, "[role=status], [role=alert]") == regions
    assert net.title == "pool1: max-pooling"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible(page, prefer, scheme):
    prefer(scheme)
    for name in ("conv11", "unpool3", "indices 2"):
        Architecture(page).button(name).click()
        ratio, *what = page.execute_script(CONTRAST.replace(".snp-stepper *", ".snp-arch *"))
        assert ratio >= 4.5, what


def test_on_a_phone_nothing_is_cut_off_and_what_was_tapped_is_told(page, resize):
    resize(360, 740)
    width = page.execute_script("return document.documentElement.scrollWidth")
    assert width <= 360
    net = Architecture(page)
    button = net.button("unpool3")
    page.execute_script("arguments[0].scrollIntoView({block: 'start'})", button)
    button.click()
    script = "const r = arguments[0].getBoundingClientRect(); return [r.top, r.bottom, innerHeight]"
    top, bottom, height = page.execute_script(
        script, net.root.find_element(By.CSS_SELECTOR, ".snp-arch-panel h4")
    )
    assert 0 <= top < bottom <= height
    assert net.title == "unpool3: max-unpooling"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_legible_and_fits_a_phone(driver, prefer, resize, tmp_path, scheme):
    Image.fromarray(street_scene(0, (45, 61))[0]).save(tmp_path / "street.png")
    out = explain_file(
        snp.SegNet(width=4), tmp_path / "street.png", tmp_path / "report.html", "random numbers"
    )
    prefer(scheme)
    driver.get(out.as_uri())
    for details in driver.find_elements(By.TAG_NAME, "summary"):
        details.click()
    pictures = driver.find_elements(By.TAG_NAME, "img")
    assert len(pictures) == 1 + 5 * 3 * 5 + 2
    assert all(picture.get_property("naturalWidth") > 0 for picture in pictures)
    ratio, *what = driver.execute_script(CONTRAST.replace(".snp-stepper *", "body *"))
    assert ratio >= 4.5, what
    resize(360, 740)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 360
    assert complaints(driver) == []

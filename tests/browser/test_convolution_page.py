"""The convolution to touch, in Chromium: pointing, keys, modes, two figures on a page, dark, a phone."""

from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from segnet_np import lessons, reference

X = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
WEIGHT = [[1, 2], [0, -1]]
DOUT = [[1, 0], [2, -1]]

CONTRAST = (
    (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8").replace(".snp-stepper", ".snp-conv")
)


class Figure:
    """One figure on the page."""

    def __init__(self, driver, which):
        self.driver = driver
        self.root = driver.find_elements(By.CSS_SELECTOR, ".snp-conv")[which]

    def cells(self, role):
        return self.root.find_elements(By.CSS_SELECTOR, f".snp-conv-{role} td")

    def numbers(self, role):
        texts = [cell.find_element(By.CSS_SELECTOR, ".snp-conv-value").text for cell in self.cells(role)]
        return [float(text.replace("\u2212", "-")) for text in texts]

    def lit(self, role):
        """Which cells of a grid take part, by their numbers in reading order."""
        return [k for k, cell in enumerate(self.cells(role)) if "snp-conv-on" in cell.get_attribute("class")]

    @property
    def words(self):
        return self.root.find_element(By.CSS_SELECTOR, "[aria-live]").text

    def press(self, text):
        buttons = self.root.find_elements(By.TAG_NAME, "button")
        next(button for button in buttons if text in button.text).click()

    def point_at(self, k):
        ActionChains(self.driver).move_to_element(self.cells("target")[k]).perform()

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()


def open_page(driver, tmp_path, attributes=""):
    figures = lessons.convolution(X, WEIGHT, DOUT, 0).data + lessons.convolution().data
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        f"<body {attributes}>{figures}</body></html>"
    )
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    driver.get((tmp_path / "page.html").as_uri())
    return Figure(driver, 0), Figure(driver, 1)


@pytest.fixture
def figures(driver, tmp_path):
    yield open_page(driver, tmp_path)
    assert driver.get_log("browser") == []


def test_pointing_shows_the_patch_and_its_products(figures):
    figure, other = figures
    assert figure.numbers("target") == [0, 2, 6, 8]
    figure.point_at(3)
    assert figure.lit("left") == [4, 5, 7, 8]
    assert figure.lit("right") == [0, 1, 2, 3]
    assert figure.words == "out[1, 1] = 5\u00b71 + 6\u00b72 + 8\u00b70 + 9\u00b7(\u22121) = 8."
    assert other.words.startswith("out[0, 0]"), "the other figure was disturbed"


def test_the_gradients_are_right_in_all_modes(figures):
    _, dx, dweight = (None, *map(np.ravel, gradients()))
    figure, _ = figures
    figure.press("backward: dx")
    assert figure.numbers("target") == list(dx)
    figure.point_at(0)
    assert (figure.lit("left"), figure.lit("right")) == ([0], [0])
    figure.press("backward: dweight")
    assert figure.numbers("target") == list(dweight)
    figure.point_at(1)
    assert figure.lit("left") == [1, 2, 4, 5]
    assert figure.lit("right") == [0, 1, 2, 3]


def gradients():
    """dx and dweight of the small example."""
    arrays = (np.array(a, float)[None, None] for a in (DOUT, X, WEIGHT))
    return reference.conv2d_backward(*arrays)[:2]


def test_turned_the_kernel_lies_on_the_patch(figures):
    figure, _ = figures
    figure.press("backward: dx")
    figure.root.find_element(By.CSS_SELECTOR, "input").click()
    assert figure.numbers("right") == [-1, 0, 2, 1]
    assert len(figure.cells("left")) == 16  # 2x2 with a rim of zeros
    figure.point_at(4)
    assert figure.lit("left") == [5, 6, 9, 10]
    assert figure.numbers("target") == list(np.ravel(gradients()[0]))


def test_keys_move_and_add_one_product_at_a_time(figures):
    figure, _ = figures
    figure.cells("target")[0].click()
    figure.keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert figure.words.startswith("out[1, 1] = ")
    assert figure.driver.switch_to.active_element == figure.cells("target")[3]
    figure.keys(Keys.ENTER, Keys.ENTER)
    assert figure.words == "out[1, 1] = 5\u00b71 + 6\u00b72 = 17. So far: product 2 of 4."
    assert figure.numbers("target")[3] == 17
    figure.keys(Keys.SPACE, Keys.SPACE)
    assert figure.words.endswith("= 8.")
    figure.keys(Keys.ENTER)  # on to the next cell, which is the first one again
    assert figure.words == "out[0, 0] = 1\u00b71 = 1. So far: product 1 of 4."


def test_one_cell_of_the_grid_takes_the_tab_key(figures):
    figure, _ = figures
    stops = [cell.get_attribute("tabindex") for cell in figure.cells("target")]
    assert stops == ["0", "-1", "-1", "-1"]
    figure.press("cell \u25b6")
    assert [cell.get_attribute("tabindex") for cell in figure.cells("target")] == ["-1", "0", "-1", "-1"]


@pytest.mark.parametrize(
    ("system", "attributes", "is_dark"),
    [
        ("light", "", False),
        ("dark", "", True),
        ("dark", 'data-theme="light"', False),
        ("light", 'data-theme="dark"', True),
        ("dark", 'data-jp-theme-light="true"', False),
        ("light", 'data-jp-theme-light="false"', True),
    ],
)
def test_colours_follow_the_page_and_can_be_read(driver, prefer, tmp_path, system, attributes, is_dark):
    prefer(system)
    figure, _ = open_page(driver, tmp_path, attributes)
    figure.press("one product")
    colour = figure.root.value_of_css_property("background-color")
    assert (int(colour.split("(")[1].split(",")[0]) < 128) == is_dark
    ratio, *what = driver.execute_script(CONTRAST)
    assert ratio >= 4.5, what


# How small the small numbers are, and which of them leave their cell.
SMALL = """const smallest = [], outside = [];
for (const order of document.querySelectorAll(".snp-conv-order")) {
  if (!order.textContent) continue;
  smallest.push(parseFloat(getComputedStyle(order).fontSize));
  const [box, cell] = [order, order.parentElement].map((node) => node.getBoundingClientRect());
  if (box.left < cell.left || box.right > cell.right) outside.push(order.textContent);
}
return [Math.min(...smallest), outside];"""


def test_the_small_numbers_can_be_read(driver, resize, tmp_path):
    """They alone say which cells are multiplied to those who do not see the colours."""
    for width in (1200, 360):
        resize(width, 740)
        for figure in open_page(driver, tmp_path):
            figure.press("backward: dweight")
        smallest, outside = driver.execute_script(SMALL)
        assert smallest >= 11
        assert outside == []


def test_it_fits_a_phone(driver, resize, tmp_path):
    resize(360, 740)
    open_page(driver, tmp_path)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 360

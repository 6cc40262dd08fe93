"""A stepper on a page, as a person uses it: buttons, keys, cells that can be read."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait
from stepper_golden import golden

READ = """
const rows = [...arguments[0].querySelectorAll(`[data-map="${arguments[1]}"] .snps-row`)].slice(1);
return rows.map((row) => [...row.querySelectorAll(".snps-cell")].map((cell) => {
  const input = cell.querySelector("input");
  return input ? input.value : cell.firstChild.textContent;
}));
"""


class Stepper:
    """One stepper that has come to life."""

    def __init__(self, driver, which=0):
        self.driver = driver
        live = ".snp-stepper[data-live] [data-map=x]"
        WebDriverWait(driver, 20).until(lambda d: len(d.find_elements(By.CSS_SELECTOR, live)) > which)
        self.root = driver.find_elements(By.CSS_SELECTOR, ".snp-stepper[data-live]")[which]

    def find(self, css):
        return self.root.find_element(By.CSS_SELECTOR, css)

    def read(self, name):
        """The texts of a map, row by row."""
        return self.driver.execute_script(READ, self.root, name)

    def numbers(self, name):
        return [[float(text) for text in row] for row in self.read(name)]

    def empty(self, name):
        return all(text == "" for row in self.read(name) for text in row)

    def cell(self, name, i, j):
        """What takes the focus: the input where there is one."""
        cell = self.find(f'[data-map="{name}"] [data-cell="{i},{j}"]')
        return next(iter(cell.find_elements(By.TAG_NAME, "input")), cell)

    def press(self, button, times=1):
        """Click a button; the driver scrolls to it if it is out of sight."""
        for _ in range(times):
            self.find(f".snps-{button}").click()

    def in_sight(self, css):
        """Whether a person sees the middle of an element: nothing lies over it, and it is on the screen."""
        script = """const node = arguments[0].querySelector(arguments[1]);
            const { left, top, width, height } = node.getBoundingClientRect();
            return node.contains(document.elementFromPoint(left + width / 2, top + height / 2));"""
        return self.driver.execute_script(script, self.root, css)

    def keys(self, *keys):
        """Press keys wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def click(self, name, i, j):
        """Click a cell, scrolled clear of the bar."""
        cell = self.cell(name, i, j)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
        cell.click()

    def type(self, name, i, j, text, then=Keys.ENTER):
        self.click(name, i, j)
        self.keys(text, then)

    def choose(self, example):
        for option in self.find("select").find_elements(By.TAG_NAME, "option"):
            if option.text == example:
                option.click()

    def hover(self, name, i, j):
        ActionChains(self.driver).move_to_element(self.cell(name, i, j)).perform()

    def lit(self, kind):
        """Which cells are lit in a way, as (map, row, column)."""
        script = """return [...arguments[0].querySelectorAll(arguments[1])].map((cell) =>
            [cell.closest("[data-map]").dataset.map, ...cell.dataset.cell.split(",").map(Number)]);"""
        return {tuple(cell) for cell in self.driver.execute_script(script, self.root, f".snps-{kind}")}

    @property
    def says(self):
        return self.find(".snps-say").get_property("textContent")

    @property
    def tells(self):
        return self.find(".snps-tell").get_property("textContent")

    @property
    def refuses(self):
        return self.find(".snps-refusal").get_property("textContent")

    @property
    def count(self):
        return self.find(".snps-count").text

    def expected(self):
        """What the layers make of the numbers on the page."""
        ceil_mode = self.find("input[type=checkbox]").is_selected()
        return golden(self.numbers("x"), self.numbers("dout"), ceil_mode)


def click_through(stepper):
    """Click from the first step to the last, and read the cells at the end of each pass."""
    stepper.press("first")
    maps = stepper.expected()
    windows = sum(len(row) for row in maps["y"])
    total = 4 * windows
    assert stepper.count == f"step 0 of {total}"
    assert all(stepper.empty(name) for name in ("y", "offsets", "unpooled", "dy", "offsets again", "dx"))

    stepper.press("next")
    assert stepper.read("y")[0][0] != ""
    assert stepper.says.startswith("Pool, window (0, 0)")
    stepper.press("next", windows - 1)
    assert stepper.numbers("y") == maps["y"]
    assert stepper.numbers("offsets") == stepper.numbers("offsets again") == maps["offsets"]
    assert stepper.empty("unpooled")

    stepper.press("next", windows)
    assert stepper.numbers("unpooled") == maps["unpooled"]
    assert stepper.empty("dy")

    stepper.press("next", windows)
    assert stepper.numbers("dy") == maps["dy"]
    assert stepper.empty("dx")

    stepper.press("next", windows)
    assert stepper.numbers("dx") == maps["dx"]
    assert stepper.count == f"step {total} of {total}"
    assert stepper.says.startswith("Backward of pool")
    stepper.press("next")  # nothing comes after the last
    assert stepper.count == f"step {total} of {total}"
    last = stepper.read("dx")
    stepper.press("back")
    assert stepper.count == f"step {total - 1} of {total}"
    assert stepper.read("dx") != last


def complaints(driver):
    """What the page wrote to the console as errors, but for icons that a file has none of."""
    return [
        e["message"]
        for e in driver.get_log("browser")
        if e["level"] == "SEVERE" and "favicon" not in e["message"]
    ]

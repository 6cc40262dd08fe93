"""The stand-alone page in Chromium: mouse, keys, numbers typed well and badly, colours, a phone's width."""

import time
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from segnet_np.lessons.figures.stepper import markup, write_page

from driving import Stepper, click_through, complaints  # isort: skip

# The least contrast of all texts with what is behind them, with the text and the two colours.
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.fixture
def page(driver, tmp_path):
    """The page with the default example."""
    write_page(tmp_path / "stepper.html")
    driver.get((tmp_path / "stepper.html").as_uri())
    yield Stepper(driver)
    assert complaints(driver) == []


def test_click_through_forward_and_backward(page):
    click_through(page)


def test_other_examples_and_ceil_mode(page):
    for example in ("odd: 7x5", "ties", "negatives", "one window: 2x2"):
        page.choose(example)
        assert page.count.startswith("step 0 of")
        for _ in range(2):
            page.press("last")
            maps = page.expected()
            assert {name: page.numbers(name) for name in ("y", "offsets", "unpooled", "dy", "dx")} == {
                name: maps[name] for name in ("y", "offsets", "unpooled", "dy", "dx")
            }
            page.find("input[type=checkbox]").click()
    page.press("reset")
    assert page.find("select").get_property("value") == "6x6"
    assert page.count == "step 0 of 36"


def test_an_odd_size_drops_its_last_row_in_floor_mode_and_keeps_it_in_ceil_mode(page):
    page.choose("odd: 5x5")
    page.press("last")
    last_row = {(name, 4, j) for name in ("x", "unpooled", "dout", "dx") for j in range(5)}
    assert last_row < page.lit("dropped")
    assert page.read("dx")[4] == ["0"] * 5
    page.find("input[type=checkbox]").click()
    assert page.count == "step 36 of 36"  # from the end to the end
    assert page.lit("dropped") == set()
    assert page.numbers("y")[2][2] == 4


def test_an_edited_number_changes_everything_after_it(page):
    page.press("last")
    page.type("x", 0, 0, "9")
    assert page.numbers("y")[0][0] == 9
    assert page.read("offsets")[0][0] == "0"
    assert page.numbers("unpooled")[0][:2] == [9, 0]
    page.type("dout", 0, 0, "-2.5")
    assert page.numbers("dy")[0][0] == page.numbers("dx")[0][0] == -2.5
    assert page.numbers("dx") == page.expected()["dx"]
    assert page.count == "step 36 of 36"


@pytest.mark.parametrize("bad", ["nan", "abc", "", "1,5", "1e999"])
def test_a_bad_number_is_refused_until_another_cell_is_looked_at(page, bad):
    page.type("x", 1, 1, Keys.DELETE + bad)
    assert page.read("x")[1][1] == "7"
    assert "x[1, 1] stays 7." in page.refuses
    page.press("next")
    page.hover("x", 1, 1)
    assert "x[1, 1] stays 7." in page.refuses
    page.hover("y", 0, 0)
    assert page.refuses == ""


def test_the_message_outlives_the_way_to_the_next_cell(page):
    page.type("x", 1, 1, "abc", then=Keys.ARROW_DOWN)
    assert page.driver.switch_to.active_element == page.cell("x", 2, 1)
    assert page.read("x")[1][1] == "7"
    assert "x[1, 1] stays 7." in page.refuses
    page.keys(Keys.ARROW_DOWN)
    assert page.refuses == ""


def test_escape_takes_back_what_was_typed(page):
    page.type("x", 1, 1, "5", then=Keys.ESCAPE)
    assert page.read("x")[1][1] == "7"
    assert page.refuses == ""


def test_keys_alone_are_enough(page):
    """One stop of the Tab key a map; arrows inside it; stepping from anywhere."""
    page.click("x", 0, 0)
    page.keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert page.driver.switch_to.active_element == page.cell("x", 1, 1)
    page.keys("8", Keys.ARROW_LEFT)  # the caret is behind the 8: it goes before it and stays in the cell
    assert page.driver.switch_to.active_element == page.cell("x", 1, 1)
    page.keys(Keys.ENTER, Keys.PAGE_DOWN)
    assert page.count == "step 1 of 36"
    assert page.read("y")[0][0] == "8"
    order = []
    for _ in range(7):
        page.keys(Keys.TAB)
        cell = page.driver.switch_to.active_element
        order.append(
            page.driver.execute_script("return arguments[0].closest('[data-map]').dataset.map", cell)
        )
    assert order == ["y", "offsets", "unpooled", "dout", "dy", "offsets again", "dx"]
    page.keys(Keys.END, "n", "n", "b", Keys.ARROW_DOWN)
    assert page.count == "step 2 of 36"
    assert page.driver.switch_to.active_element == page.cell("dx", 1, 5)
    assert len(page.root.find_elements(By.CSS_SELECTOR, '[data-map="dx"] [tabindex="0"]')) == 1
    page.keys("p")
    assert page.find(".snps-play").text == "Pause"
    page.keys("p")
    assert page.find(".snps-play").text == "Play"


def test_play_goes_on_by_itself_and_stops_at_the_end(page):
    page.choose("one window: 2x2")
    page.press("play")
    deadline = time.monotonic() + 20
    while page.count != "step 4 of 4" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert page.count == "step 4 of 4"
    assert page.find(".snps-play").text == "Play"
    assert page.find(".snps-say").get_attribute("aria-live") == "polite"


def test_pointing_at_a_cell_lights_its_path_in_all_maps(page):
    page.hover("y", 0, 0)
    path = {(name, 1, 1) for name in ("x", "unpooled", "dout", "dx")}
    path |= {(name, 0, 0) for name in ("offsets", "dy", "offsets again")}
    assert page.lit("path") == path
    assert page.lit("look") == {("y", 0, 0)}
    assert "came from x[1, 1]" in page.tells
    page.hover("dx", 0, 0)
    assert page.lit("rival") == {("x", 1, 1)}


def test_a_screen_reader_finds_names(page):
    """Grids have names, rows and headers; what isn't computed yet says so; the sentence is a status."""
    grids = page.root.find_elements(By.CSS_SELECTOR, "[role=grid]")
    assert [grid.accessible_name.split()[0] for grid in grids] == [
        "x", "y", "offsets", "unpooled", "dout", "dy", "offsets", "dx",
    ]  # fmt: skip
    assert page.cell("x", 1, 2).accessible_name == "x[1, 2]"
    assert page.cell("y", 1, 2).accessible_name == "not computed yet"
    page.press("last")
    assert page.cell("y", 1, 2).accessible_name == "9"
    assert page.find(".snps-say").aria_role == "status"
    assert page.find("input[type=range]").get_attribute("aria-valuetext") == "step 36 of 36"
    assert page.find("[aria-current=step]").text == "4 Backward of pool"


@pytest.mark.parametrize(("before", "level"), [("", "2"), ("<h1>a</h1>", "2"), ("<h1>a</h1><h3>b</h3>", "4")])
def test_headings_skip_no_level(driver, tmp_path, before, level):
    """They come one below the last heading before them, whatever comes after."""
    path = tmp_path / "page.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{before}{markup()}<h6>c</h6>", encoding="utf-8")
    driver.get(path.as_uri())
    headings = Stepper(driver).root.find_elements(By.CSS_SELECTOR, ".snps-title")
    assert [heading.text for heading in headings] == ["Forward", "Backward"]
    assert {heading.aria_role for heading in headings} == {"heading"}
    assert {heading.get_attribute("aria-level") for heading in headings} == {level}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_texts_stand_out_from_what_is_behind_them(page, prefer, scheme):
    prefer(scheme)
    for step in (0, 5, 14, 23, 36):
        page.press("first")
        page.press("next", step)
        page.hover("x", 1, 1)
        ratio, *what = page.driver.execute_script(CONTRAST)
        assert ratio >= 4.5, what
    background = page.find(".snps-bar").value_of_css_property("background-color")
    assert (background == "rgba(255, 255, 255, 1)") == (scheme == "light")


@pytest.mark.parametrize("attribute", [("jpThemeLight", "true", "false"), ("theme", "light", "dark")])
def test_the_theme_of_the_page_outweighs_that_of_the_system(page, prefer, attribute):
    name, light, dark = attribute
    colours = {}
    for system in ("light", "dark"):
        prefer(system)
        for value in (light, dark):
            page.driver.execute_script("document.body.dataset[arguments[0]] = arguments[1]", name, value)
            colours[system, value] = page.root.value_of_css_property("background-color")
    assert colours["light", light] == colours["dark", light] == "rgba(255, 255, 255, 1)"
    assert colours["light", dark] == colours["dark", dark] == "rgba(22, 27, 34, 1)"


@pytest.mark.parametrize("example", ["6x6", "odd: 7x5", "as given"])
def test_a_phone_needs_no_sideways_scrolling(driver, tmp_path, resize, example):
    wide = [[-12.25] * 8] * 8
    write_page(tmp_path / "stepper.html", values=wide)
    resize(360, 640)
    driver.get((tmp_path / "stepper.html").as_uri())
    page = Stepper(driver)
    page.choose(example)
    for _ in range(2):
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 360
        hidden = """return [...document.querySelectorAll(".snps-cell, button, select")]
            .map((node) => node.getBoundingClientRect())
            .filter((box) => box.right > 352 || box.left < 8).length;"""
        assert driver.execute_script(hidden) == 0
        page.press("last")
        page.find("input[type=checkbox]").click()


@pytest.mark.parametrize("size", [(360, 740), (1000, 700)], ids=["phone", "low screen"])
def test_the_buttons_and_the_cell_that_is_written_stay_in_sight(driver, tmp_path, resize, size):
    write_page(tmp_path / "stepper.html")
    resize(*size)
    driver.get((tmp_path / "stepper.html").as_uri())
    page = Stepper(driver)
    page.press("first")
    for step in range(36):
        page.press("next")
        name = ("y", "unpooled", "dy", "dx")[step // 9]
        assert page.in_sight(f'[data-map="{name}"] .snps-to'), (step, name)
        assert page.in_sight(".snps-next")
        assert page.in_sight(".snps-say")


def test_several_steppers_on_one_page_do_not_disturb_each_other(driver, tmp_path):
    texts = [markup(), markup([[1, 2], [3, 4]]), markup([[1, 2, 3], [4, 5, 6]], ceil_mode=True)]
    path = tmp_path / "three.html"
    path.write_text("<!DOCTYPE html><meta charset=utf-8>" + "<p>between</p>".join(texts), encoding="utf-8")
    driver.get(path.as_uri())
    first, second, third = (Stepper(driver, which) for which in range(3))
    second.press("last")
    third.press("next", 2)
    assert [one.count for one in (first, second, third)] == ["step 0 of 36", "step 4 of 4", "step 2 of 8"]
    first.type("x", 0, 0, "9")
    assert second.read("x") == [["1", "2"], ["3", "4"]]
    click_through(third)
    assert driver.find_element(By.XPATH, "//p[text()='between']").value_of_css_property("min-height") == "0px"
    assert complaints(driver) == []


def test_values_fly_only_where_motion_is_welcome(page, prefer):
    prefer("light", motion="no-preference")
    page.press("next")
    assert len(page.root.find_elements(By.CSS_SELECTOR, ".snps-ghost")) == 1
    time.sleep(0.7)
    assert page.root.find_elements(By.CSS_SELECTOR, ".snps-ghost") == []
    prefer("light")
    page.press("next")
    assert page.root.find_elements(By.CSS_SELECTOR, ".snps-ghost") == []

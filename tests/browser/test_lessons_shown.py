"""What lessons show, in a browser: lesson 01 under JupyterLab, an overlay on a saved page."""

import sys
import time

import numpy as np
import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from segnet_np import lessons

from test_stepper_lab import SECONDS, lab, notebook  # noqa: F401  # isort: skip

overlay_module = sys.modules["segnet_np.lessons.figures.overlay_slider"]
LAYER = "return document.querySelector('[data-labels=\"{}\"]').{}"


@pytest.fixture
def page(driver, tmp_path, monkeypatch):
    """An overlay of two label maps on a page of its own, without any kernel."""
    shown = []
    monkeypatch.setattr(overlay_module, "show_html", lambda markup, text: shown.append(markup))
    image = np.full((6, 8, 3), 200, np.uint8)
    lessons.overlay_slider(image, {"the net": np.zeros((6, 8), int), "the truth": np.ones((6, 8), int)})
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'>{shown[0]}", encoding="utf-8")
    driver.get(path.as_uri())
    return driver


def test_overlay_sliders_work_without_a_kernel(page):
    opacity, wipe = page.find_elements(By.CSS_SELECTOR, "input[type=range]")
    opacity.send_keys(Keys.HOME)
    assert page.execute_script(LAYER.format("the net", "style.opacity")) == "0"
    opacity.send_keys(Keys.END)
    assert page.execute_script(LAYER.format("the net", "style.opacity")) == "1"
    wipe.send_keys(Keys.HOME)
    assert page.execute_script(LAYER.format("the net", "style.clipPath")).startswith("inset(0px 100%")
    assert page.get_log("browser") == []


def test_overlay_menu_changes_what_lies_over(page):
    _, net, truth = page.find_elements(By.TAG_NAME, "img")
    menu = Select(page.find_element(By.TAG_NAME, "select"))
    assert (net.is_displayed(), truth.is_displayed()) == (True, False)
    menu.select_by_visible_text("the truth")
    assert (net.is_displayed(), truth.is_displayed()) == (False, True)
    menu.select_by_visible_text("the net")
    assert (net.is_displayed(), truth.is_displayed()) == (True, False)


def scroll_to(driver, css):
    """Scroll the notebook down until something shows; cells out of sight may not be on the page at all."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := driver.find_elements(By.CSS_SELECTOR, css):
            driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[0])
            return found[0]
        script = """const outer = document.querySelector(".jp-WindowedPanel-outer");
            const end = outer.scrollTop + outer.clientHeight >= outer.scrollHeight - 2;
            outer.scrollTop = end ? 0 : outer.scrollTop + outer.clientHeight / 2;"""
        driver.execute_script(script)
        time.sleep(0.5)
    raise AssertionError(f"no {css} in the notebook")


def test_enter_opens_an_answer(notebook):  # noqa: F811
    """JupyterLab would take Enter for "edit this cell"."""
    summary = scroll_to(notebook, ".jp-OutputArea details summary")
    is_open = "return arguments[0].parentElement.open"
    assert not notebook.execute_script(is_open, summary)
    summary.send_keys(Keys.ENTER)
    assert notebook.execute_script(is_open, summary)


def test_the_answer_does_not_stand_in_the_source(notebook):  # noqa: F811
    """The cell of a question is folded until someone opens it."""
    summary = scroll_to(notebook, ".jp-OutputArea details summary")
    script = 'return arguments[0].closest(".jp-CodeCell").querySelector(".jp-InputArea .cm-content") === null'
    assert notebook.execute_script(script, summary)


def test_a_slider_draws_anew(notebook):  # noqa: F811
    scroll_to(notebook, ".widget-slider .noUi-handle")
    # The picture of a map with one row less is less high; its words say which picture it is.
    shown = """const image = document.querySelector('.widget-vbox img[alt^="A map with its windows"]');
        return image && image.naturalHeight"""
    patient = WebDriverWait(notebook, SECONDS, ignored_exceptions=[WebDriverException])
    before = patient.until(lambda d: d.execute_script(shown))

    def turn(driver):
        """Cells that come into sight are made anew, so the handle is looked for each time."""
        scroll_to(driver, ".widget-slider .noUi-handle").send_keys(Keys.ARROW_LEFT)
        return 0 < (driver.execute_script(shown) or 0) < before

    patient.until(turn)

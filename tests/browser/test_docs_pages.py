"""Pages of the site in Chromium: equations are drawn without a network, and a phone is wide enough."""

import re
from pathlib import Path

import pytest
from selenium.webdriver.support.ui import WebDriverWait

from driving import complaints  # isort: skip

DERIVATIONS = sorted((Path(__file__).parents[2] / "docs" / "derivations").glob("*.md"))


def drawn(driver):
    """How many equations MathJax has drawn, when it has finished."""
    finished = "return !!(window.MathJax && MathJax.startup && MathJax.startup.promise)"
    WebDriverWait(driver, 20).until(lambda d: d.execute_script(finished))
    driver.execute_async_script("MathJax.startup.promise.then(arguments[0])")
    return driver.execute_script("return document.querySelectorAll('mjx-container[display]').length")


@pytest.mark.parametrize("page", DERIVATIONS, ids=lambda page: page.stem)
def test_equations_are_drawn(driver, site, page):
    """All of them, without an error, each with its number, and none wider than a page on a desk."""
    text = page.read_text(encoding="utf-8")
    driver.get((site / "derivations" / f"{page.stem}.html").as_uri())
    assert drawn(driver) == text.count("$$") // 2
    assert (
        driver.execute_script("return document.querySelectorAll('mjx-merror, [data-mjx-error]').length") == 0
    )
    numbers = driver.execute_script(
        "return [...document.querySelectorAll('.eqno')].map(e => e.firstChild.textContent)"
    )
    assert numbers == [f"({number})" for number in re.findall(r"\\tag\{(\d+)\}", text)]
    wide = driver.execute_script(
        "return [...document.querySelectorAll('mjx-container[display]')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 2).map(e => e.parentElement.id)"
    )
    assert wide == []
    assert complaints(driver) == []


@pytest.mark.parametrize("name", ["teacher", "course", "api/layers", "derivations/winograd", "performance"])
def test_pages_fit_a_phone(driver, site, resize, name):
    resize(360, 740)
    driver.get((site / f"{name}.html").as_uri())
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 360

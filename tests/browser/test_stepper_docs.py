"""The docs' home page in Chromium: the stepper in it lives."""

from pathlib import Path

import pytest

from driving import Stepper, click_through  # isort: skip

HOME = Path(__file__).parents[2] / "docs" / "_build" / "html" / "index.html"


def test_the_docs_home_page(driver):
    if not HOME.exists():
        pytest.skip("needs the docs site, which has not been built: docs/_build/html/index.html is missing")
    driver.get(HOME.as_uri())
    click_through(Stepper(driver))
    assert driver.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0

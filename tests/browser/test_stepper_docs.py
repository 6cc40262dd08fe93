"""The docs' home page in Chromium: the stepper in it lives, on a desk and on a phone."""

import pytest

from driving import Stepper, click_through  # isort: skip


@pytest.fixture
def home(driver, site):
    """Call it to open the page."""

    def open_page():
        driver.get((site / "index.html").as_uri())
        return Stepper(driver)

    return open_page


def test_the_docs_home_page(home):
    click_through(home())


def test_the_theme_of_the_docs(home):
    stepper = home()
    for theme, background in (("dark", "rgba(22, 27, 34, 1)"), ("light", "rgba(255, 255, 255, 1)")):
        stepper.driver.execute_script("document.body.dataset.theme = arguments[0]", theme)
        assert stepper.root.value_of_css_property("background-color") == background


def test_the_docs_on_a_phone(home, driver, resize):
    """No sideways scrolling, and the site's own header hides neither buttons nor words."""
    resize(360, 740)
    stepper = home()
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 360
    driver.execute_script("document.documentElement.style.scrollBehavior = 'auto'")  # the driver doesn't wait
    for name in ("y", "unpooled", "dy", "dx"):
        stepper.press("next", 9)
        assert stepper.in_sight(f'[data-map="{name}"] .snps-to'), name
        assert stepper.in_sight(".snps-next")
        assert stepper.in_sight(".snps-say")

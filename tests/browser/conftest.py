"""A headless Chromium that can reach this machine and nothing else."""

import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    """The driver; skips where something is missing."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium, which is not installed")
    binary = next(filter(None, map(shutil.which, NAMES)), None)
    driver_path = shutil.which("chromedriver")
    if binary is None or driver_path is None:
        pytest.skip("needs Chromium and its chromedriver, which are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1200,1100",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    emulate(driver)  # nothing moves: what scrolls has arrived when it is looked at
    yield driver
    driver.quit()


@pytest.fixture
def driver(chromium):
    """The driver as a new window has it: light, wide, no complaints so far."""
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    emulate(chromium)
    chromium.get("about:blank")
    chromium.get_log("browser")
    return chromium


def emulate(driver, scheme="light", motion="reduce"):
    """Set what the system says about colours and motion."""
    features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
    features = [{"name": name, "value": value} for name, value in features.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture
def prefer(driver):
    """Call it with "dark", or "light", and perhaps a word about motion."""
    return lambda scheme, motion="reduce": emulate(driver, scheme, motion)


@pytest.fixture
def resize(driver):
    """Call it with a width and height: a phone's."""

    def set_size(width, height):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    return set_size

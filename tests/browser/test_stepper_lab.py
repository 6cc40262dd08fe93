"""Lesson 01 in JupyterLab, as a learner runs it: the stepper lives there and keeps its keys to itself."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from segnet_np.lessons.figures.stepper import markup

from driving import Stepper, click_through  # isort: skip

ROOT = Path(__file__).parents[2]
SECONDS = 180


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The addresses of notebooks in a JupyterLab of its own: own port, token, folder, settings; no news."""
    pytest.importorskip("jupyterlab", reason="needs JupyterLab, which is not installed")
    folder = tmp_path_factory.mktemp("lab")
    config = folder / "config"
    (config / "labconfig").mkdir(parents=True)
    disabled = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(disabled), encoding="utf-8")
    work = folder / "work"
    work.mkdir()
    write_lesson(work / "lesson.ipynb")
    write_strange(work / "strange.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
        f"--ServerApp.root_dir={work}",
    ]
    own = (
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    )
    environment = os.environ | {name: str(folder / name.lower()) for name in own}
    environment |= {"JUPYTER_CONFIG_DIR": str(config), "SEGNET_NP_SHORT": "1"}
    with open(folder / "log.txt", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, cwd=work, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, folder / "log.txt")
        yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={token}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def write_lesson(path):
    """Lesson 01; before it is written, a notebook that only shows the stepper."""
    lessons = sorted((ROOT / "notebooks").glob("01_*.ipynb"))
    if lessons:
        shutil.copy(lessons[0], path)
        return
    cell = nbformat.v4.new_code_cell("from segnet_np.lessons import stepper\nstepper()")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)


def write_strange(path):
    """Somebody else's notebook with the stepper among its outputs: JupyterLab doesn't trust it."""
    output = nbformat.v4.new_output("display_data", {"text/html": markup()})
    cell = nbformat.v4.new_code_cell("stepper()", outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)


def wait_for(address, server, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not come up:\n{log.read_text(encoding='utf-8')[-3000:]}")


def menu(driver, *path):
    """Choose from the menus, as with the mouse."""
    for depth, label in enumerate(path):
        css = ".lm-MenuBar-itemLabel" if depth == 0 else ".lm-Menu-itemLabel"
        for item in WebDriverWait(driver, 20).until(lambda d, css=css: d.find_elements(By.CSS_SELECTOR, css)):
            if item.text == label:
                item.click()
                break
        else:
            raise AssertionError(
                f"no {label} among {[item.text for item in driver.find_elements(By.CSS_SELECTOR, css)]}"
            )


def scroll_to_stepper(driver):
    """Scroll the notebook down until the stepper shows; cells out of sight may not be on the page at all."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if driver.find_elements(By.CSS_SELECTOR, ".snp-stepper[data-live]"):
            return Stepper(driver)
        script = """const outer = document.querySelector(".jp-WindowedPanel-outer");
            const end = outer.scrollTop + outer.clientHeight >= outer.scrollHeight - 2;
            outer.scrollTop = end ? 0 : outer.scrollTop + outer.clientHeight / 2;"""
        driver.execute_script(script)
        time.sleep(0.5)
    raise AssertionError("no stepper came to life in the notebook")


@pytest.fixture(scope="module")
def notebook(chromium, lab):
    """The lesson, all cells run."""
    chromium.get(lab.format("lesson.ipynb"))
    WebDriverWait(chromium, 60).until(lambda d: d.find_elements(By.CSS_SELECTOR, ".jp-Notebook .jp-Cell"))
    WebDriverWait(chromium, 60).until(lambda d: "Idle" in d.find_element(By.TAG_NAME, "body").text)
    menu(chromium, "Run", "Run All Cells")
    return chromium


def test_the_stepper_in_a_notebook(notebook):
    stepper = scroll_to_stepper(notebook)
    click_through(stepper)
    stepper.type("x", 0, 0, "9")
    stepper.press("last")
    maps = stepper.expected()
    assert stepper.numbers("y")[0][0] == 9
    assert stepper.numbers("dx") == maps["dx"]


def test_the_buttons_and_the_cell_that_is_written_stay_in_sight(notebook):
    """The stepper is taller than the screen: the notebook scrolls along, and the buttons stay."""
    stepper = scroll_to_stepper(notebook)
    stepper.press("first")
    for name in ("y", "unpooled", "dy", "dx"):
        stepper.press("next", 9)
        assert stepper.in_sight(f'[data-map="{name}"] .snps-to'), name
        assert stepper.in_sight(".snps-next")
        assert stepper.in_sight(".snps-say")


def test_keys_stay_in_the_stepper(notebook):
    """B would make a new cell, D twice would delete one, arrows would choose another: not from here."""
    stepper = scroll_to_stepper(notebook)
    cells = len(notebook.find_elements(By.CSS_SELECTOR, ".jp-Cell"))
    stepper.press("first")
    stepper.click("y", 0, 0)
    stepper.keys("n", "n", "b", "d", "d", "a", Keys.ARROW_DOWN)
    assert stepper.count.startswith("step 1 of")
    assert notebook.switch_to.active_element == stepper.cell("y", 1, 0)
    stepper.type("x", 0, 1, "4")
    assert stepper.read("x")[0][1] == "4"
    assert len(notebook.find_elements(By.CSS_SELECTOR, ".jp-Cell")) == cells


def test_the_dark_theme_of_jupyterlab(notebook):
    stepper = scroll_to_stepper(notebook)
    assert stepper.root.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    menu(notebook, "Settings", "Theme", "JupyterLab Dark")
    WebDriverWait(notebook, 20).until(
        lambda d: d.find_element(By.TAG_NAME, "body").get_attribute("data-jp-theme-light") == "false"
    )
    assert stepper.root.value_of_css_property("background-color") == "rgba(22, 27, 34, 1)"


def test_a_notebook_that_is_not_trusted_says_what_to_do(driver, lab):
    driver.get(lab.format("strange.ipynb"))
    text = "run this cell to bring it to life"
    WebDriverWait(driver, 60).until(lambda d: text in d.find_element(By.TAG_NAME, "body").text)
    assert driver.find_elements(By.CSS_SELECTOR, "[data-live]") == []

"""The stepper in the page that nbconvert makes of a notebook, in Chromium: no kernel, no JupyterLab."""

import nbformat
import pytest

from segnet_np.lessons.figures.stepper import markup

from driving import Stepper, click_through  # isort: skip


def test_an_exported_notebook(driver, tmp_path):
    nbconvert = pytest.importorskip("nbconvert", reason="needs nbconvert, which is not installed")
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": markup(one)}) for one in (None, [[1, 2], [3, 4]])
    ]
    cell = nbformat.v4.new_code_cell("stepper()", outputs=outputs)
    page, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    path = tmp_path / "lesson.html"
    path.write_text(page, encoding="utf-8")
    driver.get(path.as_uri())
    click_through(Stepper(driver))
    click_through(Stepper(driver, 1))

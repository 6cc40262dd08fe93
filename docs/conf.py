"""How the site is built: ``sphinx-build -W --keep-going -q docs docs/_build/html``."""

import os
import sys
from pathlib import Path

import segnet_np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "segnet_np"
author = "The segnet_np developers"
copyright = author
version = release = segnet_np.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.linkcode",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx-mathjax-offline",
    # of this folder:
    "course",
    "equations",
    "source_pages",
    "stepper",
]
exclude_patterns = ["_build"]

# The lessons run while the site is built, with the short settings of the tests. What ran once, here or in
# tests/test_notebooks.py, is taken from the cache until its code changes. An error in a cell ends the build.
os.environ.setdefault("SEGNET_NP_SHORT", "1")
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "executed")
nb_execution_timeout = 300
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_merge_streams = True
# Of a widget the static picture is shown: there is no kernel here, and nothing is loaded from elsewhere.
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js = {}

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # numpydoc's sections say more
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = "segnet_np"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5394", "color-brand-content": "#0b5394"},
    "dark_css_variables": {"color-brand-primary": "#8ab4f8", "color-brand-content": "#8ab4f8"},
}

# Layers have a second face, for the nets that fuse them; the API shows the first.
INNER = {"lazy_forward", "lazy_backward", "run_forward", "run_backward", "recall_inside", "check_upstream"}
INNER |= {"product_gradients", "convolve", "check", "statistics", "use", "parts", "everyone", "show"}


def skip_inner(app, what, name, obj, skip, options):
    """Whether to leave a member out of the API."""
    return skip or name in INNER


def setup(app):
    """Tell Sphinx."""
    app.connect("autodoc-skip-member", skip_inner)

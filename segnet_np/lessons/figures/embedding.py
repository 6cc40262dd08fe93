"""Figures of plain JavaScript as HTML that can stand anywhere in a page, and needs no kernel."""

import html
import json
from importlib.resources import files


def asset(name: str) -> str:
    """Read a file that lies beside this one."""
    return (files("segnet_np.lessons.figures") / name).read_text("utf-8")


def embedded(name: str, kind: str, attribute: str, settings: object, asleep: str, mount: str = "") -> str:
    """Write a figure: its style, its element, its script.

    Parameters
    ----------
    name : str
        Of its files, ``NAME.css`` and ``NAME.js``.
    kind : str
        The element is of class ``snp-KIND``.
    attribute : str
        The script finds `settings` as JSON in ``data-ATTRIBUTE``.
    settings : object
    asleep : str
        HTML, for where no script runs: JupyterLab runs none in a notebook that it does not trust.
    mount : str, default ""
        What a script that is a module calls at its end; other scripts start by themselves.

    Returns
    -------
    text : str
    """
    kind_of_script, call = (' type="module"', f"\n{mount}\n") if mount else ("", "")
    # JupyterLab would take the arrow keys for itself.
    return (
        f"<style>{asset(f'{name}.css')}</style>\n"
        f'<div class="snp-{kind}" data-lm-suppress-shortcuts="true" '
        f'data-{attribute}="{html.escape(json.dumps(settings))}">{asleep}</div>\n'
        f"<script{kind_of_script}>{asset(f'{name}.js')}{call}</script>"
    )

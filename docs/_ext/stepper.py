"""The directive ``stepper``: puts the stepper of the lessons into a page, where it works without a kernel."""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from segnet_np import lessons


class Stepper(Directive):
    """Show :func:`segnet_np.lessons.stepper`."""

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        shown: Any = lessons.stepper()
        return [nodes.raw("", shown._repr_html_(), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_directive("stepper", Stepper)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

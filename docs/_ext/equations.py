r"""Equations whose number is written as ``\tag{7}``, which GitHub shows as it is.

Here the number becomes Sphinx's own, with an anchor ``#eq-7``, and where a text of the same page says (7),
that is a link to it.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

TAG = re.compile(r"\s*\\tag\{(\d+)\}")
REFERENCE = re.compile(r"\((\d+)\)")


class NumberEquations(SphinxTransform):
    """Take the tags out of the equations of a page, and link what refers to them."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Do it for the page at hand."""
        numbers = set()
        for equation in self.document.findall(nodes.math_block):
            tag = TAG.search(equation.astext())
            if tag:
                text = TAG.sub("", equation.astext())
                equation.children = [nodes.Text(text)]
                equation["number"] = tag[1]
                equation["ids"].append(f"eq-{tag[1]}")
                numbers.add(tag[1])
        for text in list(self.document.findall(nodes.Text)) if numbers else []:
            if not isinstance(text.parent, nodes.paragraph | nodes.emphasis | nodes.strong):
                continue  # in code, links and equations brackets mean something else
            pieces = REFERENCE.split(text.astext())
            if len(pieces) == 1:
                continue
            linked: list[nodes.Node] = []
            for k, piece in enumerate(pieces):
                if k % 2 == 0:
                    linked.append(nodes.Text(piece))
                elif piece in numbers:
                    linked.append(nodes.reference("", f"({piece})", refid=f"eq-{piece}", internal=True))
                else:
                    linked.append(nodes.Text(f"({piece})"))
            text.parent.replace(text, linked)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_transform(NumberEquations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

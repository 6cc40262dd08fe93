"""Figures to touch, which need no kernel: plain JavaScript, and the Python that puts it into pages."""

"""Predict first: a question whose answer stays folded away until it is asked for."""

from segnet_np.lessons.markup import to_html, to_text
from segnet_np.lessons.show import show_html

# Colours follow the text's, so that it is legible on light and dark pages.
_BOX = (
    "border-left: 4px solid #e69f00; padding: 0.4em 1em; margin: 0.6em 0; max-width: 46em;"
    "background: color-mix(in srgb, currentColor 5%, transparent)"
)
_SUMMARY = "cursor: pointer; padding: 0.2em 0; font-weight: 600"


def guess(question: str, answer: str) -> None:
    """Ask something, and show the answer only to those who open it.

    Parameters
    ----------
    question : str
        With a little Markdown: ``**bold**``, ``code`` in backticks, ``$math$``, lists with ``-``.
    answer : str
        Likewise; say also why.
    """
    # The attribute keeps JupyterLab from taking the Enter that is to open the answer for a command.
    markup = (
        f'<div style="{_BOX}" data-lm-suppress-shortcuts="true">'
        f'<div><strong style="color: inherit">Guess first.</strong> {to_html(question)}</div>'
        f'<details><summary style="{_SUMMARY}">Show the answer</summary>{to_html(answer)}</details></div>'
    )
    show_html(markup, f"Guess first. {to_text(question)}\n\n\n\nThe answer: {to_text(answer)}")

"""Lines for the person who waits: on the error stream, so that results on the other one stay clean."""

import sys

from tqdm.auto import tqdm


def say(text: str) -> None:
    """Print a line, above a progress bar if there is one."""
    tqdm.write(text, file=sys.stderr)
    sys.stderr.flush()

"""Ctrl-C as a wish: heard at any moment, also while something is being written to the terminal."""

import os
import signal
import subprocess
import sys

import pytest

from segnet_np.training.interrupt import Interrupt


def test_the_first_is_a_wish_the_second_a_blow():
    said = []
    with Interrupt(said.append) as interrupt:
        assert not interrupt.asked
        signal.raise_signal(signal.SIGINT)
        assert interrupt.asked
        assert len(said) == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


# Sends itself a Ctrl-C whenever a write to stderr reaches the file, in the middle of Python's own writing.
WRITER = """
import io, os, signal, sys
from segnet_np.training.interrupt import Interrupt

class Interrupting(io.RawIOBase):
    def writable(self):
        return True

    def write(self, data):
        if armed:
            armed.clear()
            signal.raise_signal(signal.SIGINT)
        return os.write(2, data)

armed = []
stream = io.TextIOWrapper(io.BufferedWriter(Interrupting()), write_through=True)
with Interrupt(lambda text: print(text, file=stream, flush=True)) as interrupt:
    armed.append(True)
    print("a step", file=stream, flush=True)
    assert interrupt.asked
print("went on", file=stream, flush=True)
"""


def test_a_wish_in_the_middle_of_writing_ends_nothing():
    done = subprocess.run(
        [sys.executable, "-c", WRITER], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("a step")
    assert done.stderr.endswith("went on\n")

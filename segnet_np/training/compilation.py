"""Say that kernels are being compiled, when they really are, and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event


class _Watch(event.Listener):
    """Hears when Numba begins to compile and when it is done; kernels read from its cache make no sound."""

    def __init__(self, say: Callable[[str], Any]) -> None:
        self.say = say
        self.seconds = 0.0
        self._reported = False
        self._depth = 0
        self._began = 0.0

    def report(self) -> None:
        """Say, once, how long it took, if anything was compiled."""
        if self.seconds and not self._reported:
            self._reported = True
            self.say(f"Kernels compiled in {self.seconds:.0f} s.")

    def on_start(self, event: event.Event) -> None:
        if self.seconds == 0 and self._depth == 0:
            self.say("Compiling kernels; this happens once, later runs read them from a cache ...")
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def on_end(self, event: event.Event) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began


@contextmanager
def announced_compilation(say: Callable[[str], Any]) -> Iterator[_Watch]:
    """Within the block, announce the first compilation of a kernel; the watch counts the seconds of all.

    Parameters
    ----------
    say : callable
        Takes a line of text.

    Yields
    ------
    watch : object
        Its `report()` says how long it took; its `seconds` are 0 when every kernel came from the cache.
    """
    watch = _Watch(say)
    with event.install_listener("numba:compile", watch):
        yield watch

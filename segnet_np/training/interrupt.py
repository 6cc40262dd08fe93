"""Ctrl-C as a wish that is met at the next good moment, instead of a blow in the middle of a step."""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """Within the block, the first Ctrl-C only sets `asked`; the second one interrupts at once.

    Outside the main thread, where Python hears no signals, it changes nothing.

    Parameters
    ----------
    say : callable
        Takes a line of text, at the first Ctrl-C.
    """

    def __init__(self, say: Callable[[str], Any]) -> None:
        self.asked = False
        self._say = say
        self._before: Any = None

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        # A Ctrl-C in the middle of writing to the terminal cannot write there too: Python refuses a
        # "reentrant call". Then the wish is met without a word; the training still says where it stopped.
        with suppress(RuntimeError):
            self._say("Stopping after this step; press Ctrl-C again to stop at once.")

"""`Interrupts`: Ctrl-C, and the SIGTERM of a batch system, as a request to stop cleanly.

with Interrupts() as interrupts:
    ...                                # here each is a KeyboardInterrupt
    interrupts.then = stop             # from here on the first calls stop(); the next is a KeyboardInterrupt
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from typing_extensions import Self

__all__ = ["Interrupts"]


class Interrupts:
    """Takes both signals over while it is entered, in the main thread; elsewhere it does nothing."""

    def __init__(self) -> None:
        self.then: Callable[[], object] | None = None
        self._before: dict[int, Any] = {}

    def _ring(self, number: int, frame: FrameType | None) -> None:
        then, self.then = self.then, None
        if then is None:
            raise KeyboardInterrupt
        then()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ring)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

"""Sessions that share one service take turns, in all processes of this machine.

with turns.turn(session) as before:       # before: nobody else was there since this session's last turn
    ...
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Turns"]


class Turns:
    """Who was last at a service, noted in a locked file; ``service`` names it (its address)."""

    def __init__(self, service: str) -> None:
        folder = Path(tempfile.gettempdir(), f"funreason-limits-{os.getuid()}")
        folder.mkdir(mode=0o700, exist_ok=True)
        self._path = folder / (hashlib.sha256(service.encode()).hexdigest()[:16] + ".last")
        self._lock = threading.Lock()
        self._names: dict[int, str] = {}
        self._count = 0

    @contextmanager
    def turn(self, session: object) -> Iterator[bool]:
        """Be alone at the service; whether it is as this session left it."""
        with self._lock:
            name = self._names.get(id(session))
            if name is None:
                self._count += 1
                name = self._names[id(session)] = f"{os.getpid()}:{self._count}"
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                before = os.pread(file, 100, 0).decode()
                os.ftruncate(file, 0)  # whatever happens in the turn, it is not as anybody left it
                yield before == name
                os.pwrite(file, name.encode(), 0)
            finally:
                os.close(file)

"""Rate and concurrency of calls, for all processes of this machine together.

    with throttle("notes", calls_per_second=5, concurrency=2):
        ...

The turn is noted in a small file under the system's temporary folder, the places are locks of files: both are freed
by the system when a process is killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LONGEST: Final = (
    60.0  # seconds that a noted turn may lie ahead; more is from before a restart of the machine
)
_POLL: Final = 0.01
_TURN: Final = struct.Struct("d")


@contextmanager
def throttle(name: str, calls_per_second: float | None, concurrency: int | None) -> Iterator[None]:
    """Wait for a turn and a place."""
    if calls_per_second is None and concurrency is None:
        yield
        return
    folder = Path(tempfile.gettempdir(), f"funreason-limits-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    stem = folder / hashlib.sha256(name.encode()).hexdigest()[:16]
    place = _place(stem, concurrency) if concurrency is not None else None
    try:
        if calls_per_second is not None:
            time.sleep(_turn(stem, 1 / calls_per_second))
        yield
    finally:
        if place is not None:
            os.close(place)


def _turn(stem: Path, gap: float) -> float:
    """Take the next turn; seconds until then."""
    file = os.open(stem.with_suffix(".turn"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        now = time.monotonic()
        noted = os.pread(file, _TURN.size, 0)
        last = _TURN.unpack(noted)[0] if len(noted) == _TURN.size else 0.0
        turn = max(now, last + gap) if last - now < _LONGEST else now
        os.pwrite(file, _TURN.pack(turn), 0)
        return turn - now
    finally:
        os.close(file)


def _place(stem: Path, places: int) -> int:
    """A locked place of so many, as a file descriptor; closing it frees the place."""
    while True:
        for number in range(places):
            file = os.open(f"{stem}.{number}", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                os.close(file)
        time.sleep(_POLL)

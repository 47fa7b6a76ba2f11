"""Whether an id occurred before, for any number of them: on disk, so that memory does not grow."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from types import TracebackType

__all__ = ["Identifiers"]


class Identifiers:
    """A set of ids by their 64-bit hash, in a file of ``folder`` that is gone at the end. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ids.sqlite"
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("CREATE TABLE ids (hash INTEGER PRIMARY KEY)")
        self._database.execute("BEGIN")

    def add(self, identifier: str) -> bool:
        """Whether it is new."""
        digest = hashlib.blake2b(identifier.encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "big", signed=True)
        return self._database.execute("INSERT OR IGNORE INTO ids VALUES (?)", (key,)).rowcount == 1

    def __enter__(self) -> Identifiers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._path.unlink(missing_ok=True)

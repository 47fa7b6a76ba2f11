"""`ReplyCache`: every reply that was paid, under the hash of its request, in one SQLite file for all runs and processes.

    cache = ReplyCache.open(config.cache, size_gb=config.cache_size)
    key = request_key(config.agent("querying"), request)
    cache.get(key)                            # a Completion, or None
    cache.put(key, completion)

Values are JSON. Each reply is committed as it comes (WAL: a killed process loses nothing that was put). Over its size
limit, what was unused longest goes. A damaged file is set aside with a note, for a cache is no reason to fail.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.teachers.base import Completion, Request
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = ["FILE", "ReplyCache", "cache_folder", "request_key"]

FILE = "replies.sqlite"
VERSION = 1
BUSY = 5.0  # seconds to wait for another process that writes
TOUCHES = 256  # hits are noted as used in bunches: a read alone writes nothing
EVICT_ROWS = 200  # in one transaction, at most
KEEP = 0.9  # of the limit, once something has to go
_LOST = ("malformed", "not a database", "corrupt", "file is encrypted")


def cache_folder(configured: Path | None) -> Path:
    """``--cache``, else $FUNREASON_CACHE, else ~/.cache/funreason."""
    if configured is not None:
        return configured
    return Path(os.environ.get("FUNREASON_CACHE") or Path.home() / ".cache" / "funreason")


def request_key(agent: ResolvedAgent, request: Request) -> bytes:
    """SHA-256 of what decides a reply. The server's address is not in it: the same model elsewhere is the same."""
    data = {
        "cache": VERSION,
        "teacher": agent.teacher,
        "model": agent.model,
        "api": agent.api,
        "temperature": agent.temperature,
        "top_p": agent.top_p,
        "max_new_tokens": agent.max_new_tokens,
        "structured_output": agent.structured_output,
        "extra_body": agent.extra_body,
        "agent": request.agent,
        "messages": request.messages,
        "seed": request.seed,
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).digest()


class ReplyCache:
    """One connection to the file; for one thread."""

    def __init__(self, path: Path, limit: int) -> None:
        """Open or create ``path``; ``limit`` in bytes. `open` is what a run uses."""
        self.path = path
        self.limit = limit
        self.notes: list[str] = []
        """What a user should know, a line each."""
        self._touched: dict[bytes, int] = {}
        self._full = False
        self._database = self._connect()

    @classmethod
    def open(cls, configured: Path | None, size_gb: float) -> ReplyCache:
        """The cache of this configuration.

        Raises:
            UserError: The folder cannot be made or written.
        """
        folder = cache_folder(configured)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            return cls(folder / FILE, int(size_gb * 1e9))
        except (OSError, sqlite3.OperationalError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(
                f"{folder}: replies cannot be kept here ({reason}); choose another --cache, or give --no-cache"
            ) from None

    # -- get and put ------------------------------------------------------------------------------------

    def get(self, key: bytes) -> Completion | None:
        """The reply under ``key``; one that cannot be read counts as absent."""
        try:
            row = self._database.execute("SELECT value FROM reply WHERE key = ?", (key,)).fetchone()
        except sqlite3.DatabaseError as error:
            self._trouble(error)
            return None
        completion = None if row is None else _completion(row[0])
        if completion is not None:
            self._touched[key] = int(time.time())
            if len(self._touched) >= TOUCHES:
                self._touch()
        return completion

    def put(self, key: bytes, completion: Completion) -> None:
        """Keep a reply. A full disk costs the entry and a note, not the run."""
        value = json.dumps(  # orjson refuses half of a surrogate pair, which a server may send
            {
                "text": completion.text,
                "input": completion.input_tokens,
                "output": completion.output_tokens,
                "model": completion.model,
                "cut_off": completion.cut_off,
            }
        ).encode()
        try:
            self._database.execute(
                "INSERT OR REPLACE INTO reply (key, value, used) VALUES (?, ?, ?)",
                (key, value, int(time.time())),
            )
            if self.size > self.limit:
                self._evict()
        except sqlite3.DatabaseError as error:
            self._trouble(error)

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM reply").fetchone()[0])

    @property
    def size(self) -> int:
        """Bytes in use."""
        pages, free, page = (
            int(self._database.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * page

    def close(self) -> None:
        """Note what was used, and let go of the file."""
        self._touch()
        self._database.close()

    def _touch(self) -> None:
        touched, self._touched = self._touched, {}
        if not touched:
            return
        try:
            with self._transaction():
                self._database.executemany(
                    "UPDATE reply SET used = ? WHERE key = ?", [(when, key) for key, when in touched.items()]
                )
        except sqlite3.DatabaseError as error:
            self._trouble(error)

    def _evict(self) -> None:
        """Towards a little below the limit. One bunch with each reply that is put: nobody waits for long."""
        self._touch()
        excess = self.size - KEEP * self.limit
        gone: list[tuple[int]] = []
        for row, size in self._database.execute(
            "SELECT id, length(value) FROM reply ORDER BY used, id LIMIT ?", (EVICT_ROWS,)
        ).fetchall():
            if excess <= 0:
                break
            gone.append((row,))
            excess -= size
        with self._transaction():
            self._database.executemany("DELETE FROM reply WHERE id = ?", gone)
        self._database.executescript("PRAGMA incremental_vacuum")  # execute() would free one page

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    # -- the file ---------------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        """Under a lock, for two runs may create, or set aside, the same file."""
        with open(self.path.with_name(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                return self._open()
            except sqlite3.DatabaseError as error:
                if not _is_lost(error):
                    raise
                self._set_aside(str(error))
                return self._open()

    def _open(self) -> sqlite3.Connection:
        os.close(
            os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        )  # WAL files get the same mode
        database = sqlite3.connect(self.path, timeout=BUSY, isolation_level=None)
        try:
            version = int(database.execute("PRAGMA user_version").fetchone()[0])
            tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and version != VERSION:
                raise sqlite3.DatabaseError(f"not a database of version {VERSION}")
            if not tables:
                database.execute("PRAGMA auto_vacuum = INCREMENTAL")
            database.execute("PRAGMA journal_mode = WAL").fetchall()
            database.execute("PRAGMA synchronous = NORMAL")
            if not tables:
                database.execute(
                    "CREATE TABLE reply (id INTEGER PRIMARY KEY, key BLOB UNIQUE NOT NULL, value BLOB NOT NULL, "
                    "used INTEGER NOT NULL)"
                )
                database.execute("CREATE INDEX reply_used ON reply (used)")
                database.execute(f"PRAGMA user_version = {VERSION}")
            database.execute("SELECT value FROM reply WHERE key = ?", (b"",)).fetchall()
        except BaseException:
            database.close()
            raise
        return database

    def _set_aside(self, why: str) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.path.replace(aside)
        self.notes.append(f"{self.path}: {why}; it was set aside as {aside.name}, and the cache begins empty")

    def _trouble(self, error: sqlite3.DatabaseError) -> None:
        """A reply is not read or kept: mend the file if it is damaged, else say once that it is so."""
        if _is_lost(error):
            self._database.close()
            self._database = self._connect()
            if not self.notes:
                self.notes.append(f"{self.path}: {error}; it was opened again")
        elif not self._full:
            self._full = True
            self.notes.append(f"{self.path}: {error}; some replies are not kept, the run goes on")


def _is_lost(error: sqlite3.DatabaseError) -> bool:
    return any(word in str(error) for word in _LOST)


def _completion(value: object) -> Completion | None:
    """A reply as `ReplyCache.put` wrote it; anything else is None."""
    if not isinstance(value, bytes):
        return None
    try:
        row = json.loads(value)
        fields: Sequence[object] = [row[name] for name in ("text", "input", "output", "model", "cut_off")]
    except (ValueError, KeyError, TypeError):
        return None
    match fields:
        case [str(text), int(given), int(answered), str(model), bool(cut_off)]:
            return Completion(text, given, answered, model, cut_off)
    return None

"""A folder of a server as data: its content to be copied, and what of it is state.

    content = read(folder); write(content, folder); view(folder, ignore=("*.log",))

In the view a JSON file is its data, a JSONL file the list of its lines, a SQLite database its rows by table, a text its
lines as one string, and any other file its hash; notes.json is called notes_json.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import orjson

__all__ = ["Content", "TooLarge", "read", "view", "write"]

MAX_BYTES: Final = 64_000_000
MAX_FILES: Final = 5_000
_TEXT: Final = 100_000  # bytes of a text that is shown whole
_SQLITE: Final = b"SQLite format 3\0"

Content = dict[str, tuple[int, bytes]]  # relative path -> (mode, bytes); a folder's path ends with "/"


class TooLarge(ValueError):
    """A folder that is not copied."""


def read(folder: Path) -> Content:
    """The files of a folder. Links are not followed, sockets and pipes left out.

    Raises:
        TooLarge: Over MAX_BYTES or MAX_FILES.
    """
    content: Content = {}
    total = 0
    for path, mode in _files(folder):
        name = path.relative_to(folder).as_posix()
        if stat.S_ISDIR(mode):
            content[name + "/"] = (stat.S_IMODE(mode), b"")
            continue
        data = path.read_bytes()
        total += len(data)
        if total > MAX_BYTES or len(content) >= MAX_FILES:
            raise TooLarge(f"the server's folder is over {MAX_BYTES // 1_000_000} MB or {MAX_FILES:,} files")
        content[name] = (stat.S_IMODE(mode), data)
    return content


def write(content: Content, folder: Path) -> None:
    """Make a folder what the content says; files that are the same already are left alone."""
    for path, mode in list(_files(folder)):
        name = path.relative_to(folder).as_posix()
        if stat.S_ISDIR(mode):
            if name + "/" not in content and path.exists():
                shutil.rmtree(path, ignore_errors=True)
        elif name not in content and path.exists():
            path.unlink()
    for name, (mode, data) in content.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        elif not path.is_file() or path.stat().st_size != len(data) or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not os.access(path, os.W_OK):
                path.unlink()
            path.write_bytes(data)
            path.chmod(mode)


def view(folder: Path, ignore: Sequence[str] = ()) -> dict[str, Any]:
    """The state that a folder is, as JSON data, by file. Paths that match ``ignore`` are left out."""
    shown: dict[str, Any] = {}
    for path, mode in _files(folder):
        name = path.relative_to(folder).as_posix()
        if not stat.S_ISDIR(mode) and not any(fnmatchcase(name, pattern) for pattern in ignore):
            if name.endswith(("-wal", "-shm", "-journal")):
                continue  # parts of a database
            key = re.sub(r"[.\[\]]", "_", name)  # paths into the state have dots and brackets of their own
            while key in shown:
                key += "_"
            shown[key] = _shown(path)
    return shown


def _shown(path: Path) -> Any:
    data = path.read_bytes()
    if data.startswith(_SQLITE):
        return _tables(path)
    with contextlib.suppress(orjson.JSONDecodeError):
        if path.suffix == ".json":
            return orjson.loads(data)
        if path.suffix in (".jsonl", ".ndjson"):
            return [orjson.loads(line) for line in data.splitlines() if line.strip()]
    if len(data) <= _TEXT and b"\0" not in data:
        try:
            return data.decode()
        except UnicodeDecodeError:
            pass
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _tables(path: Path) -> Any:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2)) as database:
            database.row_factory = sqlite3.Row
            names = [
                row[0]
                for row in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
                )
            ]
            tables = {}
            for name in names:
                quoted = name.replace('"', '""')
                rows = [
                    {
                        key: value.hex() if isinstance(value, bytes) else value
                        for key, value in dict(row).items()
                    }
                    for row in database.execute(f'SELECT * FROM "{quoted}" ORDER BY rowid LIMIT 10000')
                ]
                tables[name] = rows
            return tables
    except sqlite3.Error:
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    for here, folders, files in os.walk(folder):
        folders.sort()
        for name in [*folders, *sorted(files)]:
            path = Path(here, name)
            try:
                mode = path.lstat().st_mode
            except OSError:
                continue
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                yield path, mode

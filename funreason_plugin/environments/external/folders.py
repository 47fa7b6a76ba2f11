"""A session's own folder, which its server finds under another path in every session: here it is always "/folder".

folder = new_folder()
outward({"path": f"{folder}/notes.txt"}, folder)      # {"path": "/folder/notes.txt"}
inward({"path": "/folder/notes.txt"}, folder)         # {"path": "/tmp/…/notes.txt"}
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["NAME", "inward", "new_folder", "outward"]

NAME: Final = "/folder"
_PREFIX: Final = "funreason-server-"
_NAMED: Final = re.compile(rf"(?<![\w./-]){NAME}(?![\w-])")


def new_folder() -> Path:
    """A folder for a server, named after this process; those of processes that were killed are removed."""
    _begin(tempfile.gettempdir())
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


@cache
def _begin(temporary: str) -> None:
    _sweep(temporary)
    atexit.register(_sweep, temporary, True)  # where Ray kills its workers it kills their guards, too


def _sweep(temporary: str, own: bool = False) -> None:
    for folder in Path(temporary).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):  # another process was faster
            if pid.isdigit() and folder.stat().st_uid == os.getuid():
                try:
                    os.kill(int(pid), 0)
                except ProcessLookupError:
                    shutil.rmtree(folder, ignore_errors=True)
                if own and int(pid) == os.getpid():
                    shutil.rmtree(folder, ignore_errors=True)


def inward(arguments: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """The arguments with the folder's path where they name it."""
    if folder is None:
        return arguments
    changed: dict[str, Any] = _texts(arguments, lambda text: _NAMED.sub(lambda _: str(folder), text))
    return changed


def outward(output: Any, folder: Path | None) -> Any:
    """The output with the folder's name instead of its path."""
    if folder is None:
        return output
    paths = dict.fromkeys((os.path.realpath(folder), str(folder)))

    def named(text: str) -> str:
        for path in paths:
            text = text.replace(path, NAME)
        return text

    return _texts(output, named)


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): _texts(item, change) for key, item in value.items()}
    return value

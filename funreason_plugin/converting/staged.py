"""A folder that appears whole at the end or not at all, for `convert` and `mix`.

with Staged(out, force) as folder:
    ...                           # writes below folder; an error leaves nothing behind
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from pathlib import Path
from types import TracebackType

from funreason_plugin.errors import UserError

__all__ = ["Staged"]


class Staged:
    """A folder that appears at ``out`` when the block is left without an error. A context manager."""

    def __init__(self, out: Path, force: bool = False) -> None:
        self.out = out
        self._force = force
        self._new = out.absolute().with_name(f".{out.absolute().name}.converting")
        self._check()

    def _check(self) -> None:
        out = self.out
        if out.is_symlink() or (out.exists() and not out.is_dir()):
            raise UserError(f"{out}: not a folder")
        if out.is_dir() and any(out.iterdir()):
            if not self._force:
                raise UserError(f"{out}: exists; --force replaces what an earlier conversion wrote")
            if not (out / "conversion.json").is_file():
                raise UserError(
                    f"{out}: not written by a conversion (no conversion.json); it is not replaced"
                )

    def __enter__(self) -> Path:
        try:
            self._new.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._new, os.O_RDONLY)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._lock)
                raise UserError(
                    f"{self.out}: another conversion is writing here; wait for it or choose another --out"
                ) from None
            self._check()  # another may have come to its end meanwhile
            for left in self._new.iterdir():  # by one that was killed
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()
        except OSError as error:
            raise UserError(f"{self.out}: {error.strerror or error}") from None
        return self._new

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._leave(kind is None, error)
        finally:
            os.close(self._lock)

    def _leave(self, done: bool, error: BaseException | None) -> None:
        if done:
            old = self._new.with_suffix(".replaced")
            shutil.rmtree(old, ignore_errors=True)
            if self.out.is_dir():
                self.out.rename(old)
            self._new.rename(self.out)
            shutil.rmtree(old, ignore_errors=True)
        else:
            shutil.rmtree(self._new, ignore_errors=True)
            if isinstance(error, OSError | sqlite3.Error):
                why = getattr(error, "strerror", None) or str(error)
                raise UserError(f"{self.out}: {why}") from None

"""Bytes to an unbuffered file, whole, and the words for a disk that takes no more: for folder, spool and ledger alike."""

from __future__ import annotations

import errno
from typing import IO

__all__ = ["disk_trouble", "write_all"]


def write_all(file: IO[bytes], data: bytes) -> None:
    """Write until all is written; an unbuffered file may take a part only.

    Raises:
        OSError: A part may be written: cut the file back.
    """
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def disk_trouble(error: OSError) -> str:
    """Why a write failed, in a user's words."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return "the disk is full" if full else (error.strerror or str(error))

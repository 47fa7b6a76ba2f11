"""`Spool`: finished slots that wait for an older one, in ``pending.jsonl``. Memory holds only where each begins.

    spool = Spool(Path("out/pending.jsonl"), failed)
    spool.recover(kept=40)              # what an interrupted run left: slots from 40 on
    spool.put(results)                  # all jobs of slot 57, the last one kept
    spool.take(57)                      # its results again, when slots 40 to 56 are written
    spool.drop(57)                      # slot 57 is written, too

A line is a slot. It stays in the file until the slot is in trajectories.jsonl, so that an interruption at any moment
loses nothing that is finished. The file is written anew when most of it is dropped slots, and removed when it is empty.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

import orjson

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.appending import write_all
from funreason_plugin.synthesis.slot_result import SlotResult

__all__ = ["PENDING", "Spool"]

PENDING: Final = "pending.jsonl"
_WASTE: Final = 64_000_000  # bytes of dropped slots that are left in the file


class Spool:
    """The spool of one run's folder. ``failed`` makes the error of a disk that is full."""

    def __init__(self, path: Path, failed: Callable[[Path, OSError], UserError]) -> None:
        self._path = path
        self._failed = failed
        self._places: dict[int, tuple[int, int]] = {}  # slot: offset and length of its line
        self._file: IO[bytes] | None = None
        self._size = 0  # of the file, in bytes
        self._live = 0  # of the slots that are still to be written

    def __contains__(self, slot: int) -> bool:
        return slot in self._places

    def __len__(self) -> int:
        return len(self._places)

    def recover(self, kept: int) -> list[str]:
        """Find the slots of an earlier run, from slot ``kept`` on; what a user should know about them.

        A line that is cut or damaged is left out: its slot is made again.
        """
        notes = []
        if self._path.exists():
            end = 0
            with self._path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if not line.endswith(b"\n"):
                        break
                    try:
                        slot = _results(line)[-1].index
                    except (ValueError, KeyError, TypeError, IndexError):
                        notes.append(f"{self._path}:{number}: the line is damaged; its slot is made again")
                    else:
                        if slot >= kept:
                            self._live += len(line) - self._places.get(slot, (0, 0))[1]
                            self._places[slot] = (end, len(line))
                    end += len(line)
            os.truncate(self._path, end)
            self._size = end
            self._tidy()
        return notes

    def put(self, results: Sequence[SlotResult]) -> None:
        """Keep a finished slot: the results of all its jobs, in order."""
        line = orjson.dumps([_plain(result) for result in results], option=orjson.OPT_APPEND_NEWLINE)
        try:
            if self._file is None:
                self._file = self._path.open("ab", buffering=0)
            write_all(self._file, line)
        except OSError as error:
            if self._path.exists():
                os.truncate(self._path, self._size)
            raise self._failed(self._path, error) from None
        self._places[results[-1].index] = (self._size, len(line))
        self._size += len(line)
        self._live += len(line)

    def take(self, slot: int) -> list[SlotResult]:
        """The results of a slot; it stays in the file until `drop`."""
        return _results(self._line(slot))

    def drop(self, slot: int) -> None:
        """The slot is written; dropping one that is not here does nothing."""
        if slot in self._places:
            self._live -= self._places.pop(slot)[1]
            self._tidy()

    def close(self) -> None:
        """Close the file; putting again opens it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _line(self, slot: int) -> bytes:
        offset, length = self._places[slot]
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def _tidy(self) -> None:
        if not self._places:
            self.close()
            self._path.unlink(missing_ok=True)
            self._size = 0
            return
        if self._size - self._live > max(self._live, _WASTE):
            self._write_anew()

    def _write_anew(self) -> None:
        self.close()
        fresh = self._path.with_name(self._path.name + ".tmp")
        places: dict[int, tuple[int, int]] = {}
        try:
            with fresh.open("wb") as file:
                for slot in sorted(self._places):
                    line = self._line(slot)
                    places[slot] = (file.tell(), len(line))
                    file.write(line)
            fresh.replace(self._path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise self._failed(self._path, error) from None
        self._places, self._size = places, self._live


def _plain(result: SlotResult) -> dict[str, Any]:
    return {
        "index": result.index,
        "rejections": [line.decode() for line in result.rejections],
        "line": None if result.line is None else result.line.decode(),
        "attempt": result.attempt,
        "key": result.key.hex(),
        "turns": result.turns,
        "calls": result.calls,
        "tools": result.tools,
        "usage": result.usage,
    }


def _results(line: bytes) -> list[SlotResult]:
    return [
        SlotResult(
            index=row["index"],
            rejections=[text.encode() for text in row["rejections"]],
            line=None if row["line"] is None else row["line"].encode(),
            attempt=row["attempt"],
            key=bytes.fromhex(row["key"]),
            turns=row["turns"],
            calls=row["calls"],
            tools=row["tools"],
            usage=row["usage"],
        )
        for row in orjson.loads(line)
    ]

"""Raw records of .json, .jsonl and .parquet files, one after another, in memory that does not grow.

    for row in rows(path):
        print(row.place, row.value if row.refused is None else row.refused.reason)

A line that cannot be read is refused and the next one follows. In a JSON array nothing can be known after a
place that is not JSON: the records before it are kept, and the rest of the file is one refusal.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from funreason_plugin.converting.json_text import (
    DECODER,
    MAX_DEPTH,
    NotJson,
    check_parsed,
    check_value,
    parse_json,
)
from funreason_plugin.converting.refusal import Refused, shown

__all__ = ["MAX_RECORD", "Row", "rows"]

MAX_RECORD = 8 << 20
"""Largest record in bytes of JSON text (8 MiB)."""
_TOO_LARGE = f"a record is larger than {MAX_RECORD >> 20} MiB"
_CHUNK = 1 << 20


@dataclass(slots=True)
class Row:
    """One record or why there is none; ``number`` counts from 1 in its file (for .jsonl: the line)."""

    place: str
    number: int
    value: Any = None
    refused: Refused | None = None
    padded: bool = False
    size: int = 0
    """Bytes of the file up to here, for the progress."""


def rows(path: Path, name: str = "") -> Iterator[Row]:
    """The records of a file, whose `place` begins with ``name``. Never raises for what is in the file."""
    name = name or str(path)
    number = 0
    read = _parquet if path.name.endswith(".parquet") else _text
    try:
        for row in read(path, name):
            number = row.number
            yield row
    except (OSError, EOFError, zlib.error) as error:
        reason = "cannot be read" if isinstance(error, OSError) else "the compressed file is cut off"
        detail = getattr(error, "strerror", None) or str(error)
        yield Row(
            f"{name}:{number + 1}",
            number + 1,
            refused=Refused("file", f"{reason}; the rest is not read", detail),
        )


def _text(path: Path, name: str) -> Iterator[Row]:
    with gzip.open(path, "rb") if path.name.endswith(".gz") else open(path, "rb") as opened:
        file = cast(IO[bytes], opened)
        yield from _lines(file, name) if _by_line(path, file) else _values(file, name)


def _by_line(path: Path, file: IO[bytes]) -> bool:
    """Whether each line is a record: .jsonl, and the .json files that are such."""
    if ".jsonl" in path.name or ".ndjson" in path.name:
        return True
    first = file.readline(MAX_RECORD + 1)
    file.seek(0)
    text = first.removeprefix(b"\xef\xbb\xbf").strip()
    return text.startswith(b"{") and text.endswith(b"}")


def _lines(file: IO[bytes], name: str) -> Iterator[Row]:
    number = size = 0
    while line := file.readline(MAX_RECORD + 1):
        number += 1
        size += len(line)
        row = Row(f"{name}:{number}", number, size=size)
        if len(line) > MAX_RECORD:
            row.refused = Refused("record", _TOO_LARGE)
            while not line.endswith(b"\n") and (line := file.readline(_CHUNK)):
                row.size = size = size + len(line)
        else:
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                row.value = parse_json(line.decode(), "record")
            except UnicodeDecodeError as error:
                row.refused = Refused("record", "not UTF-8", f"byte {error.start + 1} of the line")
            except Refused as refused:
                row.refused = refused
        yield row


def _values(file: IO[bytes], name: str) -> Iterator[Row]:
    """The items of an array, or objects one after another.

    Bytes that are not UTF-8 become halves of surrogate pairs, for which the one record is then refused.
    """
    text = _Growing(io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline=""))
    array = text.next_character() == "["
    if array:
        text.skip(1)
    number = 0
    while (character := text.next_character()) and not (array and character == "]"):
        number += 1
        row = Row(f"{name}:{number}", number)
        try:
            row.value = text.value()
        except Refused as refused:
            row.refused = refused
            if refused.field == "file":
                yield row
                return
        row.size = text.size
        yield row
        if array:
            following = text.next_character()
            if following == ",":
                text.skip(1)
            elif following != "]":
                what = f"{shown(following)} after record {number}" if following else "the file ends"
                cut = Refused("file", "the JSON array is cut off or broken; the rest is not read", what)
                yield Row(f"{name}:{number + 1}", number + 1, refused=cut)
                return
    if array and not character:
        cut = Refused("file", "the JSON array is cut off or broken; the rest is not read", "the file ends")
        yield Row(f"{name}:{number + 1}", number + 1, refused=cut)


class _Growing:
    """A text file of which a window is held that grows until the next value is whole."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._text = ""
        self._start = 0
        self._ended = False
        self.size = 0

    def _more(self, wanted: int = 0) -> bool:
        added = self._file.read(max(wanted, _CHUNK))
        self._ended = not added
        self._text = self._text[self._start :] + added
        self._start = 0
        self.size += len(added)
        return bool(added)

    def skip(self, count: int) -> None:
        self._start += count

    def next_character(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            while self._start < len(self._text):
                if (character := self._text[self._start]) not in " \t\r\n":
                    return character
                self._start += 1
            if self._ended or not self._more():
                return ""

    def value(self) -> Any:
        """The value that starts here. Raises Refused: of field "file" where no other can be found behind it."""
        while True:
            held = len(self._text) - self._start
            try:
                value, end = DECODER.raw_decode(self._text, self._start)
            except NotJson as error:  # whole so far, so the cause is not that the window is too small
                raise _broken(str(error), error.found) from None
            except RecursionError:
                raise _broken(f"nested deeper than {MAX_DEPTH} levels") from None
            except json.JSONDecodeError as error:
                if held > MAX_RECORD:
                    raise _broken(_TOO_LARGE) from None
                if not self._ended and self._more(held):
                    continue
                found = (
                    "" if error.pos >= len(self._text) else f"{error.msg} at {shown(self._text[error.pos :])}"
                )
                raise _broken("not JSON, or cut off", found) from None
            if end == len(self._text) and not self._ended:  # `12` may go on as `123`
                self._more()
                continue
            read = self._text[self._start : end]
            self._start = end
            if len(read) > MAX_RECORD:
                raise Refused("record", _TOO_LARGE)
            check_parsed(value, read, "record")
            return value


def _broken(reason: str, found: str = "") -> Refused:
    return Refused("file", f"{reason}; the rest is not read", found)


def _parquet(path: Path, name: str) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = size = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=64):
                for index in range(batch.num_rows):
                    number += 1
                    part = batch.slice(index, 1)
                    row = Row(f"{name}:{number}", number, padded=True)
                    row.size = size = size + part.nbytes
                    try:
                        if part.nbytes > MAX_RECORD:
                            raise Refused("record", _TOO_LARGE)
                        row.value = part.to_pylist()[0]
                        check_value(row.value, "record")
                    except Refused as refused:
                        row.refused = refused
                    except UnicodeDecodeError as error:
                        row.refused = Refused("record", "not UTF-8", f"byte {error.start + 1} of a text")
                    yield row
    except (pa.ArrowException, RecursionError) as error:
        detail = str(error).splitlines()[0][:120] if str(error) else ""
        broken = Refused("file", "not readable as parquet; the rest is not read", detail)
        yield Row(f"{name}:{number + 1}", number + 1, refused=broken)

"""Rows of a .json or .jsonl file, one at a time: a line each, or one array."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError

__all__ = ["json_rows"]

CHUNK = 1 << 20
LONGEST = 1 << 27  # characters of one entry of an array
_SPACE = " \t\r\n"


def json_rows(path: Path) -> Iterator[tuple[Path, int, dict[str, Any]]]:
    """File, number (the line of a .jsonl, from 1) and row.

    Raises:
        UserError: A row is not UTF-8, not JSON or not an object; it is named.
    """
    try:
        with path.open("rb") as file:
            start = file.read(CHUNK).lstrip()
        rows = _array(path) if start.startswith(b"[") else _lines(path)
        for number, row in rows:
            if not isinstance(row, dict):
                raise UserError(f"{path}:{number}: expected an object, found {type(row).__name__}")
            yield path, number, row
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _value(path, number, line)


def _value(path: Path, number: int, line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"{path}:{number}: not UTF-8 at byte {error.start} of the line") from None
    except ValueError as error:
        raise UserError(f"{path}:{number}: not JSON: {error}") from None
    except RecursionError:
        raise UserError(f"{path}:{number}: nested too deeply to be read") from None


def _array(path: Path) -> Iterator[tuple[int, Any]]:
    """The entries of an array, read in pieces that grow with the longest entry only."""
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    scan = json.JSONDecoder().raw_decode
    number, text, position, ended = 0, "", 0, False
    with path.open("rb") as file:

        def more(size: int) -> None:
            nonlocal text, position, ended
            data = file.read(size)
            ended = not data
            try:
                text, position = text[position:] + decode(data, final=ended), 0
            except UnicodeDecodeError:
                raise UserError(f"{path}: not UTF-8 after entry {number} of the array") from None

        def skip(marks: str) -> str:
            nonlocal position
            while True:
                while position < len(text) and text[position] in marks:
                    position += 1
                if position < len(text) or ended:
                    return text[position : position + 1]
                more(CHUNK)

        skip(_SPACE)
        position += 1
        while (mark := skip(_SPACE + ",")) != "]":
            if not mark:
                raise UserError(f"{path}: the array is not closed after entry {number}")
            number += 1
            size = CHUNK
            while True:
                try:
                    value, end = scan(text, position)
                except RecursionError:
                    raise UserError(f"{path}: entry {number}: nested too deeply to be read") from None
                except ValueError as error:
                    if ended or len(text) - position > LONGEST:
                        raise UserError(f"{path}: entry {number} of the array: not JSON: {error}") from None
                    size *= 2
                    more(size)
                    continue
                if end == len(text) and not ended:  # a number may go on
                    more(size)
                    continue
                position = end
                break
            yield number, value

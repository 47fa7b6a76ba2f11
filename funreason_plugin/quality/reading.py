"""The records of a data set, wherever they lie: a run's folder, what `convert` and `mix` write, or a file.

    for given in given_records(Path("out")):
        given.place, given.value          # "trajectories.jsonl:1", and the line or the value

Rows of LLaMA-Factory are one per response, each with the conversation before it: of a conversation, the longest row
counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funreason_plugin.checks.run_files import TRAJECTORIES
from funreason_plugin.converting.files import find
from funreason_plugin.converting.reading import rows
from funreason_plugin.errors import UserError

__all__ = ["Given", "given_records"]

_OURS = ("openai", "llamafactory", "verl")
"""Folders of rows that say the same: the first that is there counts."""


@dataclass(frozen=True, slots=True)
class Given:
    """A record and where it stands: a line of trajectories.jsonl, any other value, or None for what cannot be read."""

    place: str
    value: Any


def given_records(path: Path) -> Iterator[Given]:
    """The records in the order of their files.

    Raises:
        UserError: There is no such file or folder, or no data in it.
    """
    if path.is_dir() and (path / TRAJECTORIES).is_file():
        path = path / TRAJECTORIES
    if path.is_dir():
        path = next((path / name for name in _OURS if (path / name).is_dir()), path)
    if path.name == TRAJECTORIES:
        yield from _lines(path)
        return
    if path.is_file() and path.suffix in (".txt", ".text"):
        yield from _texts(path)
        return
    for file in find(path).files:
        chosen = _longest(file)
        for number, row in enumerate(rows(file, file.name)):
            if chosen is None or number in chosen:
                yield Given(row.place, row.value if row.refused is None else None)


def _lines(path: Path) -> Iterator[Given]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield Given(f"{path.name}:{number}", line)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def _texts(path: Path) -> Iterator[Given]:
    """A query a line."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield Given(f"{path.name}:{number}", line.strip())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def _longest(file: Path) -> set[int] | None:
    """Which rows of a parquet file of LLaMA-Factory have a whole conversation; None for any other file."""
    if file.suffix != ".parquet":
        return None
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            names = set(opened.schema_arrow.names)
            if not {"id", "conversations"} <= names:
                return None
            columns = ["id", "conversations.list.element.from", *({"source"} & names)]
            best: dict[tuple[str, str], tuple[int, int]] = {}
            number = 0
            for batch in opened.iter_batches(batch_size=1024, columns=columns):
                lengths = pc.list_value_length(batch.column("conversations")).to_pylist()
                sources = batch.column("source").to_pylist() if "source" in names else [""] * len(lengths)
                for identifier, length, source in zip(
                    batch.column("id").to_pylist(), lengths, sources, strict=True
                ):
                    key = (str(source), _conversation(str(identifier)))
                    best[key] = max(best.get(key, (-1, 0)), (int(length or 0), number))
                    number += 1
    except (pa.ArrowException, OSError, ValueError):
        return None  # reading it says what is wrong
    return {number for _, number in best.values()}


def _conversation(identifier: str) -> str:
    """ "0-17/2/answer" is of the conversation "0-17"."""
    parts = identifier.rsplit("/", 2)
    return parts[0] if len(parts) == 3 and parts[1].isdecimal() else identifier

"""Do the emitted rows say what the trajectories say? The folders are made again and compared.

    for where, what in compare_folders(out, again, ("llamafactory", "verl")): ...

Equal bytes are equal rows. Where bytes differ the rows are read, and the first differing field of each
differing row is named; rows that agree although the bytes do not are a difference only when both files
were written by the same release of Arrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from funreason_plugin.checks.replay import compare

_WRITER = r"parquet-cpp-arrow version {}"
MAX_ROWS = 50
"""Differing rows named in one file."""


def compare_folders(
    stored: Path, again: Path, folders: Sequence[str], arrow: str = ""
) -> Iterator[tuple[str, str]]:
    """Where the stored folders differ from the same ones made again: (place, what).

    `arrow` is the release of pyarrow that wrote the stored ones, as far as it is known.
    """
    for folder in folders:
        if not (stored / folder).is_dir():
            yield folder, "is missing; the run was not finished, or the folder was moved away"
            continue
        names = {
            str(path.relative_to(root))
            for root in (stored, again)
            for path in (root / folder).rglob("*")
            if path.is_file()
        }
        for name in sorted(names):
            yield from _compare_file(name, stored / name, again / name, arrow)


def _compare_file(name: str, stored: Path, again: Path, arrow: str) -> Iterator[tuple[str, str]]:
    if not stored.exists():
        yield name, "is missing"
    elif not again.exists():
        yield name, "does not belong here: the trajectories give no such file"
    elif not _same_bytes(stored, again):
        if name.endswith(".parquet"):
            yield from _compare_rows(name, stored, again, arrow)
        else:
            yield from _compare_json(name, stored, again)


def _same_bytes(left: Path, right: Path) -> bool:
    """Without `filecmp`, which remembers a verdict by size and time of the files."""
    if left.stat().st_size != right.stat().st_size:
        return False
    with left.open("rb") as one, right.open("rb") as other:
        while block := one.read(1 << 20):
            if block != other.read(1 << 20):
                return False
    return True


def _compare_json(name: str, stored: Path, again: Path) -> Iterator[tuple[str, str]]:
    try:
        left = orjson.loads(stored.read_bytes())
    except orjson.JSONDecodeError as error:
        yield name, f"not JSON ({error})"
        return
    found = [*compare(left, orjson.loads(again.read_bytes()), "", "the run")]
    for difference in found:
        yield name, str(difference)
    if not found:
        yield name, "is not written as this release writes it"


def _compare_rows(name: str, stored: Path, again: Path, arrow: str) -> Iterator[tuple[str, str]]:
    differing = 0
    try:
        for number, (left, right) in enumerate(zip_longest(_rows(stored), _rows(again))):
            if left == right:
                continue
            differing += 1
            if differing > MAX_ROWS:
                yield name, f"more than {MAX_ROWS} rows differ"
                return
            if left is None or right is None:
                yield f"{name}: row {number}", "is missing" if left is None else "belongs to no trajectory"
                continue
            pairs = ((_opened(left), _opened(right)), (left, right))
            first = next(found for pair in pairs for found in compare(*pair, "", "the trajectory"))
            place = right.get("id") or right.get("extra_info", {}).get("id")
            yield f"{name}: row {number} ({place})", str(first)
        writer, here = (str(pq.read_metadata(path).created_by) for path in (stored, again))
    except (pa.ArrowException, OSError, ValueError) as error:
        yield name, f"not a readable parquet file ({str(error).splitlines()[0][:200]})"
        return
    other_release = writer != here and re.fullmatch(
        _WRITER.format(re.escape(arrow) if arrow else r"[\d.]+"), writer
    )
    if not differing and not other_release:
        yield name, "the rows agree, but the file is not written as this release writes it"


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=64):
            yield from batch.to_pylist()


def _opened(value: Any) -> Any:
    """The row with its JSON strings read, so that a difference is named by its field."""
    if isinstance(value, dict):
        return {key: _opened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item) for item in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value

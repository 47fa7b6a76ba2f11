"""What the tests of conversions share: records into a file, converted, and what came out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from funreason_plugin.converting.report import Report
from funreason_plugin.converting.running import Job, convert

Row = dict[str, Any]


def convert_rows(
    folder: Path, source: str, rows: Sequence[Any], target: str = "openai", **job: Any
) -> Report:
    """Convert records, given as JSON data, from ``folder/in.jsonl`` to ``folder/out``."""
    file = folder / "in.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return convert(Job(source=source, target=target, inputs=[file], out=folder / "out", **job))


def messages_of(folder: Path, split: str = "train") -> list[Row]:
    """The rows of ``--to openai``."""
    return [json.loads(line) for line in (folder / "out/openai" / f"{split}.jsonl").read_text().splitlines()]


def rows_of(folder: Path) -> list[Row]:
    """The rows of a folder of parquet files."""
    tables = [pq.read_table(file) for file in sorted(folder.glob("*.parquet"))]
    found: list[Row] = pa.concat_tables(tables).to_pylist()
    return found


def refusals(folder: Path) -> list[tuple[str, str]]:
    """Field and reason of each refusal, in the order of the records."""
    lines = (folder / "out/refused.jsonl").read_text().splitlines()
    return [(line["field"], line["reason"]) for line in map(json.loads, lines)]


def refusal(folder: Path, source: str, row: Any, **job: Any) -> tuple[str, str]:
    """Field and reason of the refusal of one record."""
    report = convert_rows(folder, source, [row], force=True, **job)
    assert report.converted == 0
    (found,) = refusals(folder)
    return found

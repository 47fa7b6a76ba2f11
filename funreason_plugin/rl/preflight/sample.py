"""The rows of a file that tell at a run's start what is wrong with it: `check rl` looks at all.

    sample = sample_of(Path("out/verl/train.parquet"))
    sample.sources                          # environments of all rows
    look_at_sample(sample, settings, limits, lengths)

Columns are scanned as Arrow has them; only the sampled rows become Python's.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from funreason_plugin.errors import UserError
from funreason_plugin.rl.preflight.lengths import Lengths, text_of
from funreason_plugin.rl.preflight.registration import Source
from funreason_plugin.rl.preflight.rows import Findings, Limits, Looker, batches_of
from funreason_plugin.rl.settings import Settings
from funreason_plugin.tasks import ROW_VERSION, Task
from funreason_plugin.trajectory import EnvironmentRef

__all__ = ["Sample", "look_at_sample", "sample_of"]

_NAMED = ("schema_version", "environments", "rule", "kind", "tools")
"""Fields of `extra_info`; rows that agree in them and in `agent_name` are of one sort."""
_SORTS = 64
_LONGEST = 32


@dataclass(frozen=True, slots=True)
class Sample:
    """``sources``: the environments of all rows. ``rows``: the numbers of the first row of each sort and of those with
    the longest prompts."""

    path: Path
    sources: tuple[Source, ...]
    rows: frozenset[int]


def sample_of(path: Path) -> Sample:
    """Scan a file.

    Raises:
        UserError: no such file, or rows that are not ours or of another schema version.
    """
    sorts: dict[tuple[Any, ...], int] = {}
    longest: list[tuple[int, int]] = []
    sources: dict[Source, None] = {}
    for first, batch in batches_of(
        path, ["agent_name", "prompt", *(f"extra_info.{name}" for name in _NAMED)]
    ):
        if first == 0:
            for number, row in _rows(path, {0}):
                Task.of_row(row, f"{path}: row {number}")  # the columns are there, then
                if not isinstance(row.get("prompt"), list):
                    raise UserError(f"{path}: row 0: column prompt is missing or no list of messages")
        extra = batch.column("extra_info")
        agents = _texts(batch.column("agent_name")) if "agent_name" in batch.schema.names else None
        columns = [agents or [None] * len(batch), *(_texts(extra.field(name)) for name in _NAMED)]
        for number, sort in enumerate(zip(*columns, strict=True), first):
            if sort not in sorts:
                sorts[sort] = number
                if sort[1] != ROW_VERSION:
                    for _, row in _rows(path, {number}):
                        Task.of_row(row, f"{path}: row {number}")  # raises
                sources.update(dict.fromkeys(_sources(sort[2], f"{path}: row {number}")))
        for number, length in enumerate(_lengths(batch.column("prompt")), first):
            (heapq.heappush if len(longest) < _LONGEST else heapq.heappushpop)(longest, (length, number))
    if not sorts:
        raise UserError(f"{path}: no rows")
    chosen = [*list(sorts.values())[:_SORTS], *(number for _, number in longest)]
    return Sample(path, tuple(sources), frozenset(chosen))


def look_at_sample(sample: Sample, settings: Settings, limits: Limits, lengths: Lengths | None) -> Findings:
    """What `rows.look_at` would find in the sampled rows, but no truth is executed, and of the lengths only the
    prompt's counts."""
    found = Findings(sample.path)
    looker = Looker(found, settings, limits, replays=0)
    for number, row in _rows(sample.path, sample.rows):
        where = f"{sample.path}: row {number}"
        task = looker.task(row, where)
        found.rows += 1
        if task is not None and lengths is not None:
            prompt = text_of(task, settings.thinking).prompt
            lengths.learn(prompt)
            looker.prompt(lengths.of(prompt), where)
    return found


def _rows(path: Path, numbers: set[int] | frozenset[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Some rows, whole."""
    last = max(numbers, default=-1)
    for first, batch in batches_of(path):
        for place in range(len(batch)):
            if first + place in numbers:
                yield first + place, batch.slice(place, 1).to_pylist()[0]
        if first + len(batch) > last:
            return


def _texts(column: Any) -> list[Any]:
    """The values of a column in which few are different, each made once."""
    encoded = column.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    return [None if index is None else values[index] for index in encoded.indices.to_pylist()]


def _lengths(prompts: Any) -> list[int]:
    """The bytes of each row's messages."""
    import pyarrow as pa
    import pyarrow.compute as pc

    sizes = pc.binary_length(prompts.values.field("content"))
    rows = pa.ListArray.from_arrays(prompts.offsets, sizes).to_pylist()
    return [sum(size or 0 for size in row) for row in rows]


def _sources(text: Any, where: str) -> list[Source]:
    try:
        found = TypeAdapter(tuple[EnvironmentRef, ...]).validate_json(text)
    except ValidationError:
        raise UserError(f"{where}: extra_info.environments cannot be read") from None
    return [(reference.given, reference.hash) for reference in found]

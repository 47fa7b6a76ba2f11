"""From chunks of trajectories to the folders `llamafactory/` and `verl/`, whole or not at all.

`encode_chunk` runs in worker processes and returns small, compressed parquet files; `Writer` puts them
together in the parent: a training chunk of LLaMA-Factory is a shard as it is, the others become row
groups of one file. Nothing depends on how many workers there were.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from funreason_plugin.faults import Fault, Recovery
from funreason_plugin.formats import llamafactory, verl
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.messages import of_trajectory
from funreason_plugin.trajectory import (
    AbstentionTurn,
    Call,
    FollowUp,
    FollowUpTurn,
    Lack,
    RecoveryTurn,
    Step,
    Trajectory,
    Turn,
)

FOLDERS = ("llamafactory", "verl")
_SPLITS = ("train", "val")


def encode_chunk(lines: Sequence[bytes], options: FormatOptions) -> dict[str, bytes]:
    """Parquet files of one chunk by "folder/split"; what has no rows is absent."""
    return encode([_unchecked(line) for line in lines], options)


def _unchecked(line: bytes) -> Trajectory:
    """A line that we wrote ourselves, without the validation of `loads`: that would double the time."""
    data = orjson.loads(line)
    for number, turn in enumerate(data["turns"]):
        kind: type[Turn] = Turn
        turn["steps"] = [
            Step(step["thought"], [Call(**call) for call in step["calls"]]) for step in turn["steps"]
        ]
        if "lack" in turn:
            turn["lack"], kind = Lack(**turn["lack"]), AbstentionTurn
        elif "follow_up" in turn:
            turn["follow_up"], kind = FollowUp(**turn["follow_up"]), FollowUpTurn
        elif "recovery" in turn:
            found = turn["recovery"]
            faults = [Fault(**fault) for fault in found["faults"]]
            turn["recovery"], kind = Recovery(**{**found, "faults": faults}), RecoveryTurn
        data["turns"][number] = kind(**turn)
    return Trajectory(**data)


def _kind_of(turn: dict[str, Any]) -> type[Turn]:
    return AbstentionTurn if "lack" in turn else RecoveryTurn if "recovery" in turn else Turn


def encode(trajectories: Sequence[Trajectory], options: FormatOptions) -> dict[str, bytes]:
    """`encode_chunk` of trajectories that are at hand."""
    parts: dict[str, bytes] = {}
    for name in _SPLITS:
        chosen = [trajectory for trajectory in trajectories if trajectory.split == name]
        if chosen:
            conversations = [
                (trajectory.id, of_trajectory(trajectory, options.prompt_form)) for trajectory in chosen
            ]
            parts[f"llamafactory/{name}"] = to_parquet(
                llamafactory.table(conversations, options, [trajectory.labels for trajectory in chosen])
            )
            rows = (row for trajectory in chosen for row in verl.rows(trajectory, options))
            parts[f"verl/{name}"] = _packed(verl.groups(rows))
    return parts


def to_parquet(rows: pa.Table) -> bytes:
    """The rows as a small parquet file."""
    return _packed([rows])


def _packed(tables: Iterable[pa.Table]) -> bytes:
    """A row group for each table."""
    sink = io.BytesIO()
    with contextlib.ExitStack() as stack:
        file: pq.ParquetWriter | None = None
        for rows in tables:
            file = file or stack.enter_context(_parquet(sink, rows.schema))
            file.write_table(rows)
    return sink.getvalue()


def _parquet(sink: io.BytesIO | str, schema: pa.Schema) -> pq.ParquetWriter:
    # Without the stored Arrow schema, a dictionary column reads back as plain strings (`datasets` refuses
    # Arrow dictionaries). The large limit keeps texts shared over a whole chunk instead of one page.
    return pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=3,
        store_schema=False,
        write_statistics=False,
        dictionary_pagesize_limit=1 << 28,
    )


class Writer:
    """Assembles the emitted files from encoded chunks, given in order. A context manager.

    The folders stay what they were until `finish`; leaving the context with an error discards the new
    ones. A crash leaves at most `*.tmp` folders, which the next Writer removes.
    """

    def __init__(self, out: Path, options: FormatOptions) -> None:
        self.out = Path(out)
        self.options = options
        self.rows: dict[str, int] = {}
        self._files: dict[str, pq.ParquetWriter] = {}
        self.chunks = 0
        self._shards = 0
        for folder in FOLDERS:
            shutil.rmtree(self._temporary(folder), ignore_errors=True)
            self._temporary(folder).mkdir(parents=True)

    def add(self, parts: Mapping[str, bytes]) -> None:
        """Add the next chunk, as `encode_chunk` returned it."""
        self.chunks += 1
        for key, data in parts.items():
            folder, name = key.split("/")
            if folder == "llamafactory" and name == "train":
                path = self._temporary(folder) / self.options.dataset / f"train-{self._shards:05}.parquet"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
                self._shards += 1
                self.rows[key] = self.rows.get(key, 0) + pq.read_metadata(pa.BufferReader(data)).num_rows
            else:
                with pq.ParquetFile(pa.BufferReader(data)) as part:
                    if key not in self._files:
                        path = self._temporary(folder) / self._single_file(folder, name)
                        path.parent.mkdir(exist_ok=True)
                        self._files[key] = _parquet(str(path), part.schema_arrow)
                    for group in range(part.num_row_groups):
                        self._files[key].write_table(part.read_row_group(group))
                    self.rows[key] = self.rows.get(key, 0) + part.metadata.num_rows

    def _single_file(self, folder: str, name: str) -> str:
        return (
            f"{self.options.dataset}_{name}/{name}.parquet" if folder == "llamafactory" else f"{name}.parquet"
        )

    def finish(self) -> dict[str, int]:
        """Close the files, put the folders in place and return the number of rows by "folder/split"."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        splits = [name for name in _SPLITS if f"llamafactory/{name}" in self.rows]
        info = orjson.dumps(llamafactory.dataset_info(self.options, splits), option=orjson.OPT_INDENT_2)
        (self._temporary("llamafactory") / "dataset_info.json").write_bytes(info + b"\n")
        for folder in FOLDERS:
            final, old = self.out / folder, self.out / f"{folder}.old.tmp"
            shutil.rmtree(old, ignore_errors=True)
            if final.exists():
                final.rename(old)
            self._temporary(folder).rename(final)
            shutil.rmtree(old, ignore_errors=True)
        return dict(self.rows)

    def discard(self) -> None:
        """Remove what was written so far."""
        for file in self._files.values():
            file.close()
        self._files.clear()
        for folder in FOLDERS:
            shutil.rmtree(self._temporary(folder), ignore_errors=True)

    def _temporary(self, folder: str) -> Path:
        return self.out / f"{folder}.tmp"

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.discard()

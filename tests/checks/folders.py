"""A data folder of a few conversations at the desk, as a run would leave it, and how to make it again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import yaml

from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.formats import FormatOptions, Writer, encode_chunk
from funreason_plugin.trajectory import dumps
from funreason_plugin.workers import CallWatch
from tests.checks.desk import Desk, conversation

COUNT = 6
OPTIONS = FormatOptions(dataset="funreason_scripted")


def line(index: int) -> bytes:
    return dumps(conversation(index, "val" if index in (1, 5) else "train"))


def rejections(index: int) -> list[bytes]:
    return []


@dataclass
class Made:
    line: bytes | None
    rejections: list[bytes]
    usage: dict[str, list[int]] = field(default_factory=dict)


class Remaker:
    """Makes the conversations of these tests again, as `synthesis.remake.Remaker` does a run's."""

    def __init__(self, folder: Path, watch: CallWatch) -> None: ...

    def graph(self) -> str:
        return GRAPH

    def slot(self, index: int, duplicates: Collection[int] = ()) -> Made:
        return Made(line(index), rejections(index))


GRAPH = '{"tools":4,"edges":[["find_flights","book_flight"]]}'
RUN: dict[str, Any] = {
    "config": {"teacher": "scripted", "num": COUNT, "seed": 0, "val_share": 0.25, "k_max": 3},
    "versions": {},
    "environments": {"desk": {"version": "1", "hash": environment_hash(Desk)}},
}


def write_rows(folder: Path) -> None:
    lines = (folder / "trajectories.jsonl").read_bytes().splitlines()
    with Writer(folder, OPTIONS) as writer:
        writer.add(encode_chunk(lines, OPTIONS))


def make_folder(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "trajectories.jsonl").write_bytes(b"".join(map(line, range(COUNT))))
    (folder / "run.yaml").write_text(yaml.safe_dump(RUN))
    (folder / "graph.json").write_text(GRAPH)
    write_rows(folder)
    sizes = {"trajectories.jsonl": (folder / "trajectories.jsonl").stat().st_size}
    for name in ("llamafactory", "verl"):
        sizes[name] = sum(file.stat().st_size for file in (folder / name).rglob("*") if file.is_file())
    summary = {
        "kept": COUNT,
        "attempts": COUNT,
        "accept_rate": 1.0,
        "turns": 3 * COUNT,
        "calls": 4 * COUNT,
        "complete": True,
        "splits": {"train": COUNT - 2, "val": 2},
        "tools": dict.fromkeys(("book_flight", "cancel_booking", "find_flights", "set_alerts"), COUNT),
        "rejections": {},
        "bytes": sizes,
        "seconds": 12.34,
        "per_minute": 29.2,
        "settings": RUN,
    }
    (folder / "summary.json").write_bytes(orjson.dumps(summary))
    return folder

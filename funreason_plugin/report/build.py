"""From a run's folder to ``report.html``, in one pass over ``trajectories.jsonl``.

    made = build_report(Path("out"), out=Path("report.html"), replay_seconds=10)
    made.trajectories, made.bytes, made.seconds

A run that is still going on may be looked at: a last line that is not whole is left out. 17,000 trajectories (0.7 GB) take
some 20 seconds and 40 MB.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from funreason_plugin.environments.external.names import Given
from funreason_plugin.errors import UserError
from funreason_plugin.report.columns import Block
from funreason_plugin.report.differences import Replayed, is_ours
from funreason_plugin.report.overview import like_of, orders, overview, rejections
from funreason_plugin.report.page import write_page
from funreason_plugin.report.reference import beside, reference_of
from funreason_plugin.report.survey import Survey
from funreason_plugin.synthesis.folder import TRAJECTORIES
from funreason_plugin.variant_config import OF_THE_WHOLE

if TYPE_CHECKING:
    from rich.console import Console

REPORT: Final = "report.html"
AT_ONCE: Final = 200
"""Trajectories a block: what the page unpacks to show one of them."""
RUN_SECONDS: Final = 5.0
"""How long a run's own report may replay."""
LONGEST_APART: Final = 1800.0
"""Seconds after which the process of a run's report is given up."""
FIRST_QUERY: Final = 160
"""Characters of the first query that the list has without unpacking."""


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was written. ``replayed`` trajectories have state differences."""

    path: Path
    trajectories: int
    replayed: int
    bytes: int
    seconds: float


def build_report(
    folder: Path,
    out: Path | None = None,
    *,
    replay_seconds: float = 10.0,
    own: bool = False,
    reference: str | None = None,
) -> Made:
    """Write the report of a folder; by default into it.

    Args:
        folder: A run's output folder.
        out: The file to write.
        replay_seconds: How long trajectories may be replayed for the differences of their states.
        own: Environments other than ours may be imported and called for that (never MCP and OpenAPI).
        reference: Other conversations (a file, a folder, "bfcl"), whose distributions stand beside; where none are named,
            those that the run was to be like.

    Raises:
        UserError: It is no run's folder, a line is damaged, or the file cannot be written.
    """
    started = time.monotonic()
    path = folder / REPORT if out is None else out
    if not (folder / TRAJECTORIES).is_file():
        raise UserError(f"{folder}: has no {TRAJECTORIES}; expected the output folder of a run")
    other = reference_of(reference) if reference is not None else like_of(folder)
    survey = Survey(orders(folder))
    replayed = Replayed(replay_seconds, own)
    index = _Index(rejections(folder))
    with ThreadPoolExecutor(1) as packing:  # zlib runs beside the parsing
        blocks: list[Future[bytes]] = []
        block = Block()
        for where, record in _records(folder / TRAJECTORIES):
            try:
                survey.add(record)
                differences = replayed.differences(record)
                block.add(index.head(record, differences), record, differences)
            except (KeyError, TypeError, IndexError, AttributeError) as error:
                raise UserError(f"{where}: not a trajectory ({type(error).__name__}: {error})") from None
            if not survey.trajectories % AT_ONCE:
                blocks.append(packing.submit(packed, block.as_json()))
                block = Block()
        if survey.trajectories % AT_ONCE or not blocks:
            blocks.append(packing.submit(packed, block.as_json()))
        parts = [future.result() for future in blocks]
    about = {
        **overview(folder, survey, beside(other, survey) if other is not None else None),
        "replayed": replayed.count,
        "not_replaying": replayed.failed,
        "at_once": AT_ONCE,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        size = write_page(path, about, packed(index.as_json()), parts)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); give --out FILE") from None
    return Made(path, survey.trajectories, replayed.count, size, time.monotonic() - started)


def report_of_run(folder: Path, environments: Sequence[str], console: Console) -> None:
    """The last step of a run: whatever happens here, the run's data is whole, and its exit status stays.

    Tools that are not ours are replayed in a process of their own, which they may hang or crash.
    """
    try:
        if all(is_ours(name) or Given.of(name) is not None for name in environments):
            build_report(folder, replay_seconds=RUN_SECONDS)
        else:
            _build_apart(folder)
    except (Exception, KeyboardInterrupt) as error:
        why = error.message if isinstance(error, UserError) else type(error).__name__
        console.print(
            f"no report ({why}); to make it: python -m funreason_plugin.report {folder}", markup=False
        )
    else:
        console.print(f"report, to be opened in a browser: {folder / REPORT}", markup=False, soft_wrap=True)


def _build_apart(folder: Path) -> None:
    words = [str(folder), "--own-tools", "--replay-seconds", str(RUN_SECONDS)]
    command = [sys.executable, "-m", "funreason_plugin.report", *words]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_APART
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise UserError(said[-1] if said else f"its process ended with status {done.returncode}")


def packed(data: bytes) -> bytes:
    """gzip, the same bytes at any time of day."""
    return gzip.compress(data, 6, mtime=0)


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise UserError(f"{path}:{number}: not JSON ({error})") from None
            if not isinstance(record, dict):
                raise UserError(f"{path}:{number}: not a trajectory (expected an object)")
            yield f"{path}:{number}", record


@dataclass(slots=True)
class _Index:
    """Small columns that list, filters and search have at once, and tables of what many trajectories share."""

    rejected: Mapping[int, list[list[Any]]]
    columns: dict[str, list[Any]] = field(default_factory=dict)
    tables: dict[str, dict[bytes, int]] = field(default_factory=dict)

    def head(self, record: Mapping[str, Any], differences: list[Any] | None) -> dict[str, Any]:
        """Note a trajectory; returns what its block says of it as a whole."""
        turns = record["turns"]
        names = {call["name"] for turn in turns for step in turn["steps"] for call in step["calls"]}
        rejected = self.rejected.get(record["index"], [])
        variants = {turn["variant"] for turn in turns}
        whole = [label for label in record["labels"] if label in OF_THE_WHOLE]
        row = {
            "id": record["id"],
            "query": turns[0]["query"][:FIRST_QUERY] if turns else "",
            "environments": self._place("environments", [entry["name"] for entry in record["environments"]]),
            "split": self._place("splits", record["split"]),
            "turns": len(turns),
            "calls": sum(len(step["calls"]) for turn in turns for step in turn["steps"]),
            "attempts": max((turn["attempts"] for turn in turns), default=1),
            "rejected": len(rejected),
            "variants": sorted({self._place("variants", name) for name in (*variants, *whole)}),
            "labels": [self._place("labels", label) for label in record["labels"]],
            "tools": sorted(self._place("names", name) for name in names),
            "replayed": int(differences is not None),
        }
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)
        return {
            "index": record["index"],
            "seed": record["scenario"]["seed"],
            "clock": record["scenario"]["clock"],
            "sources": self._place("sources", record["environments"]),
            "made_by": self._place("made_by", record["made_by"]),
            "system": self._place("systems", record["system"]),
            "offered": [self._place("tools", tool) for tool in record["tools"]],
            "certificate": record["certificate"][:16],
            "rejected": rejected,
        }

    def _place(self, table: str, value: Any) -> int:
        """Where a value stands in a table, put there when it is new."""
        entries = self.tables.setdefault(table, {})
        return entries.setdefault(orjson.dumps(value), len(entries))

    def as_json(self) -> bytes:
        tables = {name: [orjson.loads(entry) for entry in entries] for name, entries in self.tables.items()}
        return orjson.dumps({"columns": self.columns, "tables": tables})

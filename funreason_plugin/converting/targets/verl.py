"""`verl/train.parquet`, `val.parquet`: what reinforcement learning in verl reads.

A trajectory gives the rows that a run gives (`formats.verl`): it is played with its scenario. What cannot be
executed gives one row per response with calls (kind "response", rule "calls"): the written-out conversation
before it as the prompt, and its calls as the truth. The columns are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from funreason_plugin.converting.example import Example
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.converting.targets import TargetOptions
from funreason_plugin.converting.written_forms import check_form
from funreason_plugin.formats import verl


def open_target(folder: Path, options: TargetOptions) -> Verl:
    return Verl(folder / "verl", options)


@dataclass(slots=True)
class Verl:
    """One file by split, a row group by chunk."""

    folder: Path
    options: TargetOptions
    _files: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)
    _index: int = 0

    def accept(self, example: Example) -> None:
        check_form(example.conversation, self.options.format.prompt_form)
        if example.trajectory is None and not any(message.calls for message in example.conversation.messages):
            raise Refused("messages", "no response has calls, so there is nothing to be judged")
        whole = example.trajectory is not None and verl.BENCHMARK in example.trajectory.labels
        if whole and self.options.format.verl_rows != "trajectory":
            raise Refused("labels", "BFCL has no answers, which rows by response have before them")

    def add(self, examples: Sequence[Example]) -> None:
        for name in ("train", "val"):
            chosen = [example for example in examples if example.split == name]
            for rows in verl.groups(row for example in chosen for row in self._made(example)):
                if name not in self._files:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    self._files[name] = pq.ParquetWriter(
                        self.folder / f"{name}.parquet",
                        verl.SCHEMA,
                        compression="zstd",
                        write_statistics=False,
                    )
                self._files[name].write_table(rows)
                self._rows[name] = self._rows.get(name, 0) + rows.num_rows

    def _made(self, example: Example) -> Iterator[dict[str, Any]]:
        if example.trajectory is not None:
            named = replace(example.trajectory, id=example.id, split=example.split)
            yield from verl.rows(named, self.options.format, example.withheld)
            return
        made = verl.call_rows(
            example.conversation, example.id, example.split, self.options.format, self._index
        )
        for row in made:
            self._index += 1
            yield row

    def finish(self) -> dict[str, int]:
        for file in self._files.values():
            file.close()
        return self._rows

"""`verl/train.parquet`, `val.parquet`: what reinforcement learning in verl reads.

A trajectory is one row that is played with its scenario (`formats.verl`, kind "trajectory"). What cannot be
executed gives one row per response with calls (kind "response"): the written-out conversation before it as
the prompt, and its calls as the truth. The columns are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from funreason_plugin.converting.example import Example
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.converting.targets import TargetOptions
from funreason_plugin.converting.written_forms import check_form
from funreason_plugin.formats import verl
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.rendering import response_text, results_text, system_text

AGENT = "single_turn_agent"
"""verl's own agent loop: one response to the prompt, judged by the reward."""
_GROUP = 64 << 20
"""Characters of prompts in one row group: prompts repeat the conversation before them."""


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

    def add(self, examples: Sequence[Example]) -> None:
        for name in ("train", "val"):
            rows: list[dict[str, Any]] = []
            size = 0
            for row in (row for example in examples if example.split == name for row in self._made(example)):
                rows.append(row)
                size += sum(len(message["content"]) for message in row["prompt"])
                if size > _GROUP:
                    self._write(name, rows)
                    rows, size = [], 0
            self._write(name, rows)

    def _write(self, name: str, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        if name not in self._files:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._files[name] = pq.ParquetWriter(
                self.folder / f"{name}.parquet", verl.SCHEMA, compression="zstd", write_statistics=False
            )
        self._files[name].write_table(pa.Table.from_pylist(rows, schema=verl.SCHEMA))
        self._rows[name] = self._rows.get(name, 0) + len(rows)

    def _made(self, example: Example) -> Iterator[dict[str, Any]]:
        if example.trajectory is not None:
            row = verl.row(example.trajectory, self.options.format)
            row["extra_info"]["split"] = example.split
            yield row
            return
        for row in response_rows(example, self.options.format, self._index):
            self._index += 1
            yield row

    def finish(self) -> dict[str, int]:
        for file in self._files.values():
            file.close()
        return self._rows


def response_rows(example: Example, options: FormatOptions, index: int) -> Iterator[dict[str, Any]]:
    """One row per response with calls, numbered from ``index``."""
    conversation, form = example.conversation, options.prompt_form
    prompt: list[dict[str, str]] = []
    if system := system_text(conversation.system, conversation.tools, form):
        prompt.append({"role": "system", "content": system})
    turn = step = -1
    for message in conversation.messages:
        if message.role == "user":
            turn, step = turn + 1, 0
            prompt.append({"role": "user", "content": message.content})
        elif message.role == "tool":
            content = f"<tool_response>\n{results_text(message.results, form)}\n</tool_response>"
            prompt.append({"role": "user", "content": content})
        else:
            if message.calls:
                truth = to_json([call._asdict() for call in message.calls])
                yield {
                    "data_source": options.dataset,
                    "agent_name": AGENT,
                    "prompt": list(prompt),
                    "reward_model": {"style": "rule", "ground_truth": truth},
                    "extra_info": {
                        "index": index,
                        "split": example.split,
                        "id": f"{example.id}/{turn}/{step}",
                        "kind": "response",
                        "prompt_form": form,
                        "tools": to_json(conversation.tools),
                    },
                }
                index += 1
            prompt.append({"role": "assistant", "content": response_text(message, form)})
            step += 1

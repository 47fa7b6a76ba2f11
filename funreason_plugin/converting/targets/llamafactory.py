"""`llamafactory/`: sharegpt rows, one per response, in shards beside a dataset_info.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pyarrow as pa

from funreason_plugin.converting.example import Example
from funreason_plugin.converting.targets import TargetOptions
from funreason_plugin.converting.written_forms import check_form
from funreason_plugin.formats.llamafactory import dataset_info, split, table
from funreason_plugin.formats.writer import to_parquet

SPLITS = ("train", "val")


def open_target(folder: Path, options: TargetOptions) -> LlamaFactory:
    return LlamaFactory(folder / "llamafactory", options)


@dataclass(slots=True)
class LlamaFactory:
    """The rows are those of `formats.llamafactory`; flags are columns that LLaMA-Factory does not look at."""

    folder: Path
    options: TargetOptions
    _rows: dict[str, int] = field(default_factory=dict)
    _shards: dict[str, int] = field(default_factory=dict)

    def accept(self, example: Example) -> None:
        check_form(example.conversation, self.options.format.prompt_form)

    def add(self, examples: Sequence[Example]) -> None:
        for name in SPLITS:
            chosen = [example for example in examples if example.split == name]
            if not chosen:
                continue
            rows = table(
                [(example.id, example.conversation) for example in chosen],
                self.options.format,
                [example.trajectory.labels if example.trajectory is not None else () for example in chosen],
            )
            for flag in self.options.flags:
                column = [
                    example.flags[flag]
                    for example in chosen
                    for _ in split(example.conversation, self.options.format).responses
                ]
                rows = rows.append_column(flag, pa.array(column, pa.bool_()))
            dataset = self.options.format.dataset + ("" if name == "train" else f"_{name}")
            shard = self._shards.get(name, 0)
            path = self.folder / dataset / f"{name}-{shard:05}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(to_parquet(rows))
            self._shards[name] = shard + 1
            self._rows[name] = self._rows.get(name, 0) + rows.num_rows

    def finish(self) -> dict[str, int]:
        info = dataset_info(self.options.format, [name for name in SPLITS if name in self._rows])
        text = orjson.dumps(info, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "dataset_info.json").write_bytes(text)
        return self._rows

"""`trajectories.jsonl`: for sources that can be executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from funreason_plugin.converting.example import Example
from funreason_plugin.converting.refusal import Refused
from funreason_plugin.converting.targets import TargetOptions
from funreason_plugin.trajectory import dumps


def open_target(folder: Path, options: TargetOptions) -> Trajectories:
    return Trajectories(folder, options)


@dataclass(slots=True)
class Trajectories:
    """One file; the split stands in each line."""

    folder: Path
    options: TargetOptions
    _file: IO[bytes] | None = None
    _rows: dict[str, int] = field(default_factory=dict)

    def accept(self, example: Example) -> None:
        if example.trajectory is None:
            raise Refused("record", "cannot be executed, so there is no trajectory of it")
        if example.withheld:
            raise Refused("missed_function", "the tools offered change during the conversation")

    def add(self, examples: Sequence[Example]) -> None:
        if self._file is None:
            self._file = open(self.folder / "trajectories.jsonl", "wb")  # noqa: SIM115
        for example in examples:
            assert example.trajectory is not None
            self._file.write(dumps(example.trajectory))
            self._rows[example.split] = self._rows.get(example.split, 0) + 1

    def finish(self) -> dict[str, int]:
        if self._file is not None:
            self._file.close()
        return self._rows

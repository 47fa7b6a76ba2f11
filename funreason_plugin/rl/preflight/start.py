"""What `main_ppo` is told at its start, before a worker takes a GPU: one line, and no run.

A recipe names it as a callback of Hydra, which verl's command line is made of:

    hydra: {callbacks: {funreason: {_target_: funreason_plugin.rl.preflight.start.AtStart}}}

Without it, `FunReasonTrainer` says the same, from the process that it runs in. `check rl` looks at more.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from funreason_plugin.errors import UserError
from funreason_plugin.rl.conditions import contradictions
from funreason_plugin.rl.preflight.recipe import files
from funreason_plugin.rl.preflight.registration import Source, asked, changed
from funreason_plugin.rl.preflight.rows import rows_of
from funreason_plugin.rl.settings import Settings
from funreason_plugin.tasks import ROW_VERSION, Task
from funreason_plugin.trajectory import EnvironmentRef

__all__ = ["AtStart", "check_elsewhere", "check_start", "sources_of"]

_COLUMNS = ["extra_info.schema_version", "extra_info.environments"]


class AtStart:
    """A callback of Hydra: ends the process with exit status 1 and a line where a run would fail later."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on_"):
            return lambda *args, **kwargs: None  # the other events
        raise AttributeError(name)

    def on_job_start(self, config: Any, **unused: Any) -> None:
        """Before verl's own `main`. Hydra makes a warning of an exception, so the process is ended."""
        try:
            check_start(config)
        except UserError as error:
            print(f"error: {error.message}", file=sys.stderr)
            raise SystemExit(error.exit_code) from None


def check_start(config: Any) -> list[Source]:
    """Settings, what contradicts them, the rows' version, and their environments as they are installed here.

    Returns:
        The environments of the rows.

    Raises:
        UserError: the first thing that is wrong.
    """
    for line in contradictions(config, Settings.of(config)):
        raise UserError(line)
    sources: dict[Source, None] = {}
    for key in ("train_files", "val_files"):
        for path in files(config, key):
            if "://" not in str(path):  # verl fetches the others
                sources.update(dict.fromkeys(sources_of(path)))
    for line in changed(list(sources)):
        raise UserError(line)
    return list(sources)


def check_elsewhere(sources: list[Source]) -> None:
    """The environments, and the plugin itself, on the other nodes of the Ray cluster that this process belongs to.

    Raises:
        UserError: the first thing that is missing.
    """
    import ray

    if not ray.is_initialized():
        return
    here = ray.get_runtime_context().get_node_id()
    for line in asked(sources, without=[here]):
        raise UserError(f"on another node: {line}")


def sources_of(path: Path) -> list[Source]:
    """The environments of all rows of a file; only what is needed of them is read.

    Raises:
        UserError: no such file, or rows that are not ours or of another schema version.
    """
    read = TypeAdapter(tuple[EnvironmentRef, ...]).validate_json
    for row in next(rows_of(path, 1), []):
        Task.of_row(row, f"{path}: row 0")
    number, seen = 0, set[str]()
    sources: dict[Source, None] = {}
    for rows in rows_of(path, columns=_COLUMNS):
        for row in rows:
            extra = row.get("extra_info") or {}
            if extra.get("schema_version") != ROW_VERSION:
                Task.of_row(row, f"{path}: row {number}")  # raises
            text = str(extra.get("environments"))
            if text not in seen:
                seen.add(text)
                try:
                    found = read(text)
                except ValidationError:
                    raise UserError(f"{path}: row {number}: extra_info.environments cannot be read") from None
                sources.update({(item.given, item.hash): None for item in found})
            number += 1
    return list(sources)

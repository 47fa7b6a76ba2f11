"""The rows of a parquet as training will meet them: readable, with the environments' tools, within the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from funreason_plugin.conversation import history
from funreason_plugin.environments.catalog import resolve
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.messages import Message
from funreason_plugin.rendering import prompt, render
from funreason_plugin.rl.settings import Settings
from funreason_plugin.tasks import Task

__all__ = ["Findings", "Limits", "look_at"]

REPLAYED = 20
"""Rows of each file whose truth is executed; `check data` executes all."""

Encode = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens: of a first prompt, of all that follows it in one output, and of both together (None: no limit)."""

    prompt: int
    response: int
    total: int | None


@dataclass(slots=True)
class Findings:
    """What was found in one file: rows by kind and environment, lengths in tokens, and problems.

    ``problems`` has, by kind of problem, the number of rows and the first one's line. ``responses`` counts the
    truth's assistant responses; ``longest`` are, per row, the truth's tokens after its first prompt, thoughts left out.
    """

    path: Path
    rows: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    environments: dict[str, int] = field(default_factory=dict)
    sources: dict[tuple[str, str], None] = field(default_factory=dict)
    turns: list[int] = field(default_factory=list)
    prompts: list[int] = field(default_factory=list)
    longest: list[int] = field(default_factory=list)
    responses: int = 0
    replayed: int = 0
    problems: dict[str, tuple[int, str]] = field(default_factory=dict)

    def problem(self, kind: str, line: str) -> None:
        """One more row with a problem of this kind."""
        count, first = self.problems.get(kind, (0, line))
        self.problems[kind] = (count + 1, first)


def look_at(
    path: Path,
    settings: Settings,
    limits: Limits,
    encode: Encode | None,
    *,
    limit: int | None = None,
    watch: Callable[[int], None] = lambda done: None,
) -> Findings:
    """Read the rows of a file, at most ``limit``. Without ``encode`` (a tokenizer's) lengths are not looked at.

    Raises:
        UserError: the file is missing or no parquet.
    """
    found = Findings(path)
    for number, row in enumerate(_rows(path)):
        if limit is not None and number >= limit:
            break
        found.rows += 1
        _row(found, row, f"{path}: row {number}", settings, limits, encode)
        watch(found.rows)
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        text = (
            "no such file; synthesize and convert write DIR/verl/*.parquet"
            if not path.exists()
            else str(error)
        )
        raise UserError(f"{path}: {text}") from None


def _row(
    found: Findings,
    row: dict[str, Any],
    where: str,
    settings: Settings,
    limits: Limits,
    encode: Encode | None,
) -> None:
    try:
        task = Task.of_row(row, where)
    except UserError as error:
        found.problem("unreadable", error.message)
        return
    found.kinds[task.kind] = found.kinds.get(task.kind, 0) + 1
    found.turns.append(len(task.turns))
    for reference in task.environments:
        found.environments[reference.name] = found.environments.get(reference.name, 0) + 1
        found.sources[reference.source or reference.name, reference.hash] = None
    agent = row.get("agent_name")
    if task.kind == "trajectory" and agent != "funreason":
        found.problem(
            "agent", f"{where}: agent_name is {agent!r}; a row of kind 'trajectory' needs 'funreason'"
        )
    if task.rule != "calls":
        _environment(found, task, where)
    if encode is not None and not task.written:
        _lengths(found, task, where, settings, limits, encode)


def _environment(found: Findings, task: Task, where: str) -> None:
    try:
        space = _space(tuple(reference.source or reference.name for reference in task.environments))
    except UserError as error:
        found.problem("environment", f"{where}: {error.message}")
        return
    for tool in task.tools:
        name = tool.get("function", tool)["name"]
        spec = space.tools.get(name)
        if spec is None:
            found.problem(
                "tools", f"{where}: tool {name!r} is in none of its environments as they are installed"
            )
            return
        if task.rule == "environment" and spec.as_openai() != tool:
            found.problem(
                "tools",
                f"{where}: tool {name!r} differs from the installed environment's; make the data again",
            )
            return
    if found.replayed < REPLAYED:
        found.replayed += 1
        with space.session(task.scenario) as session:
            for number, turn in enumerate(task.turns):
                if task.at is not None and number == task.at[0]:
                    break  # its truth ends with the response
                for call in turn.calls():
                    session.call(call.name, call.arguments)
                if session.state_hash() != turn.state_hash:
                    found.problem(
                        "replay",
                        f"{where}: turn {number + 1} ends in another state than certified; the environment has changed "
                        "since, or is not deterministic: 'check data' says more",
                    )
                    return


def _space(names: tuple[str, ...]) -> SimulationSpace:
    if names not in _SPACES:
        if len(_SPACES) >= 64:
            _SPACES.clear()
        _SPACES[names] = SimulationSpace([cls for name in names for cls in resolve(name)])
    return _SPACES[names]


_SPACES: dict[tuple[str, ...], SimulationSpace] = {}


def _lengths(
    found: Findings, task: Task, where: str, settings: Settings, limits: Limits, encode: Encode
) -> None:
    number, done = task.at or (0, 0)
    start = history(task, number, done)
    first = len(encode(prompt(start, task.prompt_form, thinking=settings.thinking)))
    found.prompts.append(first)
    if first > limits.prompt:
        found.problem(
            "prompt",
            f"{where}: its prompt has {first:,} tokens, data.max_prompt_length is {limits.prompt:,}; raise the one, or "
            "offer fewer tools",
        )
    if task.at is not None:
        found.responses += 1
        return
    last = len(task.turns) - 1
    whole = history(task, last, len(task.turns[last].steps))
    whole.messages.append(Message("assistant", task.turns[last].answer))
    pairs = render(whole, task.prompt_form)
    found.responses += len(pairs)
    after = len(encode("".join(map("".join, pairs)))) - first
    found.longest.append(after)
    if settings.history_reasoning == "keep" and after > limits.response:
        found.problem(
            "response",
            f"{where}: its truth has {after:,} tokens after the first prompt, without thoughts; "
            f"data.max_response_length is {limits.response:,}: it cannot be finished (history_reasoning: keep)",
        )
    if limits.total is not None and first + after > limits.total:
        found.problem(
            "total",
            f"{where}: its truth has {first + after:,} tokens, without thoughts; "
            f"actor_rollout_ref.rollout.max_model_len is {limits.total:,}",
        )

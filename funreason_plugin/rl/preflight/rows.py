"""The rows of a parquet as training will meet them: readable, with the environments' tools, within the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from funreason_plugin.environments.catalog import resolve
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.faults import Faults
from funreason_plugin.rl.live_tools import refuse_live
from funreason_plugin.rl.preflight.lengths import ASSISTANT, Lengths, Text, text_of
from funreason_plugin.rl.settings import Settings
from funreason_plugin.tasks import Task

__all__ = ["Findings", "Limits", "Looker", "batches_of", "count_rows", "look_at", "rows_of"]

REPLAYED = 5
"""Rows of each set of environments whose truth is executed; `check data` executes all."""
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens: of a first prompt, of all that follows it in one output, and of both together (None: no limit)."""

    prompt: int
    response: int
    total: int | None


@dataclass(slots=True)
class Findings:
    """What was found in one file: rows by kind and environment, lengths in tokens, and problems.

    ``sources`` are the environments as (source, hash). ``prompts`` and ``after`` are, per row, the tokens of the first
    prompt and of what the truth adds to it, thoughts left out; ``responses`` counts the truth's. ``problems`` has, by
    kind of problem, the number of rows and the first one's line.
    """

    path: Path
    rows: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    environments: dict[str, int] = field(default_factory=dict)
    sources: dict[tuple[str, str], None] = field(default_factory=dict)
    turns: list[int] = field(default_factory=list)
    prompts: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    responses: int = 0
    problems: dict[str, tuple[int, str]] = field(default_factory=dict)

    def problem(self, kind: str, line: str) -> None:
        """One more row with a problem of this kind."""
        count, first = self.problems.get(kind, (0, line))
        self.problems[kind] = (count + 1, first)


def look_at(
    path: Path,
    settings: Settings,
    limits: Limits,
    lengths: Lengths | None,
    *,
    limit: int | None = None,
    watch: Callable[[int], None] = lambda done: None,
) -> Findings:
    """Read the rows of a file, at most ``limit``. Without ``lengths`` they are not looked at.

    Raises:
        UserError: the file is missing or no parquet.
    """
    found = Findings(path)
    looker = Looker(found, settings, limits)
    for rows in rows_of(path, limit):
        tasks = [looker.task(row, f"{path}: row {found.rows + number}") for number, row in enumerate(rows)]
        if lengths is not None:
            texts = [text_of(task, settings.thinking) if task is not None else None for task in tasks]
            shown = [message for text in texts if text for message in (*text.prompt, *text.whole)]
            lengths.learn([ASSISTANT, *shown])
            for number, text in enumerate(texts):
                if text is not None:
                    looker.lengths(text, lengths, f"{path}: row {found.rows + number}")
        found.rows += len(rows)
        watch(found.rows)
    return found


def rows_of(path: Path, limit: int | None = None) -> Iterator[list[dict[str, Any]]]:
    """The first ``limit`` rows in batches.

    Raises:
        UserError: the file is missing or no parquet.
    """
    for first, batch in batches_of(path):
        part = batch if limit is None else batch.slice(0, limit - first)
        if len(part):
            yield part.to_pylist()
        if limit is not None and first + len(batch) >= limit:
            return


def batches_of(path: Path, columns: list[str] | None = None) -> Iterator[tuple[int, Any]]:
    """Arrow's record batches, each with the number of its first row; all columns or some (``extra_info.id`` names a
    field of one, and one that is not there is left out). Raises UserError as `rows_of`."""
    first = 0
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
            yield first, batch
            first += len(batch)


def count_rows(path: Path) -> int:
    """The rows of a file. Raises UserError."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The parquet file, what is wrong with it a `UserError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        text = (
            str(error) if path.exists() else "no such file; synthesize and convert write DIR/verl/*.parquet"
        )
        raise UserError(f"{path}: {' '.join(text.split())[:300]}") from None


class Looker:
    """Looks at one row after the other and notes what it finds; the same tools are compared once.

    Of each set of environments, the truth of the first ``replays`` rows is executed.
    """

    def __init__(self, found: Findings, settings: Settings, limits: Limits, replays: int = REPLAYED) -> None:
        self.found = found
        self.settings = settings
        self.limits = limits
        self.replays = replays
        self._spaces: dict[tuple[str, ...], SimulationSpace | UserError] = {}
        self._compared: dict[tuple[tuple[str, ...], str, str], str] = {}
        self._replayed: dict[tuple[str, ...], int] = {}

    def task(self, row: dict[str, Any], where: str) -> Task | None:
        """The row read and its tools compared; None where it cannot be read."""
        found = self.found
        try:
            task = Task.of_row(row, where)
        except UserError as error:
            found.problem("unreadable", error.message)
            return None
        found.kinds[task.kind] = found.kinds.get(task.kind, 0) + 1
        found.turns.append(len(task.turns))
        for reference in task.environments:
            found.environments[reference.name] = found.environments.get(reference.name, 0) + 1
            found.sources[reference.given, reference.hash] = None
        agent = row.get("agent_name")
        if task.kind == "trajectory" and agent != "funreason":
            found.problem(
                "agent", f"{where}: agent_name is {agent!r}; a row of kind 'trajectory' needs 'funreason'"
            )
        if task.rule != "calls":
            self._environments(task, str(row["extra_info"]["tools"]), where)
        return task

    def _environments(self, task: Task, tools: str, where: str) -> None:
        names = tuple(reference.given for reference in task.environments)
        space = self._space(names)
        if space is None:
            return  # said once for each environment, by `registration`
        if isinstance(space, UserError):
            self.found.problem("environments", f"{where}: {space.message}")
            return
        try:
            refuse_live(names, self.settings)
        except UserError as error:
            self.found.problem("live", f"{where}: {error.message}")
            return
        key = (names, task.rule, tools)
        if key not in self._compared:
            if len(self._compared) >= _BATCH:
                self._compared.clear()
            self._compared[key] = _differing(task, space)
        if line := self._compared[key]:
            self.found.problem("tools", f"{where}: {line}")
        elif self._replayed.get(names, 0) < self.replays:
            self._replayed[names] = self._replayed.get(names, 0) + 1
            if line := _replayed(task, space):
                self.found.problem("replay", f"{where}: {line}")

    def _space(self, names: tuple[str, ...]) -> SimulationSpace | UserError | None:
        if names not in self._spaces:
            try:
                classes = [cls for name in names for cls in resolve(name)]
            except UserError:
                return None
            try:
                self._spaces[names] = SimulationSpace(classes)
            except UserError as error:
                self._spaces[names] = error
        return self._spaces[names]

    def prompt(self, tokens: int, where: str) -> None:
        """Compare the length of a row's first prompt with what verl leaves room for."""
        limit = self.limits.prompt
        self.found.prompts.append(tokens)
        if tokens > limit:
            self.found.problem(
                "prompt",
                f"{where}: its prompt has {tokens:,} tokens, data.max_prompt_length is {limit:,}; raise the one, or offer"
                " fewer tools",
            )

    def lengths(self, text: Text, lengths: Lengths, where: str) -> None:
        """Compare a row's lengths with what verl and the engine leave room for."""
        found, settings, limits = self.found, self.settings, self.limits
        first = lengths.of(text.prompt)
        self.prompt(first, where)
        if not text.whole:
            found.responses += 1
            return
        responses = [message for message in text.whole if message.startswith(ASSISTANT)]
        found.responses += len(responses)
        whole = lengths.of(text.whole)
        found.after.append(whole - first)
        longest = max(lengths.of([message]) for message in responses) - lengths.of([ASSISTANT])
        room = min(limits.response, settings.response_tokens or limits.response)
        keep = settings.history_reasoning == "keep"
        line = ""
        if longest > room:
            name = "data.max_response_length" if room == limits.response else "funreason.response_tokens"
            line = f"the longest response of its truth has {longest:,} tokens, {name} is {room:,}"
        elif keep and whole - first > limits.response:
            line = (
                f"its truth has {whole - first:,} tokens after the first prompt, data.max_response_length (with "
                f"history_reasoning 'keep' that of a conversation) is {limits.response:,}"
            )
        elif whole > limits.prompt + limits.response:
            line = (
                f"its truth has {whole:,} tokens, data.max_prompt_length and max_response_length together are "
                f"{limits.prompt + limits.response:,}"
            )
        elif limits.total is not None and whole > limits.total:
            line = (
                f"its truth has {whole:,} tokens, actor_rollout_ref.rollout.max_model_len is {limits.total:,}"
            )
        if line:
            found.problem("response", f"{where}: {line}; thoughts come on top of it: it cannot be finished")


def _differing(task: Task, space: SimulationSpace) -> str:
    """The first tool that is not, or no longer, the installed environments'."""
    for tool in task.tools:
        name = tool.get("function", tool)["name"]
        spec = space.tools.get(name)
        if spec is None:
            return f"tool {name!r} is in none of its environments as they are installed; make the data again"
        if task.rule == "environment" and spec.as_openai() != tool:
            return f"tool {name!r} differs from the installed environment's; make the data again"
    return ""


def _replayed(task: Task, space: SimulationSpace) -> str:
    """Whether the truth leads to another state than certified."""
    number = 0
    try:
        with space.session(task.scenario) as session:
            for number, turn in enumerate(task.turns, 1):
                if task.at is not None and number > task.at[0]:
                    break  # its truth ends with the response
                faults = Faults(turn.faults)
                for call in turn.calls():
                    faults.call(session, call.name, call.arguments)
                if session.state_hash() != turn.state_hash:
                    return (
                        f"turn {number} of its truth ends in another state than certified; the environment has changed "
                        "since, or is not deterministic: 'check data' says more"
                    )
    except Exception as error:  # foreign code, at data that may be another version's
        reason = error.message if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        return f"its truth cannot be executed ({reason[:200]}); the environment has changed since"
    return ""

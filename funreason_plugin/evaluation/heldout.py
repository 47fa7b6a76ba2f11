"""Plays the rows of a held-out file with a served model, and judges them as the reward does.

async with Served(url, "my-model", Sampling()) as served:
    rows = Rows.read(Path("out/verl/val.parquet"))
    run = await play_rows(rows, served, Path("eval/my-model"), Play())
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from funreason_plugin.conversation import Limits
from funreason_plugin.evaluation.depth import depth
from funreason_plugin.evaluation.rollouts import Rollout, rollouts
from funreason_plugin.evaluation.rows import fingerprints, read_table
from funreason_plugin.evaluation.runs import Conversation, Run, Settings, TurnVerdict, open_run
from funreason_plugin.evaluation.served import Sampling, Served
from funreason_plugin.hosting import Host
from funreason_plugin.judging.truth import space_of
from funreason_plugin.tasks import Task

__all__ = ["Play", "Rows", "play_rows", "settings"]

_REASONS = 5


@dataclass(frozen=True, slots=True)
class Play:
    """How rows are played: each so often, so many at a time, within these limits."""

    attempts: int = 1
    concurrency: int = 64
    thinking: bool = True
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Rows:
    """The tasks of a file, all of them read and their environments found, and a hash of them."""

    tasks: tuple[Task, ...]
    hash: str

    @classmethod
    def read(cls, path: Path, limit: int | None = None) -> Rows:
        """Raises UserError for a file that is no verl parquet of ours, or environments that are not there."""
        table = read_table(path)
        prints = fingerprints(table, str(path))[:limit]
        table = table.slice(0, len(prints))
        tasks = tuple(
            Task.of_row(row, f"{path}: row {number}") for number, row in enumerate(table.to_pylist())
        )
        for task in tasks:
            space_of(task)
        whole = hashlib.sha256("\n".join(task for _, task in prints).encode())
        return cls(tasks, whole.hexdigest()[:16])


def settings(rows: Rows, model: str, sampling: Sampling, play: Play) -> Settings:
    """What a run of these is told by."""
    return Settings(
        model,
        rows.hash,
        len(rows.tasks) * play.attempts,
        play.attempts,
        play.thinking,
        sampling.temperature,
        sampling.top_p,
        sampling.max_tokens,
        play.limits.steps,
        play.limits.seconds,
    )


async def play_rows(
    rows: Rows,
    served: Served,
    folder: Path,
    play: Play,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Run:
    """Play what is missing in the run's folder. ``watch`` is told conversations done and in all.

    Raises:
        UserError: the folder is another run's, or the server or an environment fails; what was played is kept.
    """
    run = open_run(folder, settings(rows, served.model, served.sampling, play))
    missing = [
        (row, attempt)
        for attempt in range(play.attempts)
        for row in range(len(rows.tasks))
        if (row, attempt) not in run.conversations
    ]
    total = run.settings.total
    watch(total - len(missing), total)
    if not missing:
        return run

    def work() -> Iterator[tuple[tuple[int, int], Task]]:
        for row, attempt in missing:
            yield (row, attempt), rows.tasks[row]

    with Host() as host:
        playing = rollouts(
            work(),
            lambda task, spent: served.generate(task.prompt_form, thinking=play.thinking, spent=spent),
            host,
            play.limits,
            play.concurrency,
        )
        async for rollout in playing:
            run.add(_line(rollout))
            watch(len(run.conversations), total)
    return run


def _line(rollout: Rollout) -> Conversation:
    task, score = rollout.task, rollout.score
    first = task.at[0] if task.at is not None else 0
    turns = []
    for index, verdict in enumerate(score.turns):
        truth = task.turns[first + index]
        played = rollout.played.turns[index] if index < len(rollout.played.turns) else None
        turns.append(
            TurnVerdict(
                truth.variant,
                truth.query,
                verdict.passed,
                verdict.judged,
                verdict.wants_calls,
                verdict.calls,
                verdict.errors,
                verdict.stop if verdict.played else "not played",
                list(verdict.reasons[:_REASONS]),
                [
                    [
                        {"name": call.name, "arguments": call.arguments, "output": call.output}
                        for call in step.calls
                    ]
                    for step in (played.steps if played else ())
                ],
                played.answer if played else "",
            )
        )
    return Conversation(
        *rollout.key,
        id=task.id,
        kind=task.kind,
        environments=[reference.name for reference in task.environments],
        depth=depth(task),
        success=score.success,
        progress=round(score.progress, 4),
        format=score.format,
        responses=score.responses,
        tokens=(sum(rollout.spent.prompts), sum(rollout.spent.responses)),
        seconds=rollout.played.seconds,
        turns=turns,
        labels=list(task.labels),
    )

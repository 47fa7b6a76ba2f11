"""Make a slot again: to show how it came about, and to check that a folder holds what its settings give.

remaker = Remaker(Path("out"))
assert remaker.slot(17).line == line_of_slot_17

What models said comes from the reply cache, and from nowhere else: nothing is paid for looking at a folder.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

from funreason_plugin.checks.inspection import CannotRemake
from funreason_plugin.config import SynthesisConfig
from funreason_plugin.config import load as load_config
from funreason_plugin.environments.limits import Watch
from funreason_plugin.errors import UserError
from funreason_plugin.scoring import Verdict
from funreason_plugin.synthesis.chain import Recorder, Usage
from funreason_plugin.synthesis.folder import REJECTED, RUN
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.hub import Hub
from funreason_plugin.synthesis.pipeline import load_graph
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.register import redact
from funreason_plugin.synthesis.slot_result import SlotResult
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Message, Request, TeacherFailed


def run_config(folder: Path) -> SynthesisConfig:
    """The configuration that a folder was made with."""
    if not (folder / RUN).is_file():
        raise UserError(f"{folder}: has no {RUN}; expected the output folder of a run")
    return load_config(folder / RUN, {"out": folder})


class Remaker:
    """Makes the slots of a run's folder again; one in each process."""

    def __init__(self, folder: Path, watch: Watch | None = None) -> None:
        self.config = run_config(folder)
        self._hub = Hub.offline(self.config) if self.config.model_agents else None
        self._redactor = Redactor.load(self.config.redact)
        self.maker = SlotMaker(self.config, load_graph(folder), watch, self._remembered)
        self._watch = watch

    def graph(self) -> bytes:
        """The tool graph, built and verified again, as graph.json holds it."""
        return ToolGraph.build(self.maker.space, seed=self.config.seed, watch=self._watch).to_json()

    def slot(self, index: int, duplicates: Collection[int] = ()) -> SlotResult:
        """A slot from its first attempt on; ``duplicates`` are attempts that repeated an earlier slot's.

        Raises:
            CannotRemake: The cache has not all that the models said.
        """
        first = 0
        rejections: list[bytes] = []
        usage = Usage()
        while True:
            result = self.maker.make(index, first)
            redact(result, self._redactor)
            rejections += result.rejections
            usage.join(result.usage)
            if result.line is not None and result.attempt not in duplicates:
                result.rejections, result.usage = rejections, usage.agents
                return result
            first = result.attempt + 1
            if first > 10_000:
                raise UserError(f"slot {index} was not kept in 10,000 attempts")

    def attempt(self, index: int, attempt: int) -> SlotResult:
        """One attempt of a slot."""
        return self.maker.make(index, attempt, 1)

    async def _remembered(self, slot: int, request: Request) -> Completion:
        assert self._hub is not None
        try:
            return await self._hub.complete(slot, request)
        except TeacherFailed:
            raise CannotRemake(
                f"slot {slot} cannot be made again: a reply of the {request.agent} agent is not in the reply cache"
            ) from None


class _Shown(Recorder):
    """Prints prompts, replies and verdicts as they come."""

    def __init__(self, console: Console, full: bool) -> None:
        self._console = console
        self._full = full
        self._seen = 0

    def reply(self, agent: Agent, messages: Sequence[Message], text: str) -> None:
        names = {"tooling": "A_T", "querying": "A_Q", "reasoning": "A_R", "critiquing": "A_C"}
        self._console.print(Rule(f"{names[agent]}  {agent}", align="left", style="cyan"))
        begin = 0 if agent != "reasoning" or len(messages) < self._seen else self._seen
        self._seen = len(messages) + 1 if agent == "reasoning" else 0
        for message in messages[begin:]:
            self._console.print(f"[dim]{message['role']}:[/] {escape(self._cut(message['content']))}")
        self._console.print(f"[bold]reply:[/] {escape(text)}")

    def verdict(self, verdict: Verdict) -> None:
        self._console.print("[green]passed[/]" if verdict.passed else "[red]did not pass[/]")
        for reason in verdict.reasons:
            self._console.print(f"  {escape(reason)}")

    def _cut(self, text: str) -> str:
        if self._full or len(text) <= 1500:
            return text
        return f"{text[:700]}\n… {len(text) - 1400:,} characters (--full shows them) …\n{text[-700:]}"


def trace(folder: Path, index: int, console: Console, full: bool = False) -> None:
    """Show how slot ``index`` came about: every prompt, attempt and state difference.

    Raises:
        UserError: The folder is no run's, or the slot is not one of its.
    """
    remaker = Remaker(folder)
    if not 0 <= index < remaker.config.num:
        raise UserError(f"--index {index}: {folder} has slots 0 to {remaker.config.num - 1}")
    remaker.maker.recorder = _Shown(console, full)
    try:
        result = remaker.slot(index, duplicates_of(folder).get(index, set()))
    except CannotRemake as missing:
        raise UserError(f"{folder}: {missing}") from None
    for line in result.rejections:
        row = orjson.loads(line)
        console.print(
            f"[yellow]rejected[/] attempt {row['attempt']} turn {row['turn']} try {row['try']}: "
            f"{row['phase']}: {row['code']}: {escape(row['detail'])}"
        )
    console.print(f"[green]kept[/] at attempt {result.attempt}: {result.turns} turns, {result.calls} calls")


def duplicates_of(folder: Path) -> dict[int, set[int]]:
    """Attempts that were rejected as duplicates, by slot."""
    found: dict[int, set[int]] = {}
    path = folder / REJECTED
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                if b'"duplicate"' in line:
                    row = orjson.loads(line)
                    if row["code"] == "duplicate":
                        found.setdefault(row["index"], set()).add(row["attempt"])
    return found

"""Plays a multi-turn conversation: a model's responses against a live session, until the user has no more to say.

    played = await play(task, session, generate, Limits(steps=20))

The user's turns were written beforehand and do not react to the model. Its calls are executed in order, their
results are one message, and a response without a call ends the turn. What BFCL's runner does is done here, too: a
response that cannot be read ends the turn, and a turn has at most so many steps. Used by the rollout worker and
the evaluation; torch-free.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from funreason_plugin.calls import ParsedCall, dump_json, parse
from funreason_plugin.faults import Faults
from funreason_plugin.live import LiveSession, ToolsLost
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.played import Played, PlayedCall, PlayedStep, PlayedTurn, Stop
from funreason_plugin.tasks import Task, TaskTurn

__all__ = ["Generate", "Limits", "NoRoom", "Reply", "history", "play"]


@dataclass(frozen=True, slots=True)
class Limits:
    """``steps``: responses with calls in one turn (BFCL: 20); ``calls``: calls in one response; ``seconds``: for
    the whole conversation, the model's time included."""

    steps: int = 20
    calls: int = 64
    seconds: float = 1800.0


class Reply(NamedTuple):
    """What the model wrote, its `<think>` included where the prompt ended with one. ``finished`` is whether it
    came to its own end; an unfinished one is not executed."""

    text: str
    finished: bool = True


class NoRoom(Exception):
    """There is no room for another response: raised by a `Generate`, ends the conversation with stop "tokens"."""


Generate = Callable[[Conversation], Awaitable[Reply]]
"""Given the conversation so far, whose last message is the user's or the tools', the model's next response.

What it raises is its own failure (an engine that is gone), not the model's, and goes through `play`."""


async def play(task: Task, session: LiveSession, generate: Generate, limits: Limits | None = None) -> Played:
    """Play a task from its beginning, or, for a row of kind "response", the one response.

    The session stands at the task's scenario and is not closed here. Nothing that the model writes and no tool
    raises; where the tools are lost the conversation ends with stop "tools".
    """
    game = _Game(task, session, generate, limits or Limits())
    if task.at is not None:
        await game.response()
    else:
        await game.conversation()
    game.played.seconds = round(time.monotonic() - game.started, 3)
    return game.played


def history(task: Task, turns: int, steps: int = 0) -> Conversation:
    """The truth's conversation before turn number ``turns`` (from 0), and within it the query and its first
    ``steps`` steps. What is there as texts only (rule "calls") stands as it is."""
    if task.written:
        texts = [
            Message("assistant" if number % 2 else "user", text) for number, text in enumerate(task.written)
        ]
        return Conversation(texts, task.system, list(task.tools))
    talk = Conversation([], task.system, list(task.tools))
    for index, turn in enumerate(task.turns[: turns + 1]):
        last = index == turns
        talk.messages.append(Message("user", turn.query))
        for step in turn.steps[:steps] if last else turn.steps:
            calls = tuple(ParsedCall(call.name, call.arguments) for call in step)
            talk.messages.append(Message("assistant", calls=calls))
            talk.messages.append(Message("tool", results=tuple(dump_json(call.output) for call in step)))
        if not last:
            talk.messages.append(Message("assistant", turn.answer))
    return talk


class _Game:
    """One conversation while it is played."""

    def __init__(self, task: Task, session: LiveSession, generate: Generate, limits: Limits) -> None:
        self.task = task
        self.session = session
        self.generate = generate
        self.limits = limits
        self.played = Played()
        self.started = time.monotonic()
        self._talk = Conversation([], task.system, list(task.tools))
        self._faults = Faults()

    async def conversation(self) -> None:
        for turn in self.task.turns:
            self._faults = Faults(turn.faults)
            self._talk.messages.append(Message("user", turn.query))
            if not await self._turn(turn, self.limits.steps):
                return

    async def response(self) -> None:
        """Restore the session with the truth's calls, then one response and its calls."""
        assert self.task.at is not None
        number, done = self.task.at
        self._talk = history(self.task, number, done)
        try:
            for place, turn in enumerate(self.task.turns[: number + 1]):
                self._faults = Faults(turn.faults)
                for step in turn.steps[:done] if place == number else turn.steps:
                    for call in step:
                        await self._execute(call.name, call.arguments)
        except ToolsLost as error:
            self.played.turns.append(PlayedTurn(stop="tools", reason=str(error)))
            return
        await self._turn(self.task.turns[number], 1)

    async def _turn(self, turn: TaskTurn, steps: int) -> bool:
        """Play a turn; whether the conversation goes on."""
        played = PlayedTurn()
        self.played.turns.append(played)
        try:
            stop, reason = await self._steps(turn, played, steps)
            mark = await self.session.mark()
            played.state_hash, played.changes, played.generated = (
                mark.state_hash,
                mark.changes,
                mark.generated,
            )
        except ToolsLost as error:
            stop, reason = "tools", str(error)
        played.stop, played.reason = stop, reason
        return stop in ("", "malformed")

    async def _steps(self, turn: TaskTurn, played: PlayedTurn, steps: int) -> tuple[Stop, str]:
        over: tuple[Stop, str] = "time", f"over {self.limits.seconds:g} s"
        while True:
            try:
                reply = await asyncio.wait_for(self.generate(self._talk), self._left())
            except asyncio.TimeoutError:
                return over
            except NoRoom as full:
                return "tokens", str(full)
            self.played.responses += 1
            if not reply.finished:
                return "tokens", ""
            parsed = parse(reply.text)
            error = parsed.error
            if error is None and len(parsed.calls) > self.limits.calls:
                error = f"{len(parsed.calls)} calls in one response; at most {self.limits.calls}"
            if error is not None:
                written = reply.text.rpartition("</think>")[2].strip()
                self._talk.messages.append(Message("assistant", written, parsed.thought))
                return "malformed", error
            if not parsed.calls:
                played.answer = parsed.content
                self._talk.messages.append(Message("assistant", parsed.content, parsed.thought))
                return "", ""
            step = PlayedStep([])
            played.steps.append(step)
            for call in parsed.calls:
                if self._left() <= 0:
                    return over
                output = await self._call(turn, call)
                step.calls.append(PlayedCall(call.name, call.arguments, output))
            calls = tuple(parsed.calls)
            self._talk.messages.append(Message("assistant", parsed.content, parsed.thought, calls))
            if len(played.steps) >= steps:
                return ("", "") if self.task.at is not None else ("steps", f"{steps} steps in one turn")
            results = tuple(dump_json(call.output) for call in step.calls)
            self._talk.messages.append(Message("tool", results=results))

    def _left(self) -> float:
        """Seconds until the conversation's time is over."""
        return self.limits.seconds - (time.monotonic() - self.started)

    async def _call(self, turn: TaskTurn, call: ParsedCall) -> Any:
        withheld = (
            call.name in turn.withheld and self.task.rule != "bfcl"
        )  # bfcl-eval executes them all the same
        if withheld or call.name not in self.task.offered:
            return {"error": f"unknown tool {call.name!r}"}
        if self.task.rule == "calls":
            return None
        return await self._execute(call.name, call.arguments)

    async def _execute(self, name: str, arguments: dict[str, Any]) -> Any:
        """A call on the session, or what the turn's faults give instead. Raises ToolsLost."""
        fault = self._faults.met(name, arguments)
        if fault is not None:
            return fault.output
        output = await self.session.call(name, arguments)
        self._faults.done(name, output)
        return output

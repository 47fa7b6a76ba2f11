"""Phase III, one k: A_R solves a turn step by step against a session.

    attempt = await solve(session, messages, offered, 10, ask, "0/17/0/1")
    attempt.problem            # "" when it came to an answer; else a code and why

Calls are executed as they come, and what goes wrong in them (arguments that the schema forbids, a tool's error) is an
observation that A_R goes on from. A tool that is not offered ends the attempt: no rule would keep what follows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from funreason_plugin.calls import to_hermes
from funreason_plugin.checks.trace_rules import MAX_CALLS
from funreason_plugin.environments.limits import is_over_time
from funreason_plugin.environments.session import Session
from funreason_plugin.synthesis.messages import tool_responses
from funreason_plugin.synthesis.replies import LONGEST, plain
from funreason_plugin.synthesis.reply_calls import read_step
from funreason_plugin.synthesis.setbacks import Setbacks, Trial
from funreason_plugin.synthesis.teachers.base import Agent, Completion, Message
from funreason_plugin.trajectory import Call, Step

__all__ = ["PROBLEMS", "Attempt", "Reply", "solve"]

PROBLEMS = frozenset(("unreadable_call", "over_time", "too_many_steps", "cut_off", "too_long"))
"""Why an attempt may end without an answer, beside the rules of `checks.acceptance`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent wrote, as text that can be kept. ``problem``: the code and reason of one that cannot be used."""

    text: str
    problem: tuple[str, str] | None = None

    @classmethod
    def of(cls, agent: Agent, completion: Completion) -> Reply:
        text = plain(completion.text[: LONGEST[agent]])
        if completion.cut_off:
            return cls(
                text, ("cut_off", f"the reply ended at its limit of {completion.output_tokens} tokens")
            )
        if len(completion.text) > LONGEST[agent]:
            size = f"{len(completion.text):,} characters; at most {LONGEST[agent]:,} are read"
            return cls(text, ("too_long", size))
        return cls(text)


Ask: TypeAlias = Callable[[Sequence[Message], str], Awaitable[Reply]]
"""Messages and seed to a reply of A_R."""


@dataclass(slots=True)
class Attempt:
    """One attempt of A_R at a turn. ``problem``: why it did not come to an answer."""

    steps: list[Step] = field(default_factory=list)
    thought: str | None = None
    answer: str = ""
    problem: str = ""

    def calls(self) -> list[Call]:
        return [call for step in self.steps for call in step.calls]


async def solve(
    session: Session,
    messages: Sequence[Message],
    offered: Collection[str],
    max_steps: int,
    ask: Ask,
    seed: str,
    trial: Trial | None = None,
) -> Attempt:
    """Play one attempt from where the session stands; it is left where the calls have led. ``trial``: what goes wrong."""
    trial = trial or Setbacks().begin()
    conversation = list(messages)
    attempt = Attempt()
    for number in range(max_steps):
        reply = await ask(conversation, f"{seed}/{number}")
        if reply.problem:
            attempt.problem = ": ".join(reply.problem)
            return attempt
        step = read_step(reply.text, offered)
        parsed = step.parsed
        if parsed.error:
            attempt.problem = f"unreadable_call: {parsed.error}"
            return attempt
        if not parsed.calls:
            attempt.thought, attempt.answer = parsed.thought, parsed.content
            return attempt
        calls = [(call.name, call.arguments) for call in parsed.calls]
        written, thought = step.written, parsed.thought
        slip = trial.slipped(calls, len(attempt.steps))
        if slip is not None:
            calls, thought = [slip.call()], slip.thought or thought
            written = f"<think>\n{thought or ''}\n</think>\n{to_hermes(calls)}"
        conversation.append({"role": "assistant", "content": written})
        done = Step(thought, [])
        attempt.steps.append(done)
        for name, arguments in calls:
            if name not in offered:
                done.calls.append(Call(name, arguments, {}, {"error": f"unknown tool {name!r}"}))
                attempt.problem = f"tool_not_offered: {name} does not exist"
                return attempt
            output = trial.faults.call(session, name, arguments)
            if is_over_time(output):
                attempt.problem = f"over_time: {output['error']}"
                return attempt
            done.calls.append(Call(name, arguments, {}, output))
            if len(attempt.calls()) > MAX_CALLS:
                attempt.problem = f"oversized_turn: over {MAX_CALLS} calls in one turn"
                return attempt
        conversation.append({"role": "user", "content": tool_responses(call.output for call in done.calls)})
    attempt.problem = f"too_many_steps: no answer after {max_steps} steps"
    return attempt

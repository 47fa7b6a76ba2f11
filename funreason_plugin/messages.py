"""A conversation as messages: what every prompt form and every row is written from.

    conversation = of_trajectory(trajectory)
    for message in conversation.messages:
        print(message.role, message.content or message.calls or message.results)

The user's side ("user", "tool") and the model's side ("assistant") alternate: the results of one assistant
message's calls, one text per call, are one "tool" message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from funreason_plugin.calls import ParsedCall, dump_json
from funreason_plugin.errors import UserError
from funreason_plugin.trajectory import Trajectory, mistakes_of, offered_late

__all__ = ["Conversation", "Message", "of_trajectory", "offer_text"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``content`` is the text of a user or of an answer; ``thought`` and ``calls`` are the
    assistant's; ``results`` has the text of every result of the calls before, in their order.

    ``mistaken``: the assistant's message is a mistake, which later messages mend: it belongs to the history, and nothing
    is trained to write it."""

    role: Literal["user", "assistant", "tool"]
    content: str = ""
    thought: str | None = None
    calls: tuple[ParsedCall, ...] = ()
    results: tuple[str, ...] = ()
    mistaken: bool = False


@dataclass(slots=True)
class Conversation:
    """Messages with the system prompt and the tools offered, as OpenAI tool documents."""

    messages: list[Message]
    system: str = ""
    tools: list[dict[str, Any]] = field(default_factory=list)

    def check(self, where: str = "conversation") -> None:
        """Raise a `UserError` that names the message where the two sides do not alternate, or the first one
        that its role cannot have."""
        expected: tuple[str, ...] = ("user",)
        calls = 0
        for number, message in enumerate(self.messages):
            place = f"{where}: messages[{number}]"
            if message.role not in expected:
                raise UserError(f"{place}: role {message.role!r}; expected {' or '.join(expected)}")
            if message.role == "tool" and len(message.results) != calls:
                raise UserError(f"{place}: {len(message.results)} results for {calls} calls")
            calls = len(message.calls)
            if message.role == "assistant":
                expected = ("tool",) if calls else ("user",)
            else:
                expected = ("assistant",)


def of_trajectory(trajectory: Trajectory, form: str = "hermes") -> Conversation:
    """The conversation of a trajectory, thoughts included.

    Tools that are offered late are in the query that offers them, written as the prompt form ``form`` writes tools.
    """
    messages: list[Message] = []
    late = offered_late(trajectory.turns)
    documents = {tool["function"]["name"]: tool for tool in trajectory.tools}
    for number, turn in enumerate(trajectory.turns):
        query = turn.query
        if number in late:
            query = offer_text([documents.pop(name) for name in late[number]], query, form)
        messages.append(Message("user", query))
        mistakes = mistakes_of(turn)
        for place, step in enumerate(turn.steps):
            calls = tuple(ParsedCall(call.name, call.arguments) for call in step.calls)
            messages.append(
                Message("assistant", thought=step.thought, calls=calls, mistaken=place in mistakes)
            )
            messages.append(Message("tool", results=tuple(dump_json(call.output) for call in step.calls)))
        messages.append(Message("assistant", turn.answer, turn.thought))
    tools = list(documents.values()) if late else trajectory.tools
    return Conversation(messages, trajectory.system, tools)


def offer_text(documents: Sequence[dict[str, Any]], query: str, form: str) -> str:
    """A query that offers tools: their documents stand before its words, as in BFCL (bfcl-eval 2026.3.23,
    DEFAULT_USER_PROMPT_FOR_ADDITIONAL_FUNCTION_PROMPTING)."""
    listed = str([tool["function"] for tool in documents])
    if form != "card":  # as the tools of the system prompt are written
        listed = "\n".join(map(dump_json, documents))
    return f"{listed}\n{query}"

"""A conversation put together message by message; what a training row cannot hold is refused where it stands.

    dialogue = Dialogue()
    dialogue.user("What is the weather?", "messages[1]")
    dialogue.assistant("messages[2]", thought="…", calls=[ParsedCall("weather", {"city": "Oslo"})])
    dialogue.results(['{"degrees": 4}'], "messages[3]")
    dialogue.assistant("messages[4]", content="4 degrees.")
    conversation = dialogue.finish("messages", system, tools)

User and assistant alternate, each call has its result before the next message, and the assistant has the last
word: with an answer, or with calls whose results are not given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from funreason_plugin.calls import ParsedCall
from funreason_plugin.converting.refusal import TOKENS, Refused, expect_object, expect_text, shown, unmarked
from funreason_plugin.messages import Conversation, Message

__all__ = ["MAX_MESSAGES", "Dialogue", "parsed_call"]

MAX_MESSAGES = 2_000
"""Most messages of one conversation: its rows repeat the history, so they grow with the square."""

_RESULT = ("<tool_response>", "</tool_response>")
_CALL = ("<tool_call>", "</tool_call>")
_THINK = ("<think>", "</think>")


class Dialogue:
    """The messages so far."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._results: list[str] = []

    @property
    def awaited(self) -> int:
        """How many results of the last message's calls are still to come."""
        last = self._messages[-1] if self._messages else None
        return len(last.calls) - len(self._results) if last and last.role == "assistant" else 0

    @property
    def calls(self) -> Sequence[ParsedCall]:
        """The calls of the last message."""
        return self._messages[-1].calls if self._messages else ()

    def user(self, content: str, field: str) -> None:
        """A user's message."""
        self._complete(field)
        if self._messages and self._messages[-1].role == "user":
            raise Refused(field, "two user messages in a row")
        if not content.strip():
            raise Refused(field, "an empty user message")
        unmarked(content, field, TOKENS + _RESULT)
        self._add(Message("user", content), field)

    def assistant(
        self, field: str, content: str = "", thought: str | None = None, calls: Iterable[ParsedCall] = ()
    ) -> None:
        """A response: an answer, calls, or both."""
        made = tuple(calls)
        if made and self.awaited and not self._results:
            mend = "put the calls of one step into one message"
            raise Refused(field, "parallel calls in consecutive assistant messages", mend)
        self._complete(field)
        if not self._messages:
            raise Refused(field, "the assistant speaks first")
        if self._messages[-1].role == "assistant":
            raise Refused(field, "two assistant messages in a row")
        if not made and not content.strip():
            raise Refused(field, "a response without text and calls")
        for text in (content, thought or ""):
            unmarked(text, field, TOKENS + _RESULT + _CALL + _THINK)
        for call in made:
            unmarked(call.name, field)
            _unmarked_values(call.arguments, field)
        self._add(Message("assistant", content, thought or None, made), field)

    def results(self, texts: Sequence[str], field: str) -> None:
        """Results of the last message's calls, in their order; may come in several parts."""
        if not self._messages or not self.calls:
            raise Refused(field, "a result without a call")
        if len(texts) > self.awaited:
            raise Refused(
                field, "more results than calls", f"{len(self._results) + len(texts)} for {len(self.calls)}"
            )
        for text in texts:
            unmarked(text, field, TOKENS + _RESULT)
        self._results += texts
        if not self.awaited:
            self._add(Message("tool", results=tuple(self._results)), field)
            self._results = []

    def finish(self, field: str, system: str = "", tools: list[dict[str, Any]] | None = None) -> Conversation:
        """The whole conversation."""
        if not self._messages:
            raise Refused(field, "no messages")
        if self._results:
            raise Refused(field, "fewer results than calls", f"{len(self._results)} for {len(self.calls)}")
        if (last := self._messages[-1].role) != "assistant":
            what = (
                "ends with a user's message" if last == "user" else "ends with results that get no response"
            )
            raise Refused(field, what)
        unmarked(system, "system", TOKENS)
        return Conversation(self._messages, system, tools or [])

    def _complete(self, field: str) -> None:
        if self.awaited:
            raise Refused(field, "fewer results than calls", f"{len(self._results)} for {len(self.calls)}")

    def _add(self, message: Message, field: str) -> None:
        if len(self._messages) == MAX_MESSAGES:
            raise Refused(field, f"more than {MAX_MESSAGES} messages")
        self._messages.append(message)


def _unmarked_values(value: object, field: str) -> None:
    if isinstance(value, str):
        unmarked(value, field)
    elif isinstance(value, dict):
        for key, item in value.items():
            unmarked(key, field)
            _unmarked_values(item, field)
    elif isinstance(value, list):
        for item in value:
            _unmarked_values(item, field)


def parsed_call(value: object, field: str) -> ParsedCall:
    """A call from {"name": …, "arguments": {…}}; other keys are refused."""
    entry = expect_object(value, field)
    name = expect_text(entry.get("name"), f"{field}.name")
    if not name.strip():
        raise Refused(f"{field}.name", "a call without a name")
    if more := sorted(entry.keys() - {"name", "arguments"}):
        raise Refused(field, "a call has more than a name and arguments", shown(more[0]))
    return ParsedCall(name, expect_object(entry.get("arguments"), f"{field}.arguments"))

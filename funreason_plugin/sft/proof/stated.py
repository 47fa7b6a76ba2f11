"""What a row says is to be learned: a conversation whose last message is the response, in any of the formats.

    said = state(row, attributes)
    said.conversation.messages[-1].thought, said.why_dropped

The history's thoughts are taken out (the model is served without them); a call is its name and its arguments by value,
however they were encoded. For `openai` rows the thought is `reasoning_content`, or a `<think>` block in the content.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from funreason_plugin.calls import ParsedCall, parse
from funreason_plugin.errors import did_you_mean
from funreason_plugin.messages import Conversation, Message
from funreason_plugin.rendering import split_results
from funreason_plugin.sft.control_tokens import Control
from funreason_plugin.sft.proof.findings import Finding
from funreason_plugin.sft.proof.function_calls import BadCalls, read_call, read_calls
from funreason_plugin.sft.proof.tool_documents import tools_of

__all__ = ["Said", "state"]

_THOUGHT = re.compile(r"\A\s*<think>(.*?)</think>\s*", re.DOTALL)
_STRICT = re.compile(r"\A<think>\n.*?\n</think>\n\n(?!\s)", re.DOTALL)


@dataclass(slots=True)
class Said:
    """A row as a conversation; ``written`` when tools and calls are part of the texts, not ``whole`` when a finding
    says what keeps it from being read."""

    conversation: Conversation = field(default_factory=lambda: Conversation([]))
    written: bool = False
    whole: bool = True
    why_dropped: str = ""
    findings: list[Finding] = field(default_factory=list)
    history_thoughts: int = 0
    dropped_thoughts: int = 0

    def find(self, kind: str, what: str) -> None:
        self.findings.append(Finding(kind, what))


@dataclass(frozen=True, slots=True)
class _Turn:
    role: str
    text: str
    calls: list[ParsedCall] | None = None


def state(row: dict[str, Any], attributes: Any, control: Control, *, escaped: bool) -> Said:
    """Read a row as its data set's attributes (LLaMA-Factory's) say. Never raises for a bad row.

    ``escaped``: the template writes tags inside of calls and tools with an escape.
    """
    said = Said()
    try:
        system, turns = _READERS[attributes.formatting](row, attributes, said)
        _conversation(said, turns)
        said.conversation.system = system
        said.conversation.tools, said_of_tools = tools_of(row, attributes)
        said.findings += said_of_tools
        said.whole = bool(said.conversation.tools) or all(
            finding.kind != "tools" for finding in said_of_tools
        )
        said.written = not said.conversation.tools and not any(m.calls for m in said.conversation.messages)
        _control_tokens(said, control, escaped)
    except BadCalls as error:
        said.find("calls", str(error))
        said.whole = False
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said.why_dropped = said.why_dropped or f"the row cannot be read: {_short(error)}"
    return said


def _short(error: Exception) -> str:
    if type(error) is ValueError:
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"


# ---------------------------------------------------------------------------------------------- formats


def _sharegpt(row: dict[str, Any], attributes: Any, said: Said) -> tuple[str, list[_Turn]]:
    column = attributes.messages
    messages, system, start = _messages(row, attributes)
    roles = {
        attributes.user_tag: "user",
        attributes.observation_tag: "tool",
        attributes.assistant_tag: "assistant",
        attributes.function_tag: "assistant",
    }
    names = [message[attributes.role_tag] for message in messages]
    said.why_dropped = _why_dropped(names, roles, column, start, attributes.function_tag)
    turns = []
    for number, (name, message) in enumerate(zip(names, messages, strict=True)):
        text = message[attributes.content_tag] or ""
        calls = None
        if name == attributes.function_tag:
            text, calls = _function_call(text, f"{column}[{number + start}]", said)
        turns.append(_Turn(roles.get(name, "user"), text, calls))
    return system, turns


def _openai(row: dict[str, Any], attributes: Any, said: Said) -> tuple[str, list[_Turn]]:
    messages, system, start = _messages(row, attributes)
    turns: list[_Turn] = []
    results: list[str] = []
    roles = {
        attributes.user_tag: "user",
        attributes.assistant_tag: "assistant",
        attributes.function_tag: "assistant",
    }
    names: list[str] = []
    for number, message in enumerate(messages):
        name, text = message[attributes.role_tag], message.get(attributes.content_tag) or ""
        if name == attributes.observation_tag:
            results.append(text)
            continue
        if results:
            turns.append(_Turn("tool", "\n</tool_response>\n<tool_response>\n".join(results)))
            names.append(attributes.observation_tag)
            results = []
        calls = None
        if listed := message.get("tool_calls"):
            calls = [
                read_call(call["function"], f"{attributes.messages}[{number + start}]") for call in listed
            ]
        if thought := message.get("reasoning_content"):
            text = f"<think>\n{thought.strip()}\n</think>\n\n{text}"
        turns.append(_Turn(roles.get(name, "user"), text, calls))
        names.append(name)
    known = {**roles, attributes.observation_tag: "tool"}
    said.why_dropped = _why_dropped(names, known, attributes.messages, start, attributes.function_tag)
    return system, turns


def _alpaca(row: dict[str, Any], attributes: Any, said: Said) -> tuple[str, list[_Turn]]:
    turns = []
    history = row.get(attributes.history) if attributes.history else None
    for query, answer in history or ():
        turns += [_Turn("user", query), _Turn("assistant", answer)]
    parts = [row.get(column) for column in (attributes.prompt, attributes.query) if column]
    turns.append(_Turn("user", "\n".join(part for part in parts if part)))
    answer = row.get(attributes.response) if attributes.response else None
    if isinstance(answer, str):
        turns.append(_Turn("assistant", answer))
    else:
        said.why_dropped = f"column {attributes.response!r} holds no text; it is the response"
    return (row.get(attributes.system) or "") if attributes.system else "", turns


_READERS = {"sharegpt": _sharegpt, "openai": _openai, "alpaca": _alpaca}


def _messages(row: dict[str, Any], attributes: Any) -> tuple[list[dict[str, Any]], str, int]:
    """The messages after a system message, the system prompt, and how many messages were left out."""
    column, tag = attributes.messages, attributes.content_tag
    messages = row.get(column)
    if not isinstance(messages, list):
        raise ValueError(f"{column} is a {type(messages).__name__}; expected a list of messages")
    for number, message in enumerate(messages):
        kind = type(message.get(tag) if isinstance(message, dict) else message).__name__
        if kind != "str" and (kind, attributes.formatting) != ("NoneType", "openai"):
            raise ValueError(f"{column}[{number}]: {tag} is a {kind}; expected a text")
    if messages and attributes.system_tag and messages[0][attributes.role_tag] == attributes.system_tag:
        return messages[1:], messages[0][attributes.content_tag] or "", 1
    return messages, (row.get(attributes.system) or "") if attributes.system else "", 0


def _why_dropped(names: Sequence[str], roles: dict[str, str], column: str, start: int, function: str) -> str:
    if not names:
        return f"{column} is empty"
    for number, name in enumerate(names):
        place = f"{column}[{number + start}]"
        sides = [tag for tag, role in roles.items() if (role == "assistant") == bool(number % 2)]
        if name in sides:
            continue
        if name not in roles:
            return f"{place}: role {name!r} is not known{did_you_mean(str(name), map(str, roles))}; expected {' or '.join(sides)}"
        if name == function and names[number - 1] == function:
            return f"{place}: {function} after {function}; parallel calls are one {function} with a JSON list"
        return f"{place}: role {name!r}; expected {' or '.join(sides)}"
    if len(names) % 2:
        return f"{column} ends with {names[-1]!r}; the last message is the response"
    return ""


# ---------------------------------------------------------------------------------------------- messages


def _function_call(text: str, place: str, said: Said) -> tuple[str, list[ParsedCall]]:
    """The thought block of a call turn and its calls; what LLaMA-Factory stops at is noted."""
    thought = _THOUGHT.match(text)
    body = text[thought.end() :] if thought else text
    if thought and not _STRICT.match(text):
        said.find("think newlines", f"{place}: the newlines around <think> are not those of the template")
    try:
        calls = read_calls(body, place)
    except RecursionError:
        raise ValueError(f"{place}: nested too deeply") from None
    except ValueError:
        parsed = parse(text)
        if "</think>" in body:  # a thought that holds one: named with the control tokens
            return text, parsed.calls
        if parsed.content or not parsed.calls:
            said.find("text beside a call", f"{place}: {(parsed.content or body).strip()[:60]!r}")
        return text[: thought.end()] if thought else "", parsed.calls
    return text[: thought.end()] if thought else "", calls


def _conversation(said: Said, turns: list[_Turn]) -> None:
    messages = said.conversation.messages
    for number, turn in enumerate(turns):
        if turn.role == "user":
            messages.append(Message("user", turn.text))
        elif turn.role == "tool":
            messages.append(Message("tool", results=tuple(split_results(turn.text))))
        else:
            found = _THOUGHT.match(turn.text)
            thought = found[1].strip() if found else ""
            content = turn.text[found.end() :] if found else turn.text
            last = number == len(turns) - 1
            if thought and not last:
                said.history_thoughts += 1
            if not content.strip() and not turn.calls:
                said.find("empty response", f"message {number} (assistant): neither an answer nor calls")
            elif found and last and turn.calls is None and not _STRICT.match(turn.text):
                said.find("think newlines", "the newlines around <think> are not those of the template")
            messages.append(Message("assistant", content, thought or None, tuple(turn.calls or ())))


def _control_tokens(said: Said, control: Control, escaped: bool) -> None:
    """Note the first text that holds a token of the chat template."""
    conversation = said.conversation
    found = [("the system prompt", control.in_system(conversation.system))]
    for number, message in enumerate(conversation.messages):
        place = f"message {number}"
        answer = message.role == "assistant"
        content = control.in_response(message.content) if answer else control.in_text(message.content)
        found += [(place, content), (f"the thought of {place}", control.in_text(message.thought or ""))]
        found += [(place, control.in_text(text)) for text in message.results]
        if message.calls:
            arguments = [call.arguments for call in message.calls]
            found.append((f"a call of {place}", control.in_value(arguments, escaped=escaped)))
    if conversation.tools:
        found.append(("a tool document", control.in_value(conversation.tools, escaped=escaped)))
    for place, token in found:
        if token:
            said.find("control tokens", f"{place} holds {token}")
            return

"""Wire forms that every server takes: notes at the end of a user message, tool results as a user message.

    content = with_notes("Book the cheapest one.", notes)
    split_notes(content)                       # ("Book the cheapest one.", notes)
    response_texts(tool_responses([output]))   # [dump_json(output)]

What a conversation quotes cannot be taken for either: notes are what stands after the last marker line (they hold
no such line themselves), and JSON is written with its tags escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from funreason_plugin.calls import dump_json

__all__ = [
    "has_notes",
    "is_responses",
    "response_texts",
    "split_notes",
    "tool_responses",
    "with_notes",
    "without_tokens",
]

_NOTES, _NOTES_END = "\n\n<private_notes>\n", "\n</private_notes>"
_RESPONSE, _RESPONSE_END = "<tool_response>\n", "\n</tool_response>"
_BETWEEN = f"{_RESPONSE_END}\n{_RESPONSE}"


def with_notes(query: str, notes: str) -> str:
    """A user's message with the notes that only A_R sees. They come last, so that the query's prefix is stable."""
    return f"{query}{_NOTES}{notes}{_NOTES_END}"


def has_notes(content: str) -> bool:
    return content.endswith(_NOTES_END)


def split_notes(content: str) -> tuple[str, str]:
    """The user's message and the notes; without notes, the content and ""."""
    start = content.rfind(_NOTES)
    if start < 0 or not has_notes(content):
        return content, ""
    return content[:start], content[start + len(_NOTES) : -len(_NOTES_END)]


def tool_responses(outputs: Iterable[Any]) -> str:
    """The outputs of one step as Qwen's template writes them: a block each, joined by a line break."""
    return "\n".join(f"{_RESPONSE}{without_tokens(dump_json(output))}{_RESPONSE_END}" for output in outputs)


def without_tokens(json_text: str) -> str:
    """The same JSON; servers that look for tokens of their chat template ("<|im_end|>") in texts find none."""
    return json_text.replace("<|", "<\\u007c") if "<|" in json_text else json_text


def is_responses(content: str) -> bool:
    return content.startswith(_RESPONSE) and content.endswith(_RESPONSE_END)


def response_texts(content: str) -> list[str]:
    """The JSON texts of `tool_responses`."""
    return content[len(_RESPONSE) : -len(_RESPONSE_END)].split(_BETWEEN) if is_responses(content) else []

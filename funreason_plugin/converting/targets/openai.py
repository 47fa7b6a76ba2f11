"""`openai/train.jsonl`: whole conversations as OpenAI messages, one a line, as TRL and others read them.

    {"id": …, "messages": [{"role": "assistant", "content": null, "reasoning_content": …, "tool_calls": […]}],
     "tools": […]}

Arguments are JSON texts and a call's id is its place: `call_3_0` is the first call of messages[3].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from funreason_plugin.converting.example import Example
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.targets import TargetOptions
from funreason_plugin.messages import Conversation, Message


def open_target(folder: Path, options: TargetOptions) -> OpenAi:
    return OpenAi(folder / "openai", options)


@dataclass(slots=True)
class OpenAi:
    """One file by split."""

    folder: Path
    options: TargetOptions
    _files: dict[str, IO[str]] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)

    def accept(self, example: Example) -> None:
        """Every conversation can be written."""

    def add(self, examples: Sequence[Example]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for example in examples:
            name = example.split
            if name not in self._files:
                path = self.folder / f"{name}.jsonl"
                self._files[name] = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115
            thoughts = self.options.format.reasoning == "full"
            row = {
                "id": example.id,
                "messages": list(messages(example.conversation, thoughts)),
                "tools": example.conversation.tools,
                **example.flags,
            }
            self._files[name].write(to_json(row) + "\n")
            self._rows[name] = self._rows.get(name, 0) + 1

    def finish(self) -> dict[str, int]:
        for file in self._files.values():
            file.close()
        return self._rows


def messages(conversation: Conversation, thoughts: bool) -> Iterator[dict[str, Any]]:
    """The messages of a conversation."""
    if conversation.system:
        yield {"role": "system", "content": conversation.system}
    number = int(bool(conversation.system))
    ids: list[str] = []
    for message in conversation.messages:
        if message.role == "tool":
            for result, identifier in zip(message.results, ids, strict=True):
                yield {"role": "tool", "tool_call_id": identifier, "content": result}
            number += len(ids)
            continue
        if message.role == "user":
            yield {"role": "user", "content": message.content}
        else:
            ids = [f"call_{number}_{index}" for index in range(len(message.calls))]
            yield _assistant(message, ids, thoughts)
        number += 1


def _assistant(message: Message, ids: Sequence[str], thoughts: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"role": "assistant", "content": message.content or None}
    if message.mistaken:
        row["weight"] = 0  # what fine-tuning at OpenAI leaves out of the loss
    if thoughts and message.thought:
        row["reasoning_content"] = message.thought
    if message.calls:
        row["tool_calls"] = [
            {
                "id": identifier,
                "type": "function",
                "function": {"name": call.name, "arguments": to_json(call.arguments)},
            }
            for identifier, call in zip(ids, message.calls, strict=True)
        ]
    return row

"""The names that prompt forms and servers take, `[a-zA-Z0-9_-]{1,64}`, for tools that are called otherwise.

conversation = with_valid_names(conversation, reading)   # refused, or renamed with --rename-tools
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from funreason_plugin.converting.example import Reading
from funreason_plugin.converting.refusal import Refused, shown
from funreason_plugin.messages import Conversation

__all__ = ["with_valid_names"]

_VALID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def with_valid_names(conversation: Conversation, reading: Reading) -> Conversation:
    """The conversation with every tool's name valid, in tools and calls alike; two tools never share one."""
    names = _names((tool["function"]["name"] for tool in conversation.tools), reading)
    if all(name == new for name, new in names.items()):
        return conversation
    tools = [
        {**tool, "function": {**tool["function"], "name": names[tool["function"]["name"]]}}
        for tool in conversation.tools
    ]
    messages = [
        replace(
            message,
            calls=tuple(call._replace(name=names.get(call.name, call.name)) for call in message.calls),
        )
        for message in conversation.messages
    ]
    return Conversation(messages, conversation.system, tools)


def _names(names: Iterable[str], reading: Reading) -> dict[str, str]:
    found: dict[str, str] = {}
    taken: set[str] = set()
    for number, name in enumerate(names):
        new = name
        if not _VALID.fullmatch(name):
            where = f"tools[{number}].name"
            if not reading.rename_tools:
                raise Refused(where, "not [a-zA-Z0-9_-]{1,64}; --rename-tools writes _ instead", shown(name))
            new = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64]
            reading.note("tools: a name with _ for what names cannot have")
        if new in taken:
            raise Refused(f"tools[{number}].name", "two tools would have one name", shown(new))
        found[name] = new
        taken.add(new)
    return found

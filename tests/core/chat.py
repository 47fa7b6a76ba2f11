"""A conversation in OpenAI's shape, and chat templates rendered as transformers and vLLM do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from funreason_plugin.chat_templates import chat_template
from funreason_plugin.messages import Conversation


def openai(conversation: Conversation, *, as_text: bool = False, ascii: bool = False) -> list[dict[str, Any]]:
    """The messages, with arguments as objects or as JSON text."""
    messages: list[dict[str, Any]] = []
    if conversation.system:
        messages.append({"role": "system", "content": conversation.system})
    for message in conversation.messages:
        if message.role == "tool":
            messages += [{"role": "tool", "content": result} for result in message.results]
            continue
        one: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.thought is not None:
            one["reasoning_content"] = message.thought
        if message.calls:
            one["tool_calls"] = [
                {
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": json.dumps(arguments, ensure_ascii=ascii) if as_text else arguments,
                    },
                }
                for name, arguments in message.calls
            ]
        messages.append(one)
    return messages


@cache
def compiled(template: str) -> jinja2.Template:
    """The template in an environment set up as in transformers/utils/chat_template_utils.py."""

    def raise_exception(message: str) -> None:
        raise jinja2.TemplateError(message)

    def tojson(
        value: Any,
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    return environment.from_string(template)


def rendered(form: str, messages: Sequence[dict[str, Any]], **options: Any) -> str:
    """What our chat template makes of the messages."""
    return compiled(chat_template(form)).render(messages=messages, **options)

"""A request as an OpenAI-compatible server wants it: the JSON of `/chat/completions` or `/completions`.

    path, body = request_body(agent, request)        # "/chat/completions", {"model": …, "messages": […], …}

The other API takes one text: the messages in ChatML, the form of Qwen's chat template.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson

from funreason_plugin.synthesis.teachers.base import Message, Request
from funreason_plugin.teacher_config import ResolvedAgent

__all__ = ["chatml", "encoded", "request_body", "seed_number"]

START, END = "<|im_start|>", "<|im_end|>"


def request_body(agent: ResolvedAgent, request: Request) -> tuple[str, dict[str, Any]]:
    """Where the request goes, below the base URL, and what is sent. ``extra_body`` has the last word."""
    body: dict[str, Any] = {"model": agent.model}
    if agent.api == "chat":
        path, body["messages"] = "/chat/completions", list(request.messages)
    else:
        path, body["prompt"], body["stop"] = "/completions", chatml(request.messages), [END]
    body["temperature"] = agent.temperature
    body["top_p"] = agent.top_p
    body["max_tokens"] = agent.max_new_tokens
    body["seed"] = seed_number(request.seed)
    if request.agent == "tooling" and agent.structured_output == "auto":
        from funreason_plugin.synthesis.advanced_tool import SCHEMA

        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "advanced_tool", "schema": SCHEMA},
        }
    return path, body


def seed_number(seed: str) -> int:
    """31 bits, as servers take them; the same on every machine."""
    return int.from_bytes(sha256(seed.encode()).digest()[:4], "big") >> 1


def chatml(messages: Sequence[Message]) -> str:
    """One block a message, and the opening of the assistant's. Marks inside a message cannot end it."""
    blocks = [f"{START}{message['role']}\n{_plain(message['content'])}{END}\n" for message in messages]
    return "".join([*blocks, f"{START}assistant\n"])


def _plain(content: str) -> str:
    return (
        content.replace(START, "<| im_start |>").replace(END, "<| im_end |>")
        if "<|im_" in content
        else content
    )


def encoded(body: dict[str, Any]) -> bytes:
    """The body's JSON."""
    try:
        return orjson.dumps(body)
    except TypeError:  # half a surrogate pair in a text, a number of more than 64 bits in extra_body
        return json.dumps(body).encode()

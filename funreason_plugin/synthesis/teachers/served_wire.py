"""Requests and replies of the OpenAI protocol, as the served scripted teacher reads and writes them.

    asked = Asked.of(orjson.loads(body), chat=True, marks=agent_marks())
    asked.agent, asked.seed, asked.messages
    reply_body(asked, text, style="plain", model="scripted", cached_tokens=0)

Which agent is asked is seen from the system prompt: it has the fixed text of that agent's template.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import jinja2

from funreason_plugin.synthesis.advanced_tool import fenced_json
from funreason_plugin.synthesis.prompt_files import Templates
from funreason_plugin.synthesis.teachers.base import AGENTS, Agent, Message, count_tokens

__all__ = ["Asked", "BadRequest", "PrefixCache", "Style", "Usage", "agent_marks", "reply_body", "usage_of"]

Style: TypeAlias = Literal["plain", "think", "reasoning_content", "reasoning"]


class BadRequest(Exception):
    """A request that is answered with status 400: one line, and the parameter concerned."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


# -- who is asked -----------------------------------------------------------------------------------------


def agent_marks() -> dict[Agent, str]:
    """The longest fixed text of each agent's system prompt, from the templates themselves."""
    marks: dict[Agent, str] = {}
    for agent in AGENTS:
        source = Templates.load().texts[agent][1]
        tree = jinja2.Environment().parse(source)
        (system,) = (block for block in tree.find_all(jinja2.nodes.Block) if block.name == "system")
        marks[agent] = max(
            (text.data for text in system.find_all(jinja2.nodes.TemplateData)), key=len
        ).strip()
    return marks


_TURN = re.compile(r"<\|im_start\|>(system|user|assistant)\n(.*?)(?:<\|im_end\|>\n?|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a reply. ``opened``: the prompt ends with ``<think>``, so that the reply goes on from there."""

    agent: Agent
    messages: tuple[Message, ...]
    seed: str
    chat: bool
    bare_json: bool
    opened: bool
    limit: int
    prompt: str

    @classmethod
    def of(cls, data: object, chat: bool, marks: Mapping[Agent, str]) -> Asked:
        """Read the JSON of a request.

        Raises:
            BadRequest: It is no such request, or no agent of this project is asked.
        """
        if not isinstance(data, dict):
            raise BadRequest("the body is no JSON object")
        if data.get("stream"):
            raise BadRequest("the scripted server does not stream", "stream")
        messages, opened = _chat(data.get("messages")) if chat else _chatml(data.get("prompt"))
        system = messages[0]["content"] if messages and messages[0]["role"] == "system" else ""
        agent = next((agent for agent, mark in marks.items() if mark in system), None)
        if agent is None:
            raise BadRequest(
                "the system prompt is none of the four agents' own; the scripted server plays the prompts that come "
                "with funreason_plugin, not replaced ones (leave out --prompts)",
                "messages" if chat else "prompt",
            )
        wanted = data.get("response_format")
        limit = data.get("max_completion_tokens", data.get("max_tokens"))
        return cls(
            agent=agent,
            messages=tuple(messages),
            seed=str(data.get("seed", "")),
            chat=chat,
            bare_json=isinstance(wanted, dict) and wanted.get("type") in ("json_schema", "json_object"),
            opened=opened,
            limit=limit if isinstance(limit, int) and limit > 0 else 1 << 60,
            prompt="".join([f"{message['role']}\n{message['content']}\n" for message in messages]),
        )


def _chat(messages: object) -> tuple[list[Message], bool]:
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages: expected a list of messages", "messages")
    read: list[Message] = []
    for number, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        if not isinstance(content, str) or message.get("role") not in ("system", "user", "assistant"):
            raise BadRequest(f"messages[{number}]: expected role and content", "messages")
        if message["role"] == "system" and number:
            raise BadRequest(f"messages[{number}]: a system message must be the first", "messages")
        read.append({"role": message["role"], "content": content})
    return read, False


def _chatml(prompt: object) -> tuple[list[Message], bool]:
    if not isinstance(prompt, str):
        raise BadRequest("prompt: expected a text in ChatML", "prompt")
    turns: list[Message] = [{"role": role, "content": text} for role, text in _TURN.findall(prompt)]
    if not turns or turns[-1]["role"] != "assistant":
        raise BadRequest("prompt: expected ChatML that ends with '<|im_start|>assistant\\n'", "prompt")
    opened = turns.pop()["content"].strip() == "<think>"
    return turns, opened


# -- what is answered -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply, four characters each; ``cached_tokens`` are part of the input."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int


class PrefixCache:
    """Which prompts' beginnings were seen lately, in blocks of 16 tokens: what a server's prefix cache would have."""

    BLOCK = 64  # characters

    def __init__(self, blocks: int = 500_000) -> None:
        self._limit = blocks
        self._seen: OrderedDict[int, None] = OrderedDict()

    def cached_tokens(self, prompt: str) -> int:
        """Tokens of the longest beginning that is known; the whole prompt is known from now on."""
        seen, chain, known, broken = self._seen, 0, 0, False
        for start in range(0, len(prompt) - self.BLOCK + 1, self.BLOCK):
            chain = hash((chain, prompt[start : start + self.BLOCK]))
            if chain in seen:
                seen.move_to_end(chain)
                known += not broken
            else:
                broken = True
                seen[chain] = None
        while len(seen) > self._limit:
            seen.popitem(last=False)
        return known * (self.BLOCK // 4)


_MUSINGS: Mapping[Agent, str] = {
    "tooling": "One tool should do all of this at once.",
    "querying": "I write it the way this person would.",
    "reasoning": "",
    "critiquing": "Something went wrong in this attempt; what was it?",
}


def reply_body(asked: Asked, text: str, style: Style, model: str, cached_tokens: int) -> dict[str, Any]:
    """A good reply as JSON: ``text`` in the style of a plain or of a reasoning model."""
    if asked.bare_json and asked.agent == "tooling":
        text = fenced_json(text)
    finish = "stop"
    if asked.agent != "reasoning" and style != "plain":
        text = f"<think>\n{_MUSINGS[asked.agent]}\n</think>\n\n{text}"
    if count_tokens(text) > asked.limit:
        text, finish = text[: 4 * asked.limit], "length"
    used = Usage(count_tokens(asked.prompt), cached_tokens, count_tokens(text))
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish, "logprobs": None}
    if asked.chat:
        choice["message"] = _message(text, style)
    else:
        choice["text"] = text.partition("<think>\n")[2] if asked.opened else text
    return {
        "id": f"chatcmpl-{time.monotonic_ns():x}",
        "object": "chat.completion" if asked.chat else "text_completion",
        "created": int(time.time()),
        "model": model,
        "choices": [choice],
        "usage": {
            "prompt_tokens": used.input_tokens,
            "completion_tokens": used.output_tokens,
            "total_tokens": used.input_tokens + used.output_tokens,
            "prompt_tokens_details": {"cached_tokens": used.cached_tokens},
        },
    }


def _message(text: str, style: Style) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if style in ("reasoning_content", "reasoning") and "</think>" in text:
        thought, _, content = text.rpartition("</think>")
        message["content"] = content.lstrip("\n")
        message[style] = thought.strip().removeprefix("<think>").strip()
    return message


def usage_of(body: Mapping[str, Any]) -> Usage:
    """The tokens that a reply says it took; zeros where it says nothing readable."""
    usage = body.get("usage")
    if not isinstance(usage, dict) or usage.get("prompt_tokens", -1) < 0:
        return Usage(0, 0, 0)
    cached = usage["prompt_tokens_details"]["cached_tokens"]
    return Usage(usage["prompt_tokens"], cached, usage["completion_tokens"])

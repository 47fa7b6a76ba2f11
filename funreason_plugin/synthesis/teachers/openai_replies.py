"""What a server's reply says: text, tokens, and whether it ended; read with tolerance, and with limits.

    reply = read_reply(body, "reasoning")
    reply.problem or reply.text                 # "" and the text; or malformed, empty, refused, error

Servers put things in different places: thoughts in `reasoning_content` or `reasoning`, calls in `tool_calls`, the text
in parts, in the field of the other API, or all of it with the thoughts. What can be read in one way only is read so;
anything else is a problem, which the endpoint meets with another try.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import orjson

from funreason_plugin.calls import dump_json, to_hermes
from funreason_plugin.synthesis.teachers.base import Agent

__all__ = ["Reply", "read_reply"]

LONGEST_TEXT = 1_000_000
"""Characters; a longer reply is cut off there."""
LONGEST_ARGUMENTS = 100_000
MOST_CALLS = 100
MOST_TOKENS = 10_000_000
"""In one request; a larger number is none."""

Problem = Literal["", "malformed", "empty", "refused", "error"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply taken apart. Tokens are None where the server does not say them, or says something impossible.

    Its texts are as the server sent them: there may be a key in them.
    """

    text: str = field(default="", repr=False)
    cut_off: bool = False
    problem: Problem = ""
    detail: str = field(default="", repr=False)
    """What is wrong; a refusal's words come from the server."""
    status: int = 0
    """Of an error that came with status 200 (problem "error")."""
    input_tokens: int | None = None
    cached_tokens: int = 0
    output_tokens: int | None = None
    said: str = field(default="", repr=False)
    """All that the model wrote, thoughts included: what its tokens are estimated from."""
    model: str = field(default="", repr=False)


def read_reply(body: bytes, agent: Agent) -> Reply:
    """The reply in a body of status 200. Never raises."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        kind = "an HTML page" if body.lstrip()[:1] == b"<" else "no valid JSON"
        return Reply(problem="malformed", detail=f"the reply is {kind}")
    if not isinstance(data, dict):
        return Reply(problem="malformed", detail="the reply is no JSON object")
    model = data.get("model")
    tokens = _usage(data.get("usage"))
    common: dict[str, Any] = {
        "model": model if isinstance(model, str) else "",
        "input_tokens": tokens[0],
        "cached_tokens": tokens[1],
        "output_tokens": tokens[2],
    }
    choices = data.get("choices")
    if not isinstance(choices, list):
        error = data.get("error")
        if error:
            return Reply(problem="error", status=_status(error), detail="an error with status 200", **common)
        return Reply(problem="malformed", detail="the reply has no choices", **common)
    if not choices:
        return Reply(problem="empty", detail="the reply has an empty list of choices", **common)
    if not isinstance(choices[0], dict):
        return Reply(problem="malformed", detail="a choice is no JSON object", **common)
    return _read_choice(choices[0], agent, common)


def _read_choice(choice: Mapping[str, Any], agent: Agent, common: dict[str, Any]) -> Reply:
    finish = choice.get("finish_reason")
    message = choice.get("message", choice.get("delta"))
    if not isinstance(message, dict):
        message = {"content": message}
    refusal = message.get("refusal")
    if (isinstance(refusal, str) and refusal.strip()) or finish == "content_filter":
        words = refusal if isinstance(refusal, str) else "stopped by a content filter"
        return Reply(problem="refused", detail=words, said=words, **common)
    content, thought = _parts(message.get("content"))
    content = content or next(
        (found for found in (message.get("text"), choice.get("text")) if isinstance(found, str)), ""
    )
    for name in ("reasoning_content", "reasoning"):
        if not thought.strip():
            thought = "".join(_parts(message.get(name, choice.get(name))))
    calls = _calls(message.get("tool_calls", choice.get("tool_calls")), message.get("function_call"))
    said = f"{thought}{content}{calls}"
    if finish in ("abort", "error"):
        return Reply(problem="malformed", detail="the server broke off the reply", said=said, **common)
    cut_off = finish in ("length", "max_tokens")
    if not content.strip() and not calls:
        thought, content = _in_the_wrong_place(thought, agent)
    if calls:
        content = f"{content.rstrip()}\n{calls}" if content.strip() else calls
    text = _with_thought(thought, content) if agent == "reasoning" else _without_thought(content)
    text = _encodable(text)
    if len(text) > LONGEST_TEXT:
        text, cut_off = text[:LONGEST_TEXT], True
    if not text.strip() and not cut_off:
        return Reply(problem="empty", detail="the reply has no text", said=said, **common)
    if not content.strip() and not cut_off:
        return Reply(problem="empty", detail="the reply is nothing but thoughts", said=said, **common)
    return Reply(text, cut_off, said=said, **common)


# -- the text ---------------------------------------------------------------------------------------------


def _parts(content: object) -> tuple[str, str]:
    """Text and thoughts of a content that is a string or a list of parts."""
    if isinstance(content, str):
        return content, ""
    text: list[str] = []
    thought: list[str] = []
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            text.append(part)
        elif isinstance(part, dict):
            if isinstance(part.get("text"), str):
                (thought if part.get("type") in ("thinking", "reasoning") else text).append(part["text"])
            thinking = part.get("thinking")
            if isinstance(thinking, (str, list)):
                thought.append(_parts(thinking)[0] if isinstance(thinking, str) else _flat(thinking))
    return "".join(text), "".join(thought)


def _flat(parts: list[Any]) -> str:
    return "".join(
        part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
    )


def _in_the_wrong_place(thought: str, agent: Agent) -> tuple[str, str]:
    """(thought, content) of a message whose text is all among the thoughts, where it is plain which is which."""
    head, closed, rest = thought.rpartition("</think>")
    if closed and rest.strip():
        return head, rest
    if agent == "reasoning" and "<tool_call>" in thought:
        head, _, rest = thought.partition("<tool_call>")
        return head, f"<tool_call>{rest}"
    if agent == "tooling" and re.fullmatch(
        r"\s*(?:```(?:json)?\s*)?\{.*\}(?:\s*```)?\s*", thought, re.DOTALL
    ):
        return "", thought
    return thought, ""


def _with_thought(thought: str, content: str) -> str:
    """A thought that the server took out of the text is put back in front; one that is still there stays."""
    thought = thought.strip().removeprefix("<think>").removesuffix("</think>").strip()
    if not thought or "</think>" in content:
        return content
    return f"<think>\n{thought}\n</think>\n{content.lstrip()}"


_TAG = re.compile("</?think>")


def _without_thought(content: str) -> str:
    """What follows the thought. Advice may speak of <think>…</think>: tags that come in pairs after it are words."""
    text = content.strip()
    opened, closed = text.count("<think>"), text.count("</think>")
    if text.startswith("<think>"):
        depth = 0
    elif closed > opened:  # the prompt opened it
        depth = 1
    else:
        return text
    if not closed:
        return ""
    for tag in _TAG.finditer(text):
        depth += 1 if tag[0] == "<think>" else -1
        if depth == 0:
            rest = text[tag.end() :]
            if rest.count("<think>") == rest.count("</think>"):
                return rest.strip()
            break
    return text.rpartition("</think>")[2].strip()


_SURROGATE = re.compile(r"[\ud800-\udfff]")


def _encodable(text: str) -> str:
    """Half a surrogate pair cannot be written to a file."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


# -- native tool calls ------------------------------------------------------------------------------------


def _calls(tool_calls: object, function_call: object) -> str:
    """The API's own tool calls as Hermes text; "" without any."""
    entries = tool_calls if isinstance(tool_calls, list) else []
    functions = [entry.get("function") for entry in entries[:MOST_CALLS] if isinstance(entry, dict)]
    if not functions and isinstance(function_call, dict):
        functions = [function_call]
    return "\n".join(_call(function) for function in functions if isinstance(function, dict))


def _call(function: Mapping[str, Any]) -> str:
    """Arguments that are no JSON object stay as they are, so that whoever reads the call rejects it."""
    name, arguments = function.get("name"), function.get("arguments")
    name = name if isinstance(name, str) else ""
    raw = arguments if isinstance(arguments, str) else orjson.dumps(arguments or {}).decode()
    try:
        if len(raw) > LONGEST_ARGUMENTS:
            raise ValueError
        read = json.loads(raw, parse_constant=_refuse) if raw.strip() else {}
        return to_hermes([(name, read)])
    except (ValueError, RecursionError):
        shown = raw[:LONGEST_ARGUMENTS].replace("<", "\\u003c")
        return f'<tool_call>\n{{"name": {dump_json(name)}, "arguments": {shown}}}\n</tool_call>'


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")


# -- tokens and errors ------------------------------------------------------------------------------------


def _usage(usage: object) -> tuple[int | None, int, int | None]:
    """Input, cached (part of input) and output tokens."""
    if not isinstance(usage, dict):
        return None, 0, None
    asked, written = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    if cached is None:
        cached = _count(usage.get("prompt_cache_hit_tokens"))  # DeepSeek
    return asked, min(cached or 0, asked or 0), written


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def _status(error: object) -> int:
    """The status that an error in a 200 has as its code; 500 where it has none."""
    code = error.get("code", error.get("status")) if isinstance(error, dict) else None
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) == 3:
        code = int(code)
    return code if type(code) is int and 400 <= code <= 599 else 500

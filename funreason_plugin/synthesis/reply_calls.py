"""One step in A_R's reply. `calls.parse` is strict, for what a model is to learn; here calls are taken as meant.

    reply = read_step(text, tools)
    reply.parsed.calls; reply.written       # the message as the conversation goes on with it

The kept sample is written anew from the parsed calls, so tolerance costs nothing where there is one way to take a
text: another tag for thoughts, prose instead of a tag, a fence instead of <tool_call>, a missing </tool_call> at the
end, "parameters" for "arguments", arguments as a JSON string. What a model writes beyond its step (results it made
up, steps after them) is cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from funreason_plugin.calls import Parsed, ParsedCall, dump_json, parse, to_hermes
from funreason_plugin.python_calls import Malformed, unique
from funreason_plugin.synthesis.replies import python_object, without_end_tokens

__all__ = ["StepReply", "read_step"]


@dataclass(frozen=True, slots=True)
class StepReply:
    """A reply taken apart, and the text that stands for it in the messages that follow."""

    parsed: Parsed
    written: str


def read_step(text: str, tools: Container[str]) -> StepReply:
    """Take a reply of A_R apart. Never raises: what is wrong is in ``parsed.error``."""
    parsed = parse(text)
    if _is_clean(parsed) and all(call.name in tools for call in parsed.calls):
        return StepReply(parsed, text)
    for candidate in _candidates(_one_step(_with_think_tags(text)), tools):
        found = parse(candidate)
        if found.error is None and not _has_tags(found.thought) and not _has_tags(found.content):
            return _as_meant(found)
    return StepReply(parsed, text)


_TAGS = ("<tool_call>", "</tool_call>", "<tool_response>", "<think>", "</think>", "<|im_")


def _has_tags(text: str | None) -> bool:
    return text is not None and any(tag in text for tag in _TAGS)


def _is_clean(parsed: Parsed) -> bool:
    """Nothing to make better: a thought, and calls or an answer that could not be anything else."""
    if parsed.error or not parsed.thought or _has_tags(parsed.thought) or _has_tags(parsed.content):
        return False
    return bool(parsed.calls) or not _LOOKS_ODD.search(parsed.content)


_LOOKS_ODD = re.compile(
    r"```|\"(?:arguments|parameters|args)\"\s*:|<function|\[TOOL_CALLS\]|<\|\w+\|>|</?answer>|"
    r"\A[*_#\s]*(?:final )?answer\b[*_]*:",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"\A[*_#\s]*(?:final )?answer[*_]*:[*_]*\s*", re.IGNORECASE)


def _as_meant(parsed: Parsed) -> StepReply:
    thought, content = parsed.thought, parsed.content
    if parsed.calls:
        # Words before a call that are in no tag are what the model thought.
        parsed = Parsed(thought or content or None, parsed.calls)
        return StepReply(parsed, f"<think>\n{parsed.thought or ''}\n</think>\n{to_hermes(parsed.calls)}")
    whole = re.fullmatch(r"<answer>(.*)</answer>", content, re.DOTALL)
    content = _ANSWER.sub("", whole[1].strip() if whole else content).strip()
    return StepReply(Parsed(thought, [], content), content)


# -- one step ---------------------------------------------------------------------------------------------

_OTHER_TAGS = re.compile(r"<(/?)(?:thinking|thought|thoughts|reasoning|reflection)>", re.IGNORECASE)
_BEYOND = re.compile(
    r"<think>|<tool_response>|<\|im_(?:start|end)\|>|<\|endoftext\|>|\n(?:user|assistant|tool)[ \t]*(?::[ \t]*)?\n"
)


def _with_think_tags(text: str) -> str:
    """<thinking> and its kind as <think>; and where </think> is missing, it stands before the first call.

    Of several thoughts in a row the last one counts: a reasoning model has thought for itself before it wrote the
    thought that it was asked for.
    """
    text = without_end_tokens(text)
    if "<think>" not in text and "</think>" not in text:
        text = _OTHER_TAGS.sub(r"<\1think>", text)
    start = text.lstrip()
    while (second := start.find("</think>")) >= 0:
        rest = start[second + len("</think>") :].lstrip()
        if not rest.startswith("<think>"):
            break
        start = text = rest
    if start.startswith("<think>") and "</think>" not in start:
        call = start.find("<tool_call>")
        if call > 0:
            return f"{start[:call]}</think>\n{start[call:]}"
    return text


def _one_step(text: str) -> str:
    """The text up to the end of its first step: a model may go on with results of its own making."""
    call = text.find("<tool_call>")
    closed = text.rfind("</think>", 0, call) if call >= 0 else text.find("</think>")
    begin = closed + len("</think>") if closed >= 0 else 0
    beyond = _BEYOND.search(text, max(begin, call))
    return text[: beyond.start()].rstrip() if beyond and text[begin : beyond.start()].strip() else text


# -- other ways to write calls ----------------------------------------------------------------------------

MOST_CALLS = 64
"""Blocks of one message that are looked at."""
_BLOCK = re.compile(r"<tool_call>(.*?)(?:</tool_call>|(?=<tool_call>)|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[ \t]*\w*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_FUNCTION = re.compile(r"<function=([\w.-]+)>\s*(\{.*?\})\s*</function>", re.DOTALL)


def _candidates(text: str, tools: Container[str]) -> list[str]:
    """The text with its calls in <tool_call> blocks, where all of them can be read, and as it is."""
    head, closed, rest = text.rpartition("</think>")
    ways: tuple[Callable[[str, Container[str]], str | None], ...]
    ways = (*(partial(_rewritten, pattern) for pattern in (_BLOCK, _FENCE, _FUNCTION)), _bare)
    found = next((written for way in ways if (written := way(rest, tools)) is not None), None)
    return [f"{head}{closed}\n{found}", text] if found is not None else [text]


def _rewritten(pattern: re.Pattern[str], text: str, tools: Container[str]) -> str | None:
    if pattern is _FUNCTION and text.count("<function=") > MOST_CALLS:
        return None
    blocks = list(islice(pattern.finditer(text), MOST_CALLS + 1))
    if not 0 < len(blocks) <= MOST_CALLS:
        return None
    parts: list[str] = []
    position = 0
    for block in blocks:
        if pattern is _FUNCTION:
            calls = _calls_in(f'{{"name": "{block[1]}", "arguments": {block[2]}}}', tools)
        else:
            calls = _calls_in(block[1], tools)
        if not calls:
            return None
        parts += [text[position : block.start()], to_hermes(calls)]
        position = block.end()
    return "".join([*parts, text[position:]])


def _bare(text: str, tools: Container[str]) -> str | None:
    """Calls without any tag, at the end of the text, each beginning a line."""
    text = text.replace("[TOOL_CALLS]", "").strip()
    for start in islice(re.finditer(r"^(?=[\[{])", text, re.MULTILINE), 20):
        calls = _calls_in(text[start.start() :], tools)
        if calls:
            return f"{text[: start.start()]}{to_hermes(calls)}"
    return None


def _calls_in(text: str, tools: Container[str]) -> list[ParsedCall]:
    """The calls that a text consists of; none where anything else stands in it."""
    text = text.strip()
    fence = re.fullmatch(r"```[ \t]*\w*[ \t]*\n(.*?)\n?[ \t]*(?:```)?", text, re.DOTALL)
    text = re.sub(r"</?tool_call>", "", fence[1] if fence else text).strip()
    if not text or len(text) > 50_000:
        return []
    strict = parse(f"<tool_call>\n{text}\n</tool_call>")
    if (
        not strict.error
        and not strict.content
        and strict.calls
        and all(c.name in tools for c in strict.calls)
    ):
        return strict.calls
    calls = [_call(value, tools) for value in _values(text)]
    return [call for call in calls if call is not None] if None not in calls else []


def _values(text: str) -> list[Any]:
    """JSON values one after another (a list counts as what is in it), or one Python literal."""
    found: list[Any] = []
    position = 0
    while position < len(text):
        try:
            value, position = _JSON.raw_decode(text, position)
        except (ValueError, RecursionError):
            literal = python_object(text)
            return [literal] if literal is not None else []
        found += value if isinstance(value, list) else [value]
        while position < len(text) and text[position] in " \t\r\n,;":
            position += 1
    return found


def _no_constant(name: str) -> Any:
    raise Malformed(f"{name} is not a JSON value")


_JSON = json.JSONDecoder(strict=False, object_pairs_hook=unique, parse_constant=_no_constant)


_NAMES = ("name", "tool", "tool_name", "function_name")
_ARGUMENTS = ("arguments", "parameters", "args", "input")
_BESIDE = frozenset(("id", "type", "call_id", "index"))


def _call(value: Any, tools: Container[str]) -> ParsedCall | None:
    """{"name", "arguments"} under its usual other names; nothing for what has more in it, or names no tool."""
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        if not value.keys() - {"function"} <= _BESIDE:
            return None
        value = value["function"]
    if not isinstance(value, dict):
        return None
    names = [key for key in (*_NAMES, "function") if isinstance(value.get(key), str)]
    given = [key for key in _ARGUMENTS if key in value]
    if len(names) != 1 or len(given) > 1 or not value.keys() - {*names, *given} <= _BESIDE:
        return None
    name = value[names[0]]
    name = name if name in tools else name.rsplit(".", 1)[-1]
    arguments = value[given[0]] if given else {}
    if isinstance(arguments, str):
        try:
            arguments = _JSON.decode(arguments)
        except (ValueError, RecursionError):
            return None
    if name not in tools or not isinstance(arguments, dict):
        return None
    try:
        dump_json(arguments)  # not with infinite numbers, nor without end
    except (ValueError, RecursionError):
        return None
    return ParsedCall(name, arguments)

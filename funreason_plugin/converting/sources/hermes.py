"""Hermes tags (NousResearch/hermes-function-calling-v1, and rows that Qwen's or our own form was written in).

    {"conversations": [{"from": "system", "value": "… <tools> [{…}, …] </tools> …"},
                       {"from": "human", "value": "…"},
                       {"from": "gpt", "value": "<tool_call>\\n{\\"arguments\\": {…}, \\"name\\": …}\\n</tool_call>"},
                       {"from": "tool", "value": "<tool_response>\\n{…}\\n</tool_response>"}, …],
     "tools": "[{…}, …]"}

Tools stand in the column `tools` (a JSON text or a list), in the system text, or in both, alike. The words
of Hermes and of Qwen3 around them, which tell how calls are written, are taken out of the system text: each
prompt form has its own. Other words beside the tools refuse the row. Much of the published data writes
calls and tools as Python literals (single quotes, True): such a row is refused, or read exactly with
`--python-literals`. Results are texts and stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

from funreason_plugin.calls import ParsedCall
from funreason_plugin.converting.dialogue import Dialogue, parsed_call
from funreason_plugin.converting.documents import tool_documents
from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.fields import identifier, not_taken, parsed_text
from funreason_plugin.converting.refusal import Refused, expect_list, expect_object, expect_text, shown

__all__ = ["SOURCE", "read"]


def read(row: Any, reading: Reading) -> Example:
    """One record as a conversation."""
    row = expect_object(row, "record")
    not_taken(row, {"id", "system", "conversations", "tools"}, reading, "record")
    turns = expect_list(row.get("conversations"), "conversations")
    system = "" if row.get("system") is None else expect_text(row["system"], "system")
    dialogue = Dialogue()
    for number, turn in enumerate(turns):
        where = f"conversations[{number}]"
        role = expect_object(turn, where).get("from")
        text = expect_text(turn.get("value"), f"{where}.value")
        if role == "system":
            if number or system:
                raise Refused(f"{where}.from", "a second system text, or one that is not the first message")
            system = text
        elif role in ("human", "user"):
            dialogue.user(text, where)
        elif role == "tool":
            dialogue.results(_results(text, f"{where}.value"), where)
        elif role in ("gpt", "assistant"):
            _response(dialogue, text, where, reading)
        else:
            raise Refused(f"{where}.from", "unknown role, expected system, human, gpt or tool", shown(role))
    system, tools = _system_and_tools(system, row.get("tools"), reading)
    return Example(dialogue.finish("conversations", system, tools), identifier(row))


# ---------------------------------------------------------------------------------------- the model's message

_CALL = re.compile(r"\s*<tool_call>(.*?)</tool_call>", re.DOTALL)


def _response(dialogue: Dialogue, text: str, where: str, reading: Reading) -> None:
    """A thought, then an answer, calls, or an answer and calls below it."""
    field = f"{where}.value"
    thought, rest = None, text.strip()
    if rest.startswith("<think>"):
        thought, closed, rest = rest.removeprefix("<think>").partition("</think>")
        thought, rest = thought.strip(), rest.strip()
        if not closed:
            raise Refused(field, "<think> is not closed")
    start = rest.find("<tool_call>")
    position = len(rest) if start < 0 else start
    content = rest[:position].strip()
    calls: list[ParsedCall] = []
    while found := _CALL.match(rest, position):
        place = f"{field}: <tool_call>[{len(calls)}]"
        calls.append(parsed_call(parsed_text(found[1].strip(), place, reading), place))
        position = found.end()
    if left := rest[position:].strip():
        reason = "<tool_call> is not closed" if left.startswith("<tool_call>") else "text after the calls"
        raise Refused(field, reason, shown(left))
    dialogue.assistant(where, content, thought, calls)


_RESULT = re.compile(r"\s*<tool_response>(.*?)</tool_response>", re.DOTALL)


def _results(text: str, field: str) -> tuple[str, ...]:
    results: list[str] = []
    position = 0
    while found := _RESULT.match(text, position):
        results.append(found[1].strip())
        position = found.end()
    if left := text[position:].strip():
        raise Refused(field, "text outside of <tool_response>…</tool_response>", shown(left))
    return tuple(results)


# ------------------------------------------------------------------------------------- the system text

_TOOLS = re.compile(r"<tools>\s*(?=[\[{])")
_HERMES = re.compile(
    r"You are a function calling AI model\.\s*You are provided with function signatures within <tools>\s*</tools> XML "
    r"tags\.\s*You may call one or more functions to assist with the user query\.\s*Don't make assumptions about what "
    r"values to plug into functions\.\s*(?:Here are the available tools:\s*)?\Z"
)
_HERMES_AFTER = re.compile(
    r"\s*(?:Use the following pydantic model json schema for each tool call you will make:\s*\{[^\n]*?\}\s*(?=For each))?"
    r"For each function call,? return a json object with function name and arguments within <tool_call>\s*</tool_call> "
    r"(?:XML )?tags(?: as follows| with the following schema)?:\s*<tool_call>[^<]*(?:<[a-z-]+>[^<]*)*</tool_call>\s*"
)
_QWEN = re.compile(
    r"# Tools\s+You may call one or more functions to assist with the user query\.\s+You are provided with function "
    r"signatures within <tools></tools> XML tags:\s*\Z"
)


def _system_and_tools(system: str, column: Any, reading: Reading) -> tuple[str, list[dict[str, Any]]]:
    offered = _documents(column, "tools", reading) if column not in (None, "", []) else None
    opening = _TOOLS.search(system)
    if opening is None:
        return system.strip(), tool_documents(offered, reading)
    listed, _, after = system[opening.end() :].partition("</tools>")
    before = system[: opening.start()]
    own = _HERMES.search(before) or _QWEN.search(before)
    if own is None or not _HERMES_AFTER.fullmatch(after):
        place = shown((before if own is None else after).strip())
        raise Refused("system", "words around <tools> that are neither Hermes' nor Qwen3's", place)
    reading.note("words of Hermes or Qwen3 about tools taken out of the system text")
    if offered is None:
        offered = _documents(listed, "system: <tools>", reading)
    elif offered != (inside := _documents(listed, "system: <tools>", reading)):
        raise Refused("system: <tools>", "not the tools of the column", f"{len(inside)} and {len(offered)}")
    return before[: own.start()].strip(), tool_documents(offered, reading)


def _documents(value: Any, field: str, reading: Reading) -> list[Any]:
    """A list, the text of one, or (as Qwen3 writes them) one object per line."""
    if not isinstance(value, str):
        return expect_list(value, field)
    if value.startswith("{"):
        return [parsed_text(line, field, reading) for line in value.splitlines() if line.strip()]
    return expect_list(parsed_text(value.strip(), field, reading), field)


SOURCE = Source(
    "hermes",
    read,
    title="Hermes tags",
    licence="Apache-2.0 (NousResearch/hermes-function-calling-v1); of other data in this form, its own",
    page="https://huggingface.co/datasets/NousResearch/hermes-function-calling-v1",
    options=("python_literals",),
)

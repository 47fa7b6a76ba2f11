"""ToolACE: `system` with the tools in its text, `conversations` of user, assistant and tool.

    {"system": "… functions in JSON format that you can invoke:\\n[{"name": "Market Trends API", …}]. …",
     "conversations": [{"from": "user", "value": "…"},
                       {"from": "assistant", "value": "[Market Trends API(trend_type=\\"MARKET_INDEXES\\")]"},
                       {"from": "tool", "value": "[{\\"name\\": \\"Market Trends API\\", \\"results\\": {…}}]"}, …]}

Its own instructions (which functions there are, how a call is written) are taken out of the system text:
each prompt form says that in its own words. Other words before the tools are kept; other words after them,
where ToolACE tells how calls are written, refuse the row.

Its tools have names with spaces and dots. Prompt forms and servers take `[a-zA-Z0-9_-]{1,64}` only: such a
row is refused, or with `--rename-tools` the name is changed alike in tools and calls.
"""

from __future__ import annotations

import re
from typing import Any

from funreason_plugin.calls import dump_json
from funreason_plugin.converting.dialogue import Dialogue
from funreason_plugin.converting.documents import tool_documents
from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.fields import identifier, not_taken
from funreason_plugin.converting.json_text import parse_json
from funreason_plugin.converting.refusal import Refused, expect_list, expect_object, expect_text, shown
from funreason_plugin.converting.tool_names import with_valid_names
from funreason_plugin.converting.toolace_calls import read_calls
from funreason_plugin.python_calls import Malformed

__all__ = ["SOURCE", "read"]


def read(row: Any, reading: Reading) -> Example:
    """One record as a conversation."""
    row = expect_object(row, "record")
    not_taken(row, {"id", "system", "conversations"}, reading, "record")
    system, documents = _system_and_tools(expect_text(row.get("system"), "system"), reading)
    names = [document["name"] for document in documents]
    dialogue = Dialogue()
    called: list[str] = []
    for number, turn in enumerate(expect_list(row.get("conversations"), "conversations")):
        where = f"conversations[{number}]"
        role = expect_object(turn, where).get("from")
        text = expect_text(turn.get("value"), f"{where}.value")
        if role == "user":
            dialogue.user(text, where)
        elif role == "tool":
            dialogue.results(_results(text, called, f"{where}.value"), where)
        elif role == "assistant":
            try:
                calls = read_calls(text, names)
            except Malformed as error:
                raise Refused(f"{where}.value", "not a call list of ToolACE", str(error)) from None
            called = [name for name, _ in calls or ()]
            dialogue.assistant(where, content="" if calls else text, calls=calls or ())
        else:
            raise Refused(f"{where}.from", "unknown role, expected user, assistant or tool", shown(role))
    tools = tool_documents(documents, reading, "system: tools")
    conversation = dialogue.finish("conversations", system, tools)
    return Example(with_valid_names(conversation, reading), identifier(row))


_MARK = "Here is a list of functions in JSON format that you can invoke:"
_BEFORE = re.compile(
    r"You are an expert in composing functions\.\s+You are given a question and a set of possible functions\.\s+"
    r"Based on the question, you will need to make one or more function/tool calls to achieve the purpose\.\s+"
    r"If none of the functions? can be used, point it out\.\s+If the given question lacks the parameters required by "
    r"the function,\s+also point it out\.\s+You should only return the function calls? in tools? call sections\.\s*\Z"
)
_AFTER = re.compile(
    r"\s*\.?\s*(?:Should you decide to return the function call\(s\)\s*[.,]?\s*Put it in the format of "
    r"\[func1\(params_name=params_value, params_name2=params_value2\.\.\.\), func2\(params\)\]\s*"
    r"NO other text MUST be included\.?\s*)?"
)


def _system_and_tools(text: str, reading: Reading) -> tuple[str, list[dict[str, Any]]]:
    before, mark, rest = text.partition(_MARK)
    if not mark:
        raise Refused("system", f'no tools; expected them after "{_MARK}"', shown(text))
    end = _end_of_list(rest)
    documents = parse_json(rest[:end], "system: tools")
    for number, document in enumerate(expect_list(documents, "system: tools")):
        where = f"system: tools[{number}]"
        expect_text(expect_object(document, where).get("name"), f"{where}.name")
        if document.get("required", "") is None:  # beside the parameters' own list, and always null
            del document["required"]
    if not _AFTER.fullmatch(rest, end):
        # It may tell to write calls in another way than the row that is made of it.
        raise Refused("system", "text after the tools that is not ToolACE's own", shown(rest[end:].strip()))
    own = _BEFORE.search(before)
    if own:
        reading.note("ToolACE's own instructions taken out of the system text")
    return (before[: own.start()] if own else before).strip(), documents


_PIECE = re.compile(r'[^"\[\]{}]+|"(?:[^"\\]|\\.)*"|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)


def _end_of_list(text: str) -> int:
    """Where the JSON list that the text begins with ends (its brackets; `parse_json` reads it)."""
    depth = 0
    for piece in _PIECE.finditer(text):
        depth += (piece["open"] is not None) - (piece["close"] is not None)
        if piece["close"] and depth <= 0:
            return piece.end()
    return len(text)


def _results(text: str, names: list[str], where: str) -> tuple[str, ...]:
    """The results of the calls, found by their names, in the order of the calls."""
    left = expect_list(parse_json(text, where), where)
    for number, entry in enumerate(left):
        if expect_object(entry, f"{where}[{number}]").keys() != {"name", "results"}:
            raise Refused(f"{where}[{number}]", 'expected {"name", "results"}', ", ".join(map(shown, entry)))
    results: list[str] = []
    for name in names:
        place = next((place for place, entry in enumerate(left) if entry["name"] == name), None)
        if place is None:
            raise Refused(where, "no result for a call", shown(name))
        results.append(dump_json(left.pop(place)["results"]))
    if left:
        raise Refused(where, "a result of what was not called", shown(left[0]["name"]))
    return tuple(results)


SOURCE = Source(
    "toolace",
    read,
    title="ToolACE",
    licence="Apache-2.0",
    page="https://huggingface.co/datasets/Team-ACE/ToolACE",
    file="data.json",
    options=("rename_tools",),
)

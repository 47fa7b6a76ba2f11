"""Phase II: one advanced tool that stands for a whole trace (paper, section 3.2), and the hint that undoes it.

The advanced tool's inputs are what the user must supply, and nothing else: the arguments whose provenance
is "query". get_zipcode(city) twice, then buy_ticket(zip_a, zip_b), becomes buy_ticket_by_city(city_a, city_b).
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from funreason_plugin.synthesis.plan import Plan, plan_of, value_at
from funreason_plugin.synthesis.plan_text import plan_text
from funreason_plugin.synthesis.replies import plain, read_object
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Turn

__all__ = [
    "SCHEMA",
    "AdvancedInput",
    "AdvancedTool",
    "AdvancedToolError",
    "fenced_json",
    "hint",
    "input_names",
    "parse_advanced_tool",
    "user_inputs",
]


class AdvancedToolError(ValueError):
    """A reply of A_T that is no advanced tool for its trace. ``code`` names the rule."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class AdvancedInput:
    """One thing the user must supply: argument ``parameter`` (a leaf path) of the trace's call ``call``."""

    name: str
    description: str
    value: Any
    call: int
    parameter: str


@dataclass(frozen=True, slots=True)
class AdvancedTool:
    """T_adv. ``outputs``: what it gives back, in words."""

    name: str
    description: str
    inputs: tuple[AdvancedInput, ...]
    outputs: tuple[str, ...]

    def with_values(self) -> dict[str, Any]:
        """What A_Q sees."""
        return {
            "name": self.name,
            "description": self.description,
            "inputs": [
                {"name": entry.name, "description": entry.description, "value": entry.value}
                for entry in self.inputs
            ],
        }

    def signature(self) -> dict[str, Any]:
        """What A_R sees: no values, which it has to read from the query."""
        return {
            "name": self.name,
            "description": self.description,
            "inputs": [{"name": entry.name, "description": entry.description} for entry in self.inputs],
            "outputs": list(self.outputs),
        }


def user_inputs(trace: Trace) -> list[tuple[int, str, Any]]:
    """(call, leaf path, value) of every argument that the user has to supply in this turn."""
    return [
        (index, path, value_at(call.arguments, path))
        for index, call in enumerate(trace.calls)
        for path, origin in call.provenance.items()
        if origin.source == "query"
    ]


def input_names(trace: Trace) -> dict[tuple[int, str], str]:
    """A unique identifier for each input: the parameter's name, with a letter where it repeats."""
    rows = [(call, path, _identifier(path)) for call, path, _ in user_inputs(trace)]
    counts: dict[str, int] = {}
    for _, _, name in rows:
        counts[name] = counts.get(name, 0) + 1
    used: set[str] = set()
    names: dict[tuple[int, str], str] = {}
    for call, path, name in rows:
        chosen, number = (name, 0) if counts[name] == 1 else (f"{name}_a", 0)
        while chosen in used:
            number += 1
            chosen = f"{name}_{chr(ord('a') + number) if number < 26 else number}"
        used.add(chosen)
        names[call, path] = chosen
    return names


@lru_cache(maxsize=4096)
def _identifier(path: str) -> str:
    """ "items[0].sku" -> "items_1_sku"."""
    parts = path.replace("]", "").replace("[", ".").split(".")
    name = "_".join(str(int(part) + 1) if part.isdigit() else part for part in parts)
    clean = "".join(letter if letter.isalnum() else "_" for letter in name)
    return clean if clean[:1].isalpha() or clean[:1] == "_" else f"input_{clean}"


_NAME = re.compile(r"[a-z][a-z0-9_]{1,63}\Z")
_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?```", re.DOTALL)


def fenced_json(text: str) -> str:
    """What stands in the last fenced block of a text; the text itself when there is none."""
    start = text.rfind("```json\n")
    if start >= 0:
        end = text.find("\n```", start)
        if end >= 0:
            return text[start + 8 : end]
    blocks = _FENCE.findall(text)
    return blocks[-1] if blocks else text


SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "snake_case"},
        "description": {"type": "string", "description": "one sentence about the outcome"},
        "inputs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "description": {"type": "string"},
                    "call": {"type": "integer"},
                    "parameter": {"type": "string"},
                },
                "required": ["name", "description", "call", "parameter"],
                "additionalProperties": False,
            },
        },
        "outputs": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name", "description", "inputs", "outputs"],
    "additionalProperties": False,
}
"""A_T's reply as a JSON schema, in the part of it that servers support for structured output ("strict")."""


def parse_advanced_tool(text: str, trace: Trace, tools: Container[str] = ()) -> AdvancedTool:
    """Read A_T's reply and hold it against the trace. ``tools``: further names that are taken.

    Keys may be missing or have other names where there is one way to take them: an input is found by call and
    parameter, else by the name it was listed with, else by a parameter that is listed once.

    Raises:
        AdvancedToolError: "advanced_tool_json" (no such object), "advanced_tool_name" (not a snake_case name,
            or a primitive tool's), "advanced_tool_inputs" (not exactly the arguments the user supplies),
            "too_long" (a text that is longer than a tool's could be).
    """
    data = read_object(text, ("name",))
    if data is None:
        raise AdvancedToolError("advanced_tool_json", "the reply holds no JSON object with a name")
    name = data["name"]
    name = _snake(name) if isinstance(name, str) and len(name) <= 200 else ""
    if not _NAME.match(name) or name in tools or name in {call.name for call in trace.calls}:
        raise AdvancedToolError(
            "advanced_tool_name", f"{str(data['name'])[:80]!r} is not a new snake_case name"
        )
    description = data.get("description")
    if not isinstance(description, str) or not description.strip():
        raise AdvancedToolError("advanced_tool_json", "the description is empty")
    inputs = _inputs(_rows(next((data[key] for key in _INPUTS if key in data), [])), trace)
    outputs = _texts(data.get("outputs", data.get("returns", ())))
    longest = max(map(len, (description, *outputs, *(entry.description for entry in inputs))))
    if longest > MAX_CHARACTERS or len(outputs) > MAX_OUTPUTS:
        raise AdvancedToolError("too_long", f"{longest} characters in one text, {len(outputs)} outputs")
    return AdvancedTool(name, _line(description), tuple(inputs), outputs)


MAX_CHARACTERS = 1000
"""Longest description."""
MAX_OUTPUTS = 60
_INPUTS = ("inputs", "parameters", "arguments", "input", "properties")


def _line(text: str) -> str:
    return " ".join(plain(text).split())


def _snake(name: str) -> str:
    """ "BookFlight" and "book flight" -> "book_flight"."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _rows(given: Any) -> list[dict[str, Any]]:
    """Inputs as a list of objects; also from {"name": {…}}, from names alone, and from a JSON schema."""
    if isinstance(given, dict):
        properties = given.get("properties")
        given = properties if isinstance(properties, dict) else given
        given = [{"name": name, **(row if isinstance(row, dict) else {})} for name, row in given.items()]
    if not isinstance(given, list):
        return [{}]
    return [row if isinstance(row, dict) else {"name": row} for row in given]


def _inputs(rows: Sequence[Mapping[str, Any]], trace: Trace) -> list[AdvancedInput]:
    listed = input_names(trace)
    wanted = {(index, path): value for index, path, value in user_inputs(trace)}
    found: dict[tuple[int, str], AdvancedInput] = {}
    surplus: list[str] = []
    for row in rows:
        place = _place(row, listed)
        if place is None or place in found:
            surplus.append(str(row.get("name", row))[:60])
            continue
        name = row.get("name")
        name = re.sub(r"\W+", "_", name.strip(), flags=re.ASCII) if isinstance(name, str) else ""
        if not re.fullmatch(r"[A-Za-z_]\w{0,79}", name) or name in {entry.name for entry in found.values()}:
            name = listed[place]
        about = row.get("description")
        about = _line(about) if isinstance(about, str) else ""
        found[place] = AdvancedInput(name, about, wanted[place], *place)
    missing = [f"{path} of call {call + 1}" for call, path in wanted if (call, path) not in found]
    if missing or surplus or len({entry.name for entry in found.values()}) != len(found):
        raise AdvancedToolError(
            "advanced_tool_inputs",
            f"inputs must be what the user supplies; missing: {missing}, too many: {surplus}, names must differ",
        )
    return list(found.values())


def _place(row: Mapping[str, Any], listed: Mapping[tuple[int, str], str]) -> tuple[int, str] | None:
    """The argument that a row of the reply is about."""
    call = re.search(r"\d+", str(row.get("call", "")))
    parameter = str(row.get("parameter", ""))
    if call and len(call[0]) < 6 and (int(call[0]) - 1, parameter) in listed:
        return int(call[0]) - 1, parameter
    name = row.get("name")
    for text in (name, parameter):
        for places in (
            [place for place, other in listed.items() if other == text],
            [place for place in listed if place[1] == text],
        ):
            if len(places) == 1:
                return places[0]
    return None


def _texts(given: Any) -> tuple[str, ...]:
    """Outputs as texts: also from objects with a name or a description, and from one text."""
    if isinstance(given, dict):
        given = list(given)
    elif not isinstance(given, (list, tuple)):
        given = [given] if isinstance(given, str) else []
    texts = [row.get("name") or row.get("description") if isinstance(row, dict) else row for row in given]
    return tuple(_line(str(text)) for text in texts if isinstance(text, (str, int, float)))


def plan_with(trace: Trace, advanced: AdvancedTool, earlier: Sequence[Turn]) -> Plan:
    """The trace's plan in terms of the advanced tool's inputs."""
    return plan_of(trace, earlier, {(entry.call, entry.parameter): entry.name for entry in advanced.inputs})


def hint(trace: Trace, advanced: AdvancedTool, earlier: Sequence[Turn] = ()) -> str:
    """What the advanced tool equals in primitive tools: numbered calls with dataflow, steps marked.

    No value in it comes from an output; only A_R sees it.
    """
    return plan_text(plan_with(trace, advanced, earlier))

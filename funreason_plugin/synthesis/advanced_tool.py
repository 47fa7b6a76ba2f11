"""Phase II: one advanced tool that stands for a whole trace (paper, section 3.2), and the hint that undoes it.

The advanced tool's inputs are what the user must supply, and nothing else: the arguments whose provenance
is "query". get_zipcode(city) twice, then buy_ticket(zip_a, zip_b), becomes buy_ticket_by_city(city_a, city_b).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from funreason_plugin.synthesis.plan import Plan, plan_of, value_at
from funreason_plugin.synthesis.plan_text import plan_text
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.trajectory import Turn

__all__ = [
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


def parse_advanced_tool(text: str, trace: Trace) -> AdvancedTool:
    """Read A_T's reply and hold it against the trace.

    Raises:
        AdvancedToolError: "advanced_tool_json" (no such object), "advanced_tool_name" (not a snake_case name,
            or a primitive tool's), "advanced_tool_inputs" (not exactly the arguments the user supplies).
    """
    try:
        data = orjson.loads(fenced_json(text))
        name, description = data["name"], data["description"]
        rows = [
            (str(row["name"]), str(row.get("description", "")), int(row["call"]) - 1, str(row["parameter"]))
            for row in data["inputs"]
        ]
        outputs = tuple(str(entry) for entry in data.get("outputs", ()))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise AdvancedToolError(
            "advanced_tool_json", f"not an advanced tool ({type(error).__name__}: {error})"
        ) from None
    if not isinstance(name, str) or not _NAME.match(name) or name in {call.name for call in trace.calls}:
        raise AdvancedToolError("advanced_tool_name", f"{name!r} is not a new snake_case name")
    if not isinstance(description, str) or not description.strip():
        raise AdvancedToolError("advanced_tool_json", "the description is empty")
    wanted = {(index, path): value for index, path, value in user_inputs(trace)}
    given = [(call, parameter) for _, _, call, parameter in rows]
    if sorted(given) != sorted(wanted) or len({row[0] for row in rows}) != len(rows):
        missing = [f"{path} of call {index + 1}" for index, path in wanted if (index, path) not in given]
        surplus = [f"{path} of call {index + 1}" for index, path in given if (index, path) not in wanted]
        raise AdvancedToolError(
            "advanced_tool_inputs",
            f"inputs must be what the user supplies; missing: {missing}, too many: {surplus}, names must differ",
        )
    for row in rows:
        if not re.fullmatch(r"[A-Za-z_]\w*", row[0]):
            raise AdvancedToolError("advanced_tool_name", f"input {row[0]!r} is not an identifier")
    inputs = tuple(AdvancedInput(row[0], row[1], wanted[row[2], row[3]], row[2], row[3]) for row in rows)
    return AdvancedTool(name, description.strip(), inputs, outputs)


def plan_with(trace: Trace, advanced: AdvancedTool, earlier: Sequence[Turn]) -> Plan:
    """The trace's plan in terms of the advanced tool's inputs."""
    return plan_of(trace, earlier, {(entry.call, entry.parameter): entry.name for entry in advanced.inputs})


def hint(trace: Trace, advanced: AdvancedTool, earlier: Sequence[Turn] = ()) -> str:
    """What the advanced tool equals in primitive tools: numbered calls with dataflow, steps marked.

    No value in it comes from an output; only A_R sees it.
    """
    return plan_text(plan_with(trace, advanced, earlier))

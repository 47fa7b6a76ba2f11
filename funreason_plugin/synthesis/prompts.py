"""The prompts of the four agents, as messages. The wording is in ``prompts/*.j2``.

Every prompt carries its material in one fenced JSON block. What does not change from turn to turn (rules,
system prompt, tool schemas) is a message of its own, written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
import orjson

from funreason_plugin.calls import dump_json, to_hermes
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.advanced_tool import AdvancedTool, plan_with, user_inputs
from funreason_plugin.synthesis.plan import plan_of
from funreason_plugin.synthesis.plan_text import plan_text
from funreason_plugin.synthesis.query import (
    INDIRECTIONS,
    LENGTHS,
    ORDERS,
    PERSONAS,
    STYLES,
    Noise,
    known_from_earlier,
)
from funreason_plugin.synthesis.teachers.base import Message
from funreason_plugin.synthesis.trace import Trace, TracedCall
from funreason_plugin.trajectory import Call, Provenance, Turn

__all__ = ["critiquing_messages", "querying_messages", "reasoning_messages", "tooling_messages"]

MAX_OUTPUT = 4000
"""Characters of one output that A_C is shown."""

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "prompts"),
    undefined=jinja2.StrictUndefined,
    autoescape=False,
    keep_trailing_newline=False,
)


@cache
def _template(agent: str) -> jinja2.Template:
    return _ENVIRONMENT.get_template(f"{agent}.j2")


def _block(agent: str, block: str, **values: str) -> str:
    template = _template(agent)
    return "".join(template.blocks[block](template.new_context(values)))


@lru_cache(maxsize=256)
def _system(agent: str, system: str = "") -> Message:
    return {"role": "system", "content": _block(agent, "system", system=system)}


def _json(material: Mapping[str, Any]) -> str:
    return orjson.dumps(material, option=orjson.OPT_NON_STR_KEYS).decode()


# -- Phase II ---------------------------------------------------------------------------------------------


def tooling_messages(
    trace: Trace, specs: Mapping[str, ToolSpec], earlier: Sequence[Turn] = ()
) -> list[Message]:
    """To A_T: abstract the trace. `parse_advanced_tool` reads the reply."""
    inputs = user_inputs(trace)
    names = _input_names(inputs)
    plan = plan_of(trace, earlier, {(call, path): names[call, path] for call, path, _ in inputs})
    material = {
        "chain": plan_text(plan, for_query=True),
        "tools": {call.name: _about(specs, call.name) for call in trace.calls},
        "inputs": [
            {"call": call + 1, "parameter": path, "name": names[call, path], "value": value}
            for call, path, value in inputs
        ],
    }
    return [
        _system("tooling"),
        {"role": "user", "content": _block("tooling", "user", material=_json(material))},
    ]


def _about(specs: Mapping[str, ToolSpec], name: str) -> str:
    return specs[name].description if name in specs else ""


def _input_names(inputs: Iterable[tuple[int, str, Any]]) -> dict[tuple[int, str], str]:
    """A unique identifier for each input: the parameter's name, with a letter where it repeats."""
    rows = [(call, path, _identifier(path)) for call, path, _ in inputs]
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


@lru_cache(maxsize=4096)
def _manner(noise: Noise) -> str:
    return (
        f"{PERSONAS[noise.persona]}; {STYLES[noise.style]}; {LENGTHS[noise.length]}; "
        f"{INDIRECTIONS[noise.indirection]}; {ORDERS[noise.order]}"
    )


def querying_messages(
    advanced: AdvancedTool, trace: Trace, noise: Noise, earlier: Sequence[Turn] = ()
) -> list[Message]:
    """To A_Q: write the user's message. The reply is that message."""
    plan = plan_with(trace, advanced, earlier)
    material = {
        "advanced_tool": {
            "name": advanced.name,
            "description": advanced.description,
            "inputs": [
                {"name": entry.name, "description": entry.description, "value": entry.value}
                for entry in advanced.inputs
            ],
        },
        "outline": plan_text(plan, for_query=True),
        "manner": _manner(noise),
        "noise": asdict(noise),
        "done_in_earlier_turns": [[call.name for call in turn.calls()] for turn in earlier],
        "known_from_earlier_turns": known_from_earlier(plan, trace, earlier),
    }
    conversation = "\n".join(f"User: {turn.query}\nAssistant: {turn.answer}" for turn in earlier)
    content = _block("querying", "user", material=_json(material), conversation=conversation)
    return [_system("querying"), {"role": "user", "content": content}]


# -- Phase III --------------------------------------------------------------------------------------------


def reasoning_messages(
    system: str,
    tools: Sequence[ToolSpec],
    earlier: Sequence[Turn],
    query: str,
    advanced: AdvancedTool,
    advice: str,
    critiques: Sequence[str] = (),
) -> list[Message]:
    """To A_R, before its first step; the chain appends each step's assistant and tool messages.

    The guidance (advanced tool, hint, critiques) is a system message of its own, before the conversation:
    it never enters the kept sample.
    """
    material: dict[str, Any] = {"advanced_tool": advanced.signature(), "solution": advice}
    if critiques:
        material["advice"] = list(critiques)
    messages = [
        _system("reasoning", system),
        _tools_message(tools),
        {"role": "system", "content": _block("reasoning", "guidance", material=_json(material))},
    ]
    for turn in earlier:
        messages += _turn_messages(turn)
    messages.append({"role": "user", "content": query})
    return messages


_TOOLS: dict[tuple[int, ...], tuple[tuple[ToolSpec, ...], Message]] = {}


def _tools_message(tools: Sequence[ToolSpec]) -> Message:
    """The schemas as Qwen's template writes them; made once per tool set (specs are compared by identity)."""
    key = tuple(map(id, tools))
    kept = _TOOLS.get(key)
    if kept is None:
        text = "\n".join(dump_json(spec.as_openai()) for spec in tools)
        if len(_TOOLS) >= 64:
            _TOOLS.clear()
        kept = (tuple(tools), {"role": "system", "content": _block("reasoning", "tools", tools=text)})
        _TOOLS[key] = kept
    return kept[1]


_TURNS: dict[int, tuple[Turn, list[Message]]] = {}


def _turn_messages(turn: Turn) -> list[Message]:
    """A finished turn as messages, without its thoughts; kept for as long as the conversation goes on."""
    kept = _TURNS.get(id(turn))
    if kept is not None and kept[0] is turn:
        return kept[1]
    messages: list[Message] = [{"role": "user", "content": turn.query}]
    for step in turn.steps:
        calls = to_hermes((call.name, call.arguments) for call in step.calls)
        messages.append({"role": "assistant", "content": calls})
        for call in step.calls:
            messages.append({"role": "tool", "name": call.name, "content": dump_json(call.output)})
    messages.append({"role": "assistant", "content": turn.answer})
    if len(_TURNS) >= 64:
        _TURNS.clear()
    _TURNS[id(turn)] = (turn, messages)
    return messages


def critiquing_messages(
    query: str,
    attempt: Sequence[Call],
    truth: Sequence[TracedCall],
    reasons: Sequence[str],
    answer: str = "",
    earlier: Sequence[Turn] = (),
) -> list[Message]:
    """To A_C: what the attempt did, what would have been right, how the results differ. The reply is advice."""
    material = {
        "request": query,
        "attempt": [
            {"name": call.name, "arguments": call.arguments, "output": _cut(call.output)} for call in attempt
        ],
        "answer": answer,
        "solution": [
            {
                "name": call.name,
                "arguments": call.arguments,
                "sources": {
                    path: _origin(origin, truth, len(earlier)) for path, origin in call.provenance.items()
                },
            }
            for call in truth
        ],
        "differences": list(reasons),
    }
    return [
        _system("critiquing"),
        {"role": "user", "content": _block("critiquing", "user", material=_json(material))},
    ]


def _cut(output: Any) -> Any:
    text = dump_json(output)
    return output if len(text) <= MAX_OUTPUT else text[:MAX_OUTPUT] + "…"


def _origin(origin: Provenance, truth: Sequence[TracedCall], turn: int) -> dict[str, Any]:
    """Where a right argument comes from, for A_C: the tool and output field, how the record is chosen."""
    row: dict[str, Any] = {"source": origin.source}
    if origin.source == "output":
        row["field"] = origin.field
        if origin.turn in (None, turn) and origin.call is not None and origin.call < len(truth):
            row["tool"] = truth[origin.call].name
            row["call"] = origin.call + 1
        if origin.choice is not None:
            row["choice"] = {"by": origin.choice.by, "key": origin.choice.key}
    return row

"""A_T, scripted: name, sentence, inputs and outputs of the advanced tool, from the outline and the tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from funreason_plugin.synthesis.plan import Plan
from funreason_plugin.synthesis.plan_text import read_plan
from funreason_plugin.synthesis.teachers import scripted_words as english
from funreason_plugin.synthesis.teachers.scripted_generic import imperative
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon, ToolWords
from funreason_plugin.synthesis.teachers.scripted_naming import record_entity
from funreason_plugin.synthesis.teachers.scripted_reader import words_of
from funreason_plugin.synthesis.teachers.scripted_selectors import superlatives

__all__ = ["advanced_tool"]


def advanced_tool(material: Mapping[str, Any], lexicon: Lexicon) -> str:
    """The reply to `Prompts.tooling`."""
    plan = read_plan(material["chain"])
    goals = [index for index, call in enumerate(plan.calls) if call.asked] or [len(plan.calls) - 1]
    reply = {
        "name": _name(plan, goals, lexicon, [row["name"] for row in material["inputs"]]),
        "description": _description(plan, goals, lexicon),
        "inputs": [
            {
                "name": row["name"],
                "description": _about(row, plan, lexicon),
                "call": row["call"],
                "parameter": row["parameter"],
            }
            for row in material["inputs"]
        ],
        "outputs": _outputs(plan, goals, lexicon),
    }
    return f"```json\n{orjson.dumps(reply).decode()}\n```"


def _name(plan: Plan, goals: list[int], lexicon: Lexicon, inputs: list[str]) -> str:
    """ "book_cheapest_flight_by_route": the last goal, what is picked, and what it is done by."""
    last = plan.calls[goals[-1]]
    parts = [_snake(last.tool)]
    picked = next((s for s in last.arguments.values() if s.by in ("min", "max") and s.kind == "output"), None)
    if picked is not None:
        text, before = superlatives(picked.key, picked.by)[0]
        entity = record_entity(lexicon[plan.calls[picked.call].tool], picked.field)
        parts.append(
            f"of_{_snake(text)}_{_snake(entity)}" if before else f"of_{_snake(entity)}_{_snake(text)}"
        )
    elif len(goals) > 1 and plan.calls[goals[-2]].tool != last.tool:
        parts.insert(0, f"{_snake(plan.calls[goals[-2]].tool)}_and")
    taken: list[str] = []
    for name in map(_snake, inputs):
        if len("_".join((*parts, "by", *taken, "and", name))) > MAX_NAME - 2:
            break
        taken.append(name)
    parts.append("by_" + "_and_".join(taken[:3]) if taken else "in_one_go")
    name = re.sub(r"_+", "_", "_".join(parts)).strip("_")[:MAX_NAME].rstrip("_")
    return f"{name[: MAX_NAME - 8]}_at_once" if name in lexicon else name


MAX_NAME = 64


def _snake(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", english.words(text).lower()).strip("_")
    return name if name[:1].isalpha() else f"do_{name}"


def _description(plan: Plan, goals: list[int], lexicon: Lexicon) -> str:
    """ "Hold a seat on a flight; finds the flight by itself." """
    said = list(dict.fromkeys(_sentence(lexicon[plan.calls[index].tool]) for index in goals))
    text = said[0] + "".join(f", and {_lowered(sentence)}" for sentence in said[1:])
    found = []
    for index in range(len(plan.calls)):
        if index not in goals:
            fed = next((s for call in plan.calls for s in call.arguments.values() if s.kind == "output" and s.call == index), None)  # fmt: skip
            if fed is not None:
                found.append(record_entity(lexicon[plan.calls[index].tool], fed.field))
    if found:
        things = list(dict.fromkeys(found))
        text += f"; the {english.joined(things)} {'are' if len(things) > 1 else 'is'} found along the way"
    return f"{text}."


def _sentence(entry: ToolWords) -> str:
    return english.capital(imperative(entry.spec))


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _about(row: Mapping[str, Any], plan: Plan, lexicon: Lexicon) -> str:
    call = plan.calls[row["call"] - 1]
    param = lexicon[call.tool].params.get(row["parameter"])
    if param is not None and param.description:
        return param.description
    return f"The {words_of(row['parameter'])}."


def _outputs(plan: Plan, goals: list[int], lexicon: Lexicon) -> list[str]:
    names: list[str] = []
    for index in goals:
        entry = lexicon[plan.calls[index].tool]
        paths = entry.spec.phrases.reports or tuple(entry.outputs)[:4]
        names += [words_of(path) for path in paths if path] or [f"what {plan.calls[index].tool} returns"]
    return list(dict.fromkeys(names))

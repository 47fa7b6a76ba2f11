"""Rows for reinforcement learning in verl 0.9.1, as `funreason_plugin.tasks` reads them.

One row per trajectory, which the agent loop `funreason` plays from its first query to its last, or one row per
response (the paper's split), or both. `prompt` has the conversation before the response written out in the prompt
form, the tools in its system text, so that the model's chat template makes the very prompt of `rendering` of it:
`data.filter_overlong_prompts=true` counts what will be prompted, and verl's own `single_turn_agent` can play rows
of kind "response". The thoughts of earlier responses are not in it, as the model is served.

What is nested (tools, scenario, queries, truth) is stored as JSON strings: Arrow pads nested optional fields
with nulls and so corrupts schemas. So verl's `RLHFDataset` and the batches made of it hand on every value
as the trajectory has it.

verl's default `data.max_prompt_length` of 512 tokens is too short: the tools alone take thousands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from funreason_plugin.environments.space import Scenario
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.messages import Conversation, Message, of_trajectory, offer_text
from funreason_plugin.rendering import PromptForm, response_text, results_text, system_text
from funreason_plugin.tasks import ROW_VERSION, Rule
from funreason_plugin.trajectory import Trajectory, Turn, faults_of, mistakes_of, offered_late

__all__ = ["AGENT", "SCHEMA", "Withheld", "call_rows", "groups", "rows"]

AGENT = "funreason"
BENCHMARK = "benchmark:bfcl"
"""The label of trajectories that are BFCL's entries, which its own checker judges."""
Withheld = Mapping[int, tuple[str, ...]]
"""Tools that cannot be called before a turn (from 0), by that turn; its query offers them (an empty one in BFCL's words)."""

_GROUP = 64 << 20
"""Characters of one row group: the rows of one trajectory repeat it."""
_TEXT = pa.string()
_MESSAGE = pa.struct([("role", _TEXT), ("content", _TEXT)])
_EXTRA = pa.struct(
    [
        ("schema_version", pa.int64()),
        ("index", pa.int64()),
        ("split", _TEXT),
        ("id", _TEXT),
        ("kind", _TEXT),
        ("turn", pa.int64()),
        ("step", pa.int64()),
        ("rule", _TEXT),
        ("prompt_form", _TEXT),
        ("labels", _TEXT),
        ("environments", _TEXT),
        ("system", _TEXT),
        ("queries", _TEXT),
        ("tools", _TEXT),
        ("scenario", _TEXT),
    ]
)
SCHEMA = pa.schema(
    [
        ("data_source", _TEXT),
        ("agent_name", _TEXT),
        ("prompt", pa.list_(_MESSAGE)),
        ("reward_model", pa.struct([("style", _TEXT), ("ground_truth", _TEXT)])),
        ("extra_info", _EXTRA),
    ]
)
Row = dict[str, Any]


def rows(trajectory: Trajectory, options: FormatOptions, withheld: Withheld | None = None) -> Iterator[Row]:
    """The rows of one trajectory, of the kinds that ``options.verl_rows`` names."""
    late = withheld or offered_late(trajectory.turns)
    if late:
        trajectory = _offered_late(trajectory, options.prompt_form, late)
    rule: Rule = "bfcl" if BENCHMARK in trajectory.labels else "environment"
    truth = _json(_truth(trajectory, late))
    extra = {
        "schema_version": ROW_VERSION,
        "index": trajectory.index,
        "split": trajectory.split,
        "rule": rule,
        "prompt_form": options.prompt_form,
        "labels": " ".join(trajectory.labels),
        "environments": _json(trajectory.environments),
        "system": trajectory.system,
        "queries": _json([turn.query for turn in trajectory.turns]),
        "tools": _json(trajectory.tools),
        "scenario": _json(_scenario(trajectory)),
    }
    for number, found in enumerate(_responses(of_trajectory(trajectory), options.prompt_form)):
        if number == 0 and options.verl_rows != "response":
            yield _row(found.prompt, truth, {**extra, "id": trajectory.id, "kind": "trajectory"}, options)
        if options.verl_rows == "trajectory":
            return
        yield _row(found.prompt, truth, {**extra, **found.columns(trajectory.id)}, options)


def call_rows(
    conversation: Conversation, identifier: str, split: str, options: FormatOptions, index: int
) -> Iterator[Row]:
    """One row per response with calls of a conversation that cannot be executed, numbered from ``index``.

    Its truth are the calls (rule "calls"). It is a turn of its own; what comes before it is in `prompt`.
    """
    form = options.prompt_form
    extra = {
        "schema_version": ROW_VERSION,
        "split": split,
        "rule": "calls",
        "prompt_form": form,
        "labels": "",
        "environments": "[]",
        "system": conversation.system,
        "tools": _json(conversation.tools),
        "scenario": _json({"seed": "", "clock": "", "states": {}}),
    }
    for found in _responses(conversation, form):
        if not found.message.calls:
            continue
        truth = _turn("base", [[{**call._asdict(), "output": None} for call in found.message.calls]])
        place = {**found.columns(identifier), "turn": 0, "step": 0, "index": index}
        yield _row(found.prompt, _json([truth]), {**extra, **place, "queries": _json([found.query])}, options)
        index += 1


def groups(made: Iterable[Row]) -> Iterator[pa.Table]:
    """The rows as tables of bounded size, one row group each."""
    waiting: list[Row] = []
    size = 0
    for row in made:
        waiting.append(row)
        size += len(row["reward_model"]["ground_truth"])
        size += sum(len(message["content"]) for message in row["prompt"])
        size += sum(len(value) for value in row["extra_info"].values() if isinstance(value, str))
        if size > _GROUP:
            yield pa.Table.from_pylist(waiting, schema=SCHEMA)
            waiting, size = [], 0
    if waiting:
        yield pa.Table.from_pylist(waiting, schema=SCHEMA)


class _Response(NamedTuple):
    """A response of a conversation: the turn, its number within the turn, and the messages before it."""

    turn: int
    step: int
    query: str
    prompt: list[dict[str, str]]
    message: Message

    def columns(self, identifier: str) -> dict[str, Any]:
        """The part of `extra_info` that says which response of the conversation ``identifier`` it is."""
        name = self.step if self.message.calls else "answer"
        return {
            "id": f"{identifier}/{self.turn}/{name}",
            "kind": "response",
            "turn": self.turn,
            "step": self.step,
        }


def _responses(conversation: Conversation, form: PromptForm) -> Iterator[_Response]:
    """The responses with what comes before them, written out."""
    prompt: list[dict[str, str]] = []
    if system := system_text(conversation.system, conversation.tools, form):
        prompt.append({"role": "system", "content": system})
    turn, step, query = -1, 0, ""
    for message in conversation.messages:
        if message.role == "user":
            turn, step, query = turn + 1, 0, message.content
            prompt.append({"role": "user", "content": query})
        elif message.role == "tool":
            content = f"<tool_response>\n{results_text(message.results, form)}\n</tool_response>"
            prompt.append({"role": "user", "content": content})
        else:
            if not message.mistaken:
                yield _Response(turn, step, query, list(prompt), message)
            prompt.append({"role": "assistant", "content": response_text(message, form)})
            step += 1


def _row(prompt: list[dict[str, str]], truth: str, extra: dict[str, Any], options: FormatOptions) -> Row:
    return {
        "data_source": options.dataset,
        "agent_name": AGENT,
        "prompt": prompt,
        "reward_model": {"style": "rule", "ground_truth": truth},
        "extra_info": extra,
    }


def _truth(trajectory: Trajectory, late: Withheld) -> list[dict[str, Any]]:
    return [
        _turn(
            turn.variant,
            [
                [
                    {"name": call.name, "arguments": call.arguments, "output": call.output}
                    for call in step.calls
                ]
                for step in turn.steps
            ],
            needed=turn.needed,
            state_hash=turn.state_hash,
            answer=turn.answer,
            withheld=[name for start, names in late.items() if number < start for name in names],
            **_recovery(turn),
        )
        for number, turn in enumerate(trajectory.turns)
    ]


def _recovery(turn: Turn) -> dict[str, Any]:
    """What goes wrong in a turn; nothing in most."""
    found = {"faults": faults_of(turn), "mistakes": mistakes_of(turn)}
    return {name: value for name, value in found.items() if value}


def _scenario(trajectory: Trajectory) -> Any:
    """What a session begins with: of a large scenario without what it was made for."""
    if "long_context" not in trajectory.labels:
        return trajectory.scenario
    packed = orjson.loads(orjson.dumps(trajectory.scenario))
    return {field.name: packed[field.name] for field in fields(Scenario)}


def _turn(variant: str, steps: list[list[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    """A turn's truth: the calls by response with their outputs, what had to be obtained, and where it leads."""
    plain = {"needed": [], "state_hash": "", "answer": "", "withheld": []}
    return {"variant": variant, "steps": steps, **plain, **more}


def _offered_late(trajectory: Trajectory, form: PromptForm, late: Withheld) -> Trajectory:
    """Without the withheld tools, which a query offers later."""
    documents = {tool["function"]["name"]: tool for tool in trajectory.tools}
    turns = [_plain(turn) for turn in trajectory.turns]
    for number, names in late.items():
        query = (
            turns[number].query or "I have updated some more functions you can choose from. What about now?"
        )
        text = offer_text([documents.pop(name) for name in names], query, form)
        turns[number] = replace(turns[number], query=text)
    return replace(trajectory, tools=list(documents.values()), turns=turns)


def _plain(turn: Turn) -> Turn:
    """An abstention as any other turn: its tools are written out in a query."""
    return Turn(**{name.name: getattr(turn, name.name) for name in fields(Turn)})


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # integers beyond 64 bits, which converted data may have
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

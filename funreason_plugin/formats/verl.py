"""Rows for reinforcement learning in verl 0.9.1: one row per trajectory.

`prompt` holds the system prompt and the first query; the agent loop `funreason` plays the rest. What is
nested (tools, scenario, queries, truth) is stored as JSON strings: Arrow pads nested optional fields
with nulls and so corrupts schemas. So verl's `RLHFDataset` and the batches made of it hand on every value
as the trajectory has it.

verl's default `data.max_prompt_length` of 512 tokens is too short: the tools alone take thousands. With
`data.filter_overlong_prompts=true` it drops the rows of the other forms, whose tools stand in the prompt;
in "hermes" it does not count them, since they come from `extra_info`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.rendering import system_text
from funreason_plugin.trajectory import Trajectory

AGENT = "funreason"
_TEXT = pa.string()
_MESSAGE = pa.struct([("role", _TEXT), ("content", _TEXT)])
_EXTRA = pa.struct(
    [
        ("index", pa.int64()),
        ("split", _TEXT),
        ("id", _TEXT),
        ("kind", _TEXT),
        ("prompt_form", _TEXT),
        ("environments", _TEXT),
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


def row(trajectory: Trajectory, options: FormatOptions) -> dict[str, Any]:
    """One trajectory as verl's agent loop and reward need it."""
    system = trajectory.system
    if options.prompt_form != "hermes":  # there verl gives the tools to the chat template
        system = system_text(system, trajectory.tools, options.prompt_form)
    prompt = [{"role": "system", "content": system}] if system else []
    prompt.append({"role": "user", "content": trajectory.turns[0].query})
    return {
        "data_source": options.dataset,
        "agent_name": AGENT,
        "prompt": prompt,
        "reward_model": {"style": "rule", "ground_truth": _json(_truth(trajectory))},
        "extra_info": {
            "index": trajectory.index,
            "split": trajectory.split,
            "id": trajectory.id,
            "kind": "trajectory",
            "prompt_form": options.prompt_form,
            "environments": _json(trajectory.environments),
            "queries": _json([turn.query for turn in trajectory.turns]),
            "tools": _json(trajectory.tools),
            "scenario": _json(trajectory.scenario),
        },
    }


def _truth(trajectory: Trajectory) -> list[dict[str, Any]]:
    """By turn: the true calls by step, what had to be obtained, and the state they lead to."""
    return [
        {
            "variant": turn.variant,
            "steps": [
                [{"name": call.name, "arguments": call.arguments} for call in step.calls]
                for step in turn.steps
            ],
            "needed": turn.needed,
            "state_hash": turn.state_hash,
        }
        for turn in trajectory.turns
    ]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def table(trajectories: Sequence[Trajectory], options: FormatOptions) -> pa.Table:
    """The rows of some trajectories."""
    return pa.Table.from_pylist([row(trajectory, options) for trajectory in trajectories], schema=SCHEMA)

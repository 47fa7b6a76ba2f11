"""What the agents are told about a follow-up: what the user does with the turn before, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from funreason_plugin.checks import acceptance
from funreason_plugin.checks.follow_up_rules import candidates_of
from funreason_plugin.checks.turns import value_at
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.advanced_tool import AdvancedTool, plan_with
from funreason_plugin.synthesis.chain import TurnRejected
from funreason_plugin.synthesis.choices import same_record
from funreason_plugin.synthesis.plan_text import plan_text
from funreason_plugin.synthesis.query import draw_noise, known_from_earlier, query_faults
from funreason_plugin.synthesis.replies import clean_query
from funreason_plugin.synthesis.teachers.base import Message
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.synthesis.variants.scene import Scene
from funreason_plugin.synthesis.variants.wording import follow_up
from funreason_plugin.trajectory import Turn

__all__ = ["situation_of", "write_follow_up"]

_SITUATIONS = {
    "correct": "A value that the user said in the turn before was wrong. The user says the right one, and no more.",
    "change_of_mind": "The user wants what was done in the turn before taken back, and something else done instead.",
    "undo_part": "Several things were done in the turn before. The user wants one of them taken back; the rest stays.",
    "refer_back": "The user speaks of one of the records that the turn before found, by comparing it with the others.",
}


def situation_of(trace: Trace, turns: Sequence[Turn], advanced: AdvancedTool) -> dict[str, Any]:
    """What both A_Q and A_R may know; no value in it."""
    follow = trace.follow_up
    assert follow is not None
    told: dict[str, Any] = {"kind": follow.kind, "situation": _SITUATIONS[follow.kind]}
    if follow.kind == "correct":
        told |= {"tool": follow.tool, "parameter": follow.parameter, "input": advanced.inputs[0].name}
    if follow.by:
        told["taken_back_by"] = follow.by
    return told


async def write_follow_up(
    scene: Scene,
    trace: Trace,
    advanced: AdvancedTool,
    turns: Sequence[Turn],
    offered: Mapping[str, ToolSpec],
    seed: str,
) -> tuple[str, dict[str, Any]]:
    """A_Q's message with its noise, asked for again when a rule refuses it.

    Raises:
        TurnRejected: It is refused each time.
    """
    chain = scene.chain
    refused: list[tuple[str, str]] = []
    for number in range(chain.options.query_tries):
        noise = asdict(draw_noise(scene.rng))
        material = _material(trace, advanced, turns, noise)
        messages: list[Message] = [
            chain.prompts.rules("querying"),
            {"role": "user", "content": follow_up(material, turns)},
        ]
        reply = await chain.ask("querying", messages, f"{seed}/{number}")
        query = clean_query(reply.text)
        refused = [reply.problem] if reply.problem else query_faults(query, advanced.name)
        refused = refused or acceptance.review_query(query, trace, turns, offered)
        if not refused:
            return query, noise
    raise TurnRejected("query", *refused[0])


def _material(
    trace: Trace, advanced: AdvancedTool, turns: Sequence[Turn], noise: Mapping[str, Any]
) -> dict[str, Any]:
    plan = plan_with(trace, advanced, turns)
    told = situation_of(trace, turns, advanced)
    if told["kind"] == "correct":
        told["was"] = _was(trace, turns[-1])
    return {
        "follow_up": told,
        "advanced_tool": advanced.with_values(),
        "outline": plan_text(plan, for_query=True),
        "noise": dict(noise),
        "done_in_earlier_turns": [[call.name for call in turn.calls()] for turn in turns],
        "known_from_earlier_turns": known_from_earlier(plan, trace, turns),
        "two_to_choose_from": _pairs(trace, turns),
        "already_meant": _meant(turns[-1], len(turns) - 1),
    }


def _was(trace: Trace, turn: Turn) -> Any:
    """The value that is corrected."""
    follow = trace.follow_up
    assert follow is not None
    return next(
        value_at(call.arguments, follow.parameter)
        for call in turn.calls()
        if call.name == follow.tool and follow.parameter in call.provenance
    )


def _meant(turn: Turn, number: int) -> list[str]:
    """Where the turn took a record of its own outputs, and none else of that list: then it is clear which one "that" is."""
    taken: dict[str, set[str]] = {}
    reasons: dict[str, str] = {}
    calls = turn.calls()
    for call in calls:
        for origin in call.provenance.values():
            if origin.choice is None or origin.turn != number or origin.call is None:
                continue
            tool = calls[origin.call].name
            taken.setdefault(tool, set()).add(f"{origin.call} {same_record(origin.field)}")
            choice = origin.choice
            reasons[tool] = f"{tool}: {choice.list} {choice.by} {choice.key} {choice.value}"
    return [reasons[tool] for tool, records in taken.items() if len(records) == 1]


def _pairs(trace: Trace, turns: Sequence[Turn]) -> list[str]:
    """Keys by which one of just two records of the turn before is told: of these one says "the cheaper one"."""
    found: dict[str, None] = {}
    for call in trace.calls:
        for origin in call.provenance.values():
            if origin.choice is None or origin.turn != len(turns) - 1 or origin.call is None:
                continue
            if candidates_of(origin.choice, turns[-1].calls()[origin.call].output) == 2:
                found[origin.choice.key] = None
    return [*found]

"""The two turns around something that is missing: the abstention, and the user's message that mends it.

    turn = await abstain(scene, "miss_param", query, noise, lack, situation, material, offered, seed)
    query = await complete(scene, [*turns, turn], material, trace, offered, seed)

An abstention is validated as any turn is: A_R's reply must call nothing, and the acceptance rules must hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from funreason_plugin.checks import acceptance
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.chain import TurnRejected
from funreason_plugin.synthesis.query import query_faults
from funreason_plugin.synthesis.replies import clean_query
from funreason_plugin.synthesis.reply_calls import read_step
from funreason_plugin.synthesis.teachers.base import Message
from funreason_plugin.synthesis.trace import Trace
from funreason_plugin.synthesis.variants.scene import Scene
from funreason_plugin.synthesis.variants.wording import abstain_notes, completion
from funreason_plugin.trajectory import AbstentionTurn, Lack, Turn
from funreason_plugin.variant_config import Variant

__all__ = ["abstain", "complete"]

_CALLED = "Nothing is to be called in this turn. Answer in words and say what is missing."


async def abstain(
    scene: Scene,
    variant: Variant,
    query: str,
    noise: Mapping[str, Any],
    lack: Lack,
    material: Mapping[str, Any],
    offered: Mapping[str, ToolSpec],
    seed: str,
) -> AbstentionTurn:
    """A_R's reply to a query that cannot be fulfilled; ``material`` is for A_R only.

    Raises:
        TurnRejected: It calls something, or a rule refuses what it says, K_max times.
    """
    chain, session = scene.chain, scene.session
    turn = AbstentionTurn(
        query=query,
        steps=[],
        thought=None,
        answer="",
        state_hash=session.state_hash(),
        needed=[],
        variant=variant,
        target=lack.tools[0] if variant != "irrelevance" else "",
        noise=dict(noise),
        lack=lack,
    )
    advice: list[str] = []
    for number in range(1, chain.options.k_max + 1):
        told = {**material, "advice": list(advice)} if advice else material
        notes = abstain_notes(told)
        messages = chain.prompts.conversation(scene.system, list(offered.values()), scene.turns, query, notes)
        reply = await chain.ask("reasoning", messages, f"{seed}/{number}/0")
        code, reason, critique = "", "", ""
        if reply.problem:
            code, reason = reply.problem
        else:
            parsed = read_step(reply.text, offered).parsed
            if parsed.error:
                code, reason = "unreadable_call", parsed.error
            elif parsed.calls:
                code, reason, critique = "called_anyway", f"{parsed.calls[0].name} was called", _CALLED
            else:
                turn.thought, turn.answer, turn.attempts = parsed.thought, parsed.content, number
                refused = acceptance.review_attempt(turn, scene.turns, offered, scene.system)
                if not refused:
                    return turn
                code, reason = refused[0]
                critique = f"Write it anew: {acceptance.RULES[code].describes}."
        advice += [critique] if critique else []
        turn.feedback.append({"attempt": number, "reason": f"{code}: {reason}", "critique": critique})
    raise TurnRejected("chain", code, reason)


async def complete(
    scene: Scene,
    turns: Sequence[Turn],
    material: Mapping[str, Any],
    trace: Trace,
    offered: Mapping[str, ToolSpec],
    seed: str,
) -> str:
    """A_Q's message that gives what was missing; ``trace`` is that of the turn that begins with it.

    Raises:
        TurnRejected: A rule refuses what it says, twice.
    """
    chain = scene.chain
    refused: list[tuple[str, str]] = []
    for number in range(chain.options.query_tries):
        messages: list[Message] = [
            chain.prompts.rules("querying"),
            {"role": "user", "content": completion(material, turns)},
        ]
        reply = await chain.ask("querying", messages, f"{seed}/{number}")
        query = clean_query(reply.text)
        refused = [reply.problem] if reply.problem else query_faults(query, "")
        refused = refused or acceptance.review_query(query, trace, turns, offered)
        if not refused:
            return query
    raise TurnRejected("query", *refused[0])

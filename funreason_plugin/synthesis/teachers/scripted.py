"""The embedded teacher: scripted, deterministic, without a model and without a network.

    teacher = ScriptedTeacher(space)
    completion = await teacher.complete(Request("querying", messages, seed="0/17"))

It answers the same prompts as a language model, from their material and from what the tools say about
themselves. It never sees the truth: as A_R it reads values in the query and in outputs, and at
`error_rate` it makes one of several kinds of mistakes until the advice in its prompt speaks of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any
from zlib import crc32

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.plan_text import read_plan
from funreason_plugin.synthesis.teachers.base import Completion, Message, Request, count_tokens
from funreason_plugin.synthesis.teachers.scripted_abstaining import (
    abstention,
    completion,
    mended,
    reading_with_value,
)
from funreason_plugin.synthesis.teachers.scripted_critiquing import critique
from funreason_plugin.synthesis.teachers.scripted_following import (
    corrected_reading,
    follow_up_query,
    followed,
    following_reading,
)
from funreason_plugin.synthesis.teachers.scripted_lexicon import Lexicon
from funreason_plugin.synthesis.teachers.scripted_mistakes import Mistake, draw_mistake, is_mended
from funreason_plugin.synthesis.teachers.scripted_naming import Past, Place
from funreason_plugin.synthesis.teachers.scripted_omission import leaving_out
from funreason_plugin.synthesis.teachers.scripted_querying import write_query
from funreason_plugin.synthesis.teachers.scripted_reader import Reading, read_query
from funreason_plugin.synthesis.teachers.scripted_reasoning import next_message
from funreason_plugin.synthesis.teachers.scripted_tooling import advanced_tool
from funreason_plugin.synthesis.teachers.scripted_view import View, material_of

__all__ = ["ScriptedTeacher"]

ERROR_RATE = 0.15


class ScriptedTeacher:
    """Plays all four agents for one space."""

    name = "scripted"
    model = "none"

    def __init__(self, space: SimulationSpace, error_rate: float = ERROR_RATE) -> None:
        if not 0 <= error_rate <= 1:
            raise ValueError(f"error_rate is {error_rate}, expected 0 to 1")
        self.error_rate = error_rate
        self.lexicon = Lexicon(space.tools)
        self._draw = lru_cache(maxsize=64)(self._drawn)

    async def complete(self, request: Request) -> Completion:
        """Answer a prompt of `synthesis.prompts`."""
        rng = Random(crc32(request.seed.encode()))
        text = self._reply(request, rng)
        read = sum(len(message["content"]) for message in request.messages)
        return Completion(text, (read + 3) // 4, count_tokens(text), self.model)

    def _reply(self, request: Request, rng: Random) -> str:
        if request.agent == "reasoning":
            return self._reason(request.messages, rng)
        material = material_of(request.messages[-1]["content"])
        if request.agent == "tooling":
            return advanced_tool(material, self.lexicon)
        if request.agent == "querying":
            if "variant" in material:
                return completion(material, self.lexicon, rng)
            if "follow_up" in material:
                return follow_up_query(material, _values(material), self.lexicon, _past(material), rng)
            return self._ask(material, rng)
        return critique(material, rng)

    def _ask(self, material: Mapping[str, Any], rng: Random) -> str:
        values = _values(material)
        lexicon = self.lexicon
        if left := material.get("leave_out"):
            lexicon = leaving_out(lexicon, left["tool"], left["parameter"]) or lexicon
        plan = read_plan(material["outline"])
        return write_query(plan, values, lexicon, material["noise"], _past(material), rng)

    def _reason(self, messages: Sequence[Message], rng: Random) -> str:
        view = View.of(messages)
        if "variant" in view.material:
            return abstention(view, self.lexicon, rng)
        if "given_now" in view.material:
            read = reading_with_value(view, self.lexicon)
            return mended(view, next_message(view, read or Reading(), self.lexicon, None, rng), rng)
        follow = view.material.get("follow_up", {})
        if follow.get("kind") == "correct":
            reading = corrected_reading(view, self.lexicon)
            return followed(
                view, next_message(view, reading, self.lexicon, None, rng), reading, self.lexicon, rng
            )
        reading = (
            following_reading(view.query, view.plan, self.lexicon, follow)
            if follow
            else read_query(view.query, view.plan, self.lexicon)
        )
        mistake = self._draw(view.query, view.solution) if self.error_rate else None
        if mistake is not None and is_mended(mistake, view.plan, view.critiques):
            mistake = None
        message = next_message(view, reading, self.lexicon, mistake, rng)
        return followed(view, message, reading, self.lexicon, rng) if follow else mended(view, message, rng)

    def _drawn(self, query: str, solution: str) -> Mistake | None:
        """The turn's mistake: the same in every attempt."""
        rng = Random(crc32(f"{query}\0{solution}".encode()))
        if rng.random() >= self.error_rate:
            return None
        plan = read_plan(solution)
        return draw_mistake(plan, read_query(query, plan, self.lexicon), self.lexicon, rng)


def _values(material: Mapping[str, Any]) -> dict[str, Any]:
    return {row["name"]: row["value"] for row in material["advanced_tool"]["inputs"]}


def _past(material: Mapping[str, Any]) -> Past:
    done = material["done_in_earlier_turns"]
    calls: dict[str, int] = {}
    for turn in done:
        for tool in turn:
            calls[tool] = calls.get(tool, 0) + 1
    known: dict[str, dict[Place, Any]] = {"user": {}, "assistant": {}, "name": {}}
    for row in material["known_from_earlier_turns"]:
        known[row["known_by"]][row["turn"] - 1, row["tool"], row["field"], row["picked"]] = row["value"]
    return Past(
        calls=calls,
        turns=len(done),
        last=tuple(done[-1]) if done else (),
        said=known["user"],
        shown=known["assistant"],
        labels=known["name"],
        declined="declined_before" in material,
        follows="follow_up" in material,
        pairs=frozenset(material.get("two_to_choose_from", ())),
        meant=frozenset(material.get("already_meant", ())),
    )

"""One real request to each of the four agents, as a run would make it."""

from __future__ import annotations

from functools import cache

from funreason_plugin.synthesis.advanced_tool import hint
from funreason_plugin.synthesis.prompts import Prompts
from funreason_plugin.synthesis.teachers.base import Agent, Message, Request
from funreason_plugin.trajectory import Call
from tests.teacher.sampled import asked

ENV = "travel"


@cache
def messages() -> dict[Agent, tuple[Message, ...]]:
    """The messages by agent."""
    one = next(one for one in asked(ENV, 12) if len(one.trace.calls) > 1)
    prompts, tools = Prompts(), tuple(one.space.tools.values())
    failed = [Call(call.name, call.arguments, {}, {"error": "no"}) for call in one.trace.calls[:1]]
    advice = hint(one.trace, one.advanced)
    return {
        "tooling": tuple(prompts.tooling(one.trace, one.space.tools)),
        "querying": tuple(prompts.querying(one.advanced, one.trace, one.noise)),
        "reasoning": tuple(prompts.reasoning(one.space.policy, tools, (), one.query, one.advanced, advice)),
        "critiquing": tuple(prompts.critiquing(one.query, failed, one.trace.calls, ["it failed"])),
    }


def request(agent: Agent, seed: int) -> Request:
    """With the seed as a server sees it."""
    return Request(agent, messages()[agent], str(seed))

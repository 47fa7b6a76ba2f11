"""Model teachers in variants: what they are told, and that a model which calls something all the same is told so."""

from __future__ import annotations

from functools import cache

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers.base import Completion, Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.trajectory import AbstentionTurn, loads
from tests.variants.made import ENV, configuration, graph

MODEL = {"teacher": "openai", "model": "none", "base_url": "http://127.0.0.1:1/v1"}
CALL = '<think>\nI look.\n</think>\n<tool_call>\n{"name": "garage_hours", "arguments": {"zone": "market"}}\n</tool_call>'


@cache
def scripted() -> ScriptedTeacher:
    return ScriptedTeacher(SimulationSpace.from_names(ENV), error_rate=0)


class Models:
    """Answers as the scripted teacher does, and keeps the requests; the first abstention is a call instead."""

    def __init__(self, impatient: bool = False) -> None:
        self.requests: list[Request] = []
        self.impatient = impatient

    async def ask(self, slot: int, request: Request) -> Completion:
        self.requests.append(request)
        if self.impatient and "cannot be fulfilled now" in request.messages[-1]["content"]:
            self.impatient = False
            return Completion(CALL, 1, 1, "none")
        return await scripted().complete(request)


def made(name: str, models: Models) -> AbstentionTurn:
    """A trajectory with the variant, played by models."""
    maker = SlotMaker(configuration(**MODEL, variants={name: 1.0}), graph(), ask=models.ask)
    line = maker.make(1).line
    assert line is not None
    return next(turn for turn in loads(line).turns if isinstance(turn, AbstentionTurn))


def notes(models: Models, agent: str, text: str) -> list[str]:
    return [
        request.messages[-1]["content"]
        for request in models.requests
        if request.agent == agent and text in request.messages[-1]["content"]
    ]


def test_the_reasoning_agent_is_told_what_is_missing_and_to_call_nothing() -> None:
    models = Models()
    turn = made("miss_func", models)
    (told, *_) = notes(models, "reasoning", "cannot be fulfilled now")
    assert "Call nothing in this turn" in told and turn.query in told
    offered = next(r for r in models.requests if r.agent == "reasoning").messages[0]["content"]
    assert f'"name": "{turn.lack.tools[0]}"' not in offered


def test_the_querying_agent_offers_the_function_and_the_reasoning_agent_sees_its_document() -> None:
    models = Models()
    turn = made("miss_func", models)
    assert notes(models, "querying", "The user has had the missing function made available")
    late = notes(models, "reasoning", "request_to_complete")
    assert late and late[0].startswith('{"type": "function", "function": {"name": "' + turn.lack.tools[0])


def test_the_querying_agent_is_told_which_value_to_leave_out_and_then_to_give_it() -> None:
    models = Models()
    turn = made("miss_param", models)
    assert notes(models, "querying", '"leave_out"') and notes(
        models, "querying", "answers the assistant's question"
    )
    assert turn.lack.parameter


def test_a_model_that_calls_something_all_the_same_is_told_and_tries_again() -> None:
    turn = made("irrelevance", Models(impatient=True))
    assert turn.attempts == 2
    assert turn.feedback[0]["reason"] in (
        "called_anyway: garage_hours was called",
        "unreadable_call: garage_hours",
    )
    assert turn.feedback[0]["critique"].startswith("Nothing is to be called")

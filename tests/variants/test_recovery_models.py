"""Model teachers where something goes wrong: what they are told, and that a slip is put into their own message."""

from __future__ import annotations

from functools import cache

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.faults import Kind
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.teachers.base import Completion, Request
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.variants.recovery import KINDS
from funreason_plugin.trajectory import RecoveryTurn, loads
from tests.variants.recovered import ENV, configuration, graph

MODEL = {"teacher": "openai", "model": "none", "base_url": "http://127.0.0.1:1/v1"}


@cache
def scripted() -> ScriptedTeacher:
    return ScriptedTeacher(SimulationSpace.from_names(ENV), error_rate=0)


def made(kind: Kind) -> tuple[RecoveryTurn, list[Request]]:
    """A turn of a kind, played by models that say what the scripted teacher says, and A_R's requests in it."""
    requests: list[Request] = []

    async def ask(slot: int, request: Request) -> Completion:
        requests.append(request)
        return await scripted().complete(request)

    line = SlotMaker(configuration(**MODEL), graph(), ask=ask).make(KINDS.index(kind)).line
    assert line is not None
    turn = next(turn for turn in loads(line).turns if isinstance(turn, RecoveryTurn))
    return turn, [request for request in requests if request.agent == "reasoning" and _about(request, turn)]


def _about(request: Request, turn: RecoveryTurn) -> bool:
    return any(m["role"] == "user" and m["content"].startswith(turn.query) for m in request.messages)


def test_the_reasoning_agent_is_told_to_read_results_and_not_what_goes_wrong() -> None:
    turn, requests = made("wrong_response")
    (notes,) = {m["content"] for m in requests[0].messages if m["content"].startswith(turn.query)}
    assert "Read every result before you use it." in notes
    assert "wrong_response" not in notes and "fault" not in notes


def test_it_learns_which_step_a_tool_builds_on_and_not_that_it_is_gone() -> None:
    turn, requests = made("precondition")
    (notes,) = {m["content"] for m in requests[0].messages if m["content"].startswith(turn.query)}
    assert '"enabled_by":{"' in notes and '":"sign_in"' in notes and "Nobody is signed in" not in notes


def test_a_slip_is_put_into_the_agents_own_message() -> None:
    turn, requests = made("own_mistake")
    (place,) = turn.recovery.mistakes
    (call,) = turn.steps[place].calls
    messages = requests[place + 1].messages
    assert messages[-2]["role"] == "assistant" and f'"name": "{call.name}"' in messages[-2]["content"]
    assert str(call.output["error"])[:20] in messages[-1]["content"]

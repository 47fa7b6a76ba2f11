"""miss_param: the request lacks a required value that no tool can give; the model asks for it; the user gives it.

A request is sampled as any other. One of the values that the user has to say is left out of its query: of a call that
nothing was to be changed before, so that asking first is right. The next turn has the value and the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from funreason_plugin.checks.turns import leaves, said
from funreason_plugin.checks.variant_tools import giver_of
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.synthesis.advanced_tool import hint
from funreason_plugin.synthesis.chain import TurnRejected
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.teachers.scripted import ScriptedTeacher
from funreason_plugin.synthesis.teachers.scripted_omission import leaving_out
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from funreason_plugin.synthesis.variants.abstention import abstain, complete
from funreason_plugin.synthesis.variants.scene import Scene, asked_before
from funreason_plugin.trajectory import Lack, Turn

__all__ = ["MissParam"]

SAMPLES = 12
"""Requests that are looked at for a value that can be left out, before the turn is given up."""
OF_SUPPORT = 0.3
"""How often a request is taken in which only a call that prepares the ground has such a value (a sign-in)."""


@dataclass(frozen=True, slots=True)
class MissParam:
    """See `scene.Maker`."""

    place: int
    withheld: frozenset[str] = frozenset()

    @classmethod
    def draw(cls, turns: int, rng: Random) -> MissParam:
        """Choose the turn. Raises SamplingFailed where there are fewer than two."""
        if turns < 2:
            raise SamplingFailed("no_room", "a missing value takes two turns")
        return cls(rng.randrange(turns - 1))

    async def play(self, scene: Scene, seed: str) -> list[Turn]:
        offered = scene.offered()
        trace, index, name = _with_a_gap(scene, offered)
        tool, value = trace.calls[index].name, trace.calls[index].arguments[name]
        chain, session, number = scene.chain, scene.session, len(scene.turns)
        start = session.snapshot()
        task = await chain.prepare(session, trace, scene.turns, offered, seed)
        session.restore(start)
        left_out = next(row for row in task.advanced.inputs if (row.call, row.parameter) == (index, name))
        inputs = tuple(row for row in task.advanced.inputs if row is not left_out)
        partly, advanced = _without(trace, index, name), replace(task.advanced, inputs=inputs)
        forgets = {"tool": tool, "parameter": name, "what": _about(offered[tool], name)} | {
            "instruction": "The user forgets to say this value. Do not say it, do not make one up, and do not hint that "
            "something is missing."
        }
        query, noise = await chain.write_query(
            partly, advanced, scene.turns, offered, scene.rng, seed, forgets
        )
        if said(query).reads(value, name):
            raise TurnRejected("query", "value_at_hand", f"{name} = {value!r} can be read from the query")
        material = {
            "variant": "miss_param",
            "situation": f"The user has not said a required value, and no tool can give it: {name} of {tool}. "
            f"{_about(offered[tool], name)}",
            "lacking": {"tool": tool, "parameter": name},
            "solution": hint(partly, advanced, scene.turns),
        }
        lack = Lack([tool], parameter=name)
        turn = await abstain(scene, "miss_param", query, noise, lack, material, offered, f"{seed}/abstain")
        turns = [*scene.turns, turn]
        now = asked_before(trace, number, {index: name})
        given = {
            "variant": "miss_param",
            "situation": "The user answers the assistant's question with the value.",
            "inputs": [
                {"tool": tool, "name": name, "description": _about(offered[tool], name), "value": value}
            ],
            "noise": noise,
        }
        task = replace(
            task,
            trace=now,
            query=await complete(scene, turns, given, now, offered, f"{seed}/given"),
            noise=noise,
            completes={
                "request_to_complete": query,
                "given_now": {"tool": tool, "parameter": name, "input": left_out.name},
            },
        )
        session.restore(start)
        done = await chain.solve(session, start, task, turns, offered, scene.system, f"{seed}/done")
        return [turn, done]


def _with_a_gap(scene: Scene, offered: Mapping[str, ToolSpec]) -> tuple[Trace, int, str]:
    """A request and the value to be left out of it: index of the call, and parameter. Raises SamplingFailed."""
    failure = SamplingFailed("nothing_to_leave_out", "no value that only the user knows can be left out")
    for _ in range(SAMPLES):
        try:
            trace = scene.sample()
        except SamplingFailed as failed:
            failure = failed
            continue
        places = _gaps(trace, scene, offered)
        asked = [place for place in places if trace.calls[place[0]].role == "goal"]
        places = asked + [place for place in places if offered[trace.calls[place[0]].name].writes]
        if asked or (places and scene.rng.random() < OF_SUPPORT):
            return trace, *scene.rng.choice(asked or places)
    raise failure


def _gaps(trace: Trace, scene: Scene, offered: Mapping[str, ToolSpec]) -> list[tuple[int, str]]:
    tables = Tables.of(scene.graph, scene.chain.space)
    teacher = scene.chain.teachers["querying"]
    lexicon = teacher.lexicon if isinstance(teacher, ScriptedTeacher) else None
    names = [call.name for call in trace.calls]
    found: list[tuple[int, str]] = []
    for index, call in enumerate(trace.calls):
        spec = offered[call.name]
        required = {param.name for param in spec.params if param.required}
        for name, origin in call.provenance.items():
            value = call.arguments.get(name)
            if origin.source != "query" or name not in required or names.count(call.name) > 1:
                continue
            if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
                continue
            if tables.tools[call.name].places[name].providers or giver_of(spec, name, offered):
                continue
            if _said_elsewhere(trace, index, name, value) or _known(scene, value, name):
                continue
            if lexicon is None or leaving_out(lexicon, call.name, name) is not None:
                found.append((index, name))
        if spec.writes:
            break  # what comes after it could be asked when it is done
    return found


def _said_elsewhere(trace: Trace, index: int, name: str, value: Any) -> bool:
    """Whether the request says the value for something else as well."""
    return any(
        leaf == value and (number, path) != (index, name)
        for number, call in enumerate(trace.calls)
        for argument, whole in call.arguments.items()
        for path, leaf in leaves(whole, argument)
    )


def _known(scene: Scene, value: Any, name: str) -> bool:
    for turn in scene.turns:
        if said(turn.query).reads(value, name) or said(turn.answer).reads(value, name):
            return True
        if any(leaf == value for call in turn.calls() for _, leaf in leaves(call.output, "")):
            return True
    return said(scene.system).reads(value, name)


def _without(trace: Trace, index: int, name: str) -> Trace:
    """The trace as far as the query speaks of it."""
    calls = list(trace.calls)
    call = calls[index]
    calls[index] = replace(
        call,
        arguments={key: value for key, value in call.arguments.items() if key != name},
        provenance={path: origin for path, origin in call.provenance.items() if path != name},
    )
    return replace(trace, calls=calls)


def _about(spec: ToolSpec, name: str) -> str:
    return next((param.description for param in spec.params if param.name == name), "")

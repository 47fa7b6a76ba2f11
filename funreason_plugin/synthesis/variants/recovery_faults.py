"""Faults for the calls of a trace: errors that pass, wrong responses, empty ones.

A wrong response is evidently wrong: it answers for another value of an argument that it repeats, or names what the conversation knows by another id (got by really asking for
that), breaks off, or holds nulls only. It is looked for among what the tools that only read gave; what a tool that writes
says of its own effect is never falsified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import orjson

from funreason_plugin.checks.closeness import acts, looks_up
from funreason_plugin.checks.setbacks import answers_other, is_broken, nothing_found
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.session import Session
from funreason_plugin.environments.spec import ToolSpec
from funreason_plugin.faults import Fault
from funreason_plugin.synthesis.trace import Trace, TracedCall

__all__ = ["empty", "transient", "wrong_response"]

ERRORS = (
    "Request timed out after 30 seconds; nothing was done.",
    "503 Service Unavailable: the request was not processed. Please try again.",
    "429 Too Many Requests: the request was refused. Try again in a moment.",
    "Connection reset before the request was received.",
    "The service is temporarily unavailable, and the request was not carried out.",
    "502 Bad Gateway: the request did not reach the service.",
    "Temporary failure: the service is restarting. No change was made.",
    "The service is busy, and the request was turned away. Please retry.",
    "504 Gateway Timeout: the request was dropped before it was processed.",
    "Rate limit reached; this request was not counted. Retry shortly.",
    "The server is overloaded at the moment. The request was rejected.",
    "Connection refused: the service could not be reached.",
)
"""None of them leaves open whether something was changed."""
TWICE = 0.25
"""How often the second call fails as well."""
OTHER = 0.6
"""How often a wrong response answers for another argument, where it can."""
FEWEST = 40
"""Characters of a response that can break off."""


def transient(trace: Trace, rng: Random) -> Fault:
    """An error that passes, on one call of the trace."""
    call = rng.choice(trace.calls)
    return Fault(call.name, {"error": rng.choice(ERRORS)}, 2 if rng.random() < TWICE else 1)


def empty(trace: Trace, turn: int, specs: Mapping[str, ToolSpec], rng: Random) -> Fault | None:
    """A look-up that gives nothing, of something that must be there: a later call needs it, or it is one record, whose id a
    tool gave."""
    used = {
        origin.call
        for call in trace.calls
        for origin in call.provenance.values()
        if origin.source == "output" and origin.turn == turn
    }
    found: list[Fault] = []
    for index, call in _read(trace, specs):
        output = _emptied(call.output)
        known = output == {} and any(origin.source == "output" for origin in call.provenance.values())
        listed = isinstance(call.output, list) or output != {}
        if not (listed or looks_up(call.name)):
            continue
        if (known or index in used) and nothing_found(output, call.arguments):
            found.append(Fault(call.name, output))
    return rng.choice(found) if found else None


def wrong_response(
    trace: Trace,
    specs: Mapping[str, ToolSpec],
    session: Session,
    rng: Random,
    known: Sequence[Any],
    picky: bool = False,
) -> Fault | None:
    """What is not the answer to the call; ``picky``: only the answer to another one will do. ``known``: the outputs of the conversation. The session stands at the
    turn's start, and is left somewhere else."""
    kinds: dict[str, list[Fault]] = {}
    start = session.snapshot()
    for index, call in _read(trace, specs):
        session.restore(start)
        outputs = [session.call(before.name, before.arguments) for before in trace.calls[:index]]
        if (
            other := _for_another(session, call, [*known, *outputs], _asked(trace, call.name), rng)
        ) is not None:
            kinds.setdefault("other", []).append(Fault(call.name, other))
        text = orjson.dumps(call.output).decode()
        if len(text) >= FEWEST and isinstance(call.output, (dict, list)):
            cut = text[: rng.randint(FEWEST // 2, max(FEWEST // 2, min(len(text) // 2, 160)))].rstrip("\\")
            kinds.setdefault("cut", []).append(Fault(call.name, cut))
            kinds.setdefault("nulls", []).append(Fault(call.name, _nulls(call.output)))
        kinds.setdefault("null", []).append(Fault(call.name, None))
    fit = {
        kind: [fault for fault in faults if kind == "other" or is_broken(fault.output)]
        for kind, faults in sorted(kinds.items())
    }
    if picky or ("other" in fit and rng.random() < OTHER):
        return rng.choice(fit["other"]) if "other" in fit else None
    left = [kind for kind, faults in fit.items() if faults]
    return rng.choice(fit[rng.choice(left)]) if left else None


def _read(trace: Trace, specs: Mapping[str, ToolSpec]) -> Iterator[tuple[int, TracedCall]]:
    """The calls of a trace that only read, each tool's first one."""
    met: set[str] = set()
    for index, call in enumerate(trace.calls):
        if call.name not in met and not specs[call.name].writes and not acts(call.name):
            yield index, call
        met.add(call.name)


def _emptied(output: Any) -> Any:
    """The same without its items; of a single record nothing at all."""
    if isinstance(output, list):
        return []
    if isinstance(output, dict):
        lists = {key: value for key, value in output.items() if isinstance(value, list)}
        rest = [value for key, value in output.items() if key not in lists]
        if lists and not any(isinstance(value, dict) for value in rest):
            sizes = {len(value) for value in lists.values()}
            return {
                key: [] if key in lists else 0 if type(value) is int and value in sizes else value
                for key, value in output.items()
            }
    return {}


def _nulls(output: Any) -> Any:
    """The same record with every value lost."""
    if isinstance(output, dict):
        return {key: _nulls(value) for key, value in output.items()}
    if isinstance(output, list):
        return [_nulls(value) for value in output[:1]]
    return None


def _asked(trace: Trace, tool: str) -> set[str]:
    """What a tool is asked about in a turn: none of it is wrong for every call."""
    return {
        value
        for call in trace.calls
        if call.name == tool
        for value in call.arguments.values()
        if isinstance(value, str)
    }


def _for_another(
    session: Session, call: TracedCall, known: Sequence[Any], asked: Collection[str], rng: Random
) -> Any:
    """What the tool really says for another value of one argument, where it shows that it is the other; else None."""
    if answers_other(call.arguments, call.output, known) is not None:
        return None  # it does not repeat its arguments as they are given
    state = session.state()
    for name in rng.sample(sorted(call.arguments), len(call.arguments)):
        value = call.arguments[name]
        if not isinstance(value, str):
            continue
        others = sorted({other for other in _beside(state, value) if other not in asked})
        for other in rng.sample(others, min(len(others), 5)):
            output = session.call(call.name, {**call.arguments, name: other})
            if is_error(output) or nothing_found(output, {**call.arguments, name: other}):
                continue
            if answers_other(call.arguments, output, known) is not None and _tells_more(output):
                return output
    return None


def _tells_more(output: Any) -> bool:
    return isinstance(output, dict) and len(output) > 1


def _beside(state: Any, value: str) -> Iterator[str]:
    """What stands in a state where the value might stand: other keys beside it, the same field of other records."""
    if isinstance(state, dict):
        if value in state:
            yield from (key for key in state if isinstance(key, str))
        records: Sequence[Any] = list(state.values())
    elif isinstance(state, list):
        if value in state:
            yield from (item for item in state if isinstance(item, str))
        records = state
    else:
        return
    shared = [item for item in records if isinstance(item, dict)]
    for field in {key for item in shared for key, found in item.items() if found == value}:
        yield from (item[field] for item in shared if isinstance(item.get(field), str))
    for item in records:
        yield from _beside(item, value)

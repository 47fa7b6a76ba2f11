"""The directed sampler: traces are executed, justified, needed, and lead to their targets."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

import pytest

from benchmarks.sampler import illegal, measure
from funreason_plugin.checks.acceptance import review_trace
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.similar import is_id, looks_like_id
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.outputs import at
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed, Trace
from tests.phase1.conversations import conversations, graph_of, space_of

SPACES = ("toys", "travel", "files", "shop", "bank", "clinic", "travel+files")


@pytest.mark.parametrize("name", SPACES)
def test_traces_are_executed_and_repeat(name: str) -> None:
    for sampled in conversations(name, 25):
        for call in sampled.trace.calls:
            output = sampled.session.call(call.name, call.arguments)
            assert not is_error(output)
            assert output == call.output


@pytest.mark.parametrize("name", SPACES)
def test_every_argument_is_what_its_provenance_yields(name: str) -> None:
    for sampled in conversations(name, 25):
        assert review_trace(sampled.trace, sampled.earlier, space_of(name).tools) == []


@pytest.mark.parametrize("name", SPACES)
def test_what_only_the_system_knows_comes_from_an_output(name: str) -> None:
    graph = graph_of(name)
    for sampled in conversations(name, 25):
        for call in sampled.trace.calls:
            for slot in graph.tools[call.name].system:
                for path, origin in call.provenance.items():
                    if path == slot:
                        assert origin.source == "output", f"{call.name}.{slot}"


@pytest.mark.parametrize("name", SPACES)
def test_a_record_of_a_list_is_chosen_for_a_reason_that_holds(name: str) -> None:
    seen = set()
    for sampled in conversations(name, 30):
        for call in sampled.trace.calls:
            for origin in call.provenance.values():
                if origin.source != "output" or "[" not in origin.field:
                    assert origin.choice is None
                    continue
                calls = sampled.trace.calls
                if origin.turn != len(sampled.earlier):
                    assert origin.turn is not None
                    calls = sampled.earlier[origin.turn].calls()  # type: ignore[assignment]
                assert origin.call is not None
                assert origin.choice is not None, "a value from a list says why this record"
                seen.add(origin.choice.by)
                output = calls[origin.call].output
                records = at(origin.choice.list, output) if origin.choice.list else output
                record = at(origin.field[: origin.field.rindex("]") + 1], output)
                if origin.choice.by == "only":
                    assert len(records) == 1
                    continue
                key = origin.choice.key
                value = record[key]
                others = [other[key] for other in records if other is not record]
                assert not isinstance(value, bool)
                assert not is_id(key)
                assert not looks_like_id(value)
                if origin.choice.by == "equals":
                    assert value == origin.choice.value
                    assert value not in others
                elif origin.choice.by == "min":
                    assert all(value < other for other in others)
                else:
                    assert all(value > other for other in others)
    assert seen & {"min", "max", "equals"}


@pytest.mark.parametrize("name", SPACES)
def test_every_call_was_needed(name: str) -> None:
    """Without a supporting call the turn fails, or an argument has no source."""
    for sampled in conversations(name, 20):
        calls = sampled.trace.calls
        fed = {
            origin.call
            for call in calls
            for origin in call.provenance.values()
            if origin.source == "output" and origin.turn == len(sampled.earlier)
        }
        start = sampled.session.snapshot()
        for index, call in enumerate(calls):
            if call.role == "goal" or index in fed:
                continue
            sampled.session.restore(start)
            rest = [c for c in calls if c is not call]
            outputs = [sampled.session.call(c.name, c.arguments) for c in rest]
            assert outputs != [c.output for c in rest], f"{call.name} enabled nothing"


@pytest.mark.parametrize("name", SPACES)
def test_steps_keep_order_and_dependencies(name: str) -> None:
    tools = space_of(name).tools
    shared = 0
    for sampled in conversations(name, 30):
        calls = sampled.trace.calls
        steps = [call.step for call in calls]
        assert steps == sorted(steps)
        assert sorted(set(steps)) == list(range(max(steps) + 1))
        shared += len(steps) - len(set(steps))
        for index, call in enumerate(calls):
            for origin in call.provenance.values():
                if origin.source == "output" and origin.turn == len(sampled.earlier):
                    assert origin.call is not None
                    assert calls[origin.call].step < call.step
            writes = [c for c in calls[:index] if tools[c.name].writes and tools[call.name].writes]
            assert all(
                c.step < call.step
                for c in writes
                if tools[c.name].environment == tools[call.name].environment
            )
    assert shared, "independent calls share a step"


@pytest.mark.parametrize("name", SPACES)
def test_goals_say_what_the_answer_reports(name: str) -> None:
    for sampled in conversations(name, 20):
        assert any(call.role == "goal" for call in sampled.trace.calls)
        for call in sampled.trace.calls:
            if call.role == "support":
                assert call.reports == []
            for path in call.reports:
                assert at(path, call.output) is not None


def test_turns_have_the_wanted_number_of_calls() -> None:
    lengths = {
        len(s.trace.calls) for s in conversations("travel+files", 60, options=SamplerOptions(calls=(2, 4)))
    }
    assert lengths == {2, 3, 4}


def test_later_turns_refer_to_earlier_ones() -> None:
    later = [s for s in conversations("travel+files", 80) if s.earlier]
    from_before = [
        origin
        for s in later
        for call in s.trace.calls
        for origin in call.provenance.values()
        if origin.turn is not None and origin.turn < len(s.earlier)
    ]
    assert {"output", "earlier_query"} <= {origin.source for origin in from_before}
    linked = sum(
        any(
            o.turn is not None and o.turn < len(s.earlier)
            for c in s.trace.calls
            for o in c.provenance.values()
        )
        for s in later
    )
    assert linked >= 0.6 * len(later)


def test_what_was_said_before_was_said_there() -> None:
    for sampled in conversations("travel+files", 60):
        for call in sampled.trace.calls:
            for path, origin in call.provenance.items():
                if origin.source == "earlier_query":
                    assert origin.turn is not None
                    said = [
                        c.arguments[p]
                        for c in sampled.earlier[origin.turn].calls()
                        for p in c.provenance
                        if p in c.arguments
                    ]
                    assert call.arguments[path] in said


def test_the_same_seed_gives_the_same_traces_in_another_process() -> None:
    code = "from tests.phase1.test_sampler import fingerprint\nprint(fingerprint())"
    environ = {**os.environ, "PYTHONHASHSEED": "4242"}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environ, check=True, text=True
    )
    assert result.stdout.strip() == fingerprint()


def fingerprint() -> str:
    import hashlib

    text = repr([sampled.trace for sampled in conversations("travel+files", 12)])
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", ["toys", "travel+files"])
def test_directed_sampling_reaches_its_target(name: str) -> None:
    space, graph = space_of(name), graph_of(name)
    targets, reached, _ = measure(space, graph, SamplerOptions(), turns=200)
    assert targets > 500
    assert reached >= 0.99 * targets
    targets, reached, _ = measure(space, graph, SamplerOptions(kind="random"), turns=50)
    assert reached < 0.5 * targets, "the baseline does not"


def test_a_target_may_be_given_and_takes_its_prerequisites_along() -> None:
    space, graph = space_of("toys"), graph_of("toys")
    with space.session(space.scenario(3)) as session:
        trace = sample_turn(session, graph, SamplerOptions(), Random(1), target="pay")
    names = [call.name for call in trace.calls]
    assert set(names) >= {"sign_in", "find_crossings", "reserve", "pay"}
    assert trace.target == "pay"
    assert trace.reached


def test_two_arguments_of_one_kind_take_two_look_ups() -> None:
    space, graph = space_of("toys"), graph_of("toys")
    with space.session(space.scenario(3)) as session:
        trace = sample_turn(session, graph, SamplerOptions(calls=(1, 3)), Random(1), target="distance")
    assert [(call.name, call.step) for call in trace.calls] == [
        ("get_zipcode", 0),
        ("get_zipcode", 0),
        ("distance", 1),
    ]
    zips = trace.calls[2].arguments
    assert zips["zip_a"] != zips["zip_b"]


def test_wanted_tools_are_targets_more_often() -> None:
    weights = dict.fromkeys(space_of("toys").tools, 0.0) | {"drive": 1.0, "order": 1.0}
    drawn = {s.trace.target for s in conversations("toys", 20, 1, SamplerOptions(weights=weights))}
    assert drawn <= {"drive", "order"}


@pytest.mark.parametrize(
    "target, tools, code",
    [
        ("drive", ["drive", "get_zipcode"], "target_unreachable"),
        ("order_status", ["order_status"], "target_unreachable"),
    ],
)
def test_a_target_out_of_reach_is_named(target: str, tools: list[str], code: str) -> None:
    space, graph = space_of("toys"), graph_of("toys").restricted(tools)
    with space.session(space.scenario(3)) as session, pytest.raises(SamplingFailed) as caught:
        sample_turn(session, graph, SamplerOptions(), Random(1), target=target)
    assert caught.value.code == code
    assert target in caught.value.detail


def test_a_target_that_takes_too_many_calls_is_refused() -> None:
    space, graph = space_of("toys"), graph_of("toys")
    with (
        space.session(space.scenario(3)) as session,
        pytest.raises(SamplingFailed, match="takes 4 calls, not 1-2"),
    ):
        sample_turn(session, graph, SamplerOptions(calls=(1, 2)), Random(1), target="order_status")


def test_no_target_when_nothing_can_be_reached() -> None:
    space, graph = space_of("toys"), graph_of("toys").restricted(["order_status"])
    with space.session(space.scenario(3)) as session, pytest.raises(SamplingFailed) as caught:
        sample_turn(session, graph, SamplerOptions(), Random(1))
    assert caught.value.code == "no_legal_tool"


def test_the_random_baseline_takes_any_legal_tool() -> None:
    traces: list[Trace] = [
        s.trace for s in conversations("toys", 40, 1, SamplerOptions(kind="random", calls=(3, 3)))
    ]
    assert all(len(trace.calls) == 3 for trace in traces)
    assert sum(trace.reached for trace in traces) < 0.6 * len(traces)


def test_illegal_targets_have_unmet_prerequisites() -> None:
    tables = Tables.of(graph_of("toys"), space_of("toys"))
    names = illegal(tables, History(), 5)
    assert "drive" in names
    assert "sign_in" not in names

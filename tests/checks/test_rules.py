"""Each acceptance rule has a sample that only it rejects: one mutation of a good conversation."""

from __future__ import annotations

import time

import pytest

from funreason_plugin.checks.acceptance import RULES, review_query, review_trace, review_trajectory
from funreason_plugin.synthesis.trace import Trace, TracedCall
from tests.checks import mutations_recovery  # noqa: F401 - it registers
from tests.checks.desk import SPACE, conversation
from tests.checks.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize(
    ("name", "mutation"), [pytest.param(name, m, id=name) for name, found in MUTATIONS.items() for m in found]
)
def test_only_this_rule_rejects(name: str, mutation: Mutation) -> None:
    trajectory = conversation(0)
    assert list(review_trajectory(trajectory)) == []
    mutation(trajectory)
    assert {rule for _, rule, _ in review_trajectory(trajectory)} == {name}


def test_every_rule_has_a_sample_and_a_line_of_description() -> None:
    assert set(MUTATIONS) == set(RULES)
    assert all(rule.describes and "\n" not in rule.describes for rule in RULES.values())


@pytest.mark.parametrize("seed", range(20))
def test_good_conversations_pass(seed: int) -> None:
    assert list(review_trajectory(conversation(seed))) == []


def test_traces_and_queries_are_judged_as_early_as_they_can_be() -> None:
    good = conversation(0)
    calls = good.turns[0].calls()
    trace = Trace(
        [TracedCall(c.name, c.arguments, c.provenance, c.output, n) for n, c in enumerate(calls)],
        "book_flight",
    )
    assert review_trace(trace, [], SPACE.tools) == []
    assert review_query(good.turns[0].query, trace, [], SPACE.tools) == []
    refused = review_query("Book two seats for Ada Byron from Rome to Oslo.", trace, [], SPACE.tools)
    assert [name for name, _ in refused] == ["unsaid_choice"]
    trace.calls[1].step = 0
    assert [name for name, _ in review_trace(trace, [], SPACE.tools)] == ["premature_call"]


def test_all_rules_cost_well_under_a_millisecond() -> None:
    trajectory = conversation(0)
    list(review_trajectory(trajectory))
    start = time.perf_counter()
    for _ in range(100):
        list(review_trajectory(trajectory))
    assert (
        time.perf_counter() - start
    ) / 300 < 0.001  # 0.1 ms a turn measured; the rest is for busy machines

"""All 800 ground truths give, through a Session, what bfcl-eval's own executor gives."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.environments.bfcl import bfcl_text, entry_ids, load_entry
from funreason_plugin.environments.bfcl.entries import CATEGORIES, ground_truth
from funreason_plugin.environments.space import SimulationSpace

_SOURCES = "bfcl_eval.eval_checker.multi_turn_eval"
_HIDDEN = frozenset({"_random", "_api_description", "_flight_cost_lookup"})


@pytest.fixture
def executor() -> Iterator[Any]:
    """bfcl-eval's executor; the instances that it keeps in its module are removed afterwards."""
    module = importlib.import_module(f"{_SOURCES}.multi_turn_utils")
    before = set(vars(module))
    yield module
    for name in set(vars(module)) - before:
        delattr(module, name)


def _forget_default_lists() -> None:
    """Their default lists of tags and mentions are shared by all tweets of a process: start with fresh ones."""
    module = importlib.import_module(f"{_SOURCES}.func_source_code.posting_api")
    module.TwitterAPI.post_tweet.__defaults__ = ([], [])


def _same(ours: str, theirs: str) -> bool:
    """Equal texts; where theirs prints an mpf or a Decimal, ours is the number that it shows."""
    shown = re.fullmatch(r"\{'result': (?:mpf|Decimal)\('([^']+)'\)\}", theirs)
    return json.loads(ours) == {"result": float(shown[1])} if shown else ours == theirs


@pytest.mark.parametrize("category", CATEGORIES)
def test_outputs_and_states_equal_those_of_bfcl_eval(category: str, executor: Any) -> None:
    calls = 0
    for entry_id in entry_ids(category):
        entry = load_entry(entry_id)
        config, classes, truth = ground_truth(entry_id)
        _forget_default_lists()
        instances: dict[str, Any] = {}
        with SimulationSpace(entry.environments).session(entry.scenario) as session:
            for number, (turn, texts) in enumerate(zip(entry.truth, truth, strict=True)):
                theirs, instances = executor.execute_multi_turn_func_call(
                    texts, config, classes, "test", entry_id, long_context=category == "long_context"
                )
                for (name, arguments), expected in zip(turn, theirs, strict=True):
                    ours = bfcl_text(name, session.call(name, arguments))
                    assert _same(ours, expected), f"{entry_id} turn {number}: {name}({arguments})"
                    calls += 1
            for environment in session._live.values():
                mine = vars(environment.environment._instance)  # type: ignore[attr-defined]
                other = vars(instances[environment.environment.class_name])  # type: ignore[attr-defined]
                for key in mine.keys() - _HIDDEN:
                    same = (
                        mine[key].name == other[key].name
                        if key == "_current_dir"
                        else mine[key] == other[key]
                    )
                    assert same, f"{entry_id}: {key} differs"
    assert calls > 1100


def test_four_calls_are_outside_their_own_schema() -> None:
    """bfcl-eval does not check arguments: four truths close ticket 'ticket_001', whose schema wants an integer.
    This is why arguments are not validated for these environments."""
    refused = []
    for entry_id in entry_ids():
        entry = load_entry(entry_id)
        space = SimulationSpace(entry.environments)
        for name, arguments in (call for turn in entry.truth for call in turn):
            if space.invalid(name, json.dumps(arguments, sort_keys=True).encode(), arguments):
                refused.append((name, arguments))
    assert refused == [("close_ticket", {"ticket_id": "ticket_001"})] * 4


def test_a_replay_through_snapshots_gives_the_same() -> None:
    """Before every call the session is snapshot, led astray by the calls to come, and restored."""
    for entry_id in (
        f"multi_turn_{category}_{number}" for category in CATEGORIES for number in (1, 37, 55, 120, 160, 199)
    ):
        entry = load_entry(entry_id)
        space = SimulationSpace(entry.environments)
        calls = [call for turn in entry.truth for call in turn]
        with space.session(entry.scenario) as plain, space.session(entry.scenario) as disturbed:
            for index, (name, arguments) in enumerate(calls):
                mark = disturbed.snapshot()
                for other, values in (
                    *calls[index:][::-1],
                    ("get_current_speed", {}),
                    ("cd", {"folder": ".."}),
                ):
                    disturbed.call(other, values)
                disturbed.restore(mark)
                assert disturbed.call(name, arguments) == plain.call(name, arguments), f"{entry_id}: {name}"
            assert disturbed.state_hash() == plain.state_hash()

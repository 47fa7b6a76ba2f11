"""Scenarios of our own: distinct, loadable, rich enough that every tool succeeds, and nothing of the benchmark's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.checks.setbacks import nothing_found
from funreason_plugin.environments.bfcl import bfcl_environment, bfcl_environments, entry_ids, load_entry
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.limits import is_error
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.state import canonical
from tests.bfcl.walks import NEVER_SUCCEEDS, Walk

SCENARIOS = 200
# Words that everybody uses: units, modes, symbols, dates, plain lower-case words.
_FIXED = re.compile(r"[A-Z]{1,5}|read_write|\d{4}-\d\d-\d\d|\d\d/\d{4}|\.\.?|[a-z]{0,12}|\d+")
_OF_THE_CLASSES = {  # what the classes themselves know: their look-up tables, statuses, parts of a car
    "Apple", "Google", "Tesla", "Microsoft", "Nvidia", "Zeta Corp", "Alpha Tech", "Omega Industries", "Quasar Ltd.",
    "Neptune Systems", "Synex Solutions", "Amazon", "Gorilla", "Technology", "Automobile", "Buy", "Sell", "Open",
    "Pending", "Completed", "Cancelled", "Closed", "Resolved", "In Progress", "San Francisco", "Los Angeles", "New York",
    "Chicago", "Boston", "Rivermist", "Stonebrook", "Maplecrest", "Silverpine", "Shadowridge", "Sunset Valley",
    "Oakendale", "Willowbend", "Crescent Hollow", "Autumnville", "Pinehaven", "Greenfield", "None", "rear_left",
    "rear_right", "parkingBrake", "brakePedal",
}  # fmt: skip


@pytest.mark.parametrize("cls", bfcl_environments(), ids=lambda cls: cls.name)
def test_scenarios_are_distinct_and_every_tool_succeeds_somewhere(cls: type[Environment]) -> None:
    space = SimulationSpace([cls])
    states, succeeded, told = set(), Counter[str](), Counter[str]()
    results = {
        name: jsonschema.Draft202012Validator(spec.output_schema or {}) for name, spec in space.tools.items()
    }
    for seed in range(SCENARIOS):
        scenario = space.scenario(seed)
        states.add(canonical(scenario.states[cls.name]))
        with space.session(scenario) as session:
            for spec, arguments, output in Walk(session, seed).steps(40):
                if is_error(output):
                    continue
                succeeded[spec.name] += 1
                told[spec.name] += not nothing_found(output, arguments)
                if output is not None:
                    results[spec.name].validate(output)
    assert len(states) == SCENARIOS
    silent = {"mkdir", "touch", "echo", NEVER_SUCCEEDS}  # the first three return nothing
    assert {name for name in space.tools if not succeeded[name]} <= {NEVER_SUCCEEDS}
    assert {name for name in space.tools if not told[name]} <= silent


def test_what_never_succeeds_says_so() -> None:
    space = SimulationSpace([bfcl_environment("VehicleControlAPI")])
    with space.session(space.scenario(0)) as session:
        assert session.call(NEVER_SUCCEEDS, {}) == {"error": 404}


def _strings(value: Any, data_keys: bool = False) -> Iterator[str]:
    """The strings of JSON data; keys too where they are data (file names, members of a workspace)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if data_keys:
                yield key
            yield from _strings(item, key in ("root", "contents", "user_map"))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)


@pytest.fixture(scope="module")
def benchmark_strings() -> set[str]:
    """Every string of the benchmark's initial states and ground-truth arguments."""
    found: set[str] = set()
    for entry_id in entry_ids():
        entry = load_entry(entry_id)
        found.update(_strings(entry.scenario.states))
        found.update(text for turn in entry.truth for _, arguments in turn for text in _strings(arguments))
    return found


@pytest.mark.parametrize("cls", bfcl_environments(), ids=lambda cls: cls.name)
def test_nothing_comes_from_the_benchmarks_entries(
    cls: type[Environment], benchmark_strings: set[str]
) -> None:
    space = SimulationSpace([cls])
    ours: set[str] = set()
    for seed in range(60):
        scenario = space.scenario(seed)
        ours.update(_strings(scenario.states))
        with space.session(scenario) as session:
            for _, arguments, _ in Walk(session, seed).steps(20):
                ours.update(_strings(arguments))
    shared = {text for text in ours & benchmark_strings if text not in _OF_THE_CLASSES}
    assert not {text for text in shared if not _FIXED.fullmatch(text)}

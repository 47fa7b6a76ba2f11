"""What holds for the shop and the bank alike: scenarios, equal solutions, phrases, hand-labelled edges."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.bank import Bank
from funreason_plugin.environments.environment import Environment
from funreason_plugin.environments.paths import state_values
from funreason_plugin.environments.shop import Shop
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.environments.spec import ToolSpec
from tests.environments import alternatives_bank_cards, alternatives_shop_orders
from tests.environments.desk import Case, verdict

SPACES = {"shop": SimulationSpace([Shop]), "bank": SimulationSpace([Bank])}
CASES = {"shop": alternatives_shop_orders.CASES, "bank": alternatives_bank_cards.CASES}
DATA = Path(__file__).parents[1] / "data"
both = pytest.mark.parametrize("name", ["shop", "bank"])
solutions = [(name, case) for name, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("name", "case"), solutions, ids=[case.request[:40] for _, case in solutions])
def test_right_solutions_pass_and_wrong_ones_do_not(name: str, case: Case) -> None:
    assert verdict(SPACES[name], case, case.truth).exact_match
    for different, solution in case.right.items():
        assert verdict(SPACES[name], case, solution).reasons == [], different
    for different, solution in case.wrong.items():
        assert not verdict(SPACES[name], case, solution).passed, different


@both
def test_there_are_enough_solutions(name: str) -> None:
    assert sum(len(case.right) for case in CASES[name]) >= 25
    assert sum(len(case.wrong) for case in CASES[name]) >= 8


@both
def test_a_thousand_scenarios_are_distinct_small_and_quick(name: str) -> None:
    started = time.perf_counter()
    states = [json.dumps(SPACES[name].scenario(seed).states) for seed in range(1000)]
    assert time.perf_counter() - started < 5
    assert len(set(states)) >= 990
    assert max(map(len, states)) < 15_000


@both
def test_a_person_can_pick_one_record_by_what_it_says(name: str) -> None:
    """Values that set records apart occur once in each list that a look-up gives."""
    tables: dict[str, dict[str, tuple[str, ...]]] = {
        "shop": {"products": ("title", "price", "rating", "stock")},
        "bank": {
            "accounts": ("name", "balance"),
            "payees": ("name", "iban"),
            "standing_orders": ("amount", "day_of_month", "payee_id"),
            "cards": ("kind", "ending", "daily_limit"),
        },
    }
    for seed in range(200):
        found = SPACES[name].scenario(seed).states[name]
        for records, keys in tables[name].items():
            groups: dict[str, list[dict[str, Any]]] = {}
            for record in found[records].values():
                groups.setdefault(record.get("category", ""), []).append(record)
            for group in groups.values():
                for key in keys:
                    assert len({record[key] for record in group}) == len(group), (seed, records, key)


@both
def test_every_id_is_its_own(name: str) -> None:
    """No id's number occurs under two prefixes, so that a value tells where it came from."""
    for seed in range(100):
        text = json.dumps(SPACES[name].scenario(seed).states[name])
        ids = set(re.findall(r"\b[A-Z]{3}-\d{5}\b", text))
        assert len({found[-5:] for found in ids}) == len(ids)


# -- phrases --------------------------------------------------------------------------------------------------

TOOLS = [spec for space in SPACES.values() for spec in space.tools.values()]
every_tool = pytest.mark.parametrize("spec", TOOLS, ids=[spec.name for spec in TOOLS])


def slots(text: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", text)


@every_tool
def test_a_tool_is_asked_for_in_four_ways_that_can_be_read_back(spec: ToolSpec) -> None:
    asks = spec.phrases.ask
    assert len(set(asks)) >= 4
    for clause in asks:
        without_optional = re.sub(r"\[[^\[\]]*\]", "", clause)
        assert sorted(slots(without_optional)) == sorted(p.name for p in spec.params if p.required), clause
        assert sorted(slots(clause)) == sorted(param.name for param in spec.params), clause
        assert re.match(r"[a-z]", clause)
        assert not clause.endswith(".")
        assert not re.search(r"\}\W{0,2}\{", clause), f"two values side by side: {clause}"


@every_tool
def test_a_tool_says_what_it_takes_gives_and_reports(spec: ToolSpec) -> None:
    assert all(param.description for param in spec.params)
    outputs = {field.path for field in spec.outputs}
    assert spec.phrases.tell
    assert set(spec.phrases.reports) <= outputs
    if spec.phrases.noun:
        required = {param.name for param in spec.params if param.required}
        assert set(slots(spec.phrases.noun)) >= required
    items = r"\{(\w+)\[\]: ((?:[^{}]|\{\w+\})*)\}"
    lists = re.findall(items, spec.phrases.tell)
    told = {f"{path}[].{slot}" for path, template in lists for slot in slots(template)}
    plain = set(slots(re.sub(items, "", spec.phrases.tell)))
    assert told <= outputs, told - outputs
    assert plain <= outputs, plain - outputs


def test_no_tool_is_called_like_one_of_the_benchmark() -> None:
    bfcl = pytest.importorskip("bfcl_eval")
    sources = Path(bfcl.__file__).parent / "eval_checker" / "multi_turn_eval" / "func_source_code"
    theirs = {name for file in sources.glob("*.py") for name in re.findall(r"def (\w+)\(", file.read_text())}
    assert len(theirs) > 100
    assert not theirs & {spec.name for spec in TOOLS}


# -- hand-labelled edges --------------------------------------------------------------------------------------


def parameter_paths(spec: ToolSpec) -> set[str]:
    nested = {f"{param.name}{path}" for param in spec.params for path in param.marks}
    return nested | {param.name for param in spec.params}


@both
def test_the_labelled_edges_name_what_there_is(name: str) -> None:
    edges = json.loads((DATA / f"edges_{name}.json").read_text())
    tools = SPACES[name].tools
    data = edges["data"] + [edge for edge in edges["optional"] if len(edge) == 4]
    state = edges["state"] + [edge for edge in edges["optional"] if len(edge) == 2]
    assert len({tuple(edge) for edge in data + state}) == len(data) + len(state)
    for provider, output, consumer, parameter in data:
        assert output in {field.path for field in tools[provider].outputs}
        assert parameter in parameter_paths(tools[consumer])
    for first, then in state:
        assert tools[first].writes and then in tools


@both
def test_every_internal_id_has_a_labelled_provider(name: str) -> None:
    edges = json.loads((DATA / f"edges_{name}.json").read_text())
    fed = {(consumer, parameter) for _, _, consumer, parameter in edges["data"]}
    for spec in SPACES[name].tools.values():
        for param in spec.params:
            marks = {param.name: param.ref, **{param.name + path: m.ref for path, m in param.marks.items()}}
            for path, ref in marks.items():
                if ref is not None and not ref.known:
                    assert (spec.name, path) in fed


@pytest.mark.parametrize("cls", [Shop, Bank])
def test_declared_equality_names_fields_that_exist(cls: type[Environment]) -> None:
    """A pattern that fits nothing would be a misspelt one: try it on a state with a return, a rating, a dispute."""
    extra: dict[str, Any] = {
        "returns": {"RET-1": {"note": "x"}},
        "ratings": {"PRD-1": {"comment": "x"}},
        "disputes": {"DSP-1": {"details": "x"}},
    }
    state = {**SPACES[cls.name].scenario(1).states[cls.name], **extra}
    for pattern in cls.equality:
        assert state_values(pattern, state), pattern

"""Clauses for all 128 tools: complete, readable, and none gives a tool's name away."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.environments.bfcl import bfcl_environments
from funreason_plugin.environments.spec import ToolSpec

SPECS = [spec for cls in bfcl_environments() for spec in cls.tool_specs().values()]
NAMES = [spec.name for spec in SPECS]
UNSPOKEN = {"access_token"}  # only the system knows it; it comes from signing in


def _slots(text: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", text)


def _without_optional(text: str) -> str:
    return re.sub(r"\[[^\[\]]*\{[^\[\]]*\]", "", text)


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_clauses_have_every_argument(spec: ToolSpec) -> None:
    params = {param.name: param for param in spec.params}
    required = {name for name, param in params.items() if param.required} - UNSPOKEN
    optional = {name for name, param in params.items() if not param.required}
    assert len(set(spec.phrases.ask)) >= 3
    for clause in spec.phrases.ask:
        assert set(_slots(_without_optional(clause))) == required, clause
        assert set(_slots(clause)) <= required | optional, clause
    assert optional <= {slot for clause in spec.phrases.ask for slot in _slots(clause)}
    assert set(_slots(spec.phrases.noun)) <= set(params)


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_clauses_read_like_a_person(spec: ToolSpec) -> None:
    for clause in spec.phrases.ask:
        assert re.match(r"[a-z]+ ", clause), f"{clause!r} does not begin with a verb"
        assert not clause.endswith(".")
        assert '"' not in clause  # the teacher quotes where it must
        assert "  " not in clause
    assert not spec.phrases.noun.startswith(("the ", "a ", "an "))


def test_no_clause_has_a_tools_name() -> None:
    spelled = ["[ _-]?".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)) for name in NAMES]
    pattern = re.compile(rf"(?<![\w{{])(?:{'|'.join(spelled)})(?![\w}}])", re.IGNORECASE)
    for spec in SPECS:
        for text in (*spec.phrases.ask, spec.phrases.noun):
            bare = re.sub(r"\{\w+\}", "{}", text)
            assert not pattern.search(bare), f"{spec.name}: {text}"


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_what_an_answer_tells_is_in_the_output(spec: ToolSpec) -> None:
    paths = {field.path for field in spec.outputs}
    told = list(spec.phrases.reports)
    for slot, item in re.findall(r"\{([^{}:]*)(?:: ((?:[^{}]|\{[^{}]*\})*))?\}", spec.phrases.tell):
        if item:
            slot = slot if any(path.startswith(slot) for path in paths) else slot.removesuffix("[]") + ".*"
            told += [
                f"{slot}.{inner}".replace(".[]", "[]")
                for inner in re.findall(r"\{([^{}]*)\}", item)
                if inner != "key"
            ]
        else:
            told.append(slot)
    lists = {path.removesuffix("[]") for path in paths}
    assert set(told) <= paths | lists
    silent = spec.name in ("mkdir", "touch", "displayCarStatus", "view_messages_sent", "echo")
    assert told or silent, f"{spec.name} tells nothing"


@pytest.mark.parametrize("spec", [spec for spec in SPECS if not spec.writes], ids=lambda spec: spec.name)
def test_look_ups_have_a_noun(spec: ToolSpec) -> None:
    assert spec.phrases.noun or spec.name in ("display_log", "contact_customer_support")

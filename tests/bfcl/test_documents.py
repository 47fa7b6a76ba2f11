"""The tools are bfcl-eval's own documents, as JSON schema."""

from __future__ import annotations

import re

import jsonschema
import pytest

pytest.importorskip("bfcl_eval")

from funreason_plugin.environments import catalog
from funreason_plugin.environments.bfcl import bfcl_environment, bfcl_environments
from funreason_plugin.environments.bfcl.documents import documents, json_schema
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError

COUNTS = {
    "bfcl_file_system": 18, "bfcl_twitter": 14, "bfcl_math": 17, "bfcl_message": 10, "bfcl_ticket": 9,
    "bfcl_trading_bot": 20, "bfcl_travel": 18, "bfcl_vehicle_control": 22,
}  # fmt: skip


def test_all_eight_compose_into_one_space() -> None:
    space = SimulationSpace.from_names(["bfcl"])
    assert {name: len(cls.tool_specs()) for name, cls in space.environments.items()} == COUNTS
    assert len(space.tools) == 128
    with space.session(space.scenario(0)) as session:
        assert session.call("get_current_time", {}) == {"current_time": "10:30 AM"}


def test_one_class_by_its_own_name() -> None:
    assert catalog.resolve("bfcl:TradingBot") == [bfcl_environment("TradingBot")]
    assert bfcl_environment("TradingBot") is bfcl_environment("TradingBot")
    with pytest.raises(UserError, match="did you mean 'TradingBot'"):
        catalog.resolve("bfcl:TradingBott")


def test_schemas_are_valid_and_descriptions_are_theirs() -> None:
    for cls in bfcl_environments():
        for spec in cls.tool_specs().values():
            jsonschema.Draft202012Validator.check_schema(spec.parameters)
            assert spec.output_schema is not None
            jsonschema.Draft202012Validator.check_schema(spec.output_schema)
            document = documents(cls.addition.document)[spec.name]  # type: ignore[attr-defined]
            assert spec.description == " ".join(document["description"].split())
            assert spec.parameters["required"] == document["parameters"]["required"]
            assert list(spec.parameters["properties"]) == list(document["parameters"]["properties"])
            assert "None" not in [part.get("default") for part in spec.parameters["properties"].values()]


def test_their_type_names_are_translated() -> None:
    document = {
        "type": "dict",
        "properties": {
            "price": {"type": "float", "default": "None"},
            "tags": {"type": "array", "items": {"type": "any"}},
            "where": {"type": "dict", "properties": {"point": {"type": "tuple", "items": {"type": "float"}}}},
        },
        "required": [],
    }
    assert json_schema(document) == {
        "type": "object",
        "properties": {
            "price": {"type": "number"},
            "tags": {"type": "array", "items": {}},
            "where": {
                "type": "object",
                "properties": {"point": {"type": "array", "items": {"type": "number"}}},
            },
        },
        "required": [],
    }


def test_environments_are_labelled_and_hashed() -> None:
    hashes = {environment_hash(cls) for cls in bfcl_environments()}
    assert len(hashes) == 8
    assert all(re.fullmatch(r"1 with bfcl-eval \d+\.\d+\.\d+", cls.version) for cls in bfcl_environments())
    assert all(cls.labels == ("in-domain:bfcl",) and cls.policy for cls in bfcl_environments())

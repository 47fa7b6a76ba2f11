"""Tool documents: what is plainly a valid schema is one for jsonschema too; bounds; nulls that parquet adds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from funreason_plugin.converting import documents
from funreason_plugin.converting.documents import tool_documents
from funreason_plugin.converting.example import Reading
from funreason_plugin.converting.refusal import Refused

KEYS = [
    *("type", "description", "$comment", "properties", "required", "items", "additionalProperties"),
    *("default", "enum", "minimum", "exclusiveMaximum", "pattern"),
]
SCHEMA = st.recursive(
    st.sampled_from(["object", "string", "any", "x", 1, 2.5, True, None]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMA)
def test_a_schema_that_is_valid_at_first_sight_is_valid(schema: Any) -> None:
    if documents._plain(schema):
        Draft202012Validator.check_schema(schema)


def function(**parameters: Any) -> dict[str, Any]:
    return {"name": "f", "parameters": {"type": "object", **parameters}}


def test_a_usual_schema_is_valid_at_first_sight() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string", "enum": ["x"]}}}, "required": ["a"]}  # fmt: skip
    assert documents._plain(schema)


def test_nulls_that_parquet_adds_are_left_out_and_counted() -> None:
    reading = Reading(padded=True)
    (tool,) = tool_documents([function(properties={"a": {"type": "string", "enum": None}})], reading)
    assert tool["function"]["parameters"]["properties"] == {"a": {"type": "string"}}
    assert reading.notes["tools: nulls left out that parquet adds"] == 1


def test_types_below_any_keyword_of_schemas_are_translated() -> None:
    parts = {"anyOf": [{"type": "float"}, {"type": "dict", "properties": {"x": {"type": "tuple"}}}]}
    (tool,) = tool_documents(
        [function(properties={"a": parts}, additionalProperties={"type": "any"})], Reading()
    )
    assert tool["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "a": {"anyOf": [{"type": "number"}, {"type": "object", "properties": {"x": {"type": "array"}}}]}
        },
        "additionalProperties": {},
    }


@pytest.mark.parametrize(
    ("tools", "field", "reason"),
    [
        ([{**function(), "name": str(number)} for number in range(2001)], "tools", "more than 2000 tools"),
        ([function(description="x" * (1 << 20))], "tools[0]", "tools of more than 1048576 characters"),
        ([function(properties={"a": {"pattern": 1}})], "tools[0].parameters", "not a valid JSON schema"),
        ([{"type": "retrieval", "function": {}}], "tools[0].type", "not a function"),
        ([function(), 1], "tools[1]", "not an object"),
        ([function(default=2**70)], "tools[0]", "a tool document that cannot be written"),
        ([{"name": "f", "parameters": {"type": "array"}}], "tools[0].parameters.type", "parameters are not of type object"),
    ],
)  # fmt: skip
def test_a_document_that_is_no_tool_is_refused(tools: Any, field: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        tool_documents(tools, Reading())
    assert (caught.value.field, caught.value.reason) == (field, reason)

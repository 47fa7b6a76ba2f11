"""Schemas of OpenAPI 3.0 and 3.1 as models read them."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from funreason_plugin.environments.openapi.reading import Source, Unreadable
from funreason_plugin.environments.openapi.references import References
from funreason_plugin.environments.openapi.schemas import MAX_PARTS, Direction, Reader, without_null


def read(
    schema: Any,
    components: dict[str, Any] | None = None,
    *,
    legacy: bool = False,
    direction: Direction = "request",
) -> Any:
    data = {"it": schema, "components": {"schemas": components or {}}}
    references = References(Source(data, "file:///nowhere/document.json"))
    found = Reader(references, legacy).schema(references.root / "it", direction)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_a_reference_is_replaced_by_what_it_leads_to() -> None:
    assert read(ref("A"), {"A": {"type": "string", "enum": ["x"]}}) == {"type": "string", "enum": ["x"]}


def test_what_stands_beside_a_reference_counts() -> None:
    found = read({**ref("A"), "description": "own"}, {"A": {"type": "string", "description": "theirs"}})
    assert found == {"type": "string", "description": "own"}


def test_all_of_is_merged() -> None:
    pet = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    more = {"required": ["age"], "properties": {"age": {"type": "integer", "minimum": 0}}}
    found = read({"allOf": [ref("Pet"), more]}, {"Pet": pet})
    assert found["type"] == "object" and sorted(found["required"]) == ["age", "name"]
    assert found["properties"] == {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}}


def test_branches_of_all_of_do_not_forbid_each_others_properties() -> None:
    branch = {"type": "object", "additionalProperties": False}
    found = read(
        {
            "allOf": [
                {**branch, "properties": {"a": {"type": "string"}}},
                {**branch, "properties": {"b": {"type": "string"}}},
            ]
        }
    )
    jsonschema.validate({"a": "x", "b": "y"}, found)


def test_the_narrower_bound_counts() -> None:
    found = read(
        {"allOf": [{"type": "number", "minimum": 3, "maximum": 9}, {"type": "integer", "minimum": 5}]}
    )
    assert found == {"type": "integer", "minimum": 5, "maximum": 9}


def test_one_of_becomes_any_of() -> None:
    found = read({"oneOf": [{"type": "string"}, {"type": "integer"}]})
    assert found == {"anyOf": [{"type": "string"}, {"type": "integer"}]}


@pytest.mark.parametrize("value", [None, "a"])
def test_nullable_of_3_0_allows_null(value: str | None) -> None:
    jsonschema.validate(value, read({"type": "string", "enum": ["a", "b"], "nullable": True}, legacy=True))


def test_nullable_is_no_keyword_of_3_1() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(None, read({"type": "string", "nullable": True}))


def test_an_exclusive_bound_of_3_0_is_a_number() -> None:
    found = read({"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 9.0}, legacy=True)
    assert found == {"type": "integer", "exclusiveMinimum": 3, "maximum": 9}


def test_a_schema_that_contains_itself_is_written_out_once() -> None:
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": ref("Node")}},
    }
    found = read(ref("Node"), {"Node": node})
    assert found["properties"]["children"]["items"] == {"type": "object", "description": "another Node"}


def test_schemas_that_contain_each_other_end() -> None:
    found = read(ref("A"), {"A": {"properties": {"b": ref("B")}}, "B": {"properties": {"a": ref("A")}}})
    assert found["properties"]["b"]["properties"]["a"]["type"] == "object"


def test_references_that_multiply_are_bounded() -> None:
    several = {
        f"A{n}": {"type": "object", "properties": {f"p{k}": ref(f"A{n + 1}") for k in range(10)}}
        for n in range(11)
    }
    found = read(ref("A0"), {**several, "A11": {"type": "string"}})

    def parts(schema: Any) -> int:
        return 1 + sum(parts(part) for part in schema.get("properties", {}).values())

    assert parts(found) < 12 * MAX_PARTS


def test_references_in_a_circle_are_told() -> None:
    with pytest.raises(Unreadable, match="circle"):
        read(ref("A"), {"A": ref("B"), "B": ref("A")})


def test_a_reference_to_nothing_is_told() -> None:
    with pytest.raises(Unreadable, match="Missing"):
        read(ref("Missing"))


def test_what_only_the_service_sets_is_not_asked_for() -> None:
    schema = {
        "type": "object",
        "required": ["id", "name", "key"],
        "properties": {
            "id": {"type": "string", "readOnly": True},
            "name": {"type": "string"},
            "key": {"type": "string", "writeOnly": True},
        },
    }
    assert read(schema)["required"] == ["name", "key"]
    assert sorted(read(schema, direction="response")["properties"]) == ["id", "name"]


@pytest.mark.parametrize("pattern", ["(a+)+$", r"^\p{L}+$", "(x*)*y"])
def test_patterns_that_python_cannot_read_or_that_run_for_ever_are_left_to_the_service(pattern: str) -> None:
    assert "pattern" not in read({"type": "string", "pattern": pattern})


def test_a_plain_pattern_and_a_format_are_kept() -> None:
    schema = {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$", "format": "date"}
    assert read(schema) == {"type": "string", "format": "date", "pattern": "^[A-Z]{2}-[0-9]+$"}


def test_examples_are_kept_in_the_words_of_json_schema() -> None:
    assert read({"type": "string", "example": "Graz"}, legacy=True)["examples"] == ["Graz"]


def test_in_a_url_nothing_is_null() -> None:
    schema = read({"anyOf": [{"type": "integer", "maximum": 5}, {"type": "null"}], "default": None})
    assert without_null(schema) == {"type": "integer", "maximum": 5}

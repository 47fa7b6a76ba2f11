"""Operations as tools, and their calls as requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from funreason_plugin.environments.openapi.operations import read_operation
from funreason_plugin.environments.openapi.reading import Unreadable
from funreason_plugin.environments.openapi.requests import Request, Unsendable, build
from tests.openapi.made import OK, body, document, loaded, operation, parameter

LIST = {"type": "array", "items": {"type": "string"}}
POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}}


def sent(folder: Path, place: dict[str, Any], value: Any, path: str = "/p") -> Request:
    made = operation(folder, "get", path, {"parameters": [place]})
    return build(made, {next(iter(made.fields)): value})


def test_path_query_header_and_body_stand_side_by_side(tmp_path: Path) -> None:
    made = operation(
        tmp_path,
        "put",
        "/pets/{pet-id}",
        {
            "parameters": [parameter("pet-id", "path"), parameter("dry", "query", {"type": "boolean"})]
            + [parameter("X-Trace", "header", required=True)],
            **body(
                {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                }
            ),
        },
    )
    assert list(made.parameters["properties"]) == ["pet_id", "dry", "X_Trace", "name", "age"]
    assert made.parameters["required"] == ["pet_id", "X_Trace", "name"]
    request = build(made, {"pet_id": "a/b?c", "dry": True, "X_Trace": "t", "name": "Rex"})
    assert (request.method, request.path, request.query) == ("PUT", "/pets/a%2Fb%3Fc", [("dry", "true")])
    assert request.headers == {"X-Trace": "t", "Content-Type": "application/json"}
    assert orjson.loads(request.body or b"") == {"name": "Rex"}


def test_the_same_name_in_path_and_body_is_two_arguments(tmp_path: Path) -> None:
    given = {
        "parameters": [parameter("id", "path")],
        **body({"type": "object", "properties": {"id": {"type": "integer"}}}),
    }
    made = operation(tmp_path, "post", "/pets/{id}", given)
    request = build(made, {"id": "a", "body_id": 3})
    assert request.path == "/pets/a" and request.body == b'{"id":3}'


def test_parameters_of_the_path_are_shared_and_may_be_overridden(tmp_path: Path) -> None:
    shared = [parameter("id", "path"), parameter("lang", "query")]
    own = {
        "operationId": "it",
        "responses": OK,
        "parameters": [parameter("lang", "query", {"enum": ["de", "en"]})],
    }
    made = loaded(tmp_path, document({"/a/{id}": {"parameters": shared, "get": own}}))
    found = read_operation(made, made.checked(["it"])[0][0])
    assert found.parameters["properties"] == {"id": {"type": "string"}, "lang": {"enum": ["de", "en"]}}


@pytest.mark.parametrize(
    ("style", "explode", "query"),
    [
        (None, None, [("q", "a b"), ("q", "c")]),
        ("form", False, [("q", "a b,c")]),
        ("spaceDelimited", False, [("q", "a b c")]),
        ("pipeDelimited", False, [("q", "a b|c")]),
    ],
)
def test_lists_in_the_query(tmp_path: Path, style: str | None, explode: bool | None, query: Any) -> None:
    more = {key: value for key, value in (("style", style), ("explode", explode)) if value is not None}
    assert sent(tmp_path, parameter("q", "query", LIST, **more), ["a b", "c"]).query == query


@pytest.mark.parametrize(
    ("more", "query"),
    [
        ({}, [("x", "1"), ("y", "2")]),
        ({"explode": False}, [("q", "x,1,y,2")]),
        ({"style": "deepObject", "explode": True}, [("q[x]", "1"), ("q[y]", "2")]),
    ],
)
def test_objects_in_the_query(tmp_path: Path, more: dict[str, Any], query: Any) -> None:
    assert sent(tmp_path, parameter("q", "query", POINT, **more), {"x": 1, "y": 2}).query == query


def test_a_query_of_json(tmp_path: Path) -> None:
    place = {"name": "q", "in": "query", "content": {"application/json": {"schema": POINT}}}
    assert sent(tmp_path, place, {"x": 1}).query == [("q", '{"x":1}')]


@pytest.mark.parametrize(
    ("style", "explode", "path"),
    [
        ("simple", False, "/p/3,4"),
        ("label", False, "/p/.3,4"),
        ("label", True, "/p/.3.4"),
        ("matrix", False, "/p/;id=3,4"),
        ("matrix", True, "/p/;id=3;id=4"),
    ],
)
def test_lists_in_the_path(tmp_path: Path, style: str, explode: bool, path: str) -> None:
    place = parameter("id", "path", LIST, style=style, explode=explode)
    assert sent(tmp_path, place, ["3", "4"], "/p/{id}").path == path


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_path_cannot_be_left_by_an_argument(tmp_path: Path, value: str) -> None:
    with pytest.raises(Unsendable, match="part of the path"):
        sent(tmp_path, parameter("id", "path"), value, "/p/{id}")


def test_a_header_cannot_hold_a_second_one(tmp_path: Path) -> None:
    with pytest.raises(Unsendable, match="line breaks"):
        sent(tmp_path, parameter("X-A", "header"), "a\r\nAuthorization: Bearer x")


def test_a_list_is_a_body_of_its_own(tmp_path: Path) -> None:
    made = operation(tmp_path, "post", "/p", body(LIST))
    assert made.parameters["required"] == ["body"]
    assert build(made, {"body": ["a"]}).body == b'["a"]'


def test_a_body_that_may_be_left_out_is_one_argument(tmp_path: Path) -> None:
    made = operation(tmp_path, "post", "/p", body({**POINT, "required": ["x"]}, required=False))
    assert made.parameters["required"] == [] and build(made, {}).body is None
    assert build(made, {"body": {"x": 1}}).body == b'{"x":1}'


def test_a_form(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": LIST}}
    made = operation(tmp_path, "post", "/p", body(schema, "application/x-www-form-urlencoded"))
    request = build(made, {"a": "x&y", "b": ["1", "2"]})
    assert request.body == b"a=x%26y&b=1&b=2"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_plain_text(tmp_path: Path) -> None:
    made = operation(tmp_path, "post", "/p", body({"type": "string"}, "text/plain"))
    assert build(made, {"body": "Grüße"}).body == "Grüße".encode()


def test_a_file_that_is_needed_makes_no_tool(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "required": ["f"],
        "properties": {"f": {"type": "string", "format": "binary"}},
    }
    with pytest.raises(Unreadable, match=r"takes a file \(f\)"):
        operation(tmp_path, "post", "/p", body(schema, "multipart/form-data"))


def test_a_body_of_xml_makes_no_tool(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="application/xml"):
        operation(tmp_path, "post", "/p", body({"type": "string"}, "application/xml"))


def test_a_key_is_no_argument(tmp_path: Path) -> None:
    scheme = {"K": {"type": "apiKey", "in": "query", "name": "api_key"}}
    given = {
        "parameters": [
            parameter("api_key", "query"),
            parameter("Authorization", "header"),
            parameter("q", "query"),
        ]
    }
    made = operation(tmp_path, "get", "/p", given, components={"securitySchemes": scheme})
    assert list(made.parameters["properties"]) == ["q"]


def test_what_is_answered_is_known_from_the_first_success(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    answers = {
        "default": {"description": ""},
        "201": {"description": "", "content": {"application/json": {"schema": schema}}},
    }
    assert operation(tmp_path, "get", "/p", {"responses": answers}).output == schema


def test_the_description_has_no_markup_and_says_nothing_twice(tmp_path: Path) -> None:
    made = operation(tmp_path, "get", "/p", {"summary": "It", "description": "Gives <b>all</b>\n\npets."})
    assert made.description == "Gives all pets."
    made = operation(tmp_path, "get", "/p", {"summary": "All pets.", "description": "By name."})
    assert made.description == "All pets. By name."

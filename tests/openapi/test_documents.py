"""Documents: what is read of them, and one line on what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.openapi import reading
from funreason_plugin.environments.openapi.reading import read
from funreason_plugin.errors import UserError
from tests.openapi.made import OK, document, loaded, operation, parameter, saved

GET: dict[str, Any] = {"responses": OK}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"{", "neither JSON nor YAML"),
        (b"\x00\xff", "neither JSON nor YAML"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"a: &a {b: *a}", "nested too deeply"),
        (b"a: !!python/object:os.system x", "neither JSON nor YAML"),
        (b"- 1", "expected an OpenAPI document"),
        (b"", "expected an OpenAPI document"),
    ],
)
def test_what_is_no_document_is_told_in_one_line(tmp_path: Path, data: bytes, line: str) -> None:
    with pytest.raises(UserError, match=line) as found:
        read(str(saved(tmp_path, data, "bad.yaml")))
    assert "\n" not in found.value.message and "bad.yaml" in found.value.message


def test_aliases_that_multiply_are_not_written_out(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(UserError, match="2,000,000 values"):
        read(str(saved(tmp_path, "\n".join(lines).encode(), "bomb.yaml")))


def test_a_document_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    with pytest.raises(UserError, match="over"):
        read(str(saved(tmp_path, b" " * 2000)))


def test_a_missing_file_is_told() -> None:
    with pytest.raises(UserError, match=r"nowhere\.json: No such file"):
        read("nowhere.json")


def test_a_service_that_does_not_run_is_told() -> None:
    with pytest.raises(UserError, match="is the service running"):
        read("http://127.0.0.1:9/openapi.json")


def test_dates_and_codes_of_yaml_stay_texts(tmp_path: Path) -> None:
    data = read(str(saved(tmp_path, b"a: 2026-03-01\nresponses: {200: x}", "a.yaml"))).data
    assert data == {"a": "2026-03-01", "responses": {"200": "x"}}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"swagger": "2.0"}, "Swagger 2.0; expected OpenAPI 3.0 or 3.1"),
        ({"openapi": 3.1}, "'openapi' is 3.1"),
        ({"openapi": "4.0.0"}, "'openapi' is '4.0.0'"),
        (
            {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}},
            "'paths' is missing or empty; expected",
        ),
        (
            {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "webhooks": {"a": {"post": GET}}},
            "'paths' is missing or empty; it has only webhooks",
        ),
        ({"openapi": "3.1.0", "paths": {"/a": {"get": GET}}}, "'info' is a required property"),
        (document({"/a": {"get": GET}}, components=[]), "'components' is no object"),
    ],
)
def test_a_document_that_is_wrong_as_a_whole(tmp_path: Path, data: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        loaded(tmp_path, data)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.1.1", "3.2.0"])
def test_every_version_is_read(tmp_path: Path, version: str) -> None:
    made = loaded(tmp_path, document({"/a": {"get": {"operationId": "a", **GET}}}, version))
    assert [found.name for found in made.checked(["a"])[0]] == ["a"]


def test_an_operation_without_id_is_named_by_method_and_path(tmp_path: Path) -> None:
    assert list(loaded(tmp_path, document({"/pets/{id}/toys": {"get": GET}})).operations) == [
        "get_pets_id_toys"
    ]


def test_of_two_operations_with_one_id_both_are_kept(tmp_path: Path) -> None:
    twice = {"operationId": "same", **GET}
    made = loaded(tmp_path, document({"/a": {"get": twice}, "/b": {"get": twice, "put": twice}}))
    assert list(made.operations) == ["same", "get_b", "put_b"]
    assert [note for note in made.notes if "'same'" in note] == made.notes and len(made.notes) == 2


def test_a_mistake_costs_its_operation_only(tmp_path: Path) -> None:
    wrong = {"operationId": "wrong", "parameters": [parameter("q", "query", {"type": "strin"})], **GET}
    made = loaded(tmp_path, document({"/a": {"get": wrong}, "/b": {"get": {"operationId": "right", **GET}}}))
    usable, notes = made.checked(["wrong", "right"])
    assert [found.name for found in usable] == ["right"]
    assert len(notes) == 1 and notes[0].startswith("wrong: left out") and "'strin'" in notes[0]


def test_a_mistake_in_an_answer_costs_the_answers_schema(tmp_path: Path) -> None:
    lost = {
        "description": "",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/No"}}},
    }
    made = loaded(tmp_path, document({"/a": {"get": {"operationId": "a", "responses": {"200": lost}}}}))
    usable, notes = made.checked(["a"])
    assert not usable[0].responses_valid and "what it answers is not valid" in notes[0]


def test_a_path_parameter_that_is_not_declared(tmp_path: Path) -> None:
    made = loaded(tmp_path, document({"/a/{id}": {"get": {"operationId": "a", **GET}}}))
    assert "'id'" in made.checked(["a"])[1][0]


def test_a_schema_with_a_cycle_makes_a_tool(tmp_path: Path) -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Node"}}}
    place = parameter("q", "query", {"$ref": "#/components/schemas/Node"}, style="deepObject", explode=True)
    for version in ("3.0.3", "3.1.0"):
        made = operation(
            tmp_path, "get", "/a", {"parameters": [place]}, version, components={"schemas": {"Node": node}}
        )
        assert made.parameters["properties"]["q"]["properties"]["child"]["type"] == "object"


def test_a_reference_to_a_file_beside_it(tmp_path: Path) -> None:
    saved(tmp_path, b"Name: {type: string, minLength: 2}", "shared.yaml")
    made = operation(
        tmp_path, "get", "/a", {"parameters": [parameter("q", "query", {"$ref": "shared.yaml#/Name"})]}
    )
    assert made.parameters["properties"]["q"] == {"type": "string", "minLength": 2}


@pytest.mark.parametrize(
    "target", ["../secret.yaml#/a", "file:///etc/passwd#/a", "http://127.0.0.1:9/x.yaml#/a"]
)
def test_a_reference_out_of_its_folder_is_refused(tmp_path: Path, target: str) -> None:
    saved(tmp_path, b"a: {type: string}", "secret.yaml")
    (tmp_path / "inside").mkdir()
    given = {"operationId": "a", "parameters": [parameter("q", "query", {"$ref": target})], **GET}
    made = loaded(tmp_path / "inside", document({"/a": {"get": given}}))
    usable, notes = made.checked(["a"])
    assert not usable and "not beside the document" in notes[0]

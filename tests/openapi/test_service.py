"""Environments of documents: configuration, address and credentials, what is offered, ways of having a state."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from funreason_plugin.environments.catalog import resolve
from funreason_plugin.environments.environment import environment_hash
from funreason_plugin.environments.external.environment import ExternalEnvironment
from funreason_plugin.environments.openapi.service import MAX_TOOLS
from funreason_plugin.environments.space import SimulationSpace, is_error
from funreason_plugin.errors import UserError
from tests.openapi.made import OK, document, parameter, saved
from tests.openapi.served import EXAMPLE, KEY


def many(count: int, method: str = "get") -> dict[str, Any]:
    return document({f"/a{n}": {method: {"operationId": f"op_{n}", "responses": OK}} for n in range(count)})


def configured(folder: Path, data: dict[str, Any], name: str = "shop.yaml", **more: Any) -> str:
    """The name of an environment with this document and configuration."""
    saved(folder, data)
    (folder / name).write_text(yaml.safe_dump({"document": "made.json", **more}), "utf-8")
    return f"openapi:{folder / name}"


def offered(name: str) -> type[ExternalEnvironment]:
    (cls,) = resolve(name)
    assert issubclass(cls, ExternalEnvironment)
    return cls


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADE_BASE_URL", "http://127.0.0.1:9/v1/")
    monkeypatch.setenv("SHOP_BASE_URL", "http://127.0.0.1:9/v1/")


# -- what is offered ----------------------------------------------------------------------------------------


def test_a_document_alone_offers_what_reads(tmp_path: Path) -> None:
    data = document(
        {
            "/a": {
                "get": {"operationId": "see", "responses": OK},
                "post": {"operationId": "make", "responses": OK},
            }
        }
    )
    path = saved(tmp_path, data)
    cls = offered(f"openapi:{path}")
    assert cls.name == "made" and list(cls.tool_specs()) == ["see"]
    assert "make" in cls.notes[0] and "--allow-writes" in cls.notes[0]


def test_writing_needs_a_state_that_can_be_taken_back(tmp_path: Path) -> None:
    path = saved(tmp_path, many(1, "post"))
    with pytest.raises(UserError, match="replay"):
        resolve(f"openapi:{path}+writes")


def test_800_operations_are_too_many_and_an_allow_list_helps(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"800 of 800 operations.*at most {MAX_TOOLS}.*allow:") as found:
        resolve(f"openapi:{saved(tmp_path, many(800))}")
    assert "\n" not in found.value.message
    cls = offered(configured(tmp_path, many(800), allow=["op_7", "op_79?"]))
    assert list(cls.tool_specs()) == ["op_7", *(f"op_79{n}" for n in range(10))]


def test_a_name_in_the_allow_list_that_is_no_operation(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'op_17' is no tool"):
        resolve(configured(tmp_path, many(3), allow=["op_17"]))


def test_an_operation_that_is_named_and_wrong_is_told(tmp_path: Path) -> None:
    wrong = {"operationId": "a", "parameters": [parameter("q", "query", {"type": "strin"})], "responses": OK}
    data = document({"/a": {"get": wrong}, "/b": {"get": {"operationId": "b", "responses": OK}}})
    with pytest.raises(UserError, match="allow: a: left out.*'strin'"):
        resolve(configured(tmp_path, data, allow=["a", "b"]))
    assert any(
        "'strin'" in note
        for note in offered(configured(tmp_path, data, "other.yaml", base_url="SHOP_BASE_URL")).notes
    )


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"allows": ["x"]}, "'allows' is not known; did you mean 'allow'"),
        ({"limits": {"second": 3}}, "did you mean 'seconds'"),
        ({"base_url": "https://u:pw0rd@x.org"}, "base_url: expected the name of an environment variable"),
        (
            {"credentials": {"K": "hunter2-is-secret"}},
            "credentials.K: expected the name of an environment variable",
        ),
        ({"credentials": {"K": "NAME"}}, "'K' is no security scheme"),
        ({"state": "record"}, "needs 'recording'"),
        ({"state": "replay"}, "needs 'reset'"),
        ({"reset": [{"tool": "op_9"}], "state": "replay"}, "'op_9' is no tool"),
    ],
)
def test_a_configuration_that_is_wrong(tmp_path: Path, more: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line) as found:
        resolve(configured(tmp_path, many(2), **more))
    message = found.value.message
    assert (
        "shop.yaml" in message and "\n" not in message and "hunter2" not in message and "pw0rd" not in message
    )


def test_a_file_that_is_neither(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"other.yaml: neither 'openapi'.*'documents'"):
        resolve(f"openapi:{saved(tmp_path, b'documents: a.json', 'other.yaml')}")


# -- address and credentials --------------------------------------------------------------------------------


SECURED = {"components": {"securitySchemes": {"MainKey": {"type": "http", "scheme": "bearer"}}}}


def test_without_an_address_there_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MADE_BASE_URL")
    with pytest.raises(UserError, match="set MADE_BASE_URL"):
        resolve(f"openapi:{saved(tmp_path, many(1))}")


def test_an_address_with_credentials_is_refused_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_BASE_URL", "https://me:hunter2@example.com")
    with pytest.raises(UserError, match="MADE_BASE_URL holds credentials") as found:
        resolve(f"openapi:{saved(tmp_path, many(1))}")
    assert "hunter2" not in found.value.message


def test_the_address_of_the_document_counts_where_none_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MADE_BASE_URL")
    servers = [{"url": "https://{region}.example.com/v2/", "variables": {"region": {"default": "eu"}}}]
    cls = offered(f"openapi:{saved(tmp_path, {**many(1), 'servers': servers})}")
    assert vars(cls)["access"].base_url == "https://eu.example.com/v2"


def test_a_document_that_was_fetched_does_not_lead_to_another_host(hostile_url: str, tmp_path: Path) -> None:
    from funreason_plugin.environments.openapi.access import read_access
    from funreason_plugin.environments.openapi.config import read_config
    from funreason_plugin.environments.openapi.document import Document
    from funreason_plugin.environments.openapi.reading import Source

    data = {**many(1), "servers": [{"url": "https://thief.example.com"}]}
    with pytest.raises(UserError, match=r"names a service at thief\.example\.com; set X_BASE_URL"):
        read_access(
            Document(Source(data, f"{hostile_url}/openapi.json"), "x"), read_config(None, hostile_url), "x"
        )


def test_credentials_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="every operation needs credentials; set the environment variable MADE_MAIN_KEY"
    ):
        resolve(f"openapi:{saved(tmp_path, {**many(2), **SECURED, 'security': [{'MainKey': []}]})}")


def test_what_needs_no_credentials_goes_on_without(tmp_path: Path) -> None:
    data = {**many(2), **SECURED}
    data["paths"]["/a1"]["get"]["security"] = [{"MainKey": []}]
    cls = offered(f"openapi:{saved(tmp_path, data)}")
    assert len(cls.tool_specs()) == 2 and "MADE_MAIN_KEY" in cls.notes[-1] and "op_1" in cls.notes[-1]
    assert cls.connect(None).call("op_1", {}, 5) == {"error": "op_1 needs credentials: set MADE_MAIN_KEY"}


def test_credentials_that_are_refused_are_told(
    library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIBRARY_KEY", "wrong-key-0815")
    shutil.copytree(EXAMPLE, tmp_path / "example")
    space = SimulationSpace.from_names([f"openapi:{tmp_path / 'example' / 'library.yaml'}"])
    with space.session(space.scenario(1)) as session:
        error = session.call("list_things", {})["error"]
    assert "401: the service refuses the credentials (APIKeyHeader)" in error and "0815" not in error


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        ({"type": "http", "scheme": "bearer"}, ("authorization", f"Bearer {KEY}")),
        ({"type": "apiKey", "in": "header", "name": "X-K"}, ("x-k", KEY)),
        ({"type": "apiKey", "in": "cookie", "name": "k"}, ("cookie", f"k={KEY}")),
        ({"type": "apiKey", "in": "query", "name": "k"}, ("query", f"k={KEY}")),
        ({"type": "oauth2", "flows": {}}, ("authorization", f"Bearer {KEY}")),
        ({"type": "http", "scheme": "basic"}, ("authorization", "Basic ***")),
    ],
)
def test_every_kind_of_credentials_is_sent(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hostile_url: str,
    scheme: dict[str, Any],
    sent: tuple[str, str],
) -> None:
    """Told by its traces: the service repeats what it got, and what comes back is hidden."""
    monkeypatch.setenv("SHOP_BASE_URL", hostile_url)
    monkeypatch.setenv("SHOP_MAIN", KEY)
    got = {
        "operationId": "echo",
        "parameters": [parameter("place", "path")],
        "responses": OK,
        "security": [{"main": []}],
    }
    data = document({"/echo/{place}": {"get": got}}, components={"securitySchemes": {"main": scheme}})
    output = offered(configured(tmp_path, data)).connect(None).call("echo", {"place": "x"}, 20)
    where, text = sent
    assert (output["query"] if where == "query" else output["headers"][where]) == text.replace(KEY, "***")


def test_a_scheme_that_the_document_does_not_declare_is_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile_url: str
) -> None:
    got = {
        "operationId": "echo",
        "parameters": [parameter("place", "path")],
        "responses": OK,
        "security": [{"other": []}],
    }
    name = configured(tmp_path, document({"/echo/{place}": {"get": got}}))
    with pytest.raises(UserError, match="SHOP_OTHER"):
        resolve(name)
    monkeypatch.setenv("SHOP_BASE_URL", hostile_url)
    monkeypatch.setenv("SHOP_OTHER", KEY)
    assert (
        offered(name).connect(None).call("echo", {"place": "x"}, 20)["headers"]["authorization"]
        == "Bearer ***"
    )


def test_a_scheme_that_leads_nowhere_does_no_harm(tmp_path: Path) -> None:
    lost = {"securitySchemes": {"lost": {"$ref": "#/components/securitySchemes/none"}}}
    assert list(
        offered(
            configured(
                tmp_path, document({"/a": {"get": {"operationId": "a", "responses": OK}}}, components=lost)
            )
        ).tool_specs()
    ) == ["a"]


def test_rl_refuses_a_service_and_takes_a_recording(library: str, tmp_path: Path) -> None:
    from funreason_plugin.rl.live_tools import refuse_live
    from funreason_plugin.rl.settings import Settings

    with pytest.raises(UserError, match="allow_live"):
        refuse_live([library], Settings())
    refuse_live([library], Settings(allow_live=True))
    shutil.copytree(EXAMPLE, tmp_path / "example")
    name = {"properties": {"name": {"type": "string"}}}
    tools = [
        {"name": tool, "description": "", "parameters": name, "output": None, "read_only": True}
        for tool in ("list_things", "get_thing", "find_member")
    ]
    head = {"recording": 1, "tools": tools}
    (tmp_path / "example" / "catalogue.jsonl").write_bytes(orjson.dumps(head))
    refuse_live([f"openapi:{tmp_path / 'example' / 'catalogue.yaml'}"], Settings())


# -- state --------------------------------------------------------------------------------------------------


def test_a_session_goes_back_by_a_reset_and_the_calls_before(library: str) -> None:
    space = SimulationSpace.from_names([library])
    with space.session(space.scenario(1)) as session:
        thing = session.call("list_things", {"free": True})[0]["thing_id"]
        name = session.state()["library"]["show_state"]["members"][0]["name"]
        member = session.call("find_member", {"name": name})["member_id"]
        mark, before = session.snapshot(), session.state_hash()
        first = session.call("create_loan", {"thing_id": thing, "member_id": member, "days": 1})
        assert not is_error(first) and session.state_hash() != before
        session.restore(mark)
        assert session.state_hash() == before
        assert session.call("create_loan", {"thing_id": thing, "member_id": member, "days": 1}) == first


def test_two_sessions_of_one_service_do_not_see_each_other(library: str) -> None:
    space = SimulationSpace.from_names([library])
    scenario = space.scenario(1)
    with space.session(scenario) as one, space.session(scenario) as other:
        thing = one.call("list_things", {"free": True})[0]["thing_id"]
        name = one.state()["library"]["show_state"]["members"][0]["name"]
        member = one.call("find_member", {"name": name})["member_id"]
        one.call("create_loan", {"thing_id": thing, "member_id": member, "days": 1})
        assert other.call("list_loans", {"member_id": member}) == []
        assert len(one.call("list_loans", {"member_id": member})) == 1


def test_a_recording_answers_as_the_service_and_says_what_it_never_saw(library: str, tmp_path: Path) -> None:
    from funreason_plugin import check
    from funreason_plugin.command_line import run

    shutil.copytree(EXAMPLE, tmp_path / "example")
    name = f"openapi:{tmp_path / 'example' / 'catalogue.yaml'}"
    (tmp_path / "example" / "catalogue.jsonl").unlink(missing_ok=True)
    assert run(check.app, ["record", name, "--samples", "2"]) == 0
    text = (tmp_path / "example" / "catalogue.jsonl").read_bytes()
    assert KEY.encode() not in text and b"127.0.0.1" not in text
    live, recorded = SimulationSpace.from_names([f"{name}+live"]), SimulationSpace.from_names([name])
    calls = [orjson.loads(line) for line in text.splitlines()[1:]]
    assert {call["tool"] for call in calls} == {"list_things", "get_thing", "find_member"}
    with live.session(live.scenario(1)) as real, recorded.session(recorded.scenario(1)) as replayed:
        for call in calls:
            assert replayed.call(call["tool"], call["arguments"]) == real.call(
                call["tool"], call["arguments"]
            )
        assert "recording" in replayed.call("get_thing", {"thing_id": "T-000000"})["error"]


def test_what_a_recording_lacks_is_asked_and_added(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "example")
    name = f"openapi:{tmp_path / 'example' / 'catalogue.yaml'}"
    (tmp_path / "example" / "catalogue.jsonl").unlink(missing_ok=True)
    adding = SimulationSpace.from_names([f"{name}+record"])
    with adding.session(adding.scenario(0)) as session:
        thing = session.call("list_things", {"free": True})[0]
        told = session.call("get_thing", {"thing_id": thing["thing_id"]})
    assert told["thing_id"] == thing["thing_id"]
    (cls,) = adding.environments.values()
    assert cls._outside_live and cls._outside_name == name
    for variable in ("LIBRARY_URL", "LIBRARY_KEY"):
        monkeypatch.delenv(variable)
    recorded = SimulationSpace.from_names([name])
    with recorded.session(recorded.scenario(0)) as session:
        assert session.call("get_thing", {"thing_id": thing["thing_id"]}) == told
        assert "not in the recording" in session.call("list_things", {"free": False})["error"]
    (again,) = recorded.environments.values()
    assert environment_hash(again) == environment_hash(cls) and not again._outside_live


def test_a_recording_needs_neither_service_nor_key(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funreason_plugin import check
    from funreason_plugin.command_line import run

    shutil.copytree(EXAMPLE, tmp_path / "example")
    name = f"openapi:{tmp_path / 'example' / 'catalogue.yaml'}"
    assert run(check.app, ["record", name, "--samples", "1"]) == 0
    for variable in ("LIBRARY_URL", "LIBRARY_KEY"):
        monkeypatch.delenv(variable)
    (tmp_path / "example" / "openapi.json").unlink()
    space = SimulationSpace.from_names([name])
    with space.session(space.scenario(1)) as session:
        assert len(session.call("list_things", {})) == 8


def test_a_document_at_its_service_needs_a_key_only(
    library_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBRARY_OF_THINGS_APIKEY_HEADER", KEY)
    (cls,) = resolve(f"openapi:{library_url}/openapi.json")
    space = SimulationSpace([cls])
    assert cls.name == "library_of_things" and "create_loan" not in space.tools
    with space.session(space.scenario(0)) as session:
        assert len(session.call("list_things", {})) == 8

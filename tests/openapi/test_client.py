"""What a service answers, as outputs; against a real one that answers in every odd way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from funreason_plugin.environments.external.connection import Connection, Lost
from funreason_plugin.environments.openapi.access import Access
from funreason_plugin.environments.openapi.client import HttpConnection
from funreason_plugin.environments.openapi.document import Document
from funreason_plugin.environments.openapi.operations import read_operation
from funreason_plugin.environments.openapi.reading import Unreadable, read

SECRET = "s3cret/Key+7f"


def connected(url: str, base: str = "") -> Connection:
    document = Document(read(f"{url}/openapi.json"), "hostile")
    operations = {}
    for found in document.checked(list(document.operations))[0]:
        try:
            operations[found.name] = read_operation(document, found)
        except Unreadable:
            assert found.name == "upload"
    schemes = {"basic": {"type": "http", "scheme": "basic"}}
    given = {"header:X-Key": SECRET, "header:X-Other": f"Token {SECRET}"}
    return HttpConnection(operations, Access(base or url, schemes, {}, given))


@pytest.fixture(scope="module")
def service(hostile_url: str) -> Iterator[Connection]:
    connection = connected(hostile_url)
    yield connection
    connection.close()


def test_path_query_header_and_body_arrive(service: Connection) -> None:
    arguments = {"number": 3, "tag": ["a b", "c&d"], "x_trace": "t", "name": "Grüße", "tags": ["x"]}
    assert service.call("put_item", arguments, 20) == {
        "number": 3,
        "item": {"name": "Grüße", "tags": ["x"]},
        "tag": ["a b", "c&d"],
        "trace": "t",
    }


def test_a_refusal_of_arguments_names_their_place(service: Connection) -> None:
    output = service.call("put_item", {"number": 3, "tag": ["a"], "x_trace": "t"}, 20)
    assert output["error"].startswith("422: name: Field required")


def test_what_is_over_the_limit_is_not_read(service: Connection) -> None:
    assert service.call("large", {}, 60) == {"error": "the answer has over 8 MB; ask for less"}


@pytest.mark.parametrize("tool", ["slow", "drip"])
def test_a_service_that_takes_its_time_is_left(service: Connection, tool: str) -> None:
    with pytest.raises(Lost) as found:
        service.call(tool, {}, 0.5)
    assert found.value.over_time


@pytest.mark.parametrize(
    ("tool", "output"),
    [
        ("image", {"error": "the answer is image/png of 5,004 bytes, which a text model cannot read"}),
        ("broken", {"error": "200: the service says that it answers in JSON, and does not"}),
        ("page", {"error": "502: Bad gateway nginx"}),
        ("text", "fine weather"),
        ("moved", "fine weather"),
        ("nothing", {"status": 204}),
        ("elsewhere", {"error": "307: the service sends this call to another address"}),
        ("round_", {"error": "the service redirects this call again and again"}),
        ("forbidden", {"error": "401: the service refuses the credentials: unknown client"}),
        ("be_busy", {"asked": 0}),
    ],
)
def test_odd_answers(service: Connection, tool: str, output: Any) -> None:
    assert service.call(tool, {}, 30) == output


def test_a_path_is_quoted_once(service: Connection) -> None:
    assert service.call("echo", {"place": "a b/../c%2Fd"}, 20)["path"] == "/echo/a%20b%2F..%2Fc%252Fd"


def test_credentials_and_address_that_come_back_are_hidden(service: Connection, hostile_url: str) -> None:
    output = service.call("echo", {"place": "x"}, 20)
    assert output["headers"]["x-key"] == "***" and output["link"] == "/next"
    assert SECRET not in str(output) and hostile_url not in str(output)


def test_a_service_that_is_gone_is_lost_without_its_address(hostile_url: str) -> None:
    gone = connected(hostile_url, "http://127.0.0.1:9")
    with pytest.raises(Lost, match="cannot be reached") as found:
        gone.call("text", {}, 5)
    assert "127.0.0.1" not in str(found.value) and not found.value.over_time
    gone.close()

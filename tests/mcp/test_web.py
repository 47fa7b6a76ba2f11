"""A server over streamable HTTP, on loopback, that wants a token: which is in nothing that is written."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin import check
from funreason_plugin.command_line import run
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from tests.mcp.conftest import SERVERS
from tests.mcp.test_chain import made

pytest.importorskip("uvicorn")
pytestmark = pytest.mark.slow
TOKENS = ("tok-1618033988", "tok-2236067977")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(SERVERS / "web.py"), str(port), *TOKENS], stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}/mcp"
    try:
        while True:
            assert process.poll() is None, "the server does not start"
            try:
                urllib.request.urlopen(address, timeout=5)
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def stock(url: str, tmp_path: Path) -> str:
    """The server with its reset, as on the command line; the token comes from the environment."""
    options: dict[str, Any] = {
        "state": "replay",
        "allow": ["count", "take"],
        "allow_writes": True,
        "reset": [{"tool": "reset_stock"}],
        "digest": [{"tool": "count", "arguments": {"fruit": fruit}} for fruit in ("apples", "pears")],
        "values": {"fruit": {"of": ["apples", "pears"]}},
    }
    server = {"url": url, "headers": {"Authorization": "Bearer ${STOCK_TOKEN}"}, "funreason": options}
    (tmp_path / "stock.json").write_text(json.dumps({"mcpServers": {"stock": server}}))
    return f"mcp:{tmp_path / 'stock.json'}"


def test_the_whole_chain_without_the_token_in_it(
    stock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STOCK_TOKEN", TOKENS[0])
    assert run(check.app, ["env", stock, "--samples", "1"]) == 0
    made(stock, tmp_path / "out")
    printed = capfd.readouterr()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [
        text for text in (printed.out.encode(), printed.err.encode(), *files) if TOKENS[0].encode() in text
    ]


def test_a_token_that_is_refused_is_one_line(
    stock: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STOCK_TOKEN", "tok-wrong-1414213")
    assert run(check.app, ["env", stock]) == 1
    assert (
        capfd.readouterr().err == "error: stock.json: server 'stock': it refuses the credentials (HTTP 401)\n"
    )


def test_a_token_that_is_missing_is_one_line(stock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOCK_TOKEN", raising=False)
    with pytest.raises(UserError, match=r"headers.Authorization needs the environment variable STOCK_TOKEN"):
        SimulationSpace.from_names([stock])


def test_a_token_that_is_revoked_in_mid_run_is_an_error_of_the_calls(
    stock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCK_TOKEN", TOKENS[1])
    path = tmp_path / "stock.json"
    data = json.loads(path.read_text())
    data["mcpServers"]["stock"]["funreason"] = {
        "allow": ["count", "revoke"],
        "read_only": ["count", "revoke"],
    }
    path.write_text(json.dumps(data))
    space = SimulationSpace.from_names([stock])
    with space.session(space.scenario(0)) as session:
        assert session.call("count", {"fruit": "pears"}) == {"count": 5}
        assert session.call("revoke", {"number": 1}) == {"result": "revoked"}
        assert session.call("count", {"fruit": "pears"}) == {"error": "it refuses the credentials (HTTP 403)"}

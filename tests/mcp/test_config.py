"""The file of servers: what is wrong with it is one line; variables and secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.mcp.config import read
from funreason_plugin.errors import UserError


def file(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "tools.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def entry(**keys: Any) -> dict[str, Any]:
    return {"mcpServers": {"notes": {"command": "notes-server", **keys}}}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ('{"mcpServers": {', "tools.json:1: not JSON"),
        ([], 'tools.json: expected {"mcpServers": {"NAME": {"command": …}}}'),
        ({"mcpServer": {"a": {}}}, "found 'mcpServer'?"),
        (entry(arg=["x"]), "tools.json: notes: key 'arg' is not known; did you mean 'args'?"),
        (entry(url="http://x"), "notes: Value error, expected 'command' (a server to start) or 'url'"),
        (entry(type="sse"), "notes: type: Input should be"),
        (entry(disabled=True), "tools.json: every server of it is disabled"),
        (
            entry(funreason={"alow": []}),
            "tools.json: notes: funreason: key 'alow' is not known; did you mean 'allow'?",
        ),
        (
            entry(funreason={"limits": {"second": 3}}),
            "funreason: key 'limits.second' is not known; did you mean 'seconds'?",
        ),
        (entry(funreason={"limits": {"seconds": 0}}), "limits.seconds: Input should be greater than 0"),
        (entry(funreason={"state": "record"}), "state 'record' needs 'recording'"),
        (entry(funreason={"reset": [{"tool": "x"}]}), "'reset' belongs to state 'replay'"),
        (entry(funreason={"values": {"a": {}}}), "expected one of 'of', 'state', 'tool'"),
        (entry(funreason={"errors": "("}), "errors: not a regular expression"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, data: Any, line: str) -> None:
    with pytest.raises(UserError) as caught:
        read(file(tmp_path, data), "tools.json")
    assert line.replace("Value error, ", "") in caught.value.message
    assert "\n" not in caught.value.message


def test_variables_are_put_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES_TOKEN", "tok-123456789")
    data = entry(args=["${folder}/a.db", "${MODE:-fast}", "${env:NOTES_TOKEN}"], env={"PLACE": "${config}"})
    target = read(file(tmp_path, data), "tools.json")["notes"].target(Path("/s"))
    assert target.command == ("notes-server", "/s/a.db", "fast", "tok-123456789")
    assert target.env == {"PLACE": str(tmp_path)}
    assert target.secrets == ("tok-123456789",)
    assert "tok-123456789" not in repr(target)


def test_headers_and_keys_in_the_environment_are_secrets(tmp_path: Path) -> None:
    data = {
        "mcpServers": {"docs": {"url": "http://x/mcp", "headers": {"Authorization": "Bearer abc-987654"}}}
    }
    assert read(file(tmp_path, data), "tools.json")["docs"].target(None).secrets == (
        "Bearer abc-987654",
        "abc-987654",
    )


def test_a_variable_that_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTES_TOKEN", raising=False)
    server = read(file(tmp_path, entry(env={"KEY": "${NOTES_TOKEN}"})), "tools.json")["notes"]
    with pytest.raises(
        UserError, match=r"env.KEY needs the environment variable NOTES_TOKEN, which is not set"
    ):
        server.target(None)


def test_keys_of_other_clients_are_known(tmp_path: Path) -> None:
    data = {"globalShortcut": "x", **entry(autoApprove=["a"], timeout=60, type="stdio")}
    assert list(read(file(tmp_path, data), "tools.json")) == ["notes"]

"""Servers that misbehave: one line each, the session goes on, no process and no secret is left anywhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from funreason_plugin.checks.environment_external import of_outside
from funreason_plugin.checks.environment_facts import Finding
from funreason_plugin.checks.environment_probe import explore
from funreason_plugin.environments.limits import is_over_time
from funreason_plugin.environments.space import Session, SimulationSpace
from funreason_plugin.errors import UserError
from tests.mcp.conftest import Write, processes

pytestmark = pytest.mark.slow
TOKEN = "tok-31415926535"


@pytest.fixture
def session(config: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("HOSTILE_TOKEN", TOKEN)
    name = config("hostile", env={"HOSTILE_TOKEN": "${HOSTILE_TOKEN}"}, limits={"seconds": 5, "restarts": 2})
    space = SimulationSpace.from_names([name])
    with space.session(space.scenario(0)) as live:
        yield live


def test_a_server_that_dies_is_started_again(session: Session) -> None:
    died = session.call("die", {})["error"]
    assert died.startswith("no answer: server 'hostile': it died during the call; its last words: ")
    assert "the server ended with exit status 3" in died
    assert TOKEN not in died and "key is ***" in died
    assert session.call("echo", {"text": "hi"}) == {"result": "hi"}


def test_a_server_that_dies_again_and_again_is_given_up(session: Session) -> None:
    for _ in range(3):
        assert "it died during the call" in session.call("die", {})["error"]
    assert session.call("echo", {"text": "hi"}) == {
        "error": "no answer: the server was lost 3 times; it is not started again"
    }


def test_a_call_over_its_time_limit_is_an_error_and_the_next_one_is_answered(session: Session) -> None:
    assert is_over_time(session.call("hang", {}))
    assert session.call("echo", {"text": "hi"}) == {"result": "hi"}


def test_answers_that_no_model_can_read(session: Session) -> None:
    assert session.call("picture", {}) == {
        "error": "the answer is image/png of 306 bytes, which a text model cannot read"
    }
    assert session.call("fail", {})["error"].startswith("Error executing tool fail: the disk is full")
    assert session.call("secret", {}) == {"result": "the token is ***"}


def test_twenty_megabytes(config: Write) -> None:
    space = SimulationSpace.from_names([config("hostile", limits={"seconds": 60})])
    with space.session(space.scenario(0)) as session:
        output = session.call("flood", {})
    assert isinstance(output, str) and len(output) < 20_000
    assert output.endswith("more characters)")


def test_a_tool_that_is_gone(session: Session) -> None:
    assert session.call("change", {}) == {"result": "changed"}
    assert session.call("echo", {"text": "hi"}) == {"error": "Unknown tool: echo"}


def test_other_tools_after_a_restart_are_not_called(session: Session) -> None:
    (cls,) = session.space.environments.values()
    cls.tools = cls.tools[1:]  # type: ignore[attr-defined]
    session.call("die", {})
    assert "offers other tools than when it was listed" in session.call("echo", {"text": "hi"})["error"]


def test_what_is_wrong_is_told_in_the_words_of_the_configuration(config: Write) -> None:
    space = SimulationSpace.from_names(
        [config("hostile", allow=["echo", "die"], limits={"seconds": 5, "restarts": 0})]
    )
    (cls,) = space.environments.values()
    found = of_outside(cls, explore(cls, 0, 1).findings)
    assert not [
        finding for finding in found if finding.check == "snapshot"
    ]  # a death says nothing of the state
    slow = Finding("error", "hang", "hostile", "echo", "", "a call took over 35 s and was stopped", "")
    (said,) = (finding for finding in of_outside(cls, [slow]) if finding.check == "hang")
    assert said.message == "a call took over 5 s and was stopped"
    assert said.change.startswith('raise "limits"')


def test_a_server_that_ends_at_once(config: Write) -> None:
    with pytest.raises(
        UserError, match=r"hostile.json: server 'hostile': .*no database at /nowhere - the server"
    ):
        SimulationSpace.from_names([config("hostile", "exits")])


def test_a_server_that_never_answers(config: Write) -> None:
    with pytest.raises(UserError, match="it does not start within 1 s"):
        SimulationSpace.from_names([config("hostile", "silent", limits={"start_seconds": 1})])


def test_no_process_outlives_a_killed_one(config: Write, tmp_path: Path) -> None:
    name = config("hostile", "stubborn", "left-behind-mark")
    code = (
        "import time\n"
        "from funreason_plugin.environments.space import SimulationSpace\n"
        f"space = SimulationSpace.from_names([{name!r}])\n"
        "with space.session(space.scenario(0)) as session:\n"
        "    print(session.call('echo', {'text': 'hi'}), flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "hi" in process.stdout.readline()
    started = processes("left-behind-mark")
    assert len(started) >= 3  # guard, server, and what the server started
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(100):
        if not processes("left-behind-mark"):
            break
        time.sleep(0.1)
    assert not processes("left-behind-mark")

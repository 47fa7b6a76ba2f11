"""Whatever a tool does, its call is answered, its session goes on without it, and the others notice nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.hosting import Host, HostedSession
from funreason_plugin.live import ToolsLost
from tests.hosting.desk import alive, eventually, named, opened, run, words

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host(1, 64) as host:
        yield host


async def around(session: HostedSession, name: str, arguments: dict[str, Any]) -> Any:
    """The output of a call between two that write."""
    assert (await session.call("put", {"word": "before"}))["words"] == 2
    mark = await session.mark()
    output = await session.call(name, arguments)
    assert await session.mark() == mark
    assert (await session.call("put", {"word": "after"}))["words"] == 3
    assert await session.call("read", {}) == ["start", "before", "after"]
    return output


def over(name: str) -> dict[str, str]:
    return {"error": f"the call was over its time limit of 0.5 s: {name}"}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("loop", {"word": "half"}, over("loop")),
        ("nap", {"seconds": 4.0}, over("nap")),
        ("stubborn", {}, over("stubborn")),
        ("swallow", {"seconds": 3.0}, over("swallow")),
        ("power", {"base": 9}, over("power")),
        ("hold", {}, over("hold")),
        ("leave", {}, {"error": "SystemExit: enough"}),
        ("die", {}, {"error": "the process of the tools ended with exit status 3 in this call: die"}),
        (
            "huge",
            {},
            {"error": "huge returned 2,000,002 bytes; at most 1,000,000 are allowed"},
        ),
        (
            "strange",
            {},
            {"error": "strange returned what is not JSON: Type is not JSON serializable: object"},
        ),
        ("chat", {}, 0),
        ("close_stdin", {}, 0),
        ("fail_after_writing", {"word": "half"}, {"error": "full"}),
    ],
)
def test_the_session_goes_on_without_the_call(
    host: Host, name: str, arguments: dict[str, Any], expected: Any
) -> None:
    async def go() -> None:
        session = await opened(host, "Trap", "start")
        assert await around(session, name, arguments) == expected
        await session.close()

    run(go())
    assert host.standing().sessions == 0


def test_a_tool_that_closes_all_files_ends_its_process_only(host: Host) -> None:
    async def go() -> None:
        session = await opened(host, "Trap", "start")
        assert "the process of the tools ended" in (await around(session, "close_everything", {}))["error"]

    run(go())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["power", "hold", "die"])
def test_what_takes_a_process_down_is_blamed_and_the_innocent_are_not(host: Host, name: str) -> None:
    async def innocent(number: int) -> None:
        session = await opened(host, "Shelf", str(number))
        await session.call("put", {"word": "x"})
        await asyncio.sleep(number % 2)  # half of them call when the guilty one holds the lock already
        assert await session.call("nap", {"seconds": 2.0}) == 2.0
        assert await session.call("read", {}) == [str(number), "x"]
        await session.close()

    async def guilty() -> Any:
        session = await opened(host, "Trap", "start")
        await asyncio.sleep(0.5)
        output = await around(session, name, {"base": 9} if name == "power" else {})
        await session.close()
        return output

    async def go() -> None:
        error, *_ = await asyncio.gather(guilty(), *map(innocent, range(20)))
        assert error in (
            over(name),
            {"error": f"the process of the tools ended with exit status 3 in this call: {name}"},
        )

    before = host.standing()
    run(go())
    assert host.standing().sessions == 0
    assert host.standing().restarts > before.restarts


def test_python_code_is_interrupted_and_its_thread_comes_back(host: Host) -> None:
    async def go() -> None:
        session = await opened(host, "Trap", "start")
        for _ in range(3):
            assert await session.call("loop", {"word": ""}) == over("loop")
        await asyncio.sleep(0.5)
        await eventually(lambda: host.standing().away == 0)

    before = host.standing().restarts
    run(go())
    assert host.standing().restarts == before


def test_threads_that_stay_away_are_counted_and_their_process_is_replaced_in_the_end() -> None:
    async def go(host: Host) -> None:
        quiet = await opened(host, "Shelf", "quiet")
        (pid,) = host.standing().pids
        sessions = [await opened(host, "Trap", str(number)) for number in range(4)]
        outputs = await asyncio.gather(*(session.call("nap", {"seconds": 600}) for session in sessions[:3]))
        assert outputs == [over("nap")] * 3
        await eventually(lambda: host.standing().away == 3)
        assert host.standing().pids == (pid,)
        assert await sessions[3].call("nap", {"seconds": 600}) == over("nap")
        await eventually(lambda: not alive(pid))
        assert await quiet.call("read", {}) == ["quiet"]
        assert [await session.call("read", {}) for session in sessions] == [["0"], ["1"], ["2"], ["3"]]
        assert host.standing().away == 0
        assert host.standing().restarts == 1

    with Host(1, 16) as host:
        run(go(host))


def test_many_hanging_calls_of_one_session_end_it(host: Host) -> None:
    async def go() -> None:
        session = await opened(host, "Trap", "start")
        for _ in range(20):
            assert await session.call("leave", {}) == {"error": "SystemExit: enough"}
        with pytest.raises(ToolsLost, match="over 20 calls"):
            await session.call("leave", {})
        with pytest.raises(ToolsLost, match="over 20 calls"):
            await session.call("read", {})
        await session.close()

    run(go())


def test_a_session_that_cannot_be_rebuilt_is_lost(host: Host) -> None:
    async def go() -> None:
        session = await opened(host, "Dice", "start")
        await session.call("roll", {})
        await session.call("loop", {})
        with pytest.raises(ToolsLost, match="roll returned something else when the session was rebuilt"):
            await session.call("read", {})
        await session.close()

    run(go())
    assert host.standing().sessions == 0


def test_an_environment_that_ends_the_process_when_it_is_opened(host: Host) -> None:
    async def go() -> None:
        with pytest.raises(UserError, match="ended with exit status 4"):
            await host.open([named("SlowToOpen")], words("SlowToOpen", "die"))
        session = await opened(host, "SlowToOpen", "fine")
        assert await session.call("read", {}) == ["fine"]

    run(go())


def test_a_process_that_somebody_kills_is_replaced_and_its_sessions_with_it(host: Host) -> None:
    async def go() -> None:
        sessions = [await opened(host, "Shelf", str(number)) for number in range(10)]
        for session in sessions:
            await session.call("put", {"word": "x"})
        naps = [asyncio.ensure_future(session.call("nap", {"seconds": 1.0})) for session in sessions]
        await asyncio.sleep(0.3)
        os.kill(host.standing().pids[0], signal.SIGKILL)
        assert await asyncio.gather(*naps) == [1.0] * 10
        for number, session in enumerate(sessions):
            assert await session.call("read", {}) == [str(number), "x"]

    run(go())


def test_processes_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go(host: Host) -> None:
        with pytest.raises(ToolsLost, match="cannot be started: they end with exit status 1"):
            await opened(host, "Shelf")

    with Host(1, 4) as host:
        monkeypatch.setattr("funreason_plugin.hosting.child._BOOT", "raise SystemExit(1)")
        run(go(host))


PARENT = """
import asyncio, sys, time
from funreason_plugin.hosting import Host
from tests.hosting.desk import opened
async def go():
    host = Host(2, 4)
    sessions = [await opened(host, "Trap", "start") for _ in range(2)]
    await sessions[0].call("put", {"word": "x"})
    print(*host.standing().pids, flush=True)
    await sessions[0].call("nap", {"seconds": 0.2})
    {END}
asyncio.run(go())
"""


@pytest.mark.parametrize(
    "end", ["return", "time.sleep(1000)", "await sessions[1].call('loop', {'word': ''})"]
)
def test_processes_end_with_their_parent(end: str) -> None:
    command = [sys.executable, "-c", PARENT.replace("{END}", end)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        if end != "return":
            assert all(alive(pid) for pid in pids)
            parent.kill()
        parent.wait(30)
    run(eventually(lambda: not any(alive(pid) for pid in pids)))


def test_a_process_is_ended_by_an_alarm_when_nobody_looks_after_it(host: Host) -> None:
    """The parent is gone, and a tool holds the interpreter lock: nothing else ends it."""

    async def go() -> float:
        session = await opened(host, "Trap", "start")
        return float(await session.call("alarm", {}))

    assert 60 < run(go()) <= 120

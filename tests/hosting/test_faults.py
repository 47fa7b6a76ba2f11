"""Whatever a tool does, its call is answered, its session goes on without it, and the others notice nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.errors import UserError
from funreason_plugin.hosting import Host, HostedSession
from funreason_plugin.live import ToolsLost
from tests.hosting.desk import alive, named, opened, words

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
            {"error": "huge returned 50,000,002 bytes; at most 1,000,000 are allowed"},
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
    async def run() -> None:
        session = await opened(host, "Trap", "start")
        assert await around(session, name, arguments) == expected
        await session.close()

    asyncio.run(run())
    assert host.standing().sessions == 0


def test_a_tool_that_closes_all_files_ends_its_process_only(host: Host) -> None:
    async def run() -> None:
        session = await opened(host, "Trap", "start")
        assert "the process of the tools ended" in (await around(session, "close_everything", {}))["error"]

    asyncio.run(run())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["power", "hold", "die"])
def test_what_takes_a_process_down_is_blamed_and_the_innocent_are_not(host: Host, name: str) -> None:
    async def innocent(number: int) -> None:
        session = await opened(host, "Shelf", str(number))
        await session.call("put", {"word": "x"})
        assert await session.call("nap", {"seconds": 2.0}) == 2.0
        assert await session.call("read", {}) == [str(number), "x"]
        await session.close()

    async def guilty() -> Any:
        session = await opened(host, "Trap", "start")
        await asyncio.sleep(0.5)
        return await around(session, name, {"base": 9} if name == "power" else {})

    async def run() -> None:
        error, *_ = await asyncio.gather(guilty(), *map(innocent, range(20)))
        assert error in (
            over(name),
            {"error": f"the process of the tools ended with exit status 3 in this call: {name}"},
        )

    before = host.standing()
    asyncio.run(run())
    assert host.standing().sessions == 0
    assert host.standing().restarts > before.restarts


def test_threads_that_stay_away_are_counted_and_their_process_is_replaced_in_the_end() -> None:
    async def run(host: Host) -> None:
        quiet = await opened(host, "Shelf", "quiet")
        (pid,) = host.standing().pids
        sessions = [await opened(host, "Trap", str(number)) for number in range(4)]
        outputs = await asyncio.gather(*(session.call("nap", {"seconds": 600}) for session in sessions[:3]))
        assert outputs == [over("nap")] * 3
        while host.standing().away < 3:
            await asyncio.sleep(0.05)
        assert host.standing().pids == (pid,)
        assert await sessions[3].call("nap", {"seconds": 600}) == over("nap")
        while alive(pid):
            await asyncio.sleep(0.05)
        assert await quiet.call("read", {}) == ["quiet"]
        assert [await session.call("read", {}) for session in sessions] == [["0"], ["1"], ["2"], ["3"]]
        assert host.standing().away == 0
        assert host.standing().restarts == 1

    with Host(1, 16) as host:
        asyncio.run(run(host))


def test_many_hanging_calls_of_one_session_end_it(host: Host) -> None:
    async def run() -> None:
        session = await opened(host, "Trap", "start")
        for _ in range(20):
            assert await session.call("leave", {}) == {"error": "SystemExit: enough"}
        with pytest.raises(ToolsLost, match="over 20 calls"):
            await session.call("leave", {})
        with pytest.raises(ToolsLost, match="over 20 calls"):
            await session.call("read", {})
        await session.close()

    asyncio.run(run())


def test_a_session_that_cannot_be_rebuilt_is_lost(host: Host) -> None:
    async def run() -> None:
        session = await opened(host, "Dice", "start")
        await session.call("roll", {})
        await session.call("loop", {})
        with pytest.raises(ToolsLost, match="roll returned something else when the session was rebuilt"):
            await session.call("read", {})
        await session.close()

    asyncio.run(run())
    assert host.standing().sessions == 0


def test_an_environment_that_ends_the_process_when_it_is_opened(host: Host) -> None:
    async def run() -> None:
        with pytest.raises(UserError, match="ended with exit status 4"):
            await host.open([named("SlowToOpen")], words("SlowToOpen", "die"))
        session = await opened(host, "SlowToOpen", "fine")
        assert await session.call("read", {}) == ["fine"]

    asyncio.run(run())


def test_a_process_that_somebody_kills_is_replaced_and_its_sessions_with_it(host: Host) -> None:
    async def run() -> None:
        sessions = [await opened(host, "Shelf", str(number)) for number in range(10)]
        for session in sessions:
            await session.call("put", {"word": "x"})
        naps = [asyncio.ensure_future(session.call("nap", {"seconds": 1.0})) for session in sessions]
        await asyncio.sleep(0.3)
        os.kill(host.standing().pids[0], signal.SIGKILL)
        assert await asyncio.gather(*naps) == [1.0] * 10
        for number, session in enumerate(sessions):
            assert await session.call("read", {}) == [str(number), "x"]

    asyncio.run(run())


def test_processes_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(host: Host) -> None:
        with pytest.raises(ToolsLost, match="cannot be started: they end with exit status 1"):
            await opened(host, "Shelf")

    with Host(1, 4) as host:
        monkeypatch.setattr("funreason_plugin.hosting.child._BOOT", "raise SystemExit(1)")
        asyncio.run(run(host))


PARENT = """
import asyncio, sys, time
from funreason_plugin.hosting import Host
from tests.hosting.desk import opened
async def run():
    host = Host(2, 4)
    sessions = [await opened(host, "Trap", "start") for _ in range(2)]
    await sessions[0].call("put", {"word": "x"})
    print(*host.standing().pids, flush=True)
    await sessions[0].call("nap", {"seconds": 0.2})
    {END}
asyncio.run(run())
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
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_process_is_ended_by_an_alarm_when_nobody_looks_after_it(host: Host) -> None:
    """The parent is gone, and a tool holds the interpreter lock: nothing else ends it."""

    async def run() -> float:
        session = await opened(host, "Trap", "start")
        await asyncio.sleep(0.2)
        return float(await session.call("alarm", {}))

    assert 60 < asyncio.run(run()) <= 120

"""Hosted sessions do what sessions in this process do, many at a time, and leave nothing."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.hosting import Host, HostedSession
from funreason_plugin.live import Direct, LiveSession, Mark, ToolsLost
from funreason_plugin.trajectory import EnvironmentRef
from tests.hosting.desk import (
    alive,
    eventually,
    files,
    named,
    opened,
    resident,
    run,
    space_of,
    threads,
    words,
)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host(2, 128) as host:
        yield host


async def walk(session: LiveSession, calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[Any], list[Mark]]:
    outputs, marks = [], [await session.mark()]
    for name, arguments in calls:
        outputs.append(await session.call(name, arguments))
        marks.append(await session.mark())
    await session.close()
    return outputs, marks


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("put", {"word": "sun"}),
    ("put", {"word": "sun"}),
    ("put", {"word": 7}),
    ("put", {"word": 10**30}),
    ("put", {"word": "\ud800"}),
    ("put", {"word": "x", "more": float("inf")}),
    ("put", {}),
    ("putt", {"word": "sun"}),
    ("__init__", {}),
    ("nap", {"seconds": float("inf")}),
    ("read", {}),
]


def test_outputs_and_marks_are_those_of_a_session_in_this_process(host: Host) -> None:
    async def both() -> None:
        direct = await walk(Direct(space_of("Shelf"), words("Shelf", "a", "b")), CALLS)
        hosted = await walk(await opened(host, "Shelf", "a", "b"), CALLS)
        assert hosted == direct
        assert direct[0][-1] == ["a", "b", "sun", "sun"]
        assert direct[1][-1].changes == [[["shelf", "words"], ["a", "b", "sun", "sun"]]]

    run(both())


def test_our_environments_by_reference(host: Host) -> None:
    space = SimulationSpace.from_names(["travel", "files"])
    scenario = space.scenario(5)
    calls: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in space.tools]
    references = [EnvironmentRef(name, "1", "0") for name in space.environments]

    async def both() -> None:
        assert await walk(await host.open(references, scenario), calls) == await walk(
            Direct(space, scenario), calls
        )

    run(both())


def test_the_benchmark_s_truths(host: Host) -> None:
    pytest.importorskip("bfcl_eval")
    from funreason_plugin.environments.bfcl import entry_ids, load_entry

    async def one(entry_id: str) -> None:
        entry = load_entry(entry_id)
        calls: list[tuple[str, dict[str, Any]]] = [call for turn in entry.truth for call in turn]
        space = SimulationSpace(entry.environments)
        names = [f"bfcl:{cls.__name__}" for cls in entry.environments]
        hosted = await walk(await host.open(names, entry.scenario), calls)
        assert hosted == await walk(Direct(space, entry.scenario), calls), entry_id

    async def every() -> None:
        await asyncio.gather(*(one(entry_id) for entry_id in entry_ids("base")[::8]))

    run(every())


def test_concurrent_sessions_see_nothing_of_each_other(host: Host) -> None:
    async def one(number: int) -> None:
        session = await opened(host, "Shelf", str(number))
        for step in range(10):
            await session.call("put", {"word": f"{number}/{step}"})
        expected = [str(number), *(f"{number}/{step}" for step in range(10))]
        assert await session.call("read", {}) == expected
        await session.close()

    async def every() -> None:
        await asyncio.gather(*map(one, range(100)))

    run(every())
    assert host.standing().sessions == 0


def test_slow_tools_of_256_sessions_run_at_the_same_time(host: Host, tmp_path: Path) -> None:
    async def every() -> None:
        sessions = await asyncio.gather(*(opened(host, "Meeting") for _ in range(256)))
        meet = [
            session.call("meet", {"folder": str(tmp_path), "name": str(number), "count": 256})
            for number, session in enumerate(sessions)
        ]
        assert await asyncio.gather(*meet) == [256] * 256

    run(every())


def test_calls_of_one_session_run_in_order(host: Host) -> None:
    async def together() -> None:
        session = await opened(host, "Shelf")
        calls = [session.call("put", {"word": str(number)}) for number in range(20)]
        await asyncio.gather(session.call("nap", {"seconds": 0.1}), *calls)
        assert await session.call("read", {}) == [str(number) for number in range(20)]

    run(together())


def test_several_event_loops_share_a_host(host: Host) -> None:
    seen: list[Any] = []

    async def one(number: int) -> None:
        session = await opened(host, "Shelf")
        for _ in range(20):
            await session.call("put", {"word": str(number)})
        seen.append(await session.call("read", {}))
        await session.close()

    loops = [threading.Thread(target=lambda number=number: run(one(number))) for number in range(6)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    assert sorted(seen) == [[str(number)] * 20 for number in range(6)]


def test_a_call_that_nobody_waits_for_is_made_all_the_same(host: Host) -> None:
    async def cancelled() -> None:
        session = await opened(host, "Shelf")
        call = asyncio.ensure_future(session.call("put", {"word": "sun"}))
        await asyncio.sleep(0)
        call.cancel()
        assert await session.call("read", {}) == ["sun"]

    run(cancelled())


def test_a_closed_session_is_lost(host: Host) -> None:
    async def closed() -> None:
        session = await opened(host, "Shelf")
        await session.close()
        await session.close()
        with pytest.raises(ToolsLost, match="closed"):
            await session.call("read", {})

    run(closed())


def test_sessions_that_nobody_closed_are_closed(host: Host) -> None:
    async def dropped() -> None:
        for _ in range(5):
            await opened(host, "Shelf")
        opening = asyncio.ensure_future(opened(host, "Shelf"))
        await asyncio.sleep(0)
        opening.cancel()

    run(dropped())
    run(eventually(lambda: host.standing().sessions == 0))


def test_after_the_host_is_closed_everything_is_lost() -> None:
    async def go(host: Host) -> HostedSession:
        return await opened(host, "Shelf")

    with Host(1, 4) as host:
        session = run(go(host))
        (pid,) = host.standing().pids
        assert alive(pid)
    assert not alive(pid)
    with pytest.raises(ToolsLost, match="closed"):
        run(session.call("read", {}))
    with pytest.raises(ToolsLost, match="closed"):
        run(go(host))
    run(session.close())


def test_calls_that_run_when_the_host_is_closed_are_lost() -> None:
    async def go(host: Host) -> None:
        sessions = [await opened(host, "Shelf") for _ in range(3)]
        calls = [asyncio.ensure_future(session.call("nap", {"seconds": 600})) for session in sessions]
        calls.append(asyncio.ensure_future(sessions[0].call("read", {})))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(host.close)
        for call in calls:
            with pytest.raises(ToolsLost, match="closed"):
                await call

    run(go(Host(1, 4)))


def test_a_host_that_fails_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("a mistake of ours")

    async def go(host: Host) -> None:
        with pytest.raises(ToolsLost, match="a mistake of ours"):
            await opened(host, "Shelf")
        with pytest.raises(ToolsLost, match="a mistake of ours"):
            await opened(host, "Shelf")

    monkeypatch.setattr("funreason_plugin.hosting.dispatch.Dispatch.receive", broken)
    with Host(1, 4) as host:
        run(go(host))


@pytest.mark.parametrize(
    ("names", "scenario", "message"),
    [
        (["travels"], Scenario("1", "2026-05-04T09:00:00", {}), "'travels' is not known"),
        (["no_such_module:Desk"], Scenario("1", "2026-05-04T09:00:00", {}), "no module 'no_such_module'"),
        ([named("Shelves")], Scenario("1", "2026-05-04T09:00:00", {}), "has no class 'Shelves'"),
        (["travel"], Scenario("1", "2026-05-04T09:00:00", {}), "no state for environment 'travel'"),
        ([named("SlowToOpen")], words("SlowToOpen", "raise"), "RuntimeError: no connection"),
        (["travel"], Scenario("1", "2026-05-04T09:00:00", {"travel": {"now": object()}}), "is not JSON data"),
    ],
)
def test_what_cannot_be_opened_is_told(
    host: Host, names: list[str], scenario: Scenario, message: str
) -> None:
    async def go() -> None:
        with pytest.raises(UserError, match=message):
            await host.open(names, scenario)

    run(go())
    assert host.standing().sessions == 0


def test_open_sessions_are_closed_with_the_host(tmp_path: Path) -> None:
    scenario = Scenario("1", "2026-05-04T09:00:00", {"folder": {"parent": str(tmp_path)}})

    async def go(host: Host) -> None:
        kept.extend([await host.open([named("Folder")], scenario) for _ in range(3)])
        assert len(os.listdir(tmp_path)) == 3
        await kept[0].close()
        assert len(os.listdir(tmp_path)) == 2

    kept: list[HostedSession] = []
    with Host(1, 4) as host:
        run(go(host))
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_ten_thousand_sessions_leave_nothing() -> None:
    async def many(host: Host, count: int) -> None:
        async def one(number: int) -> None:
            for _ in range(count // 100):
                session = await opened(host, "Shelf", "x" * 10_000)
                await session.call("put", {"word": "y" * 1000})
                await session.mark()
                await session.close()

        await asyncio.gather(*map(one, range(100)))

    def measured(host: Host) -> list[tuple[int, int, int]]:
        return [(resident(pid), threads(pid), files(pid)) for pid in (os.getpid(), *host.standing().pids)]

    with Host(2, 16) as host:
        run(many(host, 2000))
        before = measured(host)
        run(many(host, 10_000))
        after = measured(host)
        assert host.standing().sessions == 0
        assert host.standing().restarts == 0
    for old, new in zip(before, after, strict=True):
        assert new[0] - old[0] < 20_000_000  # 10,000 sessions have 200 MB of words
        assert new[1] <= 16 + 2  # one reads, one watches
        assert new[2] == old[2]

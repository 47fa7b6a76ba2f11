"""What the tests of hosting share: environments by name, scenarios, and how many threads, files and processes there are."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.hosting import Host, HostedSession

T = TypeVar("T")
TOOLS = Path(__file__).with_name("tools.py")


def named(cls: str) -> str:
    """A class of tools.py as on a command line."""
    return f"{TOOLS}:{cls}"


def space_of(cls: str) -> SimulationSpace:
    return SimulationSpace.from_names([named(cls)])


def words(cls: str, *texts: str) -> Scenario:
    """A scenario of one of the environments with words on its shelf."""
    (name,) = space_of(cls).environments
    return Scenario("7", "2026-05-04T09:00:00", {name: {"words": list(texts)}})


async def opened(host: Host, cls: str, *texts: str) -> HostedSession:
    return await host.open([named(cls)], words(cls, *texts))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it in an event loop of its own; an error when it does not end."""
    return asyncio.run(asyncio.wait_for(work, 120))


async def eventually(check: Callable[[], bool]) -> None:
    """Wait until it is so."""
    while not check():
        await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident(pid: int) -> int:
    """The memory of a process, bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))

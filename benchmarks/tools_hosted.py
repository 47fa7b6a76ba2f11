"""Tool calls in supervised processes beside the same calls in this process, in one run.

    python benchmarks/tools_hosted.py [--environments travel,files] [--processes 2] [--threads 128]

Each session makes the same calls that read. "alone" is what a caller waits for a call of one session; the other
columns are the time per call when so many sessions call at the same time. "here" is this process's own processor
time a call: what hosting takes from the event loop's thread and its own. The memory of open sessions is the growth
of the processes' resident memory.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.hosting import Host
from funreason_plugin.live import Direct, LiveSession

Open = Callable[[], Coroutine[Any, Any, LiveSession]]
CALLS = 20


async def calls(session: LiveSession, names: Sequence[str]) -> None:
    """CALLS calls, without arguments where the tool takes none; else the refusal is what is measured."""
    for number in range(CALLS):
        await session.call(names[number % len(names)], {})


async def measure(open_session: Open, sessions: int, names: Sequence[str]) -> tuple[float, float, float]:
    """Microseconds: a call by the wall clock, a call of this process's processor time, a session's opening, mark
    and closing."""
    start = time.perf_counter()
    opened = await asyncio.gather(*(open_session() for _ in range(sessions)))
    around = time.perf_counter() - start
    await asyncio.gather(*(calls(session, names) for session in opened))  # warm
    wall, processor = time.perf_counter(), time.process_time()
    repeats = max(1, 2000 // (sessions * CALLS))
    for _ in range(repeats):
        await asyncio.gather(*(calls(session, names) for session in opened))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    start = time.perf_counter()
    await asyncio.gather(*(session.mark() for session in opened))
    await asyncio.gather(*(session.close() for session in opened))
    around += time.perf_counter() - start
    count = sessions * CALLS * repeats
    return wall / count * 1e6, processor / count * 1e6, around / sessions * 1e6


def resident(pids: Sequence[int]) -> int:
    """The resident memory of processes, bytes."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


async def memory(host: Host, open_session: Open, sessions: int, names: Sequence[str]) -> tuple[float, float]:
    """Megabytes that open sessions take here, and in the processes of the tools."""
    here, there = [os.getpid()], host.standing().pids
    before = resident(here), resident(there)
    opened = await asyncio.gather(*(open_session() for _ in range(sessions)))
    await asyncio.gather(*(calls(session, names) for session in opened))
    after = resident(here), resident(there)
    await asyncio.gather(*(session.close() for session in opened))
    return (after[0] - before[0]) / 1e6, (after[1] - before[1]) / 1e6


async def run(names: list[str], processes: int, threads: int, console: Console) -> None:
    space = SimulationSpace.from_names(names)
    scenario: Scenario = space.scenario(1)
    tools = [
        name for name, spec in space.tools.items() if not spec.writes and not spec.parameters.get("required")
    ]
    tools = tools or list(space.tools)[:1]
    table = Table(
        title=f"{' + '.join(names)}: {', '.join(tools)}; {processes} processes, {threads} threads each"
    )
    for title in ("", "sessions", "µs a call", "here, µs a call", "open, mark, close: µs"):
        table.add_column(title, justify="left" if not title else "right")

    async def direct() -> LiveSession:
        return Direct(space, scenario)

    with Host(processes, threads) as host:

        async def hosted() -> LiveSession:
            return await host.open(names, scenario)

        await (await hosted()).close()  # the processes are up
        sides: tuple[tuple[str, Open], ...] = (("in this process", direct), ("hosted", hosted))
        for sessions in (1, 64, 1024):
            for title, side in sides:
                found = await measure(side, sessions, tools)
                table.add_row(title, f"{sessions:,}", *(f"{value:.0f}" for value in found))
        here, there = await memory(host, hosted, 1000, tools)
    console.print(table)
    console.print(f"1,000 open sessions: {here:.0f} MB here, {there:.0f} MB in the processes of the tools")


def main(
    environments: Annotated[str, typer.Option(help="Names, with commas.")] = "travel,files",
    processes: Annotated[int, typer.Option(min=1)] = 2,
    threads: Annotated[int, typer.Option(min=1)] = 128,
) -> None:
    """Compare calls in supervised processes with calls in this process."""
    console = Console()
    asyncio.run(run(environments.split(","), processes, threads, console))
    console.print(f"repeat with: python {' '.join(sys.argv)}")


if __name__ == "__main__":
    typer.run(main)

"""A run: slots made by supervised workers, written in slot order, resumed where it stopped.

    summary = run(config, console)

Slot i is decided by (seed, i, attempt) alone, and slots are judged (duplicates) and written in slot order: the same
seed gives the same bytes with any number of workers and after any interruption. One process holds everything that must
be exact: the folder, the slots' `Register`, and the `Hub` to the models. The crew's processes do the computing.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from funreason_plugin.config import SynthesisConfig, check_names
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.quality.measuring import reference
from funreason_plugin.synthesis import emission
from funreason_plugin.synthesis.casting import Casting
from funreason_plugin.synthesis.crew import CrewWorker
from funreason_plugin.synthesis.folder import GRAPH, Folder
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.graph_process import build_graph
from funreason_plugin.synthesis.hub import Hub
from funreason_plugin.synthesis.interrupts import Interrupts
from funreason_plugin.synthesis.ledger import LEDGER, Ledger
from funreason_plugin.synthesis.local_worker import LocalWorker
from funreason_plugin.synthesis.production import Production
from funreason_plugin.synthesis.progress import Progress
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.register import Register
from funreason_plugin.synthesis.settings import settings_of
from funreason_plugin.synthesis.summary import Summary
from funreason_plugin.synthesis.summary_table import final_table
from funreason_plugin.synthesis.teachers.base import RunStopped
from funreason_plugin.synthesis.variants.drawing import Variants

__all__ = ["Summary", "load_graph", "run"]

_WRITE_EVERY: Final = 30.0  # seconds between writings of summary.json
_INTERRUPTED: Final = "interrupted"


def run(config: SynthesisConfig, console: Console) -> Summary:
    """Synthesise ``config.num`` kept trajectories into ``config.out``.

    Raises:
        UserError: Bad input, a wrong key, URL or model, a folder of another configuration, a full disk, a worker that
            cannot be kept alive. What was written is valid and resumable.
    """
    space = SimulationSpace.from_names(config.env)
    check_names(config, space)
    for file in config.against:
        reference(file, config.out)
    redactor = Redactor.load(config.redact)
    settings = settings_of(config, space)
    folder = Folder(Path(config.out), settings)
    summary = Summary(settings=settings)
    running = _Run(config, console, folder, Register(config, folder, summary, redactor), list(space.tools))
    try:
        with Interrupts() as interrupts:
            running.go(interrupts)
    except KeyboardInterrupt:
        summary.stopped = _INTERRUPTED
    finally:
        running.write_summary()
        folder.close()
    console.print(final_table(summary))
    if summary.pending:
        console.print(
            f"{summary.pending:,} more are finished and wait for older ones; the same command goes on with them"
        )
    return summary


class _Run:
    """One call of the command."""

    def __init__(
        self,
        config: SynthesisConfig,
        console: Console,
        folder: Folder,
        register: Register,
        tools: Sequence[str],
    ) -> None:
        self.config = config
        self.console = console
        self.folder = folder
        self.register = register
        self.summary = register.summary
        self.ledger: Ledger | None = None
        self._tools = tools
        self._started = self._written = time.monotonic()

    def go(self, interrupts: Interrupts) -> None:
        """Make what is missing, then the rows."""
        config, folder, summary = self.config, self.folder, self.summary
        self.register.recover()
        for note in folder.notes:
            self.console.print(f"[yellow]{note}[/]")
        kept, waiting = folder.tally.kept, self.register.waiting
        if kept or waiting:
            finished = f", {waiting} more are finished" if waiting else ""
            self.console.print(f"resuming: {kept} of {config.num} trajectories are kept already{finished}")
        stopped = None
        if not self.register.done:
            stopped = asyncio.run(self._make_slots(interrupts))
        elif (folder.path / LEDGER).exists():
            self.ledger = Ledger(folder.path / LEDGER, config.prices, config.currency, read_only=True)
        if stopped is not None:
            summary.stopped = stopped.reason
        if self.register.done or (stopped is not None and stopped.complete_rows and folder.tally.kept):
            self.console.print("writing llamafactory/ and verl/")
            summary.bytes = emission.emit(config, folder)
            emission.describe(config, folder, summary.settings)
            if config.variants:
                summary.variants_missing = Variants(Casting(config, load_graph(folder.path))).cannot()
        summary.complete = self.register.done

    def write_summary(self) -> None:
        """summary.json as things stand."""
        self._written = time.monotonic()
        self.summary.write(self.folder, self._tools, self.ledger, self._written - self._started)

    async def _make_slots(self, interrupts: Interrupts) -> RunStopped | None:
        config = self.config
        hub = await Hub.open(config, self.folder.path) if config.model_agents else None
        try:
            self.ledger = hub.ledger if hub is not None else None
            self._print_notes(hub)
            graph = self._graph()  # nothing else is there to be done meanwhile
            with ExitStack() as stack:
                crew = self._crew(graph, stack)
                progress = stack.enter_context(Progress(self.console, config.num, self.register.tally, hub))

                def tell() -> None:
                    progress.update(self.register.tally)
                    if time.monotonic() - self._written > _WRITE_EVERY:
                        self.write_summary()
                        self._print_notes(hub)

                stack.enter_context(_settled())
                production = Production(crew, hub, self.register, tell)
                loop = asyncio.get_running_loop()
                interrupts.then = lambda: loop.call_soon_threadsafe(self._interrupt, production, hub)
                try:
                    return await production.run()
                finally:
                    interrupts.then = None
        finally:
            self._print_notes(hub)
            if hub is not None:
                await hub.close()

    def _interrupt(self, production: Production, hub: Hub | None) -> None:
        if hub is not None and hub.in_flight:
            self.console.print(
                f"stopping: {hub.in_flight} requests in flight are awaited for a moment; Ctrl-C again leaves at once"
            )
        production.interrupt(RunStopped(_INTERRUPTED))

    def _print_notes(self, hub: Hub | None) -> None:
        for note in hub.take_notes() if hub is not None else ():
            self.console.print(f"[yellow]{note}[/]")

    # -- processes ------------------------------------------------------------------------------------------

    def _crew(self, graph: bytes, stack: ExitStack) -> Sequence[CrewWorker]:
        config = self.config
        if config.executor == "ray":
            from funreason_plugin.synthesis.ray_cluster import RayCluster
            from funreason_plugin.synthesis.ray_crew import ray_crew

            cluster = stack.enter_context(RayCluster.join(config))
            return ray_crew(cluster, config, LocalWorker, graph)
        missing = config.num - self.folder.tally.kept - self.register.waiting
        return [LocalWorker(config.as_plain(), graph) for _ in range(max(1, min(config.workers, missing)))]

    def _graph(self) -> bytes:
        """The tool graph, built when the folder has none."""
        path = self.folder.path / GRAPH
        if not path.exists():
            self.console.print("building the tool graph, verified by execution")
            self.folder.write(GRAPH, build_graph(self.config.env, self.config.seed))
        graph = load_graph(self.folder.path)
        if self.config.variants:  # refused here, before anything is made
            self.summary.variants_missing = Variants(Casting(self.config, graph)).cannot()
        return graph.to_json()


@contextmanager
def _settled() -> Iterator[None]:
    """What is loaded is left out of garbage collections: walking through all of it takes 0.1 s, every few seconds, and
    no request is sent meanwhile."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def load_graph(folder: Path) -> ToolGraph:
    """The graph that a run has verified and kept in its folder."""
    try:
        return ToolGraph.from_json((folder / GRAPH).read_bytes(), str(folder / GRAPH))
    except OSError as error:
        raise UserError(f"{folder / GRAPH}: cannot be read ({error}); delete it, it is made again") from None

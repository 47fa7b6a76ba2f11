"""How often sampling reaches its target, directed and at random, and what a turn costs.

    python benchmarks/sampler.py [--turns 300] [--calls 5] [travel+files shop ...]

Targets are drawn from the tools that are not legal at the turn's start, evenly; conversations have three turns.
"reached": the target is called in the turn's trace. Times are of whole turns, executions included.
"""

from __future__ import annotations

import argparse
import time
from random import Random

from rich.console import Console
from rich.table import Table

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.history import History
from funreason_plugin.synthesis.legality import Legality
from funreason_plugin.synthesis.sampler import SamplerOptions, sample_turn
from funreason_plugin.synthesis.tables import Tables
from funreason_plugin.synthesis.trace import SamplingFailed

NAMES = ("travel+files", "travel", "files", "shop", "bank", "clinic")
TURNS = 3


def illegal(tables: Tables, history: History, most: int) -> list[str]:
    """The tools that are not legal at the turn's start and can be reached with so many calls."""
    legality = Legality(tables, history.called)
    return [
        name
        for name, tool in tables.tools.items()
        if tool.usable and name not in legality.legal and legality.estimate(name, most) <= most
    ]


def measure(
    space: SimulationSpace, graph: ToolGraph, options: SamplerOptions, turns: int
) -> tuple[int, int, float]:
    """(targets, targets reached, milliseconds a turn)."""
    tables = Tables.of(graph, space)
    targets = reached = 0
    spent = 0.0
    for number in range(turns):
        rng = Random(f"reach/{number}")
        with space.session(space.scenario(f"reach/{number}")) as session:
            history = History()
            for _ in range(TURNS):
                names = illegal(tables, history, options.calls[1])
                if not names:
                    break
                target = rng.choice(names)
                start = session.snapshot()
                targets += 1
                began = time.process_time()
                try:
                    trace = sample_turn(session, graph, options, rng, history, target)
                except SamplingFailed:
                    spent += time.process_time() - began
                    session.restore(start)
                    continue
                spent += time.process_time() - began
                reached += trace.reached
                session.restore(start)
                for call in trace.calls:
                    session.call(call.name, call.arguments)
                history.add(trace.calls, trace.target)
    return targets, reached, 1e3 * spent / max(targets, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("environments", nargs="*", default=NAMES, help="names joined by +")
    parser.add_argument("--turns", type=int, default=300, help="conversations of three turns")
    parser.add_argument("--calls", type=int, default=5, help="most calls in a turn")
    given = parser.parse_args()
    table = Table("environments", "targets", "directed", "ms/turn", "random", "ms/turn")
    for names in given.environments:
        space = SimulationSpace.from_names(names.split("+"))
        graph = ToolGraph.build(space)
        row = [names]
        for kind in ("directed", "random"):
            options = SamplerOptions(kind=kind, calls=(1, given.calls))
            targets, reached, cost = measure(space, graph, options, given.turns)
            row += [str(targets)] if kind == "directed" else []
            row += [f"{100 * reached / max(targets, 1):.1f}%", f"{cost:.2f}"]
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()

"""A graph of synthetic tools: time to build it, and time of a sampling step (equation (2), without executions).

    python benchmarks/graph.py [--tools 10000]

Every thing has four tools: search (by name), get, create (below another thing) and update; names and ids decide the
edges, nothing is executed. Times are of the process. Beside the step, the search for a target's distances is timed: it runs once per target.
"""

from __future__ import annotations

import argparse
import time
from random import Random

from rich.console import Console
from rich.table import Table

from funreason_plugin.environments.marks import Ref
from funreason_plugin.environments.spec import OutputField, ParamSpec, ToolSpec
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.legality import Legality
from funreason_plugin.synthesis.tables import Tables

FIRST = [
    "amber",
    "brisk",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "indigo",
    "jade",
    "kelp",
    "lunar",
    "maple",
    "nova",
    "onyx",
    "pearl",
    "quartz",
    "ridge",
]
SECOND = [
    "ledger",
    "parcel",
    "ticket",
    "module",
    "sensor",
    "invoice",
    "shelf",
    "route",
    "permit",
    "badge",
    "survey",
    "lesson",
    "recipe",
    "ballot",
    "voucher",
]


def synthetic(count: int, seed: int = 0) -> dict[str, ToolSpec]:
    """Specs of so many tools over things that lie below one another; half of the ids carry entity marks."""
    rng = Random(seed)
    things = [f"{first}_{second}" for first in FIRST for second in SECOND]
    things += [f"{thing}_{number}x" for number in range(count // 4) for thing in things[:100]]
    things = things[: -(-count // 4)]
    specs: list[ToolSpec] = []
    for index, thing in enumerate(things):
        above = things[rng.randrange(max(index, 1))]
        environment = f"env_{index // 5}"
        marked = index % 2 == 0

        def param(name: str, mark: bool) -> ParamSpec:
            entity = name.removesuffix("_id")
            ref = Ref(entity) if mark and name.endswith("_id") else None
            return ParamSpec(name, {"type": "string"}, True, ref=ref)

        def output(path: str, mark: bool) -> OutputField:
            name = path.rsplit(".", 1)[-1]
            ref = Ref(name.removesuffix("_id")) if mark and name.endswith("_id") else None
            return OutputField(path, {"type": "string"}, ref)

        own, parent = f"{thing}_id", f"{above}_id"
        for verb, params, outputs in (
            ("search", ["phrase"], [f"{thing}s[].{own}", f"{thing}s[].title"]),
            ("get", [own], ["title", "price"]),
            ("create", [parent, "title"], [own]),
            ("update", [own, "title"], ["updated_on"]),
        ):
            name = f"{verb}_{thing}"
            specs.append(
                ToolSpec(
                    name,
                    environment,
                    f"{verb} {thing}",
                    {},
                    tuple(param(item, marked) for item in params),
                    tuple(output(item, marked) for item in outputs),
                    writes=verb in ("create", "update"),
                )
            )
    return {spec.name: spec for spec in specs[:count]}


def steps(tables: Tables, targets: list[str], rng: Random) -> tuple[int, float, float, int]:
    """(steps, seconds in steps, longest step, targets reached) of directed walks to the targets."""
    count = reached = 0
    spent = longest = 0.0
    for target in targets:
        walk = Legality(tables)
        for _ in range(50):
            began = time.process_time()
            step = walk.next(target, rng)
            if step is not None:
                walk.call(step[0])
            took = time.process_time() - began
            count, spent, longest = count + 1, spent + took, max(longest, took)
            if step is None:
                break
            if step[0] == target:
                reached += 1
                break
    return count, spent, longest, reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tools", type=int, default=10_000)
    given = parser.parse_args()
    specs = synthetic(given.tools)
    began = time.process_time()
    graph = ToolGraph.infer(specs)
    built = time.process_time() - began
    began = time.process_time()
    tables = Tables.make(graph, specs)
    compiled = time.process_time() - began
    rng = Random(0)
    targets = [rng.choice([name for name in specs if graph.needs[name]]) for _ in range(300)]
    began = time.process_time()
    for target in targets:
        graph.distance(target)
    searched = (time.process_time() - began) / len(targets)
    count, spent, longest, reached = steps(tables, targets, rng)
    table = Table("what", "figure")
    table.add_row("tools, edges", f"{len(graph.tools):,}, {len(graph.edges):,}")
    table.add_row("graph built", f"{built:.2f} s")
    table.add_row("networkx graph, sampler's tables", f"{_networkx(graph):.2f} s, {compiled:.2f} s")
    table.add_row("search for a target's distances, once", f"{1e3 * searched:.3f} ms")
    table.add_row("sampling step, mean", f"{1e3 * spent / count:.4f} ms over {count:,} steps")
    table.add_row("sampling step, longest", f"{1e3 * longest:.3f} ms")
    table.add_row("targets reached", f"{reached} of {len(targets)}")
    Console().print(table)


def _networkx(graph: ToolGraph) -> float:
    began = time.process_time()
    assert graph.graph.number_of_nodes() == len(graph.tools)
    return time.process_time() - began


if __name__ == "__main__":
    main()

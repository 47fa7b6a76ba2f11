"""Inferred and verified edges beside hand-labelled ones, with and without entity marks.

    python benchmarks/graph_quality.py [travel shop ...]

Labels: tests/data/edges_NAME.json with "data" ([provider, output path, consumer, parameter]), "state" ([first, then])
and "optional" (data edges that hold, but that nobody would miss: they count neither way).
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.graph import ToolGraph

LABELS = Path(__file__).resolve().parent.parent / "tests" / "data"
NAMES = ("travel", "files", "shop", "bank", "clinic")


@dataclass(frozen=True)
class Quality:
    """Edges found, of which right, and labelled; and which are wrong or missing."""

    found: int
    right: int
    labelled: int
    wrong: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return (self.labelled - len(self.missing)) / self.labelled if self.labelled else 1.0


def labels(name: str) -> dict[str, Any] | None:
    """The hand-labelled edges of an environment; None when there are none."""
    path = LABELS / f"edges_{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def quality(graph: ToolGraph, expected: dict[str, Any]) -> Quality:
    """Compare the edges that count with the labels."""
    optional = {tuple(edge) for edge in expected.get("optional", ())}
    wanted = {tuple(edge) for edge in (*expected["data"], *expected["state"])}
    found = {
        (edge.provider, edge.output, edge.consumer, edge.param)
        if edge.kind == "data"
        else (edge.provider, edge.consumer)
        for edge in graph.edges
        if edge.verified
    } - (optional - wanted)
    return Quality(
        len(found),
        len(found & wanted),
        len(wanted),
        tuple(sorted(found - wanted)),
        tuple(sorted(wanted - found)),
    )


def main(names: list[str]) -> None:
    table = Table("environment", "marks", "labelled", "found", "precision", "recall", "seconds")
    console = Console()
    for name in names or NAMES:
        expected = labels(name)
        if expected is None:
            console.print(f"no labels for {name}")
            continue
        space = SimulationSpace.from_names([name])
        for marks in (True, False):
            start = time.process_time()
            result = quality(ToolGraph.build(space, marks=marks), expected)
            seconds = time.process_time() - start
            figures = f"{result.precision:.3f}", f"{result.recall:.3f}", f"{seconds:.1f}"
            table.add_row(name, "yes" if marks else "no", str(result.labelled), str(result.found), *figures)
            for word, edges in (("wrong", result.wrong), ("missing", result.missing)):
                for edge in edges:
                    console.print(
                        f"{name}, marks {marks}: {word} {' '.join(edge)}", highlight=False, soft_wrap=True
                    )
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])

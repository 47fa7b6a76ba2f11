"""A tool graph for people: a table in the terminal, GraphML and DOT for other programs, a picture.

    graph_command(["travel"], seed=0, out=Path("graph"), console=Console())

The picture shows each tool in the column of its cost, the number of calls that it takes from scratch; solid arrows are
data edges, dashed ones state edges, dotted ones declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import networkx as nx
from rich.console import Console
from rich.table import Table

from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.graph import Edge, ToolGraph
from funreason_plugin.synthesis.graph_process import build_graph
from funreason_plugin.synthesis.tables import costs

_LINES: Final = {"data": "solid", "state": "dashed", "declared": "dotted"}
_COLOURS: Final = {"data": "#2b6cb0", "state": "#c05621", "declared": "#6b7280"}


def graph_command(names: Sequence[str], seed: int, out: Path | None, console: Console) -> None:
    """Build the graph of environments by name, print it, and write it to a folder unless None.

    The tools run in a supervised process: one that never returns costs that process, not the command.
    """
    SimulationSpace.from_names(names)  # what is wrong with the environments is told here
    graph = ToolGraph.from_json(build_graph(names, seed))
    print_table(graph, console)
    if out is not None:
        for path in write_graph(graph, out):
            console.print(f"wrote {path}", highlight=False)


def print_table(graph: ToolGraph, console: Console) -> None:
    """The edges that count with their evidence, and the tools that need attention."""
    table = Table(title="tool graph: the edges that count", title_justify="left")
    table.add_column("tool.parameter", overflow="fold")
    table.add_column("needs", overflow="fold")
    table.add_column("kind")
    table.add_column("evidence")
    for consumer in graph.tools:
        for edge in graph.edges:
            if edge.verified and edge.consumer == consumer:
                table.add_row(
                    f"{consumer}.{edge.param}" if edge.param else consumer,
                    f"{edge.provider}: {edge.output or 'its output'}"
                    if edge.kind == "data"
                    else edge.provider,
                    edge.kind,
                    evidence(edge),
                )
    console.print(table)
    counted = [edge for edge in graph.edges if edge.verified]
    kinds = ", ".join(f"{sum(edge.kind == kind for edge in counted)} {kind}" for kind in _LINES)
    console.print(
        f"{len(graph.tools)} tools, {len(counted)} edges ({kinds}); {len(graph.edges) - len(counted)} candidates did "
        f"not hold in {graph.states} sampled states"
    )
    for line in findings(graph):
        console.print(line, highlight=False, soft_wrap=True)


def evidence(edge: Edge) -> str:
    """Who proposed an edge, how often it held, and how often the consumer failed with other values."""
    held = f" {edge.successes}/{edge.trials}" if edge.trials else ""
    foreign = f", else fails {edge.foreign}/{edge.foreign_trials}" if edge.foreign_trials else ""
    remarks = (", in some states" if not edge.always else "") + (
        ", repeats its argument" if edge.echo else ""
    )
    return f"{edge.source}{held}{foreign}{remarks}"


def findings(graph: ToolGraph) -> Iterable[str]:
    """Tools that sampling cannot use, one line each."""
    for node in graph.tools.values():
        if node.slow:
            yield f"{node.environment}.{node.name}: over its time limit; it is left out"
        elif graph.states and not node.worked:
            yield f"{node.environment}.{node.name}: never succeeded in {graph.states} states; it is left out"
        for need in graph.needs[node.name]:
            if not need.providers:
                what = f"parameter {need.param!r}" if need.param else "a state that it needs"
                yield f"{node.environment}.{node.name}: nothing provides {what}"


def write_graph(graph: ToolGraph, folder: Path) -> list[Path]:
    """Write graph.json, graph.graphml, graph.dot and graph.svg; returns their paths. Equal graphs give equal bytes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "graph.json").write_bytes(graph.to_json())
        (folder / "graph.graphml").write_text("\n".join(nx.generate_graphml(_plain(graph))) + "\n", "utf-8")
        (folder / "graph.dot").write_text(dot(graph), "utf-8")
        draw(graph, folder / "graph.svg")
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error})") from None
    return [folder / f"graph.{ending}" for ending in ("json", "graphml", "dot", "svg")]


def _plain(graph: ToolGraph) -> nx.MultiDiGraph[str]:
    """The networkx graph with attributes that GraphML has types for."""
    return nx.MultiDiGraph(graph.graph)


def dot(graph: ToolGraph) -> str:
    """The graph in the DOT language, a cluster for each environment."""
    lines = ["digraph tools {", "  rankdir=LR;", '  node [shape=box, style=rounded, fontname="sans-serif"];']
    for environment in dict.fromkeys(node.environment for node in graph.tools.values()):
        lines += [f"  subgraph {_quoted('cluster_' + environment)} {{", f"    label={_quoted(environment)};"]
        for node in graph.tools.values():
            if node.environment == environment:
                lines.append(f"    {_quoted(node.name)}{' [penwidth=2]' if node.writes else ''};")
        lines.append("  }")
    for edge in _joined(graph):
        label = f"{edge.output} → {edge.param}" if edge.kind == "data" else ""
        lines.append(
            f"  {_quoted(edge.provider)} -> {_quoted(edge.consumer)} "
            f'[label={_quoted(label)}, style={_LINES[edge.kind]}, color="{_COLOURS[edge.kind]}"];'
        )
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _joined(graph: ToolGraph) -> list[Edge]:
    """The edges that count, the first of each kind between two tools."""
    return list({(e.provider, e.consumer, e.kind): e for e in reversed(graph.edges) if e.verified}.values())[
        ::-1
    ]


def draw(graph: ToolGraph, path: Path) -> None:
    """Write the picture as SVG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    cost = costs(graph)
    columns: dict[int, list[str]] = {}
    for name in graph.tools:
        columns.setdefault(cost.get(name, max(cost.values(), default=0) + 1), []).append(name)
    place = {
        name: (column, -(row + 0.5) / len(names))
        for column, (_, names) in enumerate(sorted(columns.items()))
        for row, name in enumerate(names)
    }
    tallest = max((len(names) for names in columns.values()), default=1)
    with matplotlib.rc_context({"svg.hashsalt": "graph", "svg.fonttype": "none"}):
        figure, axes = plt.subplots(figsize=(3.4 * max(len(columns), 2), max(0.75 * tallest, 3)))
        axes.set_axis_off()
        axes.set_xlim(-0.5, max(len(columns), 2) - 0.5)
        axes.set_ylim(-1, 0)
        boxes = {}
        for name, (x, y) in place.items():
            width = 1.6 if graph.tools[name].writes else 0.7
            box = {
                "boxstyle": "round,pad=0.3",
                "facecolor": "white",
                "edgecolor": "#374151",
                "linewidth": width,
            }
            text = axes.text(x, y, name, ha="center", va="center", fontsize=8, bbox=box, zorder=3)
            boxes[name] = text.get_bbox_patch()
        figure.canvas.draw()  # gives the boxes their sizes, to which the arrows then reach
        for edge in _joined(graph):
            arrow = {
                "arrowstyle": "-|>",
                "color": _COLOURS[edge.kind],
                "linestyle": _LINES[edge.kind],
                "connectionstyle": "arc3,rad=0.12",
                "alpha": 0.7,
                "patchA": boxes[edge.provider],
                "patchB": boxes[edge.consumer],
                "shrinkA": 0,
                "shrinkB": 1,
            }
            axes.annotate("", place[edge.consumer], place[edge.provider], arrowprops=arrow)
        figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)

"""What a person sees of a graph: table, GraphML, DOT, SVG."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest
from rich.console import Console

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.graph_output import dot, graph_command, print_table, write_graph
from tests.phase1.conversations import graph_of


def test_the_table_shows_every_edge_that_counts() -> None:
    console = Console(file=io.StringIO(), width=160)
    print_table(graph_of("toys"), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "add_to_cart.sku" in text
    assert "list_goods: goods[].sku" in text
    assert "16 tools" in text or f"{len(graph_of('toys').tools)} tools" in text


def test_files_can_be_read_and_are_the_same_each_time(tmp_path: Path) -> None:
    graph = graph_of("toys")
    first = write_graph(graph, tmp_path / "a")
    second = write_graph(graph, tmp_path / "b")
    assert [path.name for path in first] == ["graph.json", "graph.graphml", "graph.dot", "graph.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    read = nx.read_graphml(first[1])
    assert set(read.nodes) == set(graph.tools)
    assert read.number_of_edges() == sum(edge.verified for edge in graph.edges)
    assert ElementTree.parse(first[3]).getroot().tag.endswith("svg")


def test_dot_names_tools_and_dataflow() -> None:
    text = dot(graph_of("toys"))
    assert text.startswith("digraph tools {")
    assert '"list_goods" -> "add_to_cart" [label="goods[].sku → sku", style=solid' in text
    assert '"start_engine" -> "drive" [label="", style=dashed' in text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file.*cannot be written"):
        write_graph(graph_of("toys"), tmp_path / "file")


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    graph_command(["tests.phase1.toys:Ferry"], 0, tmp_path / "out", console)
    assert isinstance(console.file, io.StringIO)
    assert "graph.svg" in console.file.getvalue()
    assert (tmp_path / "out" / "graph.svg").stat().st_size > 1000


def test_a_tool_that_never_returns_does_not_stop_the_command(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    graph_command(["tests.pipeline.bad_tools:HoldingTheLock"], 0, None, console)
    assert isinstance(console.file, io.StringIO)
    assert "close_note" in console.file.getvalue()

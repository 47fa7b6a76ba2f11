"""Inferred and verified edges of the shipped environments against labels written by hand.

Labels: tests/data/edges_NAME.json; the table is printed by benchmarks/graph_quality.py.
"""

from __future__ import annotations

import pytest

from benchmarks.graph_quality import NAMES, labels, quality
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.graph import ToolGraph


@pytest.mark.parametrize("marks, precision, recall", [(True, 0.95, 0.9), (False, 0.9, 0.8)])
@pytest.mark.parametrize("name", NAMES)
def test_edges_agree_with_the_labels(name: str, marks: bool, precision: float, recall: float) -> None:
    expected = labels(name)
    assert expected is not None
    found = quality(ToolGraph.build(SimulationSpace.from_names([name]), marks=marks), expected)
    assert found.precision >= precision, found.wrong
    assert found.recall >= recall, found.missing

"""A small real run, the report of it, and a Chromium to read it in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from funreason_plugin.config import load
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.report.build import build_report
from funreason_plugin.synthesis import pipeline
from funreason_plugin.synthesis.graph import ToolGraph
from tests.report.folders import hostile, multiplied

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
FLAGS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten trajectories of travel and files, made by the scripted teacher; the graph verified in one state is enough."""
    out = tmp_path_factory.mktemp("report")
    graph = ToolGraph.build(SimulationSpace.from_names(["travel", "files"]), states=1)
    (out / "graph.json").write_bytes(graph.to_json())
    flags = {"env": ["travel", "files"], "teacher": "scripted", "num": 10, "turns": "2-4", "seed": 3}
    pipeline.run(load(None, {**flags, "out": out}), Console(quiet=True))
    return out


@pytest.fixture(scope="session")
def report(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    return build_report(run_folder, path, replay_seconds=60).path


@pytest.fixture(scope="session")
def many(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 450 trajectories: three blocks."""
    return build_report(multiplied(run_folder, tmp_path_factory.mktemp("many"), 450), replay_seconds=0).path


@pytest.fixture(scope="session")
def evil(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a trajectory whose texts and outputs are markup and scripts."""
    return build_report(hostile(run_folder, tmp_path_factory.mktemp("evil")), replay_seconds=0).path


@pytest.fixture(scope="module")
def browser(run_folder: Path) -> Iterator[Browser]:
    """Not for the session, and after the run: playwright keeps an event loop going, beside which no other can start."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()

"""Trajectories of the post office with variant error_recovery, two of each kind, made once for all the tests here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.faults import Kind
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.trajectory import RecoveryTurn, Trajectory, loads

ENV = [f"{Path(__file__).with_name('post.py')}:Post"]


def configuration(**more: Any) -> SynthesisConfig:
    settings: dict[str, Any] = {
        "env": ENV,
        "teacher": "scripted",
        "out": Path("nowhere"),
        "num": 10,
        "turns": "2-3",
        "calls": "1-3",
        "variants": {"error_recovery": 1.0},
    }
    return SynthesisConfig.model_validate(settings | more)


@cache
def graph() -> ToolGraph:
    return ToolGraph.build(SimulationSpace.from_names(ENV), seed=0)


@cache
def lines() -> list[bytes]:
    maker = SlotMaker(configuration(), graph())
    found = [maker.make(index).line for index in range(10)]
    return [line for line in found if line is not None]


def trajectories() -> list[Trajectory]:
    """Ten trajectories, the caller's own."""
    return [loads(line) for line in lines()]


def of_kind(kind: Kind) -> tuple[Trajectory, int, RecoveryTurn]:
    """A trajectory with a turn of the kind, and that turn."""
    for trajectory in trajectories():
        for number, turn in enumerate(trajectory.turns):
            if isinstance(turn, RecoveryTurn) and turn.recovery.kind == kind:
                return trajectory, number, turn
    raise AssertionError(f"none of kind {kind}")

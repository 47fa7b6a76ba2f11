"""A run with variants over two small environments, made once for all the tests here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.trajectory import AbstentionTurn, Trajectory, loads

FILE = Path(__file__).with_name("towns.py")
ENV = [f"{FILE}:Parking", f"{FILE}:Kitchen"]
VARIANTS = {"miss_func": 0.3, "miss_param": 0.3, "irrelevance": 0.3}


def configuration(**more: Any) -> SynthesisConfig:
    settings: dict[str, Any] = {
        "env": ENV,
        "teacher": "scripted",
        "out": Path("nowhere"),
        "num": 10,
        "turns": "2-3",
        "calls": "1-2",
        "environments_per_trajectory": "1",
        "variants": VARIANTS,
    }
    return SynthesisConfig.model_validate(settings | more)


@cache
def graph() -> ToolGraph:
    return ToolGraph.build(SimulationSpace.from_names(ENV), seed=0)


@cache
def lines(count: int = 10) -> list[bytes]:
    """The first slots' lines of trajectories.jsonl."""
    maker = SlotMaker(configuration(), graph())
    found = [maker.make(index).line for index in range(count)]
    return [line for line in found if line is not None]


def trajectories() -> list[Trajectory]:
    """Ten trajectories, nine of them with a variant; the caller's own."""
    return [loads(line) for line in lines()]


def lacking(trajectory: Trajectory, number: int) -> list[str]:
    """The tools that an abstention lacks."""
    turn = trajectory.turns[number]
    assert isinstance(turn, AbstentionTurn)
    return turn.lack.tools


def with_variant(name: str) -> tuple[Trajectory, int]:
    """A trajectory with the variant, and the number of its abstention."""
    for trajectory in trajectories():
        for number, turn in enumerate(trajectory.turns):
            if isinstance(turn, AbstentionTurn) and turn.variant == name:
                return trajectory, number
    raise AssertionError(f"none with {name}")

"""Slots of a small environment, made in this process: what the tests of the pipeline's parts work with."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.folder import Folder
from funreason_plugin.synthesis.graph import ToolGraph
from funreason_plugin.synthesis.graph_process import build_graph
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.register import Register
from funreason_plugin.synthesis.settings import settings_of
from funreason_plugin.synthesis.slot_result import SlotResult
from funreason_plugin.synthesis.slots import SlotMaker
from funreason_plugin.synthesis.summary import Summary

FILE = Path(__file__).with_name("bad_tools.py")
MODEL: dict[str, Any] = {"teacher": "openai", "model": "none", "base_url": "http://127.0.0.1:1/v1"}


def configuration(name: str = "Notes", **more: Any) -> SynthesisConfig:
    settings: dict[str, Any] = {
        "env": [f"{FILE}:{name}"],
        "teacher": "scripted",
        "out": Path("nowhere"),
        "num": 6,
        "turns": "2",
        "calls": "1-2",
    }
    return SynthesisConfig.model_validate(settings | more)


@cache
def graph_of(name: str = "Notes") -> bytes:
    return build_graph([f"{FILE}:{name}"], 0)


@cache
def _slots(count: int) -> list[SlotResult]:
    maker = SlotMaker(configuration(), ToolGraph.from_json(graph_of()))
    return [maker.make(index) for index in range(count)]


def slots(count: int = 6) -> list[SlotResult]:
    """The first slots, all kept; the caller's own."""
    return deepcopy(_slots(count))


def opened(out: Path, redactor: Redactor | None = None, **more: Any) -> Register:
    """A folder's register, as a run opens it."""
    config = configuration(out=out, **more)
    space = SimulationSpace.from_names(config.env)
    folder = Folder(out, settings_of(config, space))
    register = Register(config, folder, Summary(), redactor or Redactor())
    register.recover()
    return register

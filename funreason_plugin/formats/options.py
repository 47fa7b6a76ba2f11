"""What decides the emitted rows beside the trajectories themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from funreason_plugin.rendering import PromptForm

CHUNK = 256
"""Trajectories a chunk: part of the format, since a chunk is one shard, or row groups of its own."""

VerlRows = Literal["trajectory", "response", "both"]
"""Rows of verl: whole conversations to play, one row per response, or each conversation and then its responses."""
ROWS: tuple[VerlRows, ...] = get_args(VerlRows)


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """`reasoning` "none" leaves out the chain of thought (for instruct models)."""

    dataset: str = "funreason"
    reasoning: Literal["full", "none"] = "full"
    prompt_form: PromptForm = "hermes"
    verl_rows: VerlRows = "trajectory"


def dataset_name(made_by: Mapping[str, Mapping[str, str]]) -> str:
    """`funreason_scripted` when any agent is the scripted teacher: no recipe takes such data unknowingly."""
    return "funreason_scripted" if any(map(is_scripted, made_by.values())) else "funreason"


def is_scripted(maker: Mapping[str, str]) -> bool:
    """The scripted teacher, also where a server plays it as its model "scripted"."""
    return "scripted" in (maker.get("teacher"), maker.get("model"))

"""The formats that can be written, each in the module of its name.

target = open_target("openai", folder, options)
target.accept(example)          # raises Refused for what this format cannot hold
target.add(examples)            # a chunk of accepted ones
target.finish()                 # rows by split
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol

from funreason_plugin.converting.example import Example
from funreason_plugin.errors import UserError, did_you_mean
from funreason_plugin.formats.options import FormatOptions

__all__ = ["NAMES", "Target", "TargetOptions", "check_name", "open_target"]

NAMES = ("llamafactory", "verl", "openai", "trajectories")


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """`format.dataset` names the data set; ``flags`` become columns."""

    format: FormatOptions = field(default_factory=FormatOptions)
    flags: tuple[str, ...] = ()


class Target(Protocol):
    """Writes examples into a folder that nobody reads before `finish`."""

    def accept(self, example: Example) -> None:
        """Raise Refused where this format cannot hold the example."""

    def add(self, examples: Sequence[Example]) -> None:
        """Write the next accepted examples."""

    def finish(self) -> dict[str, int]:
        """Close the files; the number of rows by split."""


def check_name(name: str) -> None:
    """Raise UserError for an unknown target."""
    if name not in NAMES:
        known = ", ".join(NAMES)
        raise UserError(f"--to {name}: not a known target{did_you_mean(name, NAMES)} (known: {known})")


def open_target(name: str, folder: Path, options: TargetOptions) -> Target:
    """The target of that name, which writes below ``folder``."""
    module = import_module(f"funreason_plugin.converting.targets.{name}")
    target: Target = module.open_target(folder, options)
    return target

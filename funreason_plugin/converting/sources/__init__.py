"""The formats that can be read, each in the module of its name."""

from __future__ import annotations

from importlib import import_module

from funreason_plugin.converting.example import Source
from funreason_plugin.errors import UserError, did_you_mean

NAMES = (
    "trajectories",
    "funreason-mt",
    "apigen",
    "apigen-mt",
    "toolace",
    "openai",
    "hermes",
    "bfcl",
)


def source(name: str) -> Source:
    """The source of that name. Raises UserError for an unknown one."""
    if name not in NAMES:
        known = ", ".join(NAMES)
        raise UserError(f"--from {name}: not a known source{did_you_mean(name, NAMES)} (known: {known})")
    module = import_module(f"funreason_plugin.converting.sources.{name.replace('-', '_')}")
    found: Source = module.SOURCE
    return found

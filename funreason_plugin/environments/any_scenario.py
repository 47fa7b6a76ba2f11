"""A stored scenario is a plain one or a large one; which, its keys say."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from funreason_plugin.environments.space import LargeScenario, Scenario

__all__ = ["SIZES", "AnyScenario"]

SIZES = ("a scenario", "a large one")
"""How the two are called in a validation error's place."""


def _size(value: Any) -> str:
    return SIZES[isinstance(value, LargeScenario) or (isinstance(value, dict) and "times" in value)]


AnyScenario = Annotated[
    Annotated[Scenario, Tag(SIZES[0])] | Annotated[LargeScenario, Tag(SIZES[1])], Discriminator(_size)
]

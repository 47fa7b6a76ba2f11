"""``--like``: other conversations are measured, and set what the configuration leaves open.

    config = shaped(load(None, {"like": "bfcl", …}))
    config.like.sets            # ["turns", "calls", …]: without what flags or the file have said

The figures themselves stand in ``run.yaml`` then, so a run that is resumed draws from the same ones.
"""

from __future__ import annotations

from typing import Any, Final

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.quality.shape import mean, shape_of
from funreason_plugin.shape_config import Part, Shape
from funreason_plugin.variant_config import Variant

__all__ = ["MOST_CALLS", "said", "shaped"]

MOST_CALLS: Final = 10
"""Calls of a turn: what has more counts as so many."""
MOST_TURNS: Final = 20
FEWEST_IDLE: Final = 0.005
"""Share of trajectories below which no variant is set."""
MOST_IDLE: Final = 0.9
_ALONE: Final[tuple[Variant, ...]] = ("miss_func", "miss_param")
"""Variants with a turn without a call that need no other environment."""


def shaped(config: SynthesisConfig) -> SynthesisConfig:
    """The configuration with what ``like`` names, measured; as it is where nothing is to be measured.

    Raises:
        UserError: There is no such benchmark or file, or it has no conversations with calls.
    """
    if not isinstance(config.like, str):
        return config
    shape, given = shape_of(config.like), config.model_fields_set
    found: dict[Part, Any] = {
        "turns": _span(shape.turns, MOST_TURNS),
        "calls": _span(shape.made, MOST_CALLS),
        "environments_per_trajectory": _span(shape.environments, 10**6),
    }
    found = {part: span for part, span in found.items() if span is not None and part not in given}
    if "variants" not in given:
        found["variants"] = _variants(config, shape, found)
    sets: list[Part] = list(found)
    sets += ["dependencies"]
    sets += ["tools_offered"] if shape.offered else []
    sets += ["query_length"] if shape.query else []
    update: dict[str, Any] = dict(found.items())
    return config.model_copy(update={**update, "like": shape.model_copy(update={"sets": sets})})


def said(config: SynthesisConfig) -> str:
    """One line about it for the user; "" without a shape."""
    if not isinstance(config.like, Shape):
        return ""
    what = ", ".join(part.replace("_", " ") for part in config.like.sets)
    return f"like {config.like.source}: sets {what}"


def _span(counts: dict[int, int], most: int) -> tuple[int, int] | None:
    return (min(min(counts), most), min(max(counts), most)) if counts else None


def _variants(config: SynthesisConfig, shape: Shape, found: dict[Part, Any]) -> dict[Variant, float]:
    """A benchmark says what its turns without a call are; of logs they become the variants that can be made here."""
    if shape.variants:
        return {name: shape.variants[name] for name in _ALONE if name in shape.variants}
    share = min(shape.idle * mean(shape.turns), MOST_IDLE)
    if share < FEWEST_IDLE:
        return {}
    turns = found.get("turns", config.turns)
    least = found.get("environments_per_trajectory", config.environments_per_trajectory)[0]
    names: list[Variant] = list(_ALONE) if turns[1] > 1 else []
    if len(SimulationSpace.from_names(config.env).environments) > least:
        names.append("irrelevance")
    return {name: round(share / len(names), 4) for name in names}

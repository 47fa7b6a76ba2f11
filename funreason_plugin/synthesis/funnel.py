"""How many turns reached each phase, and how many passed it: accept rates, for summary.json and ``explain``.

    passages(rejections={"query": {"leaked_value": 4}}, kept=10, turns=38, lost_turns=3)["query"]
    # {"reached": 45, "passed": 41, "rate": 0.911}

A turn that is tried four times counts four times. What passed in an attempt that was given up at a later turn
passed all the same (``lost_turns``): a row of rejected.jsonl with ``whole`` says in ``turn`` how many those were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["passages"]

TURN_PHASES: Final = ("sampling", "advanced_tool", "query", "chain")


def passages(
    rejections: Mapping[str, Mapping[str, int]], kept: int, turns: int, lost_turns: int
) -> dict[str, dict[str, float]]:
    """Per phase: ``reached`` and ``passed`` (turns; trajectories in the last phase), and ``rate``, 0 to 1.

    ``rejections`` by phase and code; ``kept`` trajectories with ``turns`` in them.
    """
    rows: dict[str, dict[str, float]] = {}
    passed = turns + lost_turns
    for phase in reversed(TURN_PHASES):
        reached = passed + sum(rejections.get(phase, {}).values())
        rows[phase] = _row(reached, passed)
        passed = reached
    whole = kept + sum(rejections.get("trajectory", {}).values())
    return {**{phase: rows[phase] for phase in TURN_PHASES}, "trajectory": _row(whole, kept)}


def _row(reached: int, passed: int) -> dict[str, float]:
    return {"reached": reached, "passed": passed, "rate": round(passed / reached, 4) if reached else 1.0}

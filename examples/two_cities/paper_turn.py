"""python examples/two_cities/paper_turn.py

The turn of the paper's showcase, and what the rules of this project say to it. There ``buy_tickets("12345", "67890")``
stands in one message with the look-ups whose results it needs, and these return other values. Four messages of a model
are executed and judged: that one, the same with the claim that the values come from the look-ups, the same with the
right values by a lucky guess, and the one that waits for the results.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from cities import TwoCities

from funreason_plugin.checks.acceptance import review_trace
from funreason_plugin.environments.space import Scenario, SimulationSpace
from funreason_plugin.scoring import Outcome, judge
from funreason_plugin.synthesis.trace import Trace, TracedCall
from funreason_plugin.trajectory import Provenance

SPACE = SimulationSpace([TwoCities])
SCENARIO: Scenario = SPACE.scenario(0)
ZIP_A, ZIP_B = (SCENARIO.states["two_cities"]["zipcodes"][city] for city in ("Rivermist", "Stonebrook"))

SAID = {"city": Provenance("query")}
FIRST, SECOND = (Provenance("output", turn=0, call=call, field="zipcode") for call in (0, 1))
CLAIMED = {"zip_a": FIRST, "zip_b": SECOND}


def main() -> None:
    """Judge the four."""
    truth = executed(ZIP_A, ZIP_B, CLAIMED, step=1)
    for title, attempt in (
        ("As in the paper", executed("12345", "67890", {}, step=0)),
        ("The same, said to come from the look-ups", executed("12345", "67890", CLAIMED, step=0)),
        ("The right values, guessed in the same message", executed(ZIP_A, ZIP_B, CLAIMED, step=0)),
        ("After the results", truth),
    ):
        trace, outcome = attempt
        print(f"\n{title}")
        for number, step in enumerate(trace.steps(), 1):
            for call in step:
                shown = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
                print(f"  message {number}  {call.name}({shown})  ->  {call.output}")
        verdict = judge(SPACE, truth[1], outcome)
        print(f"  verdict    {'passed' if verdict.passed else verdict.reasons[0]}")
        refused = review_trace(trace, [], SPACE.tools)
        print("  rules      " + ("; ".join(f"{rule}: {why}" for rule, why in refused) or "all hold"))


def executed(zip_a: str, zip_b: str, origins: dict[str, Provenance], step: int) -> tuple[Trace, Outcome]:
    """The look-ups in the first message and the purchase in message ``step``, played in a session of its own."""
    asked: list[tuple[str, dict[str, Any], dict[str, Provenance], int]] = [
        ("get_zipcode", {"city": "Rivermist"}, SAID, 0),
        ("get_zipcode", {"city": "Stonebrook"}, SAID, 0),
        ("buy_tickets", {"zip_a": zip_a, "zip_b": zip_b}, origins, step),
    ]
    with SPACE.session(SCENARIO) as session:
        calls = [
            TracedCall(name, arguments, provenance, session.call(name, arguments), number)
            for name, arguments, provenance, number in asked
        ]
        outcome = Outcome.of(
            session, [call.output for call in calls], [(call.name, call.arguments) for call in calls]
        )
    return Trace(calls, "buy_tickets"), outcome


if __name__ == "__main__":
    main()

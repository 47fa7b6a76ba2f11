"""MathAPI: arithmetic without a state. A scenario is what somebody has to work out today."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl.addition import Addition
from funreason_plugin.environments.bfcl.phrases.math_api import PHRASES
from funreason_plugin.environments.marks import Values

_LENGTHS = ("km", "m", "cm", "mm", "um", "nm")
_IMPERIAL = (
    ("cm", "in"), ("in", "cm"), ("m", "ft"), ("ft", "m"), ("m", "yd"), ("yd", "m"), ("km", "miles"), ("miles", "km"),
    ("kg", "lb"), ("lb", "kg"), ("celsius", "fahrenheit"), ("fahrenheit", "celsius"),
)  # fmt: skip


def scenario(rng: Random, now: datetime) -> dict[str, Any]:
    """Some measurements, a few single numbers, and two conversions: lengths, and from or to imperial units."""
    start = rng.uniform(2, 400)
    spread = rng.choice((0.05, 0.2, 0.5))
    series = [
        [round(start * rng.uniform(1 - spread, 1 + spread), digits) for _ in range(rng.randint(4, 8))]
        for digits in rng.sample((0, 1, 2), 2)
    ]
    numbers = sorted(round(rng.uniform(2, 950), rng.choice((0, 1, 2))) for _ in range(8))
    lengths = rng.sample(_LENGTHS, 2)
    imperial = rng.choice(_IMPERIAL)
    return {
        "person": {
            "series": [[_plain(number) for number in row] for row in series],
            "numbers": [_plain(number) for number in numbers],
            "lengths": {"from": lengths[0], "to": lengths[1]},
            "imperial": {"from": imperial[0], "to": imperial[1]},
        }
    }


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _small(state: dict[str, Any], rng: Random) -> list[Any]:
    """The smaller half of the numbers: parts, divisors."""
    numbers: list[Any] = state["person"]["numbers"]
    return numbers[: len(numbers) // 2]


def _large(state: dict[str, Any], rng: Random) -> list[Any]:
    numbers: list[Any] = state["person"]["numbers"]
    return numbers[len(numbers) // 2 :]


def _negated(state: dict[str, Any], rng: Random) -> list[Any]:
    return [-number for number in state["person"]["numbers"]]


_NUMBER = Values.state("person.numbers[]")
_SERIES = Values.state("person.series[]")
_PRECISION = Values.of((3, 4, 5, 6, 8, 10))

MATH = Addition(
    document="math_api",
    policy="You calculate for a person. Use the tools for every computation instead of doing it in your head.",
    scenario=scenario,
    marks={
        "absolute_value": {"number": Values.call(_negated)},
        "add": {"a": _NUMBER, "b": _NUMBER},
        "divide": {"a": Values.call(_large), "b": Values.call(_small)},
        "imperial_si_conversion": {
            "value": _NUMBER,
            "unit_in": Values.state("person.imperial.from"),
            "unit_out": Values.state("person.imperial.to"),
        },
        "logarithm": {
            "value": Values.call(_large),
            "base": Values.of((2, 3, 5, 10)),
            "precision": _PRECISION,
        },
        "max_value": {"numbers": _SERIES},
        "mean": {"numbers": _SERIES},
        "min_value": {"numbers": _SERIES},
        "multiply": {"a": _NUMBER, "b": _NUMBER},
        "percentage": {"part": Values.call(_small), "whole": Values.call(_large)},
        "power": {
            "base": Values.of((1.05, 1.1, 1.5, 2, 3, 4, 6, 7, 11, 12)),
            "exponent": Values.of((2, 3, 4, 5, 6, 8)),
        },
        "round_number": {"number": _NUMBER, "decimal_places": Values.of((0, 1))},
        "si_unit_conversion": {
            "value": _NUMBER,
            "unit_in": Values.state("person.lengths.from"),
            "unit_out": Values.state("person.lengths.to"),
        },
        "square_root": {"number": _NUMBER, "precision": _PRECISION},
        "standard_deviation": {"numbers": _SERIES},
        "subtract": {"a": Values.call(_large), "b": Values.call(_small)},
        "sum_values": {"numbers": _SERIES},
    },
    phrases=PHRASES,
)

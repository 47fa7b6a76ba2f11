"""How long a conversation's context is, where no tokenizer is at hand, and what is hidden in its large outputs.

    tokens_of('{"flight_id": "NX-417-0503"}')         # 17
    context_of(trajectory)                            # of the row that is trained: system, tools and all turns

`tokens_of` counts the pieces into which the tokenizers of Qwen2 and Qwen3 cut a text before they merge anything (letters
with a character before them, single digits, runs of punctuation). A token never spans two pieces: the count is a lower
bound. Long words and foreign names come to more than one token; docs/variants.md says by how much it is off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from funreason_plugin.checks.turns import AnyCall
from funreason_plugin.environments.paths import parse_path
from funreason_plugin.environments.space import LargeScenario
from funreason_plugin.environments.state import plain
from funreason_plugin.trajectory import Trajectory, Turn

__all__ = [
    "MOST",
    "SHOWN",
    "bulk_of",
    "context_of",
    "hidden",
    "in_sight",
    "place_of",
    "target_of",
    "tokens_of",
    "tokens_of_json",
    "tokens_of_turn",
]

MOST: Final = 1.3
"""A context is at most this part of its target."""
SHOWN: Final = 0.4
"""At least this part of the target are outputs."""
EDGE: Final = 0.1
"""What stands in the first or last tenth of an output is in sight."""
_MESSAGE: Final = 5  # of the markup around a message
_PIECE: Final = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)\b|(?:[^\r\n\w]|_)?[^\W\d_]+|\d| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    re.IGNORECASE,
)
_HERE: Final = "\ufdd0"  # no character: it is in no output


def tokens_of(text: str) -> int:
    """See the module."""
    return sum(1 for _ in _PIECE.finditer(text))


def tokens_of_json(value: Any) -> int:
    """Of JSON as rows write it."""
    return tokens_of(orjson.dumps(value).decode())


def tokens_of_turn(turn: Turn) -> int:
    """Of a turn's messages: query, thoughts, calls, outputs, answer."""
    texts = [turn.query, turn.thought or "", turn.answer, *(step.thought or "" for step in turn.steps)]
    count = sum(tokens_of(text) + _MESSAGE for text in texts if text)
    for call in turn.calls():
        count += (
            tokens_of_json(call.arguments) + tokens_of_json(call.output) + tokens_of(call.name) + 2 * _MESSAGE
        )
    return count


def context_of(trajectory: Trajectory) -> int:
    """Of a whole trajectory."""
    offered = tokens_of(trajectory.system) + sum(tokens_of_json(tool) for tool in trajectory.tools)
    return offered + sum(tokens_of_turn(turn) for turn in trajectory.turns)


def bulk_of(target: int) -> int:
    """Tokens of an output that counts as a large one."""
    return target // 12


@dataclass(frozen=True, slots=True)
class Hidden:
    """An argument's value in a large output: the turn that uses it, the output, and where in its text (0 to 1)."""

    turn: int
    argument: str
    output: str
    tokens: int
    place: float


def hidden(turns: Iterable[Iterable[AnyCall]], target: int) -> Iterator[Hidden]:
    """The arguments whose values stand in large outputs. ``turns``: the calls of each turn."""
    calls = [list(made) for made in turns]
    sizes: dict[tuple[int, int], int] = {}
    for number, made in enumerate(calls):
        for call in made:
            for path, origin in call.provenance.items():
                if origin.source != "output" or origin.turn is None or origin.call is None:
                    continue
                key = (origin.turn, origin.call)
                if not (0 <= key[0] < len(calls) and 0 <= key[1] < len(calls[key[0]])):
                    continue  # "not_resolved" says so
                giver = calls[key[0]][key[1]]
                if key not in sizes:
                    sizes[key] = tokens_of_json(giver.output)
                if sizes[key] >= bulk_of(target):
                    place = place_of(origin.field, giver.output)
                    yield Hidden(number, f"{call.name}.{path}", giver.name, sizes[key], place)


def in_sight(place: float) -> bool:
    """Whether a value at this part of an output is found at its edges."""
    return not EDGE <= place <= 1 - EDGE


def place_of(field: str, output: Any) -> float:
    """Where the value at a concrete path stands in an output's text, from 0 to 1; 0 where there is none."""
    keys = parse_path(field)
    copy = node = plain({"": output})
    last: Any = ""
    for key in keys:
        node = node[last]
        last = key
        if isinstance(node, list) and not (isinstance(key, int) and -len(node) <= key < len(node)):
            return 0.0
        if isinstance(node, dict) and key not in node:
            return 0.0
        if not isinstance(node, (list, dict)):
            return 0.0
    node[last] = _HERE
    text = orjson.dumps(copy[""]).decode()
    return max(text.find(_HERE), 0) / max(len(text), 1)


def target_of(trajectory: Trajectory) -> int:
    """The target of a trajectory with a large scenario, in tokens; 0 of any other."""
    return trajectory.scenario.context_tokens if isinstance(trajectory.scenario, LargeScenario) else 0

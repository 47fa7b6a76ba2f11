"""Whatever a model made its tools do, there is a verdict, and it takes no longer than what was done."""

from __future__ import annotations

import random
import string
from typing import Any

from funreason_plugin.judging import judge_played, metrics, reward
from funreason_plugin.played import Played, PlayedCall, PlayedStep, PlayedTurn
from funreason_plugin.rl.settings import Reward
from funreason_plugin.trajectory import Needed
from tests.core.plays import find, lend, plays, task

ONE = task(
    [[lend("Dune", note="Due 12 May.")]], needed={0: [Needed({"a": [1]}, "x"), Needed("Dune", "title")]}
)
RESPONSE = task([[lend("Dune")]], at=(0, 0))


def nested(depth: int, leaf: Any = 1) -> Any:
    value: Any = leaf
    for level in range(depth):
        value = {"a": value} if level % 2 else [value]
    return value


def turn(output: Any = None, arguments: dict[str, Any] | None = None, **more: Any) -> PlayedTurn:
    call = PlayedCall("lend", arguments or {}, output)
    return PlayedTurn([PlayedStep([call])], state_hash="another", **more)


HOSTILE = {
    "deep output": turn(nested(180)),
    "deep arguments": turn(arguments={"note": nested(180)}),
    "a number beyond 64 bits": turn(arguments={"note": 10**400}),
    "half a surrogate pair": turn("\ud800", {"note": "\ud800"}),
    "a huge output": turn(["x" * 1_000_000, list(range(200_000))]),
    "many names": turn({str(number): {"a": [number]} for number in range(50_000)}),
    "a deep state": turn(changes=[[["library", "copies", "Dune"], nested(180)]]),
    "a state that is none": turn(changes=[[["library"], "nothing"]]),
    "no state at all": turn(changes=[[["library"]]]),
    "what was never there is gone": turn(changes=[[["library", "copies", "Moby"]]]),
    "a change of nothing": turn(changes=[[[]], []]),
    "a path through a text": turn(changes=[[["library", "copies", "Dune", "a", "b"], 1]]),
    "lists in lists": turn(changes=[[["library", "wanted"], [[["x"]]] * 3000]]),
    "ids by the thousand": turn(generated=[f"LN-{number}" for number in range(3000)]),
    "a long name": turn(changes=[[["library", "copies", "x" * 200_000], 1]]),
}


def test_there_is_a_verdict_on_everything() -> None:
    for name, played_turn in HOSTILE.items():
        for of in (ONE, RESPONSE):
            played = Played([played_turn], 2)
            score = judge_played(of, played)
            assert not score.success, name
            assert all(len(reason) <= 300 for reason in score.turns[0].reasons), name
            assert len(score.summary()) <= 2000, name
            assert reward(score, Reward()) == 0.0, name
            assert metrics(score, of)["success"] == 0.0, name


def test_what_is_hostile_beside_a_right_solution_does_not_hide_it() -> None:
    played = plays(ONE, [find("Dune"), lend("Dune", note="12 May")])
    for name, other in HOSTILE.items():
        if not other.changes and not other.generated:
            (right,) = played.turns
            both = PlayedTurn(
                [*other.steps, *right.steps, PlayedStep([PlayedCall("find", {}, {"a": [1]})])],
                state_hash=right.state_hash,
                changes=right.changes,
                generated=right.generated,
            )
            score = judge_played(ONE, Played([both], 4))
            assert score.success, f"{name}: {score.summary()}"


def test_random_texts_are_played_and_judged() -> None:
    rng = random.Random(3)
    pieces = ["<tool_call>", "</tool_call>", '{"name": "lend", "arguments": {"title": "Dune"}}', "[lend(title='Dune')]",
              "<think>", "</think>", "[", "}", "\x00", "\ud83d", "1e999", "9" * 400, "{" * 300, "[find(title=1)]"]  # fmt: skip
    pieces += list(string.printable)
    for _ in range(300):
        texts = ["".join(rng.choices(pieces, k=rng.randrange(12))) for _ in range(4)]
        played = plays(ONE, *texts, steps=3)
        assert 0.0 <= reward(judge_played(ONE, played), Reward(mode="progress+format")) <= 1.0

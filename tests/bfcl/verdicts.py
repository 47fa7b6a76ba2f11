"""BFCL's checker beside our verdict on the same calls: tasks, attempts, mutated truths."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from random import Random
from typing import Any

from funreason_plugin.environments.bfcl import BenchmarkEntry, load_entry
from funreason_plugin.environments.bfcl.entries import ground_truth
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.live import mark_of
from funreason_plugin.played import Played, PlayedCall, PlayedStep, PlayedTurn
from funreason_plugin.tasks import Task, TaskTurn, TruthCall
from funreason_plugin.trajectory import EnvironmentRef

Call = tuple[str, dict[str, Any]]
Turns = list[list[Call]]


def task_of(entry: BenchmarkEntry) -> Task:
    """A benchmark entry as what is played and judged: each call of the truth is a step of its own."""
    space = SimulationSpace(entry.environments)
    turns = []
    with space.session(entry.scenario) as session:
        for calls in entry.truth:
            done = [TruthCall(name, arguments, session.call(name, arguments)) for name, arguments in calls]
            turns.append(TaskTurn("", "base", tuple((call,) for call in done), (), session.state_hash()))
    return Task(
        entry.id,
        "trajectory",
        "bfcl",
        "val",
        "hermes",
        tuple(
            EnvironmentRef(cls.name, cls.version, "", f"bfcl:{cls.__name__}") for cls in entry.environments
        ),
        entry.scenario,
        space.policy,
        tuple(spec.as_openai() for spec in space.tools.values()),
        tuple(turns),
    )


def played(entry: BenchmarkEntry, attempt: Turns) -> Played:
    """The attempt's calls made in a session, one call a step, as the player of conversations leaves them."""
    result = Played()
    with SimulationSpace(entry.environments).session(entry.scenario) as session:
        start = session.state()
        for calls in attempt:
            steps = [
                PlayedStep([PlayedCall(name, arguments, session.call(name, arguments))])
                for name, arguments in calls
            ]
            mark = mark_of(session, start)
            turn = PlayedTurn(
                steps, "Done.", "", "", mark.state_hash, list(mark.changes), list(mark.generated)
            )
            result.turns.append(turn)
            result.responses += len(steps) + 1
    return Played.loads(result.dumps())


# -- bfcl-eval's side -----------------------------------------------------------------------------------


def multi_turn(name: str) -> Any:
    """A module of bfcl-eval's multi-turn checker."""
    return importlib.import_module(f"bfcl_eval.eval_checker.multi_turn_eval.{name}")


def call_text(call: Call) -> str:
    """A call as bfcl-eval's executor takes it."""
    return f"{call[0]}({', '.join(f'{key}={value!r}' for key, value in call[1].items())})"


def theirs(entry_id: str, attempt: Turns) -> tuple[bool, list[bool | None]]:
    """The checker's verdict on the conversation, and on each turn: what `multi_turn_checker` does in a turn, without
    leaving at the first failure; None where the truth is empty."""
    checker, executor = multi_turn("multi_turn_checker"), multi_turn("multi_turn_utils")
    texts = [[[call_text(call)] for call in calls] for calls in attempt]
    config, classes, truth = ground_truth(entry_id)
    before = set(vars(executor))
    _forget_default_lists()
    try:
        entry = {"id": entry_id, "initial_config": config, "involved_classes": classes}
        whole = checker.multi_turn_checker(texts, truth, entry, "multi_turn", "whole")["valid"]
        _forget_default_lists()
        long_context = "long_context" in entry_id
        outputs: list[str] = []
        verdicts: list[bool | None] = []
        for mine, expected in zip(texts, truth, strict=True):
            instances: dict[str, Any] = {}
            for step in mine:
                done, instances = executor.execute_multi_turn_func_call(
                    step, config, classes, "turns", entry_id, long_context=long_context, is_evaL_run=True
                )
                outputs += done
            wanted, others = executor.execute_multi_turn_func_call(
                expected, config, classes, "truth", entry_id, long_context=long_context, is_evaL_run=True
            )
            if not expected:
                verdicts.append(None)
            elif not mine:
                verdicts.append(False)
            else:
                state = checker.state_checker(instances, others)["valid"]
                verdicts.append(state and checker.response_checker(outputs, wanted, 0)["valid"])
        return whole, verdicts
    finally:
        for name in set(vars(executor)) - before:
            delattr(executor, name)


def _forget_default_lists() -> None:
    """Their default lists of tags and mentions are shared by all tweets of a process: start with fresh ones."""
    module = importlib.import_module("bfcl_eval.eval_checker.multi_turn_eval.func_source_code.posting_api")
    module.TwitterAPI.post_tweet.__defaults__ = ([], [])


# -- mutated truths -------------------------------------------------------------------------------------


def mutants(entry: BenchmarkEntry, rng: Random, count: int) -> Iterator[Turns]:
    """Truths with one to three mutations each."""
    for _ in range(count):
        turns = [[(name, dict(arguments)) for name, arguments in calls] for calls in entry.truth]
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            rng.choice(MUTATIONS)(turns, entry, rng)
        yield turns


def _drop(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    turn = _full(turns, rng)
    if turn:
        del turn[rng.randrange(len(turn))]


def _again(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    turn = _full(turns, rng)
    if turn:
        turn.insert(rng.randrange(len(turn) + 1), rng.choice(turn))


def _shuffle(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    rng.shuffle(_full(turns, rng))


def _to_another_turn(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    turn = _full(turns, rng)
    if turn:
        rng.choice(turns).append(turn.pop(rng.randrange(len(turn))))


def _from_elsewhere(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    """Another call of the same environments: of another entry's truth, or one without arguments."""
    space = SimulationSpace(entry.environments)
    other = load_entry(f"multi_turn_{rng.choice(('base', 'long_context'))}_{rng.randrange(200)}")
    calls = [call for turn in other.truth for call in turn if call[0] in space.tools]
    calls += [(name, {}) for name in rng.sample(sorted(space.tools), 2)]
    name, arguments = rng.choice(calls)
    turn = rng.choice(turns)
    turn.insert(rng.randrange(len(turn) + 1), (name, dict(arguments)))


def _unknown(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    rng.choice(turns).append(("get_weather_forecast", {"city": "Oslo"}))


def _drop_argument(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    arguments = _arguments(turns, rng)
    if arguments:
        del arguments[rng.choice(sorted(arguments))]


def _extra_argument(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    _arguments(turns, rng)["colour"] = "blue"


def _alter(turns: Turns, entry: BenchmarkEntry, rng: Random) -> None:
    """Another value, another type, or another spelling of the same number."""
    arguments = _arguments(turns, rng)
    if arguments:
        key = rng.choice(sorted(arguments))
        arguments[key] = _other(arguments[key], rng)


def _other(value: Any, rng: Random) -> Any:
    if isinstance(value, bool):
        return rng.choice((not value, int(value), str(value), None))
    if isinstance(value, int):
        same = [float(value), True if value == 1 else float(value)]
        return rng.choice((*same, *same, value + 1, -value, str(value), value * 10**9, None, [value]))
    if isinstance(value, float):
        whole = int(value) if value.is_integer() else value
        return rng.choice((whole, whole, value + 1e-9, -value, value * 3, str(value), None))
    if isinstance(value, str):
        changed = (value + "x", value.upper(), value[:-1], "", value.replace(" ", "_"), value + " ")
        return rng.choice((*changed, None, len(value), [value], {}))
    if isinstance(value, list):
        return rng.choice(
            (value[::-1], value[:-1], [*value, "x"], [], None, str(value), tuple(value) and value * 2)
        )
    if isinstance(value, dict) and value:
        key = rng.choice(sorted(value))
        return {**value, key: _other(value[key], rng)}
    return rng.choice((0, "", True, None))


def _full(turns: Turns, rng: Random) -> list[Call]:
    return rng.choice([turn for turn in turns if turn] or turns)


def _arguments(turns: Turns, rng: Random) -> dict[str, Any]:
    calls = [call for turn in turns for call in turn]
    return rng.choice(calls)[1] if calls else {}


MUTATIONS = (
    _drop,
    _again,
    _shuffle,
    _to_another_turn,
    _from_elsewhere,
    _unknown,
    _drop_argument,
    _extra_argument,
    _alter,
    _alter,
    _alter,
)

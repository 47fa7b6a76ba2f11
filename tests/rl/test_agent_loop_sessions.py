"""Many sessions of the agent loop: side by side, with hostile output, and nothing left over."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from funreason_plugin.conversation import Limits, Reply, play
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.live import Direct
from funreason_plugin.messages import Conversation
from funreason_plugin.played import Played
from funreason_plugin.rendering import FORMS
from funreason_plugin.tasks import Task

pytest.importorskip("verl", reason="verl is not installed (extra [rl])")

from funreason_plugin.rl import agent_loop
from tests.rl.rollouts import (
    PARAMS,
    Engine,
    config,
    loop,
    played,
    record,
    responses,
    row,
    scripted,
    tokenizer,
    trajectories,
)


def without_time(output: Any) -> dict[str, Any]:
    return {**record(output), "seconds": 0}


def test_sessions_side_by_side_do_what_each_does_alone() -> None:
    """Same environments, other scenarios, any order of the engine's answers."""
    rng = random.Random(7)
    games = []
    for number in range(48):
        trajectory, form = trajectories()[number % 3], FORMS[number // 3 % 3]
        texts = responses(trajectory, form)
        if number % 4 == 3:  # closes a note that the others still want open
            texts = [texts[1], *texts]
        games.append(
            (row(trajectory, form), texts, config({"history_reasoning": ("keep", "drop")[number % 2]}))
        )

    def engine(texts: list[str], delays: int = 0) -> Engine:
        made = Engine(lambda prompt, number: texts[min(number, len(texts) - 1)])
        made.delays = [rng.random() / 50 for _ in range(delays)]
        return made

    async def together() -> list[Any]:
        sessions = (
            loop(engine(texts, 20), settings).run(dict(PARAMS), **row) for row, texts, settings in games
        )
        return await asyncio.gather(*sessions)

    found = asyncio.run(together())
    assert agent_loop._host(2, 128).standing().sessions == 0
    for (row_, texts, settings), outputs in zip(games, found, strict=True):
        alone = played(engine(texts), row_, settings)
        assert without_time(outputs[-1]) == without_time(alone[-1])
        assert [output.response_ids for output in outputs] == [output.response_ids for output in alone]


# ------------------------------------------------------------------------------------------- hostile output

PIECES = [
    *("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "<|im_start|>", "<|im_end|>"),
    *(
        '{"name": "find_note", "arguments": {',
        '"title": "Milk"}}',
        "[find_note(title=",
        '"Rent")]',
        "close_note(",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        '"',
        "'",
        "\\",
        "\n",
        ",",
        ":",
        "=",
        "**",
        "NaN",
        "Infinity",
        "1e999",
        "-0",
    ),
    *(
        "__import__('os').system('true')",
        "lambda: 0",
        "f'{1}'",
        "b'x'",
        "9" * 5000,
        "\x00",
        "\ud7ff",
        "🙂",
        "null",
    ),
    *(
        "[" * 300,
        "{" * 300,
        '{"a":' * 200,
        "(" * 200,
        "not " * 300,
        "-" * 500,
        '"\\ud800"',
        "note_id=",
        "True",
    ),
]


def hostile(rng: random.Random, good: list[str]) -> str:
    """Pieces of calls in disorder, or a good response with some of its characters changed."""
    if rng.random() < 0.5:
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 12)))
    text = list(rng.choice(good))
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(text) + 1)
        text[place : place + rng.choice((0, 1, 1, 5))] = rng.choice(PIECES)
    return "".join(text)


def play_hostile(count: int, seed: int) -> int:
    """Play so many hostile responses; how many conversations it took."""
    rng = random.Random(seed)
    tasks = [Task.of_row(row(trajectory, form)) for trajectory in trajectories() for form in FORMS]
    good = {form: [text for one in trajectories() for text in responses(one, form)] for form in FORMS}
    space = SimulationSpace.from_names([ref.source for ref in tasks[0].environments])
    written = games = 0

    async def game() -> int:
        task = rng.choice(tasks)
        session = Direct(space, task.scenario)

        async def generate(talk: Conversation) -> Reply:
            return Reply(hostile(rng, good[task.prompt_form]))

        found = await play(task, session, generate, Limits(steps=3))
        assert Played.loads(found.dumps()) == found
        assert all(turn.state_hash for turn in found.turns)
        await session.close()
        return found.responses

    async def all_games() -> None:
        nonlocal written, games
        while written < count:
            written += await game()
            games += 1

    asyncio.run(all_games())
    return games


def test_hostile_responses_are_played_to_the_end() -> None:
    assert play_hostile(2_000, seed=1) > 100


@pytest.mark.slow
def test_a_hundred_thousand_hostile_responses_are_played_to_the_end() -> None:
    assert play_hostile(100_000, seed=2) > 5_000


@pytest.mark.parametrize("history", ["keep", "drop"])
def test_tokens_at_random_are_recorded_as_they_were_sampled(history: str) -> None:
    rng = random.Random(3)
    control = tokenizer().all_special_ids
    for _ in range(40):
        sampled: list[list[int]] = []

        class Random(Engine):
            def tokens(self, prompt_ids: list[int], number: int) -> list[int]:
                ids = [rng.randrange(len(tokenizer())) for _ in range(rng.randint(1, 60))]
                if rng.random() < 0.5:
                    ids[rng.randrange(len(ids))] = rng.choice(control)
                sampled.append(ids)  # noqa: B023
                return ids

        outputs = played(Random(scripted([])), row(trajectories()[0]), config({"history_reasoning": history}))
        found = [
            [token for token, bit in zip(output.response_ids, output.response_mask, strict=True) if bit]
            for output in outputs
        ]
        joined = [token for ids in sampled for token in ids]
        assert ([token for ids in found for token in ids]) == joined
        for output in outputs:
            assert len(output.response_mask) == len(output.response_logprobs)
            for start, end in output.extra_fields["funreason_thoughts"]:
                assert 0 <= start < end <= len(output.response_ids) and all(output.response_mask[start:end])


# --------------------------------------------------------------------------------------------------- leaks


def resident(process: str = "self") -> int:
    """Bytes of memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_after_ten_thousand_rollouts_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_loop._log, "disabled", True)  # pytest keeps every line
    trajectory = trajectories()[0]
    settings = config()
    rows = row(trajectory)
    texts = [responses(trajectory, "hermes")[0], "Done.", "Done."]
    host = agent_loop._host(2, 128)

    async def rollouts(count: int) -> None:
        for start in range(0, count, 100):
            engines = [Engine(scripted(texts)) for _ in range(100)]
            for number, engine in enumerate(engines):
                if (start + number) % 10 == 0:
                    engine.fault = (1, "raises")
            await asyncio.gather(*(loop(engine, settings).run(dict(PARAMS), **rows) for engine in engines))
        assert len(asyncio.all_tasks()) == 1

    def left() -> tuple[int, int, int]:
        gc.collect()
        standing = host.standing()
        files = len(list(Path("/proc/self/fd").iterdir()))
        return standing.sessions, threading.active_count(), files

    asyncio.run(rollouts(1_000))
    before, pids = left(), host.standing().pids
    memory = resident() + sum(resident(str(pid)) for pid in pids)
    asyncio.run(rollouts(9_000))
    assert left() == before
    assert before[0] == 0
    assert len(host.standing().pids) == len(pids)
    grown = resident() + sum(resident(str(pid)) for pid in host.standing().pids) - memory
    assert grown < 32 << 20, f"{grown >> 20} MiB"

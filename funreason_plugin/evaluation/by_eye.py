"""Conversations that failed, as text to be read."""

from __future__ import annotations

import random
from collections.abc import Iterator

from funreason_plugin.calls import dump_json, python_list
from funreason_plugin.evaluation.runs import Conversation, Run

__all__ = ["failures", "told"]

_LONGEST = 600


def failures(run: Run, count: int, seed: int = 0) -> list[Conversation]:
    """So many of the conversations that failed, drawn with a seed, in the order of the file."""
    failed = sorted(
        (one for one in run.conversations.values() if not one.success), key=lambda one: (one.row, one.attempt)
    )
    if len(failed) > count:
        failed = [failed[index] for index in sorted(random.Random(seed).sample(range(len(failed)), count))]
    return failed


def told(conversation: Conversation) -> Iterator[str]:
    """Its lines: queries, calls with their outputs, answers, and what was wrong with each turn."""
    yield f"row {conversation.row}, attempt {conversation.attempt}: {conversation.id}"
    for number, turn in enumerate(conversation.turns, 1):
        mark = "right" if turn.passed else "WRONG"
        yield ""
        yield f"  turn {number} ({turn.variant}, {mark})"
        yield f"    user:   {_short(turn.query)}"
        for step in turn.steps:
            for call in step:
                try:
                    written = python_list([(call["name"], call["arguments"])])[1:-1]
                except ValueError:  # a name that is no Python identifier
                    written = f"{call['name']} {dump_json(call['arguments'])}"
                yield f"    call:   {_short(written)}"
                yield f"    result: {_short(dump_json(call['output']))}"
        if turn.answer:
            yield f"    answer: {_short(turn.answer)}"
        if turn.stop and turn.stop != "not played":
            yield f"    ended:  {turn.stop}"
        for reason in [] if turn.passed else turn.reasons:
            yield f"    wrong:  {_short(reason)}"


def _short(text: str) -> str:
    line = "".join(
        one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in " ".join(text.split())
    )
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

"""The rows of one arm: conversations of a pool, in their order, until so many tokens are full.

    python benchmarks/miniature/rows.py POOL OUT --model MODEL --tokens 3000000            # to train on
    python benchmarks/miniature/rows.py POOL OUT --model MODEL --tokens 3000000 --batched  # all calls of a turn at once
    python benchmarks/miniature/rows.py POOL OUT --test 150                                # to evaluate on

Nothing is trained on in which a turn goes the whole way from an item to a room: find, keeper and office together.
Half of the test is of that kind, labelled "unseen_combination".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError
from funreason_plugin.sft.token_count import until
from funreason_plugin.trajectory import Step, Trajectory, Turn, certify, dumps, read

UNSEEN = frozenset(("find", "keeper", "office"))
LABEL = "unseen_combination"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def is_unseen(trajectory: Trajectory) -> bool:
    """Whether a turn has the tools that no turn of the training has together."""
    return any({call.name for call in turn.calls()} >= UNSEEN for turn in trajectory.turns)


def batched(trajectory: Trajectory) -> Trajectory:
    """All calls of a turn in one message, as the paper's showcase has them: arguments that only outputs give included.
    Its thought is the one before the first call."""

    def at_once(turn: Turn) -> Turn:
        calls = turn.calls()
        return replace(turn, steps=[Step(turn.steps[0].thought, calls)] if calls else [])

    made = replace(trajectory, turns=[at_once(turn) for turn in trajectory.turns])
    made.certificate = certify(made)
    return made


def chosen(
    pool: Iterator[Trajectory], model: Path | None, tokens: int, all_at_once: bool
) -> Iterator[tuple[Trajectory, int]]:
    """Trajectories to train on, each with its tokens, until ``tokens`` are full (0: all there are, not counted)."""
    seen = (trajectory for trajectory in pool if not is_unseen(trajectory))
    made = map(batched, seen) if all_at_once else seen
    if not tokens:
        return ((trajectory, 0) for trajectory in made)
    from transformers import AutoTokenizer

    return until(tokens, made, AutoTokenizer.from_pretrained(model))


def tested(pool: Iterator[Trajectory], number: int) -> Iterator[Trajectory]:
    """So many trajectories of each kind, the unseen with their label. Raises UserError where there are too few."""
    wanted = {True: number, False: number}
    for trajectory in pool:
        unseen = is_unseen(trajectory)
        if wanted[unseen]:
            wanted[unseen] -= 1
            made = replace(trajectory, labels=[*trajectory.labels, LABEL] if unseen else trajectory.labels)
            made.certificate = certify(made)
            yield made
    if any(wanted.values()):
        raise UserError(
            f"the pool has {number - wanted[True]} conversations with unseen combinations, of {number}"
        )


@app.command(cls=Command)
def main(
    pool: Annotated[Path, typer.Argument(help="Folder of `synthesize`.", metavar="POOL")],
    out: Annotated[Path, typer.Argument(help="Folder for trajectories.jsonl.", metavar="OUT")],
    model: Annotated[Path | None, typer.Option(help="Whose tokenizer counts.", metavar="MODEL")] = None,
    tokens: Annotated[int, typer.Option(min=0, help="Tokens to train on; 0: all there are.")] = 0,
    test: Annotated[int, typer.Option(min=0, help="Instead: so many conversations of each kind.")] = 0,
    all_at_once: Annotated[bool, typer.Option("--batched", help="All calls of a turn at once.")] = False,
) -> None:
    """Choose the conversations of one arm."""
    found = read(pool / "trajectories.jsonl")
    spent = 0
    out.mkdir(parents=True, exist_ok=True)
    written = out / "trajectories.jsonl"
    with open(written.with_suffix(".part"), "wb") as file:
        count = 0
        if test:
            for trajectory in tested(found, test):
                file.write(dumps(trajectory))
                count += 1
        else:
            if tokens and model is None:
                raise UserError("--model: expected the model whose tokenizer counts")
            for trajectory, size in chosen(found, model, tokens, all_at_once):
                file.write(dumps(trajectory))
                count, spent = count + 1, spent + size
            if spent < tokens:
                raise UserError(f"{pool}: {spent:,} tokens, {tokens:,} are wanted; make it larger (POOL)")
    written.with_suffix(".part").rename(written)
    console().print(f"{written}: {count:,} conversations" + (f", {spent:,} tokens" if spent else ""))


if __name__ == "__main__":
    leave(app, "python benchmarks/miniature/rows.py")

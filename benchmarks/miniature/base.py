"""What the base of all arms reads before SFT: conversations of one call a turn, first without thoughts, then with.

    python benchmarks/miniature/base.py POOL OUT

Trained on all of it, queries and results included, a model learns the form of a conversation, what each tool is for and,
since only what stood before tells the next name, to copy. Without thoughts a conversation is short, and what has to be
copied is most of it: so that comes first. No turn needs two calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.messages import Conversation, of_trajectory
from funreason_plugin.rendering import render
from funreason_plugin.trajectory import read

BATCH = 4
"""Rows a step in base.yaml; in one step they are of one kind, and so of about one length."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def texts(talks: Sequence[Conversation]) -> Iterator[str]:
    """All without thoughts; then again all without and all with, a batch of each in turn."""

    def written(part: Sequence[Conversation], thoughts: Literal["none", "all"]) -> Iterator[str]:
        for talk in part:
            yield "".join(map("".join, render(talk, "hermes", thoughts=thoughts)))

    yield from written(talks, "none")
    for start in range(0, len(talks), BATCH):
        yield from written(talks[start : start + BATCH], "none")
        yield from written(talks[start : start + BATCH], "all")


@app.command(cls=Command)
def main(
    pool: Annotated[Path, typer.Argument(help="Folder of `synthesize`.", metavar="POOL")],
    out: Annotated[Path, typer.Argument(help="Folder for LLaMA-Factory.", metavar="OUT")],
) -> None:
    """Write conversations as texts to train a base on."""
    out.mkdir(parents=True, exist_ok=True)
    talks = [of_trajectory(trajectory) for trajectory in read(pool / "trajectories.jsonl")]
    with open(out / "talks.jsonl", "w", encoding="utf-8") as file:
        for text in texts(talks):
            file.write(json.dumps({"text": text}) + "\n")
    info = {"talks": {"file_name": "talks.jsonl", "columns": {"prompt": "text"}}}
    (out / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    console().print(f"{out}: {3 * len(talks):,} texts")


if __name__ == "__main__":
    leave(app, "python benchmarks/miniature/base.py")

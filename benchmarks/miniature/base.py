"""What the base of all arms reads before SFT: conversations of one call a turn, once without thoughts and once with all.

    python benchmarks/miniature/base.py POOL OUT

Trained on all of it, queries and results included, a model learns the form of a conversation, what each tool is for and,
since only what stood before tells the next name, to copy. No turn of it needs two calls.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import render
from funreason_plugin.trajectory import read

THOUGHTS: tuple[Literal["none", "all"], ...] = ("none", "all")
"""Without them a conversation is short, and what has to be copied is most of it: that is learned first."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    pool: Annotated[Path, typer.Argument(help="Folder of `synthesize`.", metavar="POOL")],
    out: Annotated[Path, typer.Argument(help="Folder for LLaMA-Factory.", metavar="OUT")],
) -> None:
    """Write conversations as texts to train a base on."""
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with open(out / "talks.jsonl", "w", encoding="utf-8") as file:
        for trajectory in read(pool / "trajectories.jsonl"):
            for thoughts in THOUGHTS:
                pairs = render(of_trajectory(trajectory), "hermes", thoughts=thoughts)
                file.write(json.dumps({"text": "".join(map("".join, pairs))}) + "\n")
                count += 1
    info = {"talks": {"file_name": "talks.jsonl", "columns": {"prompt": "text"}}}
    (out / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    console().print(f"{out}: {count:,} texts")


if __name__ == "__main__":
    leave(app, "python benchmarks/miniature/base.py")

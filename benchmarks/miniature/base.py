"""What the base of all arms reads before SFT: conversations of one call a turn, first without thoughts, then with.

    python benchmarks/miniature/base.py POOL OUT

Trained on all of it, queries and results included, a model learns the form of a conversation, what each tool is for and,
since only what stood before tells the next name, to copy. Without thoughts a conversation is short, and what has to be
copied is most of it: so the data set "short" comes before "long", which has both. No turn needs two calls.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import render
from funreason_plugin.trajectory import read

KINDS: dict[str, tuple[Literal["none", "all"], ...]] = {"short": ("none",), "long": ("none", "all")}
"""By data set, whose thoughts stand in its texts."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    pool: Annotated[Path, typer.Argument(help="Folder of `synthesize`.", metavar="POOL")],
    out: Annotated[Path, typer.Argument(help="Folder for LLaMA-Factory.", metavar="OUT")],
) -> None:
    """Write conversations as texts to train a base on."""
    out.mkdir(parents=True, exist_ok=True)
    talks = [of_trajectory(trajectory) for trajectory in read(pool / "trajectories.jsonl")]
    info = {}
    for name, kinds in KINDS.items():
        with open(out / f"{name}.jsonl", "w", encoding="utf-8") as file:
            for talk, thoughts in product(talks, kinds):
                text = "".join(map("".join, render(talk, "hermes", thoughts=thoughts)))
                file.write(json.dumps({"text": text}) + "\n")
        info[name] = {"file_name": f"{name}.jsonl", "columns": {"prompt": "text"}}
    (out / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    console().print(f"{out}: texts of {len(talks):,} conversations")


if __name__ == "__main__":
    leave(app, "python benchmarks/miniature/base.py")

"""What the base of all arms reads before SFT: lists of the depot's words, each list several times in other clothes.

    python benchmarks/miniature/base.py OUT --num 40000

Only what stood in the text before can tell the next word, so a model learns to copy, as every model that is fine-tuned
in earnest has. No text has a tool, a call or a fact about a depot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from depot import ITEMS, PEOPLE, ROOMS, SHELVES

from funreason_plugin.command_line import Command, console, leave

WORDS = (*ITEMS, *PEOPLE, *ROOMS, *SHELVES)
FORMS: tuple[Callable[[Sequence[str]], str], ...] = (
    " ".join,
    json.dumps,
    lambda words: f"{', '.join(words)}.",
    lambda words: json.dumps({"a": words}),
    lambda words: f"the {' and the '.join(words)}.",
    lambda words: "\n".join(json.dumps({"item": word}) for word in words),
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def text(rng: Random) -> str:
    """Three to six words, three to eight times in the same order."""
    words = rng.choices(WORDS, k=rng.randint(3, 6))
    return "\n".join(rng.choice(FORMS)(words) for _ in range(rng.randint(3, 8)))


@app.command(cls=Command)
def main(
    out: Annotated[Path, typer.Argument(help="Folder for LLaMA-Factory.", metavar="OUT")],
    num: Annotated[int, typer.Option(min=1, help="Texts.")] = 40_000,
    seed: Annotated[int, typer.Option(help="Decides the words.")] = 0,
) -> None:
    """Write texts to train a base on."""
    rng = Random(seed)
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "words.jsonl", "w", encoding="utf-8") as file:
        for _ in range(num):
            file.write(json.dumps({"text": text(rng)}) + "\n")
    info = {"words": {"file_name": "words.jsonl", "columns": {"prompt": "text"}}}
    (out / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    console().print(f"{out}: {num:,} texts")


if __name__ == "__main__":
    leave(app, "python benchmarks/miniature/base.py")

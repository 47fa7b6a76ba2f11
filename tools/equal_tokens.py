"""As many conversations of one folder as have the tokens of another one: data compared at equal cost.

    python tools/equal_tokens.py out/no_graph equal/no_graph --like out/held_out --tokenizer Qwen/Qwen3-4B-Instruct-2507

Writes trajectories.jsonl into the second folder; `convert --from trajectories` makes rows of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError
from funreason_plugin.sft.token_count import tokens_of, until
from funreason_plugin.trajectory import dumps, read

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    folder: Annotated[Path, typer.Argument(help="Folder of `synthesize`.", metavar="DIR")],
    out: Annotated[Path, typer.Argument(help="Folder for trajectories.jsonl.", metavar="OUT")],
    like: Annotated[Path, typer.Option(help="Folder that has as many tokens as are wanted.", metavar="DIR")],
    tokenizer: Annotated[str, typer.Option(help="The tokenizer that counts.", metavar="MODEL")],
) -> None:
    """Take conversations until they have as many tokens as another folder's."""
    from transformers import AutoTokenizer

    try:
        counting = AutoTokenizer.from_pretrained(tokenizer)
    except (OSError, ValueError) as error:
        raise UserError(f"--tokenizer {tokenizer}: {' '.join(str(error).split())[:300]}") from None
    wanted = sum(
        tokens_of(one, counting) for one in read(like / "trajectories.jsonl") if one.split == "train"
    )
    out.mkdir(parents=True, exist_ok=True)
    whole, part = out / "trajectories.jsonl", out / "trajectories.jsonl.part"
    taken = count = 0
    with open(part, "wb") as file:
        found = (one for one in read(folder / "trajectories.jsonl") if one.split == "train")
        for trajectory, size in until(wanted, found, counting):
            file.write(dumps(trajectory))
            taken, count = taken + size, count + 1
    if taken < wanted:
        raise UserError(
            f"{folder}: {taken:,} tokens to train on, {like} has {wanted:,}; synthesise more (--num)"
        )
    part.rename(whole)
    console().print(f"{whole}: {count:,} conversations, {taken:,} tokens ({like}: {wanted:,})")


if __name__ == "__main__":
    leave(app, "python tools/equal_tokens.py")

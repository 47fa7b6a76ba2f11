"""The mix command line, thin: several data sets of LLaMA-Factory as one, with weights.

python -m funreason_plugin.mix --out mixed out/=0.7 xlam/=0.3
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, console, leave
from funreason_plugin.errors import UserError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

SOURCES = (
    "A folder with data for LLaMA-Factory (as synthesize and convert write it), or DIR/NAME for one data set in it, "
    "and its weight: the share of the rows, as a number (7, 0.7)."
)


@app.command(cls=Command)
def mix(
    sources: Annotated[list[str], typer.Argument(help=SOURCES, metavar="DIR=WEIGHT…")],
    out: Annotated[Path, typer.Option(help="The folder to write; it must not exist.")],
    num: Annotated[int | None, typer.Option(help="Rows (default: as many as the weights allow without taking one twice).", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Decides which rows and their order.")] = 0,
    dataset: Annotated[str, typer.Option(help="Name of the data set (default: funreason_mix, or funreason_mix_scripted).")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier mixture wrote to OUT.")] = False,
) -> None:  # fmt: skip
    """Mix data sets for LLaMA-Factory into one, shuffled; no row is taken twice."""
    from funreason_plugin.converting.mix_card import write_mix_card
    from funreason_plugin.converting.mix_sources import open_source
    from funreason_plugin.converting.mixing import Mixture, mix
    from funreason_plugin.converting.staged import Staged

    opened = [open_source(*_weighed(text)) for text in sources]
    mixture = Mixture(opened, num, seed, dataset)
    for source in opened:
        if source.folder.resolve().is_relative_to(out.resolve()):
            raise UserError(f"{out}: {source.name} is read from this folder; write the mixture beside it")
    with Staged(out, force) as folder:
        mixed = mix(mixture, folder)
        card = write_mix_card(folder, out, mixture, mixed)
    card.show(console(), out)


_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?|\.\d{1,9}", re.ASCII)


def _weighed(text: str) -> tuple[str, Fraction]:
    """``out/=0.7`` as the path and the weight."""
    path, _, number = text.rpartition("=")
    weight = Fraction(number) if _NUMBER.fullmatch(number) else Fraction(0)
    if not path or not weight:
        raise UserError(f"{text}: expected DIR=WEIGHT with a weight above 0, as in out/=0.7")
    return path, weight


if __name__ == "__main__":
    leave(app, "python -m funreason_plugin.mix")

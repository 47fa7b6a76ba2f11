"""From trajectories.jsonl to the rows of LLaMA-Factory and verl, chunk by chunk in the workers, and to the card."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from funreason_plugin.config import SynthesisConfig
from funreason_plugin.errors import UserError
from funreason_plugin.formats.options import CHUNK, FormatOptions, dataset_name
from funreason_plugin.formats.writer import FOLDERS, Writer, encode_chunk
from funreason_plugin.synthesis.folder import TRAJECTORIES, Folder
from funreason_plugin.workers import CallWatch, Pool


def format_options(config: SynthesisConfig) -> FormatOptions:
    """The rows' options; the data set's name says who made it, so that no recipe takes scripted data unknowingly."""
    return FormatOptions(
        dataset=dataset_name(config.made_by),
        reasoning="none" if config.reasoning == "none" else "full",
        prompt_form=config.prompt_form,
        verl_rows=config.verl_rows,
    )


def emit(config: SynthesisConfig, folder: Folder) -> dict[str, int]:
    """Write ``llamafactory/`` and ``verl/``; returns their sizes on disk in bytes."""
    waiting: dict[int, dict[str, bytes]] = {}
    following = 0
    here = config.workers if config.executor == "local" else os.cpu_count() or 1  # actors are elsewhere
    workers = min(config.workers, here, -(-folder.tally.kept // CHUNK))
    try:
        with (
            Pool(workers, _encoder, (config.as_plain(), str(folder.path))) as pool,
            Writer(folder.path, format_options(config)) as writer,
        ):
            for number, parts in pool.map(_jobs(folder.path / TRAJECTORIES)):
                waiting[number] = parts
                while following in waiting:
                    writer.add(waiting.pop(following))
                    following += 1
    except OSError as error:
        raise UserError(
            f"{folder.path}: {error.strerror or error}; the trajectories are safe: make room and run the same "
            "command again to write the rows"
        ) from None
    return {
        name: sum(file.stat().st_size for file in (folder.path / name).rglob("*") if file.is_file())
        for name in FOLDERS
    }


def describe(config: SynthesisConfig, folder: Folder, settings: dict[str, Any]) -> None:
    """Write quality.json and README.md, the data set's card."""
    from funreason_plugin.quality.run_card import describe as describe_folder

    tally = folder.tally
    workers = min(config.workers, os.cpu_count() or 1, -(-tally.kept // (4 * CHUNK)))
    accepted = {"attempts": tally.attempts, "accept_rate": round(tally.accept_rate, 4)}
    describe_folder(folder.path, settings, accepted, workers, config.against)


def _encoder(
    config_data: dict[str, Any], folder: str
) -> Callable[[tuple[int, int], CallWatch], dict[str, bytes]]:
    """What a process does: encode the lines at ``start`` of trajectories.jsonl, ``size`` bytes in all."""
    options = format_options(SynthesisConfig.model_validate(config_data))

    def encode(place: tuple[int, int], watch: CallWatch) -> dict[str, bytes]:
        start, size = place
        with (Path(folder) / TRAJECTORIES).open("rb") as file:
            file.seek(start)
            return encode_chunk(file.read(size).splitlines(), options)

    return encode


def _jobs(path: Path) -> Iterator[tuple[int, tuple[int, int]]]:
    start = 0
    with path.open("rb") as file:
        for number in range(1 << 30):
            size = sum(len(line) for line in islice(file, CHUNK))
            if not size:
                return
            yield number, (start, size)
            start += size

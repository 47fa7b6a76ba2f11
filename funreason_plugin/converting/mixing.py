"""Several data sets of LLaMA-Factory as one, with weights: what `python -m funreason_plugin.mix` does.

    mixed = mix(Mixture([open_source("ours", Fraction(7)), open_source("apigen", Fraction(3))]), folder)

A weight is a share of the rows. No row is taken twice. The rows are chosen and ordered by the seed: the same
data and seed give the same bytes. Memory does not grow with the texts: chosen rows go to a file beside the
output, and 16 bytes a row say where each stands and where it belongs.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa

from funreason_plugin.converting.mix_sources import MixSource, checked, form_of, has_thought
from funreason_plugin.errors import UserError
from funreason_plugin.formats.llamafactory import Shared, dataset_info
from funreason_plugin.formats.options import FormatOptions
from funreason_plugin.formats.writer import to_parquet

__all__ = ["Mixed", "Mixture", "mix", "shares"]

SHARD_ROWS = 1024
SHARD_BYTES = 32 << 20
"""A shard ends at whichever comes first: rows, or bytes of their JSON text."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What to mix. ``num`` is the number of rows, None for as many as the weights allow."""

    sources: Sequence[MixSource]
    num: int | None = None
    seed: int = 0
    dataset: str = ""

    @property
    def name(self) -> str:
        """Scripted data stays marked: no recipe takes it unknowingly."""
        scripted = any("scripted" in source.name for source in self.sources)
        return self.dataset or ("funreason_mix_scripted" if scripted else "funreason_mix")

    @property
    def labels(self) -> list[str]:
        """What the column `source` calls each: its data set's name, numbered where two have one."""
        names = [source.name for source in self.sources]
        return [
            name if names.count(name) == 1 else f"{name}#{names[: index + 1].count(name)}"
            for index, name in enumerate(names)
        ]


@dataclass(slots=True)
class Mixed:
    """What was mixed: rows by source, and how many of them have a thought."""

    rows: list[int]
    thoughts: list[int] = field(default_factory=list)
    marked: list[Counter[str]] = field(default_factory=list)
    """By source, how many rows have each label of a trajectory, as "in-domain:bfcl"."""
    form: str = ""
    """The prompt form that all rows with tools have, "" where none has any."""


def shares(sources: Sequence[MixSource], num: int | None) -> list[int]:
    """How many rows of each source. Raises UserError where one has too few."""
    total = sum(source.weight for source in sources)
    parts = [source.weight / total for source in sources]
    most = min(int(source.count / part) for source, part in zip(sources, parts, strict=True))
    while most and any(
        taken > source.count for taken, source in zip(_rounded(parts, most), sources, strict=True)
    ):
        most -= 1
    if num is not None and num > most:
        taken = _rounded(parts, num)
        short = next(index for index, source in enumerate(sources) if taken[index] > source.count)
        raise UserError(
            f"--num {num}: {sources[short].name} has {sources[short].count} rows, its weight wants {taken[short]}; "
            f"at most {most} rows without taking one twice"
        )
    counts = _rounded(parts, most if num is None else num)
    if not all(counts):
        empty = sources[counts.index(0)].name
        raise UserError(f"{empty}: its weight gives it no row of {sum(counts)}; raise the weight or --num")
    return counts


def _rounded(parts: Sequence[Fraction], num: int) -> list[int]:
    """`num` split by the parts, which sum to 1: the largest remainders are rounded up."""
    counts = [int(part * num) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda index: counts[index] - parts[index] * num)
    for index in by_remainder[: num - sum(counts)]:
        counts[index] += 1
    return counts


def mix(mixture: Mixture, folder: Path) -> Mixed:
    """Write `folder/llamafactory/`. Raises UserError for rows that do not go together."""
    seen: set[tuple[Path, str]] = set()
    for source in mixture.sources:
        if (source.folder.resolve(), source.name) in seen:
            raise UserError(
                f"{source.folder}: {source.name} is given twice; give it once, with the sum of the weights"
            )
        seen.add((source.folder.resolve(), source.name))
    counts = shares(mixture.sources, mixture.num)
    mixed = Mixed(counts, [0] * len(counts), [Counter() for _ in counts])
    target = folder / "llamafactory"
    (target / mixture.name).mkdir(parents=True)
    _write(mixture, mixed, target)
    info = dataset_info(FormatOptions(dataset=mixture.name), ["train"])
    text = orjson.dumps(info, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (target / "dataset_info.json").write_bytes(text)
    return mixed


def _write(mixture: Mixture, mixed: Mixed, folder: Path) -> None:
    """First the chosen rows as they come, into one file; then that file in the order of the mixture."""
    places = array("q", range(sum(mixed.rows)))
    Random(f"{mixture.seed}/order").shuffle(places)
    offsets = array("q", bytes(8 * len(places)))
    codec = pa.Codec("zstd", compression_level=1)
    spool = folder / "rows.tmp"
    with open(spool, "wb") as file:
        offset = 0
        for number, row in enumerate(_chosen(mixture, mixed)):
            text = orjson.dumps(row)
            packed = codec.compress(text, asbytes=True)
            offsets[places[number]] = offset
            file.write(len(text).to_bytes(4, "little") + len(packed).to_bytes(4, "little") + packed)
            offset += 8 + len(packed)
    with open(spool, "rb") as file:
        shard: list[dict[str, Any]] = []
        size = number = 0
        for offset in offsets:
            file.seek(offset)
            head = file.read(8)
            length = int.from_bytes(head[:4], "little")
            packed = file.read(int.from_bytes(head[4:], "little"))
            if shard and (len(shard) == SHARD_ROWS or size + length > SHARD_BYTES):
                _write_shard(folder / mixture.name, number, shard)
                shard, size, number = [], 0, number + 1
            shard.append(orjson.loads(codec.decompress(packed, length, asbytes=True)))
            size += length
        _write_shard(folder / mixture.name, number, shard)
    spool.unlink()


def _chosen(mixture: Mixture, mixed: Mixed) -> Iterator[dict[str, Any]]:
    """The rows that are taken, source by source, each with the name of its source."""
    forms: dict[str, str] = {}
    for index, (source, label) in enumerate(zip(mixture.sources, mixture.labels, strict=True)):
        rng = Random(f"{mixture.seed}/{index}")
        left, wanted = source.count, mixed.rows[index]
        for raw in source.rows():
            take = rng.randrange(left) < wanted  # each subset of this size is as likely as any other
            left -= 1
            if not take:
                if not left:
                    break
                continue
            wanted -= 1
            row = checked(raw.value, raw.place)
            form = form_of(row)
            if form is not None and form not in forms:
                forms[form] = raw.place
                if len(forms) > 1:
                    raise UserError(_two_forms(forms))
                mixed.form = form
            mixed.thoughts[index] += has_thought(row)
            mixed.marked[index].update(row["labels"].split())
            yield {**row, "source": label}


def _two_forms(forms: dict[str, str]) -> str:
    described = [
        f"{place} is a generic row (tools and calls are rendered by the template)"
        if form == "generic"
        else f"{place} is written out in the form {form!r}"
        for form, place in forms.items()
    ]
    return f"{' and '.join(described)}: no template is right for both; convert both to one --prompt-form"


def _write_shard(folder: Path, number: int, rows: list[dict[str, Any]]) -> None:
    texts, roles, systems, tools, labels, sources = (Shared() for _ in range(6))
    ends = [0]
    for row in rows:
        for message in row["conversations"]:
            roles.add(message["from"])
            texts.add(message["value"])
        ends.append(len(texts.rows))
        systems.add(row["system"])
        tools.add(row["tools"])
        labels.add(row["labels"])
        sources.add(row["source"])
    messages = pa.StructArray.from_arrays([roles.array(), texts.array()], names=["from", "value"])
    table = pa.table(
        {
            "id": pa.array([row["id"] for row in rows], pa.string()),
            "conversations": pa.ListArray.from_arrays(pa.array(ends, pa.int32()), messages),
            "system": systems.array(),
            "tools": tools.array(),
            "labels": labels.array(),
            "source": sources.array(),
        }
    )
    (folder / f"train-{number:05}.parquet").write_bytes(to_parquet(table))

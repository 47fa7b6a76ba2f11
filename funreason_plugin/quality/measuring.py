"""`measure`: one pass over a data set, in any number of processes; the result is the same.

    quality = measure(Path("out"), against=[Path("held_out.jsonl")], workers=4)
    write(Path("out/quality.json"), quality)

Memory grows by about 15 kB a record that repeats none, for the index of near duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import orjson

from funreason_plugin.checks.duplicates import Content, Sketch
from funreason_plugin.errors import UserError
from funreason_plugin.quality.contamination import overlaps
from funreason_plugin.quality.reading import Given, given_records
from funreason_plugin.quality.records import Record, record_of, record_of_line
from funreason_plugin.quality.reference import Reference, shipped
from funreason_plugin.quality.tally import Measured, Quality, Tally
from funreason_plugin.workers import CallWatch, Pool

__all__ = ["QUALITY", "Quality", "contamination", "measure", "reference", "refuse_contamination", "write"]

QUALITY = "quality.json"
AT_ONCE = 64
"""Records a job."""


def measure(
    path: Path,
    *,
    against: Sequence[Path] = (),
    workers: int = 1,
    progress: Callable[[int], None] = lambda count: None,
) -> Quality:
    """Duplicates, contamination and labels of a folder or file, as `quality.json` has them.

    Args:
        path: A run's folder, a folder of `convert` or `mix`, or a file of records.
        against: Further files or folders to compare with, beside the shipped reference.
        workers: Processes.
        progress: Is told how many records are done.

    Raises:
        UserError: There is no data, or a file to compare with has none.
    """
    references = [shipped(), *(reference(file, path) for file in against)]
    tally = Tally(references)
    waiting: dict[int, list[Measured | None]] = {}
    following = 0
    for number, results in _results(path, references, workers):
        waiting[number] = results
        while following in waiting:
            for measured in waiting.pop(following):
                tally.add(measured)
            following += 1
            progress(tally.records + tally.unreadable)
    if not tally.records:
        raise UserError(
            f"{path}: no record that has queries, calls or tools; expected a run's folder or messages"
        )
    return tally.result()


def write(target: Path, quality: Quality) -> None:
    """As JSON, whole or not at all.

    Raises:
        UserError: It cannot be written.
    """
    temporary = target.with_name(f"{target.name}.tmp")
    try:
        temporary.write_bytes(orjson.dumps(quality, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        temporary.replace(target)
    except OSError as error:
        raise UserError(f"{target}: {error.strerror or error}") from None


def refuse_contamination(path: Path, quality: Quality) -> None:
    """Raise a UserError when a record has more in common with a reference than its labels say."""
    if line := contamination(quality):
        raise UserError(f"{path}: {line}")


def contamination(quality: Quality) -> str:
    """In one line, how many records overlap beyond their labels, and the first; "" when none does."""
    found = quality["contamination"]
    if found["records"]:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in found["kinds"].items() if count)
        first = found["found"][0]
        return (
            f"{found['records']:,} of {quality['records']:,} records overlap with "
            f"{' or '.join(found['by_reference'])} ({kinds}); the first is {first['place']} ({first['kind']})"
        )
    return ""


def reference(file: Path, path: Path) -> Reference:
    """What the data at ``path`` is to have nothing in common with.

    Raises:
        UserError: It is the data itself, cannot be read, or has nothing to compare with.
    """
    if file.resolve() == path.resolve():
        raise UserError(
            f"--against {file}: is the data itself; expected what it must not have in common with"
        )
    made = Reference.of(file.name, _records(file))
    if not (made.queries or made.grams or made.schemas or made.names or made.values):
        raise UserError(f"--against {file}: no record that has queries, tools or values to compare with")
    return made


def _records(file: Path) -> Iterator[tuple[str, Record]]:
    for given in given_records(file):
        record = _record(given)
        if record is not None:
            yield given.place, record


def _record(given: Given) -> Record | None:
    return record_of_line(given.value) if isinstance(given.value, bytes) else record_of(given.value)


def _results(
    path: Path, references: list[Reference], workers: int
) -> Iterator[tuple[int, list[Measured | None]]]:
    jobs = _chunks(given_records(path))
    if workers == 1:
        work = _worker(references)
        for number, chunk in jobs:
            yield number, work(chunk, None)
        return
    with Pool(workers, _worker, (references,)) as pool:
        yield from pool.map(jobs)


def _chunks(given: Iterable[Given]) -> Iterator[tuple[int, list[Given]]]:
    source = iter(given)
    number = 0
    while chunk := list(islice(source, AT_ONCE)):
        yield number, chunk
        number += 1


def _worker(references: list[Reference]) -> Callable[[list[Given], CallWatch | None], list[Measured | None]]:
    def work(chunk: list[Given], watch: CallWatch | None) -> list[Measured | None]:
        return [*map(partial(_measured, references), chunk)]

    return work


def _measured(references: list[Reference], given: Given) -> Measured | None:
    record = _record(given)
    if record is None:
        return None
    return Measured(
        place=given.place,
        id=record.id,
        sketch=Sketch(record.content).let_go("structural"),
        hits=[hit for reference in references for hit in overlaps(record, reference)],
        labels=record.labels,
        variants=record.variants,
        split=record.split,
        environments=record.environments,
        made_by={agent: dict(maker) for agent, maker in record.made_by.items()},
        turns=len(record.content.turns),
        calls=_calls(record.content),
    )


def _calls(content: Content) -> int:
    return sum(len(calls) for _, calls in content.turns)

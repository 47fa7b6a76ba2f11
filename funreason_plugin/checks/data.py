"""`check data`: is every number in a data folder what it has to be?

    report = check_data(Path("out"), workers=2, remaker=Remaker)
    report.show(console)

Every trajectory is replayed and judged by the acceptance rules again, the emitted rows are made again from
the trajectories, the counts are counted again. With a `remaker` (a deterministic teacher) each slot is also
made again from seed and settings, which decides about words that no rule can. Nothing relies on checksums.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from funreason_plugin.checks.duplicates import Duplicates, Found
from funreason_plugin.checks.emitted import compare_folders
from funreason_plugin.checks.inspection import Inspected, Inspector, RemakerLike, level_of, of_this_release
from funreason_plugin.checks.quality_file import MeasureQuality, check_quality
from funreason_plugin.checks.replay import compare
from funreason_plugin.checks.report import Problem, Report
from funreason_plugin.checks.run_files import (
    GRAPH,
    REJECTED,
    TRAJECTORIES,
    Recount,
    Rejections,
    check_attempts,
    check_summary,
    read_rejected,
    read_run,
)
from funreason_plugin.errors import UserError
from funreason_plugin.formats import CHUNK, FormatOptions, Writer, dataset_name, encode_chunk
from funreason_plugin.formats.options import ROWS
from funreason_plugin.formats.writer import FOLDERS
from funreason_plugin.rendering import FORMS
from funreason_plugin.teacher_config import makers
from funreason_plugin.workers import CallWatch, Pool

if TYPE_CHECKING:
    from rich.console import Console

CHANGED = "with an environment that has changed since"
MADE_AGAIN = "made again from seed and settings"
NOT_MADE_AGAIN = "not made again: replies are not in the cache"
AT_ONCE = 32
"""Trajectories a job."""


MakeRemaker = Callable[[Path, CallWatch], RemakerLike]


def check_data(
    folder: Path,
    console: Console | None = None,
    *,
    workers: int = 1,
    remaker: MakeRemaker | None = None,
    measure: MeasureQuality | None = None,
) -> Report:
    """Check a data folder; with a console, print the result as well. With ``measure``, quality.json too.

    Raises:
        UserError: The folder is none of ours, or an environment cannot be built.
    """
    folder = Path(folder)
    if not (folder / TRAJECTORIES).is_file():
        raise UserError(f"{folder}: has no {TRAJECTORIES}; expected the output folder of a run")
    report = Report()
    run = read_run(folder, report)
    rejected = read_rejected(folder, report)
    options = _options(folder, run)
    recount = Recount()
    attempts: dict[int, int] = {}
    repeats = Duplicates(level_of(run))
    graph: list[tuple[str, str]] = []
    with (
        tempfile.TemporaryDirectory(prefix="funreason-check-") as again,
        Pool(workers, build_worker, (str(folder), run, options, remaker)) as pool,
    ):
        writer = Writer(Path(again), options)
        encoded: dict[int, dict[str, bytes]] = {}
        for (kind, number), result in pool.map(
            _jobs(folder, rejected, remaker is not None and of_this_release(run))
        ):
            if kind == "graph":
                graph = result
            elif kind == "encode":
                encoded[number] = result
                while writer.chunks in encoded:
                    writer.add(encoded.pop(writer.chunks))
            else:
                for item in result:
                    _take(item, report, recount, attempts)
                    if item.sketch is None:
                        continue
                    found = repeats.earlier(item.sketch)
                    repeats.add(item.number, item.sketch)
                    if found is not None:
                        _repeated(item.number, found, report)
        broken = report.by_check.get("unreadable")
        if not broken:
            writer.finish()
            arrow = str(run.get("versions", {}).get("pyarrow", ""))
            for where, what in compare_folders(folder, Path(again), FOLDERS, arrow):
                report.add(where, what, "emitted_rows")
        else:
            writer.discard()
            report.notes.append("the emitted rows were not compared: a file cannot be read")
    if CHANGED not in report.counts:  # a changed environment has another graph
        for where, what in graph:
            report.add(where, what, "made_again")
    check_attempts(attempts, rejected, report, run["config"].get("num", 0) if run else 0)
    counted = remaker is not None and NOT_MADE_AGAIN not in report.counts
    check_summary(folder, run, recount, rejected, report, agents=counted)
    if measure is not None and not broken:
        check_quality(folder, report, measure, workers)
    _conclude(report, recount)
    report.problems.sort(key=_place)
    if console is not None:
        report.show(console)
    return report


def _options(folder: Path, run: dict[str, Any]) -> FormatOptions:
    """The rows' options, from run.yaml; without one, from who made the first trajectory."""
    config = run.get("config", {})
    made_by = makers(config)
    if not config:
        with (
            contextlib.suppress(orjson.JSONDecodeError, KeyError, TypeError),
            (folder / TRAJECTORIES).open("rb") as file,
        ):
            made_by = orjson.loads(file.readline())["made_by"]
    return FormatOptions(
        dataset=dataset_name(made_by),
        reasoning="none" if config.get("reasoning") == "none" else "full",
        prompt_form=form if (form := config.get("prompt_form")) in FORMS else "hermes",
        verl_rows=kind if (kind := config.get("verl_rows")) in ROWS else "trajectory",
    )


def _jobs(folder: Path, rejected: Rejections, graph: bool) -> Iterator[tuple[Any, Any]]:
    """The graph, inspections of a few lines each, and after every whole chunk of the formats its encoding."""
    offset = chunk_offset = 0
    number = chunk = 0
    if graph:
        yield ("graph", 0), ("graph", None)
    with (folder / TRAJECTORIES).open("rb") as file:
        while lines := list(islice(file, AT_ONCE)):
            size = sum(map(len, lines))
            slots = range(number, number + len(lines))
            payload = (
                number,
                offset,
                size,
                {slot: rejected.duplicates[slot] for slot in slots if slot in rejected.duplicates},
                {slot: rejected.by_slot[slot] for slot in slots if slot in rejected.by_slot},
            )
            yield ("inspect", number), ("inspect", payload)
            offset += size
            number += len(lines)
            if number % CHUNK == 0:
                yield ("encode", chunk), ("encode", (chunk_offset, offset - chunk_offset))
                chunk, chunk_offset = chunk + 1, offset
    if offset > chunk_offset:
        yield ("encode", chunk), ("encode", (chunk_offset, offset - chunk_offset))


def build_worker(
    folder: str, run: dict[str, Any], options: FormatOptions, remaker: MakeRemaker | None
) -> Callable[[Any, CallWatch], Any]:
    """What a worker process does: inspect lines, encode chunks."""
    made: list[RemakerLike] = []
    path = Path(folder) / TRAJECTORIES

    def read(offset: int, size: int) -> list[bytes]:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(size).splitlines(keepends=True)

    def work(payload: Any, watch: CallWatch) -> Any:
        kind, job = payload
        if kind == "encode":
            try:
                return encode_chunk(read(*job), options)
            except Exception:  # a damaged line; its inspection says what is wrong with it
                return {}
        if remaker is not None and not made:
            made.append(remaker(Path(folder), watch))
        if kind == "graph":
            return [*graph_differences(Path(folder), made[0])]
        number, offset, size, duplicates, rejections = job
        inspector = Inspector(run, watch, made[0] if made else None)
        return [
            inspector.inspect(
                line, number + shift, duplicates.get(number + shift, ()), rejections.get(number + shift, [])
            )
            for shift, line in enumerate(read(offset, size))
        ]

    return work


def graph_differences(folder: Path, remaker: RemakerLike) -> Iterator[tuple[str, str]]:
    """Where graph.json is not the graph that is built again: (place, what)."""
    try:
        stored = orjson.loads((folder / GRAPH).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        yield GRAPH, f"cannot be read ({error})"
        return
    for difference in islice(compare(stored, orjson.loads(remaker.graph()), "", "the environments"), 20):
        yield f"{GRAPH}: {difference.where}", str(difference).split(": ", 1)[1]


def _take(item: Inspected, report: Report, recount: Recount, attempts: dict[int, int]) -> None:
    for where, what, check in item.problems:
        place = (
            where
            if where.startswith(REJECTED)
            else f"{TRAJECTORIES}:{item.number}{': ' if where else ''}{where}"
        )
        report.take(Problem(place, what, check))
    report.count("trajectories")
    recount.kept += 1
    if item.sketch is None:
        return
    attempts[item.number - 1] = item.attempt
    recount.turns += item.turns
    recount.calls += item.calls
    recount.splits[item.split] = recount.splits.get(item.split, 0) + 1
    for name in item.variants:
        recount.variants[name] = recount.variants.get(name, 0) + 1
    for name in item.tools:
        recount.tools[name] = recount.tools.get(name, 0) + 1
    recount.agents[item.number - 1] = item.usage
    report.count("turns", item.turns)
    report.count("calls replayed", item.calls)
    if item.changed:
        report.count(CHANGED)
        if item.replays:
            report.count("of these, still replay")
    if item.remade:
        report.count(MADE_AGAIN)
    if item.skipped:
        report.count(NOT_MADE_AGAIN)


def _repeated(number: int, found: Found, report: Report) -> None:
    """Lines come in any order: the later one is the repetition."""
    first, second = sorted((number, found.number))
    what = {
        "exact": f"says and does the same as line {first}",
        "near": f"says or does nearly the same as line {first} ({found.similarity:.0%})",
        "structural": f"calls the same tools with arguments from the same sources as line {first}",
    }
    report.add(f"{TRAJECTORIES}:{second}", what[found.kind], "duplicate")


def _conclude(report: Report, recount: Recount) -> None:
    changed = report.counts.get(CHANGED, 0)
    if changed:
        still = report.counts.setdefault("of these, still replay", 0)
        report.notes.append(
            f"an environment has changed since {changed:,} trajectories were made: {still:,} of {changed:,} still replay"
        )
    skipped = report.counts.get(NOT_MADE_AGAIN, 0)
    if skipped:
        report.notes.append(
            f"{skipped:,} of {recount.kept:,} trajectories could not be made again: not all that the models said is in "
            "the reply cache any more; all other checks hold for them as well"
        )
    made, differing = (
        report.counts.get(MADE_AGAIN, 0),
        len({p.where.split(": ")[0] for p in report.problems if p.check == "made_again"}),
    )
    if differing > made // 2 > 0:
        report.notes.append(
            "most slots come out differently when they are made again: the code of the package has changed since "
            "(then the other checks still count), or a setting in run.yaml was changed"
        )
    if not recount.kept:
        report.add(TRAJECTORIES, "holds no trajectory", "unreadable")


def _place(problem: Problem) -> tuple[str, int]:
    name, _, rest = problem.where.partition(":")
    digits = rest.split(":", 1)[0]
    return name, int(digits) if digits.isdigit() else 0

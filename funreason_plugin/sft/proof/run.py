"""The proof for all rows of a recipe, over several processes; memory does not grow with their number."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from funreason_plugin.errors import UserError
from funreason_plugin.sft.proof.compare import judge
from funreason_plugin.sft.proof.findings import Finding, Sample, Tally
from funreason_plugin.sft.proof.recipe import Recipe, quiet, read_recipe
from funreason_plugin.sft.proof.rendered import IGNORED, Renderer, Seen
from funreason_plugin.sft.proof.sources import Row, Source, dataset_folder, sources
from funreason_plugin.sft.proof.stated import state
from funreason_plugin.workers import CallWatch, Pool

__all__ = ["Proof", "prove"]

BATCH = 16
LONGEST = 5_000_000
"""Characters of a row that is still rendered: some hundred times the longest context, and a minute's work."""

Job = tuple[int, str, list[Row]]
"""The number of the first row, its data set, and rows."""
Watcher = Callable[[int, int | None], None]


@dataclass(slots=True)
class Proof:
    """What a proof found; `ok` when every row is trained as the data says."""

    recipe: Recipe
    sources: list[Source]
    cutoff: int
    template: str | None
    limit: int | None = None
    tally: Tally = field(default_factory=Tally)

    @property
    def ok(self) -> bool:
        return not self.recipe.findings and not self.tally.found


def prove(
    folder: Path,
    recipe: Path,
    *,
    tokenizer: str | None = None,
    dataset: str | None = None,
    limit: int | None = None,
    workers: int = 1,
    show: int = 1,
    watch: Watcher = lambda done, total: None,
) -> Proof:
    """Render every row of the recipe's data sets as its training would, and compare.

    Args:
        limit: Rows of each data set that are looked at; all when None.
        show: Rows that are kept as samples.
        watch: Told how many rows are done, and of how many, as they are done.

    Raises:
        UserError: The folder, the recipe or the tokenizer cannot be used, or the rows not be read.
    """
    place = dataset_folder(folder)
    settings = read_recipe(recipe, place, tokenizer, dataset)
    found = sources(place, (*settings.datasets, *settings.evaluated), settings.keys.get("cache_dir"))
    work = Worker(settings, {source.name: source.attributes for source in found}, show)
    data = work.renderer.data
    proof = Proof(settings, found, data.cutoff_len, data.template, limit)
    most = min((number for number in (limit, data.max_samples) if number is not None), default=None)
    counts = [source.count() for source in found]
    total = None if None in counts else sum(min(count or 0, most or count or 0) for count in counts)
    with closing(_tallies(work, found, most, workers)) as tallies:
        for tally in tallies:
            proof.tally.merge(tally)
            watch(proof.tally.rows, total)
    proof.tally.samples = proof.tally.samples[:show]
    if not proof.tally.rows:
        raise UserError(f"{place}: no rows in {', '.join(source.name for source in found)}")
    return proof


def _tallies(work: Worker, found: list[Source], most: int | None, workers: int) -> Generator[Tally]:
    jobs = _jobs(found, most)
    if workers == 1:
        for job in jobs:
            yield work.rows(job)
        return
    with Pool(workers, _build, (work.recipe, work.attributes, work.show)) as pool:
        for _, tally in pool.map((job[0], job) for job in jobs):
            yield tally


def _jobs(found: list[Source], most: int | None) -> Iterator[Job]:
    number = 0
    for source in found:
        rows = itertools.islice(source.rows(), most)
        while batch := list(itertools.islice(rows, BATCH)):
            yield number, source.name, batch
            number += len(batch)


def _build(recipe: Recipe, attributes: dict[str, Any], show: int) -> Callable[[Job, CallWatch], Tally]:
    quiet()
    worker = Worker(recipe, attributes, show)
    return lambda job, watch: worker.rows(job)


class Worker:
    """Judges rows in one process."""

    def __init__(self, recipe: Recipe, attributes: dict[str, Any], show: int) -> None:
        self.recipe = recipe
        self.attributes = attributes
        self.show = show
        self.renderer = Renderer(recipe, attributes)

    def rows(self, job: Job) -> Tally:
        """The tally of some rows."""
        tally = Tally()
        first, dataset, rows = job
        for number, row in enumerate(rows, start=first):
            tally.rows += 1
            bad = False
            for finding in self._row(tally, number, row, dataset):
                bad = True
                tally.add(number, row.where, finding)
            tally.bad += bad
        return tally

    def _row(self, tally: Tally, number: int, row: Row, dataset: str) -> Iterator[Finding]:
        characters = _characters(row.loaded)
        if characters > LONGEST:
            yield Finding("too long", f"{characters:,} characters; not rendered")
            return
        said = state(row.raw, self.attributes[dataset], self.renderer.control, escaped=self.renderer.escapes)
        seen = self.renderer(row.loaded, dataset)
        if seen.dropped:
            yield Finding("dropped", said.why_dropped or "llamafactory drops it")
            return
        if seen.error:
            reasons = [finding for finding in said.findings if finding.kind in _STOPPERS]
            yield from reasons[:1] or [Finding("aborts", said.why_dropped or _no_text(row.raw) or seen.error)]
            return
        tally.rendered += 1
        tally.lengths[len(seen.ids)] += 1
        tally.tokens += len(seen.ids)
        if number < self.show:
            tally.samples.append(Sample(row.where, self._parts(seen)))
        if said.why_dropped:
            yield Finding("aborts", said.why_dropped)
            return
        if not said.whole:
            yield from said.findings
            return
        judged = judge(said, seen, self.renderer)
        tally.one_segment += judged.one_segment
        tally.loss_tokens += judged.loss_tokens
        tally.thought_tokens += judged.thought_tokens
        tally.thoughts_stated += bool(said.conversation.messages[-1].thought)
        tally.thoughts_trained += judged.thought_trained
        tally.histories_with_thoughts += bool(said.history_thoughts)
        for text in judged.notes:
            tally.note(number, row.where, text)
        found = {finding.kind: finding for finding in (*said.findings, *judged.findings)}
        if "control tokens" in found:  # messages end where they should not: the rest follows from it
            found = {kind: finding for kind, finding in found.items() if kind in ("control tokens", "cut")}
        if "empty response" in found:
            found.pop("think newlines", None)
        yield from found.values()

    def _parts(self, seen: Seen) -> list[tuple[str, bool]]:
        """The text in stretches with and without loss, of what is left after cutting."""
        ids, labels = seen.cut or (seen.ids, seen.labels)
        pairs = zip(ids, labels, strict=True)
        return [
            (self.renderer.text([token for token, _ in group]), trained)
            for trained, group in itertools.groupby(pairs, lambda pair: pair[1] != IGNORED)
        ]


_STOPPERS = ("control tokens", "think newlines", "text beside a call", "calls", "tools")


def _no_text(row: Any) -> str:
    """What makes LLaMA-Factory read another row than the one that stands there."""
    try:
        json.dumps(row, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return "a text holds half of a surrogate pair, which is no character"
    except RecursionError:
        pass
    return ""


def _characters(row: Any) -> int:
    """Characters of all texts of a row, however deep."""
    total, rest = 0, [row]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, dict):
            rest += value.values()
        elif isinstance(value, list):
            rest += value
    return total

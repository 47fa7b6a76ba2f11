"""A conversion from the first record to the last: read, convert or refuse, write, put in place.

    report = convert(Job(source="openai", target="llamafactory", inputs=[Path("chat.jsonl")], out=Path("out")))
    report.converted, report.refused, report.rows

The output folder appears when everything is written, whole; until then, and after a crash, there is only a
folder `.NAME.converting` beside it, which the next conversion to the same place removes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from funreason_plugin.converting.example import Example, Reading, Source
from funreason_plugin.converting.files import find
from funreason_plugin.converting.identifiers import Identifiers
from funreason_plugin.converting.plain_json import to_json
from funreason_plugin.converting.reading import Row, rows
from funreason_plugin.converting.refusal import LeftOut, Refused, shown
from funreason_plugin.converting.report import Report, write_card
from funreason_plugin.converting.sources import source as source_of
from funreason_plugin.converting.staged import Staged
from funreason_plugin.converting.targets import Target, TargetOptions, check_name, open_target
from funreason_plugin.errors import UserError
from funreason_plugin.formats.options import FormatOptions, VerlRows, dataset_name
from funreason_plugin.rendering import PromptForm

__all__ = ["Job", "convert"]

CHUNK = 1_024
"""Most conversations a chunk: one shard of LLaMA-Factory, one row group of verl."""
_CHUNK_BYTES = 32 << 20
_CHUNK_KEYS = 2_000_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_VALIDATION = re.compile(r"(?:val|valid|validation|dev|eval|test)(?:[^a-z].*)?", re.IGNORECASE)
"""Names of files whose records are for validation."""
_OF_BENCHMARKS = ("trajectories", "verl")


@dataclass(frozen=True, slots=True)
class Job:
    """What to convert into what. ``dataset`` "" stands for the source's name."""

    source: str
    target: str
    inputs: list[Path]
    out: Path
    dataset: str = ""
    prompt_form: PromptForm = "hermes"
    reasoning: Literal["full", "none"] = "full"
    verl_rows: VerlRows | None = None
    val_share: float | None = None
    seed: int = 0
    limit: int | None = None
    drop_error_responses: bool = False
    rename_tools: bool = False
    python_literals: bool = False
    force: bool = False


def convert(job: Job, progress: Callable[[int], None] = lambda size: None) -> Report:
    """Convert. ``progress`` is told the bytes read so far after each record.

    Raises UserError before anything is read where the job cannot be done, and for a disk that takes no more.
    """
    source = source_of(job.source)
    check_name(job.target)
    if job.target == "trajectories" and not source.executable:
        raise UserError(f"--to trajectories: {source.title} cannot be executed; --from trajectories can")
    if job.target == "trajectories" and job.val_share is not None:
        raise UserError("--val-share: a trajectory's split is certified with it; synthesize has the option")
    if job.drop_error_responses and "error_tool_response" not in source.flags:
        raise UserError(f"--drop-error-responses: {source.title} does not flag such records")
    if source.benchmark and job.target not in _OF_BENCHMARKS:
        raise UserError(
            f"--to {job.target}: {source.title} is the benchmark itself and has no answers to learn; "
            f"--to {' or '.join(_OF_BENCHMARKS)}"
        )
    if job.verl_rows and (job.target != "verl" or not source.executable or source.benchmark):
        raise UserError(
            f"--verl-rows {job.verl_rows}: chooses rows of trajectories; expected --from trajectories --to verl"
        )
    for option in ("rename_tools", "python_literals"):
        if getattr(job, option) and option not in source.options:
            raise UserError(f"--{option.replace('_', '-')}: says nothing to --from {job.source}")
    if job.dataset and not _NAME.fullmatch(job.dataset):
        raise UserError(
            f"--dataset {job.dataset}: a name has letters, digits, '_', '-' and '.' (it names a folder)"
        )
    found = [find(path, source.file) for path in job.inputs]
    _check_inputs([file for one in found for file in one.files], job.out)
    report = Report(job.source, job.target, source.title, source.licence, source.page)
    report.others = [str(file) for one in found for file in one.others]
    with Staged(job.out, job.force) as folder:
        _Run(job, source, report, folder).all(_rows([one.files for one in found]), progress)
        write_card(folder, job.out, report, _command(job))
    return report


def _check_inputs(files: list[Path], out: Path) -> None:
    """Raise UserError for a file that is read twice, or that the conversion itself would replace."""
    seen: set[Path] = set()
    for file in files:
        path = file.resolve()
        if path.is_relative_to(out.resolve()):
            raise UserError(f"{out}: {file} is read from this folder; write the conversion beside it")
        if path in seen:
            raise UserError(f"{file}: given twice; its records would be trained twice as often")
        seen.add(path)


def _rows(inputs: list[list[Path]]) -> Iterator[tuple[str, bool, Row]]:
    """The records of all inputs, with what goes before their ids, and whether their file is for validation."""
    for number, files in enumerate(inputs, 1):
        for file in files:
            validation = _VALIDATION.fullmatch(file.name.split(".")[0]) is not None
            for row in rows(file):
                yield f"{number}:" if len(inputs) > 1 else "", validation, row


@dataclass(slots=True)
class _Run:
    job: Job
    source: Source
    report: Report
    folder: Path
    _target: Target | None = None
    _dataset: str = ""
    _chunk: list[Example] = field(default_factory=list)
    _bytes: int = 0
    _keys: int = 0

    def all(self, found: Iterator[tuple[str, bool, Row]], progress: Callable[[int], None]) -> None:
        report = self.report
        with (
            open(
                self.folder / "refused.jsonl", "w", encoding="utf-8", errors="backslashreplace", newline="\n"
            ) as refusals,
            Identifiers(self.folder) as identifiers,
        ):
            position = before = 0
            for count, (prefix, validation, row) in enumerate(islice(found, self.job.limit), 1):
                report.read += 1
                step = row.size - before if row.size >= before else row.size
                before, position = row.size, position + step
                reading = Reading(
                    self.job.drop_error_responses,
                    row.padded,
                    self.job.rename_tools,
                    self.job.python_literals,
                    self.job.prompt_form,
                )
                try:
                    if row.refused is not None:
                        raise row.refused
                    example = self._example(row, reading)
                    example.id = prefix + (example.id or f"row-{count}")
                    if not identifiers.add(example.id):
                        raise Refused("id", "occurs a second time", shown(example.id))
                except LeftOut as left:
                    report.left_out[left.reason] += 1
                except RecursionError:
                    self._refuse(row, Refused("record", "nested too deep"), refusals.write)
                except Refused as refused:
                    self._refuse(row, refused, refusals.write)
                else:
                    self._place(example, validation, reading)
                    report.convert(reading.notes)
                    if example.trajectory is not None:
                        report.labels.update(example.trajectory.labels)
                    self._keep(example, step)
                if count % 64 == 0:
                    progress(position)
        self._write()
        if self._target is not None:
            report.rows = dict(self._target.finish())
        report.dataset = self._dataset

    def _example(self, row: Row, reading: Reading) -> Example:
        example = self.source.read(row.value, reading)
        labels = example.trajectory.labels if example.trajectory is not None else []
        if self.job.target not in _OF_BENCHMARKS and any(label.startswith("benchmark:") for label in labels):
            raise Refused("labels", "of a benchmark itself, which has no answers to learn", ", ".join(labels))
        self._open(example).accept(example)
        offered = {tool["function"]["name"] for tool in example.conversation.tools}
        for message in example.conversation.messages:
            for call in message.calls:
                if call.name not in offered:
                    reading.note("calls: of a tool that is not offered")
        for flag in self.source.flags:
            if example.flags.get(flag):
                reading.note(f"flagged {flag}")
        return example

    def _place(self, example: Example, validation: bool, reading: Reading) -> None:
        """Which split: that of the source, of the file's name, or drawn by the id."""
        if validation and example.split == "train" and example.trajectory is None:
            example.split = "val"
            reading.note("split: val, as the name of the file says")
        elif example.split == "train" and self.job.val_share is not None:
            example.split = _split(example.id, self.job.val_share, self.job.seed)

    def _open(self, example: Example) -> Target:
        """The target, which is opened when the first example says what the data set is called."""
        name = self.job.dataset or self.source.name.replace("-", "_")
        if example.trajectory is not None and not self.job.dataset and not self.source.benchmark:
            name = dataset_name(example.trajectory.made_by)
        if self._target is None:
            self._dataset = name
            kind = self.job.verl_rows or "trajectory"
            options = FormatOptions(name, self.job.reasoning, self.job.prompt_form, kind)
            self._target = open_target(
                self.job.target, self.folder, TargetOptions(options, self.source.flags)
            )
        elif name != self._dataset:
            raise Refused(
                "made_by",
                "made by the scripted teacher where others were not, or the reverse; convert them apart",
                f"{name} after {self._dataset}",
            )
        return self._target

    def _refuse(self, row: Row, refused: Refused, write: Callable[[str], object]) -> None:
        self.report.refuse(row.place, refused)
        line = {"place": row.place, "field": refused.field, "reason": refused.reason, "found": refused.found}
        write(to_json(line) + "\n")

    def _keep(self, example: Example, size: int) -> None:
        self._chunk.append(example)
        self._bytes += max(size, 0)
        self._keys += len(example.conversation.messages) ** 2
        if len(self._chunk) == CHUNK or self._bytes >= _CHUNK_BYTES or self._keys >= _CHUNK_KEYS:
            self._write()

    def _write(self) -> None:
        if self._chunk and self._target is not None:
            self._target.add(self._chunk)
        self._chunk = []
        self._bytes = self._keys = 0


def _split(identifier: str, share: float, seed: int) -> Literal["train", "val"]:
    drawn = int.from_bytes(hashlib.blake2b(f"{seed}/{identifier}".encode(), digest_size=8).digest(), "big")
    return "val" if drawn < share * 2**64 else "train"


def _command(job: Job) -> list[str]:
    """The command that does this job, without what decides nothing of the rows."""
    words = ["--from", job.source, "--to", job.target, "--out", job.out.name]
    words += ["--dataset", job.dataset] if job.dataset else []
    words += ["--prompt-form", job.prompt_form] if job.prompt_form != "hermes" else []
    words += ["--reasoning", "none"] if job.reasoning == "none" else []
    words += ["--verl-rows", job.verl_rows] if job.verl_rows is not None else []
    words += ["--val-share", str(job.val_share)] if job.val_share is not None else []
    words += ["--seed", str(job.seed)] if job.seed else []
    words += ["--limit", str(job.limit)] if job.limit is not None else []
    words += ["--drop-error-responses"] if job.drop_error_responses else []
    words += ["--rename-tools"] if job.rename_tools else []
    words += ["--python-literals"] if job.python_literals else []
    return [*words, *(path.name for path in job.inputs)]

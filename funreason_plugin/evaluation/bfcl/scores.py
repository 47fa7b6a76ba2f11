"""bfcl-eval's scores of a run, and what they hide, from its own files.

Turns whose truth has no call are not judged by BFCL: `Category.abstention` says how often nothing was called there.
"""

from __future__ import annotations

import json
import statistics
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funreason_plugin.errors import UserError
from funreason_plugin.evaluation.bfcl.calls import read
from funreason_plugin.evaluation.bfcl.generate import BfclRun, Entry, register
from funreason_plugin.evaluation.rows import writing
from funreason_plugin.python_calls import Malformed

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["PAPER", "Category", "score", "tables", "write"]

PAPER = {
    "multi_turn_base": (19.0, 53.2, 62.5),
    "multi_turn_miss_func": (15.5, 47.1, 60.5),
    "multi_turn_miss_param": (12.5, 40.4, 48.5),
    "multi_turn_long_context": (16.0, 46.9, 59.5),
}
"""%, of Qwen3-4B-Instruct-2507, with the paper's SFT, and with its RL (arXiv 2510.24645v2; BFCL v3, whose multi-turn
entries are v4's). Their overall figure is the mean of the four."""
_NO_ROOM = "Error during inference:"
_MODELS = ("Qwen3-4B", "paper, SFT", "paper, RL")


@dataclass(frozen=True, slots=True)
class Category:
    """One category of a run. ``accuracy`` is BFCL's, over the entries that were played of ``total``.

    What it hides: ``abstention`` (of the turns without truth calls that were played, the share without a call), ``errors``
    (of the executed calls, the share whose result is an error), ``steps`` (responses with calls a turn); entries that
    were ``stopped`` after too many steps or had ``no_room`` in the context; responses whose thought was ``over_long``, whose
    answer was ``cut_off``, or whose calls were ``unread``; tokens of a conversation's prompts and responses.
    """

    name: str
    entries: int
    total: int
    correct: int
    accuracy: float
    abstention: float | None
    errors: float | None
    steps: float | None
    stopped: int
    no_room: int
    responses: int
    over_long: int
    cut_off: int
    unread: int
    prompt_tokens: float
    response_tokens: float


def score(run: BfclRun) -> list[Category]:
    """Evaluate all results of the asked categories by bfcl-eval, into its score files.

    Raises:
        UserError: there is no result.
    """
    found = {category: done for category in run.entries if (done := run.written(category))}
    if not found:
        raise UserError(f"{run.folder}: no results")
    register(run)
    # Their table of latencies wants two responses; the scores are written by then.
    with writing(run.scores), suppress(statistics.StatisticsError):
        run.scores.mkdir(exist_ok=True)
        run.bfcl.runner.runner([run.name], list(found), run.results, run.scores, allow_missing=True)
    run.bfcl.forget()
    return [_category(run, name, entries) for name, entries in found.items()]


def _category(run: BfclRun, name: str, entries: list[Entry]) -> Category:
    with open(run.file(name, "score"), encoding="utf-8") as file:
        header: dict[str, Any] = json.loads(file.readline())
    quiet: list[bool] = []
    outputs: list[str] = []
    steps: list[int] = []
    stopped = 0
    truths: dict[str, list[Any]] = {}
    if name in PAPER:
        truths = {one["id"]: one["ground_truth"] for one in run.bfcl.utils.load_ground_truth_entry(name)}
    for entry in entries:
        turns = entry["result"]
        if name not in PAPER or not isinstance(turns, list):
            continue
        truth = truths[entry["id"]]
        called = [sum(map(_calls, turn)) for turn in turns]
        steps += called
        quiet += [not count for count, expected in zip(called, truth, strict=False) if not expected]
        stopped += len(turns) < len(truth)
        outputs += _outputs(entry)
    notes = [entry.get("funreason", {}) for entry in entries]
    counted = {
        key: sum(note.get(key, 0) for note in notes)
        for key in ("responses", "over_long", "cut_off", "unread")
    }
    return Category(
        name=name,
        entries=header["total_count"],
        total=run.bfcl.count(name),
        correct=header["correct_count"],
        accuracy=header["accuracy"],
        abstention=sum(quiet) / len(quiet) if quiet else None,
        errors=sum(map(_is_error, outputs)) / len(outputs) if outputs else None,
        steps=sum(steps) / len(steps) if steps else None,
        stopped=stopped,
        no_room=sum(str(entry["result"]).startswith(_NO_ROOM) for entry in entries),
        prompt_tokens=sum(_sum(entry.get("input_token_count")) for entry in entries) / len(entries),
        response_tokens=sum(_sum(entry.get("output_token_count")) for entry in entries) / len(entries),
        **counted,
    )


def _calls(response: str) -> int:
    """1 where a response has calls."""
    try:
        return int(bool(read(response)))
    except (Malformed, RecursionError):
        return 0


def _outputs(entry: Entry) -> list[str]:
    """The results of all calls, from their log."""
    return [
        str(message["content"])
        for turn in entry.get("inference_log", [])
        if isinstance(turn, dict)
        for key, step in turn.items()
        if key.startswith("step_")
        for message in step
        if message["role"] == "tool"
    ]


def _is_error(text: str) -> bool:
    if text.startswith("Error during execution:"):
        return True
    try:
        value = json.loads(text)
    except ValueError:
        return text.startswith(("[{'error':", "['Error:"))
    return isinstance(value, dict) and "error" in value


def _sum(value: Any) -> float:
    """Of numbers in lists of whatever depth."""
    if isinstance(value, list):
        return sum(map(_sum, value))
    return value if isinstance(value, (int, float)) else 0


def write(categories: list[Category], folder: Path) -> Path:
    """The numbers of the tables as JSON. Raises UserError."""
    path = folder / "summary.json"
    with writing(path):
        path.write_text(json.dumps([asdict(one) for one in categories], indent=1) + "\n", encoding="utf-8")
    return path


def tables(categories: list[Category], model: str) -> list[Table]:
    """The scores beside the paper's, and what they hide."""
    from rich.markup import escape
    from rich.table import Table

    scores = Table("BFCL, %", "entries", box=None, pad_edge=False, header_style="bold")
    of_turns = [one for one in categories if one.name in PAPER]
    for name in (escape(model), *(_MODELS if of_turns else ())):
        scores.add_column(name, justify="right", overflow="fold")
    for one in categories:
        paper = [f"{value:.1f}" for value in PAPER.get(one.name, ())]
        scores.add_row(one.name, f"{one.entries:,} of {one.total:,}", f"{100 * one.accuracy:.2f}", *paper)
    if len(of_turns) == len(PAPER):
        overall = 100 * statistics.fmean(one.accuracy for one in of_turns)
        paper = [f"{statistics.fmean(column):.2f}" for column in zip(*PAPER.values(), strict=True)]
        scores.add_row("mean of the four", "", f"{overall:.2f}", *paper)
    found = [scores]
    if of_turns:
        hidden = Table("beside it", box=None, pad_edge=False, header_style="bold")
        for one in of_turns:
            hidden.add_column(one.name.removeprefix("multi_turn_"), justify="right", overflow="fold")
        for key, label, scale, digits in _LABELS:
            hidden.add_row(label, *(_shown(getattr(one, key), scale, digits) for one in of_turns))
        found.append(hidden)
    if single := [one for one in categories if one.name not in PAPER]:
        beside = Table(box=None, pad_edge=False, header_style="bold")
        beside.add_column("beside it", no_wrap=True)
        for _, label in _SINGLE:
            beside.add_column(label, justify="right")
        for one in single:
            beside.add_row(one.name, *(_shown(getattr(one, key), 1, 0) for key, _ in _SINGLE))
        found.append(beside)
    return found


def _shown(value: float | None, scale: int, digits: int) -> str:
    return "-" if value is None else f"{scale * value:,.{digits}f}"


_LABELS = (
    ("abstention", "abstained where no call was due, %", 100, 1),
    ("errors", "calls whose result is an error, %", 100, 1),
    ("steps", "responses with calls a turn", 1, 2),
    ("stopped", "entries stopped after 20 steps", 1, 0),
    ("no_room", "entries that outgrew the context", 1, 0),
    ("responses", "responses", 1, 0),
    ("over_long", "  whose thought ran over the limit", 1, 0),
    ("cut_off", "  whose answer was cut off", 1, 0),
    ("unread", "  whose calls could not be read", 1, 0),
    ("prompt_tokens", "prompt tokens a conversation", 1, 0),
    ("response_tokens", "response tokens a conversation", 1, 0),
)
_SINGLE = (
    ("no_room", "out of room"),
    ("over_long", "thought over limit"),
    ("cut_off", "answer cut off"),
    ("unread", "calls not read"),
    ("prompt_tokens", "prompt tokens"),
    ("response_tokens", "response tokens"),
)

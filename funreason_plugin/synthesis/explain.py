"""``synthesize explain DIR``: why is the accept rate low, and what to change.

Reads ``rejected.jsonl`` (one line per rejection), ``summary.json`` and ``ledger.jsonl``: the funnel by phase, what the
models cost, the commonest rejections with an example and advice, and the tools and parameters behind them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from funreason_plugin.errors import UserError
from funreason_plugin.synthesis.advice import PHASES, advice_for, meaning_of
from funreason_plugin.synthesis.folder import REJECTED, RUN, SUMMARY, TRAJECTORIES
from funreason_plugin.synthesis.funnel import passages
from funreason_plugin.synthesis.ledger import LEDGER, Ledger
from funreason_plugin.synthesis.summary_table import ledger_table, money

SHOWN_CODES, SHOWN_TOOLS, SHOWN_PARAMETERS = 8, 10, 8
LONGEST_EXAMPLE = 300
_PLACE = re.compile(r"\b([A-Za-z_]\w*)\.([A-Za-z_]\w*(?:\[\d*\])*(?:\.[A-Za-z_]\w*(?:\[\d*\])*)*)")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class Findings:
    """What a folder's rejections add up to."""

    kept: int = 0
    attempts: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    tools: Counter[str] = field(default_factory=Counter)
    tool_codes: dict[str, Counter[str]] = field(default_factory=dict)
    parameters: Counter[str] = field(default_factory=Counter)
    parameter_codes: dict[str, Counter[str]] = field(default_factory=dict)
    tools_kept: dict[str, int] = field(default_factory=dict)
    never_kept: list[str] = field(default_factory=list)
    turns: int = 0
    lost_turns: int = 0
    currency: str = "USD"

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one rejection."""
        phase, code, detail = str(row["phase"]), str(row["code"]), str(row.get("detail", ""))
        if row.get("whole"):
            self.attempts += 1
            turn = row.get("turn")
            self.lost_turns += max(turn, 0) if isinstance(turn, int) else 0
        self.phases[phase] += 1
        self.codes[phase, code] += 1
        self.examples.setdefault((phase, code), _example(row, detail))
        tool, _, parameter = str(row.get("tool") or "").partition(".")  # "book" or "book.flight_id"
        if tool:
            self.tools[tool] += 1
            self.tool_codes.setdefault(tool, Counter())[code] += 1
        names = {name for name, _ in row.get("calls") or ()} | {tool}
        found = _PLACE.findall(detail)
        places = [(name, path) for name, path in found if name in names or not row.get("calls")]
        for name, path in [(tool, parameter)] if parameter else places[:1]:
            place = f"{name}.{_INDEX.sub('[]', path)}"
            self.parameters[place] += 1
            self.parameter_codes.setdefault(place, Counter())[code] += 1

    def by_phase(self) -> dict[str, dict[str, int]]:
        """Rejections by phase and code."""
        counts: dict[str, dict[str, int]] = {}
        for (phase, code), count in self.codes.items():
            counts.setdefault(phase, {})[code] = count
        return counts


def explain(folder: Path, console: Console) -> None:
    """Print why trajectories of a folder were rejected.

    Raises:
        UserError: It is not a run's folder, or a line of rejected.jsonl cannot be read.
    """
    found = gather(folder)
    _funnel(found, console)
    _paid(folder, found, console)
    if not found.codes:
        console.print("\nNothing was rejected.")
        return
    _reasons(found, console)
    _by_tool(found, console)
    _by_parameter(found, console)


def gather(folder: Path) -> Findings:
    """Add up the rejections of a folder."""
    if not (folder / RUN).exists() and not (folder / TRAJECTORIES).exists():
        raise UserError(
            f"{folder}: has neither {RUN} nor {TRAJECTORIES}; expected the output folder of a run"
        )
    found = Findings()
    for row in _rows(folder / REJECTED):
        found.add(row)
    try:
        summary = orjson.loads((folder / SUMMARY).read_bytes())
        found.kept, found.turns = int(summary["kept"]), int(summary.get("turns", 0))
        found.tools_kept = dict(summary.get("tools", {}))
        found.never_kept = list(summary.get("tools_never_kept", ()))
        found.currency = str((summary.get("ledger") or {}).get("currency", found.currency))
    except (OSError, ValueError, KeyError, TypeError):  # killed before it was written
        found.kept = _count_lines(folder / TRAJECTORIES)
    found.attempts += found.kept
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # a run is writing, or was cut short
            try:
                row = orjson.loads(line)
                if not {"phase", "code"} <= row.keys():
                    raise ValueError("no phase or code")
            except (ValueError, AttributeError) as error:
                raise UserError(f"{path}:{number}: not a rejection ({error}); delete the line") from None
            yield row


def _count_lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(line.endswith(b"\n") for line in file)


# -- tables -----------------------------------------------------------------------------------------------


def _funnel(found: Findings, console: Console) -> None:
    rate = found.kept / found.attempts if found.attempts else 0.0
    console.print(
        Text(f"{found.kept} trajectories kept of {found.attempts} attempts ({rate:.0%})", style="bold")
    )
    if not found.phases:
        return
    total = sum(found.phases.values())
    rates = passages(found.by_phase(), found.kept, found.turns, found.lost_turns) if found.turns else {}
    table = Table(title="\nRejected, by phase", title_justify="left", box=None, pad_edge=False)
    table.add_column("phase")
    table.add_column("rejections", justify="right")
    table.add_column("share", justify="right")
    if rates:
        table.add_column("reached", justify="right")
        table.add_column("passed", justify="right")
    table.add_column("what is judged there", style="dim")
    known = [phase for phase in PHASES if phase in found.phases]
    for phase in [*known, *sorted(set(found.phases) - set(known))]:
        count = found.phases[phase]
        row = rates.get(phase)
        passed = [f"{row['reached']:,}", f"{row['rate']:.0%}"] if row else [""] * (2 if rates else 0)
        table.add_row(phase, f"{count:,}", f"{count / total:.0%}", *passed, PHASES.get(phase, ""))
    console.print(table)
    if found.turns:
        console.print(
            f"{total / max(found.turns, 1):.2f} rejections for each of the {found.turns:,} kept turns; a turn is "
            "tried a few times before its trajectory is given up.",
            style="dim",
        )


def _paid(folder: Path, found: Findings, console: Console) -> None:
    """What the models cost, from the ledger; it is only read."""
    if not (folder / LEDGER).exists():
        return
    ledger = Ledger(folder / LEDGER, currency=found.currency, read_only=True)
    table = ledger.table(found.kept)
    console.print(ledger_table(table, "\nRequests to models"))
    if found.kept and table["tokens_per_kept"] is not None:
        cost = table["cost_per_kept"]
        also = f", {money(cost)} {found.currency}" if cost is not None else "; no prices, so no cost"
        console.print(
            f"{table['tokens_per_kept']:,} tokens for each kept trajectory, those of rejected attempts "
            f"included{also}",
            style="dim",
        )


def _reasons(found: Findings, console: Console) -> None:
    console.print(Text("\nThe commonest rejections", style="italic"))
    total = sum(found.codes.values())
    for (phase, code), count in found.codes.most_common(SHOWN_CODES):
        head = Text(f"\n{code}", style="bold")
        head.append(f"  {phase}, {count:,} times ({count / total:.0%})", style="not bold dim")
        console.print(head)
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        if meaning := meaning_of(code):
            grid.add_row("  rule", Text(meaning))
        grid.add_row("  example", Text(found.examples[phase, code], style="cyan"))
        grid.add_row("  change", Text(advice_for(phase, code), style="green"))
        console.print(grid)
    rest = len(found.codes) - SHOWN_CODES
    if rest > 0:
        console.print(f"\n… and {rest} rarer ones", style="dim")


def _by_tool(found: Findings, console: Console) -> None:
    table = Table(title="\nBy target tool", title_justify="left", box=None, pad_edge=False)
    table.add_column("tool")
    table.add_column("rejections", justify="right")
    table.add_column("trajectories kept", justify="right")
    table.add_column("mostly", style="dim")
    for tool, count in found.tools.most_common(SHOWN_TOOLS):
        (code, _), *_ = found.tool_codes[tool].most_common(1)
        kept = f"{found.tools_kept.get(tool, 0):,}" if found.tools_kept else "?"
        table.add_row(tool, f"{count:,}", kept, code)
    if found.tools:
        console.print(table)
    if found.never_kept:
        console.print(
            Text(f"in no kept trajectory: {', '.join(found.never_kept)}", style="yellow"), soft_wrap=True
        )


def _by_parameter(found: Findings, console: Console) -> None:
    if not found.parameters:
        return
    table = Table(title="\nBy parameter", title_justify="left", box=None, pad_edge=False)
    table.add_column("parameter")
    table.add_column("rejections", justify="right")
    table.add_column("mostly", style="dim")
    for place, count in found.parameters.most_common(SHOWN_PARAMETERS):
        (code, _), *_ = found.parameter_codes[place].most_common(1)
        table.add_row(place, f"{count:,}", code)
    console.print(table)


def _example(row: Mapping[str, Any], detail: str) -> str:
    where = f"slot {row.get('index', '?')}"
    if isinstance(row.get("turn"), int) and row["turn"] >= 0:
        where += f", turn {row['turn'] + 1}"
    text = " ".join(detail.split()) or "no detail recorded"
    return f"{where}: {text if len(text) <= LONGEST_EXAMPLE else text[:LONGEST_EXAMPLE] + '…'}"

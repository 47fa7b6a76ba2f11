"""python examples/rl_on_my_tools/show_rollouts.py out/greenhouse/grpo/rollouts

What verl dumped of each step (trainer.rollout_data_dir): mean rewards by step, and of the last step one prompt whose
rollouts did not all get the same reward.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Row = dict[str, Any]


def main(folder: Path) -> None:
    """Print it."""
    console = Console()
    files = sorted(folder.glob("*.jsonl"), key=lambda path: int(path.stem))
    if not files:
        sys.exit(f"{folder}: no rollouts; expected 1.jsonl, 2.jsonl, … as trainer.rollout_data_dir has them")
    table = Table("step", "rollouts", "reward", "success", "calls", "errors", "malformed", box=None)
    rows: list[Row] = []
    for path in files:
        rows = sessions(path)
        names = ("score", "success", "calls", "errors", "malformed")
        table.add_row(path.stem, str(len(rows)), *(f"{mean(rows, name):.2f}" for name in names))
    console.print(table)
    group = most_varied(rows)
    if group:
        console.print(f"\n{files[-1]}: the {len(group)} rollouts of one prompt, best and worst", style="bold")
        for row in (max(group, key=reward), min(reversed(group), key=reward)):
            query = row["input"].rpartition("user\n")[2].rpartition("\nassistant")[0]
            shown = Text.assemble((query, "dim"), "\n", row["output"], "\n", (row["reasons"], "red"))
            console.print(Panel(shown, title=f"reward {row['score']:.2f}", title_align="left"))


def sessions(path: Path) -> list[Row]:
    """One row for each rollout: with history_reasoning "drop" verl writes one for each response, and the last counts."""
    last: dict[str, Row] = {}
    for line in path.read_text("utf-8").splitlines():
        row: Row = json.loads(line)
        session, _, response = row["uid"].rpartition("_")  # uid is PROMPT_ROLLOUT_RESPONSE
        if session not in last or int(response) > int(last[session]["uid"].rpartition("_")[2]):
            last[session] = row
    return list(last.values())


def mean(rows: list[Row], name: str) -> float:
    """The mean of a column where it applies."""
    values = [row[name] for row in rows if row.get(name) is not None]
    return sum(values) / len(values) if values else 0.0


def reward(row: Row) -> float:
    return float(row["score"])


def most_varied(rows: list[Row]) -> list[Row]:
    """The rollouts of the prompt with the widest range of rewards."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["uid"].split("_")[0], []).append(row)
    return max(
        groups.values(),
        key=lambda group: reward(max(group, key=reward)) - reward(min(group, key=reward)),
        default=[],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/greenhouse/grpo/rollouts"))

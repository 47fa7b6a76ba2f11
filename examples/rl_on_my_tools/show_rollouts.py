"""python examples/rl_on_my_tools/show_rollouts.py out/greenhouse/grpo/rollouts

Of the last step in verl's dump (trainer.rollout_data_dir): the prompt whose rollouts differ most in their reward, with the
best and the worst of them and what was wrong.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

Row = dict[str, Any]


def main(folder: Path) -> None:
    """Print it."""
    files = sorted(folder.glob("*.jsonl"), key=lambda path: int(path.stem))
    if not files:
        sys.exit(f"{folder}: no rollouts; expected 1.jsonl, 2.jsonl, … as trainer.rollout_data_dir has them")
    rows = [json.loads(line) for line in files[-1].read_text("utf-8").splitlines()]
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=reward):
        groups.setdefault(row["uid"].split("_")[0], []).append(row)  # uid is PROMPT_ROLLOUT_OUTPUT
    group = max(groups.values(), key=lambda group: reward(group[-1]) - reward(group[0]))
    console = Console()
    console.print(
        f"{files[-1]}: the best and the worst of {len(group)} rollouts of one prompt", soft_wrap=True
    )
    for row in (group[-1], group[0]):
        query = row["input"].rpartition("user\n")[2].rpartition("\nassistant")[0]
        shown = Text.assemble((query, "dim"), "\n", row["output"], "\n", (row["reasons"], "red"))
        console.print(Panel(shown, title=f"reward {reward(row):.2f}", title_align="left"))


def reward(row: Row) -> float:
    """What the reward manager gave."""
    return float(row["score"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/greenhouse/grpo/rollouts"))

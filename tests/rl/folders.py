"""What the tests of `check rl` share: a folder as `synthesize` writes it, its rows changed, and what the command says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from funreason_plugin import check, command_line

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
SMALL = (
    "data.train_batch_size=4",
    "actor_rollout_ref.actor.ppo_mini_batch_size=4",
    "trainer.n_gpus_per_node=1",
)
"""For few rows, and one GPU instead of eight."""

Row = dict[str, Any]


def synthesize(folder: Path, environment: str, num: int, cwd: Path | None = None) -> Path:
    """A folder of conversations in an environment, by the embedded teacher."""
    words = ["--env", environment, "--num", str(num), "--turns", "1-3", "--teacher", "scripted"]
    command = [sys.executable, "-m", "funreason_plugin.synthesize", *words, "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=cwd)
    return folder


def edit(folder: Path, change: Callable[[Row], Any], name: str = "train") -> None:
    """Change the rows of a file, the nested columns as they are."""
    path = folder / "verl" / f"{name}.parquet"
    rows = pq.read_table(path).to_pylist()
    for row in rows:
        change(row)
    pq.write_table(pa.Table.from_pylist(rows), path)


def edit_json(folder: Path, column: str, key: str, change: Callable[[Any], Any]) -> None:
    """Change what the JSON text in ``column.key`` holds, in every row."""

    def changed(row: Row) -> None:
        value = json.loads(row[column][key])
        row[column][key] = json.dumps(change(value) or value)

    edit(folder, changed)


def said(
    folder: Path, model: Path, capsys: Any, *words: str, recipe: Path = RECIPES / "grpo.yaml"
) -> tuple[int, list[str], str]:
    """Exit status, the lines of problems, and all that was printed."""
    command = ["rl", str(folder), str(recipe), "--tokenizer", str(model), "--no-ray", *SMALL, *words]
    status = command_line.run(check.app, command)
    printed = capsys.readouterr()
    text = printed.out + printed.err
    problems = [line[2:] for line in text.splitlines() if line.startswith("✗ ")]
    problems += re.findall(r"^error: (.*)$", text, re.MULTILINE)
    return status, problems, text

"""The miniature's own parts: what is held out, what one arm changes, which commands are run, what the table says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from funreason_plugin.messages import of_trajectory
from funreason_plugin.rendering import render
from funreason_plugin.trajectory import Call, Provenance, Step, Trajectory, dumps, read
from tests.core.test_trajectory import trajectory

ROOT = Path(__file__).parents[2]
MINIATURE = ROOT / "benchmarks" / "miniature"
REPRODUCE = ROOT / "examples" / "reproduce_4b"


def calling(*steps: str) -> Trajectory:
    """A trajectory of one turn with these steps, each of calls by name."""
    made = trajectory()
    calls = [[Call(name, {}, {"a": Provenance("query")}, {}) for name in step.split()] for step in steps]
    turn = replace(made.turns[0], steps=[Step("Why.", step) for step in calls])
    return replace(made, turns=[turn])


def rows(folder: Path, pool: list[Trajectory], *flags: str) -> subprocess.CompletedProcess[str]:
    (folder / "pool").mkdir()
    (folder / "pool" / "trajectories.jsonl").write_bytes(b"".join(map(dumps, pool)))
    words = [sys.executable, str(MINIATURE / "rows.py"), "pool", "out", *flags]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


SEEN, UNSEEN = calling("find", "keeper", "lend"), calling("find", "keeper", "office")


def test_what_is_held_out_is_not_trained_on(tmp_path: Path) -> None:
    assert rows(tmp_path, [UNSEEN, SEEN, UNSEEN]).returncode == 0
    (kept,) = read(tmp_path / "out" / "trajectories.jsonl")
    assert kept == SEEN


def test_the_batched_arm_has_the_same_calls_in_one_message(tmp_path: Path) -> None:
    rows(tmp_path, [SEEN], "--batched")
    (kept,) = read(tmp_path / "out" / "trajectories.jsonl")
    assert [call.name for call in kept.turns[0].steps[0].calls] == ["find", "keeper", "lend"]
    assert (len(kept.turns[0].steps), kept.turns[0].steps[0].thought) == (1, "Why.")


def test_the_test_has_both_kinds_and_says_which_is_unseen(tmp_path: Path) -> None:
    rows(tmp_path, [SEEN, SEEN, UNSEEN, UNSEEN], "--test", "1")
    kept = list(read(tmp_path / "out" / "trajectories.jsonl"))
    assert [one.labels for one in kept] == [[], ["unseen_combination"]]


def test_a_pool_that_is_too_small_is_one_line(tmp_path: Path) -> None:
    done = rows(tmp_path, [SEEN], "--test", "1")
    assert done.returncode == 1
    assert done.stderr == "error: the pool has 0 conversations with unseen combinations, of 1\n"


def test_the_base_reads_conversations_without_thoughts_and_with(tmp_path: Path) -> None:
    (tmp_path / "trajectories.jsonl").write_bytes(dumps(SEEN) * 2)
    words = [sys.executable, str(MINIATURE / "base.py"), str(tmp_path), str(tmp_path / "out")]
    subprocess.run(words, timeout=120, check=True, capture_output=True)
    short, long = (
        [json.loads(line)["text"] for line in (tmp_path / "out" / name).read_text().splitlines()]
        for name in ("short.jsonl", "long.jsonl")
    )
    served, thought = long[:2]
    assert short == [served, served]
    *before, last = render(of_trajectory(SEEN), "hermes")
    assert len(before) == 3
    assert served.endswith(last.prompt + last.response)
    assert served.count('<tool_call>\n{"name": "find"') == thought.count('<tool_call>\n{"name": "find"') == 1
    assert (served.count("Why."), thought.count("Why.")) == (0, 3)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("folder", [MINIATURE, REPRODUCE])
def test_every_training_starts_from_what_its_name_says(folder: Path, tmp_path: Path) -> None:
    words = ["make", "-C", str(folder), "-n", f"PYTHON={sys.executable}", f"OUT={tmp_path}"]
    shown = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert shown.returncode == 0, shown.stderr
    trained = [
        line
        for line in shown.stdout.replace("\\\n", " ").splitlines()
        if " sft.yaml " in line or "/sft.yaml model" in line
    ]
    if folder == REPRODUCE:
        assert len(trained) == 3
        assert sum("data/equal_tokens/rows/llamafactory" in line for line in trained) == 1
        assert shown.stdout.count("main_ppo") == 3
        return
    assert len(trained) == 15
    short, long = (line for line in shown.stdout.replace("\\\n", " ").splitlines() if " base.yaml " in line)
    assert "dataset=long" not in short
    assert f"{tmp_path}/model/model" in short
    assert "dataset=long" in long
    assert f"model_name_or_path={tmp_path}/base/short/model" in long
    assert shown.stdout.count("main_ppo") == 6
    for line in trained:
        out = next(word for word in line.split() if word.startswith("output_dir="))
        arm, seed = out.split("/")[-2].split("-")
        assert f"dataset_dir={tmp_path}/rows/{arm}/made/llamafactory" in line
        assert f"model_name_or_path={tmp_path}/base/long/model" in line
        assert f" seed={seed} " in line
        assert ("balanced_loss=true" in line) == (arm == "balanced")


def test_the_table_is_what_was_played(tmp_path: Path) -> None:
    labels: list[list[str]] = [[], ["unseen_combination"], []]
    for seed, passed in ((1, (True, False, True)), (2, (True, True, True))):
        folder = tmp_path / "eval" / f"full-{seed}" / f"full-{seed}"
        folder.mkdir(parents=True)
        settings = {"model": f"full-{seed}", "rows": "x", "total": 3, "attempts": 1, "thinking": True, "temperature": 0.0,
                    "top_p": 1.0, "max_tokens": 8, "steps": 5, "seconds": 9.0, "version": 1}  # fmt: skip
        (folder / "run.json").write_text(json.dumps(settings))
        lines = [
            {"row": row, "attempt": 0, "id": str(row), "kind": "trajectory", "environments": ["depot"], "depth": row + 1,
             "success": success, "progress": 1.0, "format": True, "responses": 1, "tokens": [1, 1], "seconds": 0.1,
             "turns": [], "labels": labels[row]} for row, success in enumerate(passed)
        ]  # fmt: skip
        (folder / "conversations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = [sys.executable, str(MINIATURE / "table.py"), str(tmp_path)]
    subprocess.run(words, timeout=120, check=True, capture_output=True)
    cells = [
        [cell.strip() for cell in line.strip("|\n ").split("|")]
        for line in (tmp_path / "table.md").read_text().splitlines()
    ]
    found = {row[0]: row[1:] for row in cells}
    assert found["success, %"] == ["n", "full"]
    assert found["all"] == ["3", "83.3 (66.7-100.0)"]
    assert found["unseen combination"] == ["1", "50.0 (0.0-100.0)"]
    assert found["depth 3 or more, seen"] == ["1", "100.0 (100.0-100.0)"]
    assert found["depth 1"] == ["1", "100.0 (100.0-100.0)"]
    assert found["seeds"] == ["", "2"]

"""What a run came to, read from its dumps."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from funreason_plugin.command_line import run
from funreason_plugin.errors import UserError
from funreason_plugin.rl.show_run import app, steps


def dump(folder: Path, number: int, scores: dict[str, float]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [orjson.dumps({"uid": key, "score": score, "success": score}) for key, score in scores.items()]
    (folder / f"{number}.jsonl").write_bytes(b"\n".join(lines))


def test_steps_in_order_with_reward_and_variance(tmp_path: Path) -> None:
    dump(tmp_path / "rollouts", 10, {"a_0_0": 1.0, "a_1_0": 1.0})
    dump(tmp_path / "rollouts", 9, {"a_0_0": 0.0, "a_1_0": 1.0, "b_0_0": 0.5, "b_1_0": 0.5})
    assert steps(tmp_path) == [(9, 0.5, 0.5), (10, 1.0, 0.0)]


def test_several_outputs_of_a_session_count_once(tmp_path: Path) -> None:
    dump(tmp_path / "rollouts", 1, {"a_0_0": 1.0, "a_0_1": 1.0, "a_0_2": 1.0, "a_1_0": 0.0})
    assert steps(tmp_path) == [(1, 0.5, 1.0)]


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 13):
        dump(tmp_path / "rollouts", number, {"a_0_0": number / 12, "a_1_0": 0.0})
    dump(tmp_path / "validation", 12, {"a_0_0": 1.0, "b_0_0": 0.0})
    assert run(app, [str(tmp_path)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert (
        "mean reward of the first 5 steps 0.125, of the last 0.417; 100% of all groups have variance"
        in printed
    )
    assert "validation after step 12: 50.0% of 2 conversations right" in printed


def test_a_folder_without_dumps_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rollouts: no dumps"):
        steps(tmp_path)


@pytest.mark.parametrize("text", ["{", "[1]", '{"score": "high"}', "{}"])
def test_a_dump_of_something_else_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "rollouts").mkdir()
    (tmp_path / "rollouts" / "1.jsonl").write_text(text)
    with pytest.raises(UserError, match="1.jsonl: not a dump of verl's"):
        steps(tmp_path)

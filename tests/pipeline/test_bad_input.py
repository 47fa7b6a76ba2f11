"""What users bring: every bad thing gets one clear line, or is worked around; nothing hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin.trajectory import read
from tests.pipeline.runs import run

FILE = Path(__file__).with_name("bad_tools.py")


@pytest.mark.parametrize("name", ["Sleeping", "HoldingTheLock", "Huge", "NotJson", "Raising", "Numbers"])
def test_a_misbehaving_tool_does_not_stop_the_others(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(out, num=6, env=(f"{FILE}:{name}",))
    assert done.returncode == 0, done.stdout + done.stderr
    called = {
        call.name for item in read(out / "trajectories.jsonl") for turn in item.turns for call in turn.calls()
    }
    assert called >= {"find_note", "close_note"}


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("travle", "did you mean 'travel'"),
        ("no_such_module:Env", "no module 'no_such_module'"),
        (f"{FILE}:Nots", "did you mean 'Notes'"),
        ("missing.py:Env", "no such file"),
        (f"{FILE}:Uncopyable", "not plain JSON data"),
        (f"{FILE}:NeedsArguments", "it is built without arguments"),
        (f"{FILE}:NoDocstring", "tool has no docstring"),
        (f"{FILE}:NoType", "parameter 'what' has no type"),
    ],
)
def test_an_environment_that_cannot_be_used_is_one_line(env: str, said: str, tmp_path: Path) -> None:
    refused = run(tmp_path / "out", num=3, env=(env,))
    shown = refused.stdout + refused.stderr
    assert refused.returncode == 1
    assert said in " ".join(shown.split())
    assert "Traceback" not in shown


def test_where_nothing_can_be_called_the_run_stops_and_says_why(tmp_path: Path) -> None:
    stopped = run(tmp_path / "out", num=3, env=(f"{FILE}:NeverLegal",))
    shown = " ".join((stopped.stdout + stopped.stderr).split())
    assert stopped.returncode == 1
    assert "Traceback" not in shown
    assert "only 0 of 50 attempts were accepted" in shown
    assert "no_legal_tool" in shown

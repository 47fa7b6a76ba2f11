"""``examples/rl_on_my_tools``: from somebody's environment to a model trained by GRPO, on a CPU."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from funreason_plugin.environments.space import SimulationSpace

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "rl_on_my_tools"
SMALL = (
    "data.train_batch_size=2",
    "actor_rollout_ref.actor.ppo_mini_batch_size=2",
    "actor_rollout_ref.rollout.n=4",
    "funreason.response_tokens=48",
)
NAME = "examples/rl_on_my_tools/greenhouse.py:Greenhouse"


def test_its_files_begin_with_how_to_run_them() -> None:
    readme = shlex.split((FOLDER / "README.md").read_text().splitlines()[0].strip("`"))
    assert readme[0] == "bash"
    assert FOLDER.samefile((ROOT / readme[1]).parent) and (ROOT / readme[1]).is_file()
    for path in FOLDER.glob("*.py"):
        words = path.read_text().splitlines()[0].strip('"').split()
        assert words[0] == "python"
        assert any(word.startswith(f"examples/rl_on_my_tools/{path.name}") or word == NAME for word in words)


def test_the_readme_shows_what_the_script_runs() -> None:
    started = re.compile(
        r"^ *(?:OMP_NUM_THREADS=1 )?(python -m [\w.]+(?: env| rl| merge)?|llamafactory-cli \w+)", re.M
    )
    shown = [started.findall((FOLDER / name).read_text()) for name in ("README.md", "run.sh")]
    assert len(shown[0]) == 8
    assert shown[0] == shown[1]


def test_the_tools_do_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    space = SimulationSpace.from_names([NAME])
    with space.session(space.scenario(0)) as session:
        before = session.call("read_moisture", {"bed": "basil"})["percent"]
        assert session.call("water", {"bed": "basil", "litres": 2}) == {
            "bed": "basil",
            "percent": before + 10,
        }
        for _ in range(9):
            last = session.call("water", {"bed": "basil", "litres": 5})
        assert "drown" in last["error"]
        assert session.call("set_shade", {"bed": "melons", "shade": "half"})["shade"] == "half"


@pytest.mark.slow
def test_from_the_tools_to_a_trained_model(tmp_path: Path) -> None:
    for package in ("verl", "llamafactory"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as short:  # Ray's sockets bear no long paths
        done = subprocess.run(
            ["bash", "examples/rl_on_my_tools/run.sh", *SMALL],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "RAY_TMPDIR": short,
                "OUT": str(tmp_path),
                "CONVERSATIONS": "40",
                "SFT_STEPS": "8",
                "RL_STEPS": "1",
            },
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "every row can be played and judged" in done.stdout.replace("\n", " ")
    rows = [json.loads(line) for line in (tmp_path / "grpo" / "rollouts" / "1.jsonl").open()]
    assert len(rows) == 8
    assert {"score", "success", "success/env_greenhouse", "calls", "reasons"} <= set(rows[0])
    assert "the best and the worst of 4 rollouts of one prompt" in done.stdout
    assert (tmp_path / "grpo" / "validation" / "0.jsonl").is_file()
    assert (tmp_path / "trained" / "model.safetensors").is_file()
    assert (tmp_path / "trained" / "tokenizer.json").is_file()

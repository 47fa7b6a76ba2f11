"""Mixed teachers from the command line: a model writes the queries, the scripted teacher does the rest."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from tests.llm.server import KEY, KEY_ENV, serving

SCRIPTED = {"teacher": "scripted", "model": "none"}


def test_one_agent_is_played_by_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, KEY)
    monkeypatch.setenv("FUNREASON_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out"
    words = f"--env travel --num 3 --turns 1-2 --teacher scripted --api-key-env {KEY_ENV} --out {out}".split()
    with serving("--model", "small", env=("travel",)) as server:
        words += ["--base-url", server.url]

        assert run(synthesize.app, [*words, "--agent", "querying=openai:smal"]) == 1
        printed = capsys.readouterr()
        assert "has no model 'smal' for querying" in printed.err, printed.out
        assert "did you mean 'small'?" in printed.err
        assert printed.err.count("\n") == 1

        assert run(synthesize.app, [*words, "--agent", "querying=openai:small"]) == 0, (
            "the same folder, mended"
        )
        assert "The scripted teacher played tooling, reasoning, critiquing" in capsys.readouterr().out
        asked = (
            server.stats()["requests"] if "requests" in server.stats() else sum(server.outcomes().values())
        )

    rows = [orjson.loads(line) for line in (out / "trajectories.jsonl").read_bytes().splitlines()]
    assert len(rows) == 3
    querying = {"teacher": "openai", "model": "small"}
    for row in rows:
        assert row["made_by"] == {
            "tooling": SCRIPTED,
            "querying": querying,
            "reasoning": SCRIPTED,
            "critiquing": SCRIPTED,
        }
    ledger = [orjson.loads(line) for line in (out / "ledger.jsonl").read_bytes().splitlines()]
    assert {row["agent"] for row in ledger if row["slot"] >= 0} == {"querying"}
    assert len(ledger) == asked - 1, "the check of the model that is not there had no ledger yet"
    assert set(orjson.loads((out / "llamafactory/dataset_info.json").read_bytes())) >= {"funreason_scripted"}

    # The server is gone: what is finished is checked without it, and cannot go on as something else.
    assert run(check.app, ["data", str(out)]) == 0
    assert run(synthesize.app, [*words, "--agent", "querying=openai:small", "reasoning=openai:small"]) == 1
    assert "was made with teacher='scripted' for reasoning, this run has 'openai'" in capsys.readouterr().err
    assert run(synthesize.app, [*words, "--agent", "querying=openai:small"]) == 0, "nothing is missing"


def test_the_trajectory_of_another_model_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """made_by of a row against run.yaml, agent by agent."""
    out = tmp_path / "out"
    words = f"--env travel --num 1 --turns 1 --teacher scripted --out {out}".split()
    assert run(synthesize.app, words) == 0
    path = out / "trajectories.jsonl"
    path.write_bytes(
        path.read_bytes().replace(b'"querying":{"teacher":"scripted"', b'"querying":{"teacher":"openai"')
    )
    capsys.readouterr()
    assert run(check.app, ["data", str(out)]) == 1
    assert "made_by.querying.teacher: stored 'openai', run.yaml says 'scripted'" in " ".join(
        capsys.readouterr().out.split()
    )

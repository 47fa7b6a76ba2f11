"""What README and docs/teachers.md show is what happens: the environment is run, settings load, the hook works."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
import yaml

from funreason_plugin import check, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.config import load
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.ledger import Ledger, cost_of
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.settings import MAY_DIFFER
from funreason_plugin.synthesis.teachers.endpoint import Try
from tests.cli.documents import ROOT, blocks, commands

README = ROOT / "README.md"
TEACHERS = ROOT / "docs" / "teachers.md"
FLAGS = {"env": ["travel"], "teacher": "openai", "model": "any", "out": Path("out")}


def written(language: str, path: Path = README) -> list[str]:
    return [block.text for block in blocks(path) if block.language == language]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (code,) = (block for block in written("python") if "(Environment)" in block)
    (tmp_path / "library.py").write_text(code)
    return f"{tmp_path / 'library.py'}:Library"  # a relative name would be one of another test, which has a library.py, too


def test_the_shortest_useful_environment_has_fifteen_lines(library: str) -> None:
    lines = [line for line in Path("library.py").read_text().splitlines() if line.strip()]
    assert len(lines) <= 15
    assert max(map(len, lines)) <= 110


def test_the_shortest_useful_environment_works(library: str) -> None:
    space = SimulationSpace.from_names([library])
    with space.session(space.scenario(0)) as session:
        book = session.call("find_book", {"title": "Emma"})
        assert session.call("lend_book", book) == {"days": 14}
        assert "error" in session.call("lend_book", book)
        assert "error" in session.call("lend_book", {"book_id": "B-0"})


@pytest.mark.slow
def test_the_shortest_useful_environment_makes_checked_data(library: str) -> None:
    assert run(check.app, ["env", library]) == 0
    words = ["--env", library, "--num", "20", "--turns", "1-3", "--teacher", "scripted", "--out", "out"]
    assert run(synthesize.app, words) == 0
    assert run(check.app, ["data", "out"]) == 0


def test_every_setting_that_is_shown_loads(tmp_path: Path) -> None:
    shown = written("yaml", TEACHERS)
    assert len(shown) >= 2
    for text in shown:
        file = tmp_path / "shown.yaml"
        file.write_text(text)
        config = load(file, FLAGS)
        assert len(config.model_agents) >= 3


def test_the_commands_about_teachers_pass_the_dry_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    tried = 0
    for words in commands(TEACHERS):
        if words[:3] != ["python", "-m", "funreason_plugin.synthesize"]:
            continue
        rest = [word for word in words[3:] if word != "--dry-run"]
        if "--estimate" in rest:
            place = rest.index("--estimate")
            del rest[place : place + 2]
        place = rest.index("--out")
        rest[place + 1] = str(tmp_path / "out")
        assert run(synthesize.app, [*rest, "--dry-run"]) == 0, words
        assert "Who plays the agents" in capsys.readouterr().out
        tried += 1
    assert tried >= 5


def test_the_ledger_line_that_is_shown_is_one_of_ours(tmp_path: Path) -> None:
    (shown,) = written("json", TEACHERS)
    path = tmp_path / "ledger.jsonl"
    path.write_text(shown)
    ledger = Ledger(path, read_only=True)
    price = load(None, {**FLAGS, "prices": yaml.safe_load(written("yaml", TEACHERS)[1])["prices"]}).prices
    row = orjson.loads(shown)
    assert ledger.tokens == row["input"] + row["output"]
    assert ledger.spent == pytest.approx(
        cost_of(price[row["model"]], row["input"], row["cached"], row["output"]), abs=1e-6
    )
    again = Ledger(tmp_path / "again.jsonl")
    again.add(0, row["agent"], Try("ok", 1.0), first=True)
    again.close()
    assert list(orjson.loads((tmp_path / "again.jsonl").read_bytes())) == list(row)


def test_the_hook_that_is_shown_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = written("python", TEACHERS)
    (tmp_path / "my_hooks.py").write_text(code)
    redactor = Redactor.load("my_hooks.py:no_emails")
    assert redactor.text("write to ann@example.org, please") == "write to [email], please"
    assert redactor.text("[email]") == "[email]"


def test_the_keys_that_may_change_are_those_that_are_named() -> None:
    paragraph = next(text for text in TEACHERS.read_text().split("\n\n") if text.startswith("What decides"))
    named = set(re.findall(r"`([a-z_]+)`", paragraph))
    assert len(named) > 5
    assert named <= MAY_DIFFER

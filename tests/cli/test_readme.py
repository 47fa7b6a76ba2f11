"""What README and docs show is what happens: the environment is run, commands exist, settings load."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import orjson
import pytest
import yaml

from funreason_plugin import check, cli, convert, evaluate, mix, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.config import load
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.quality import __main__ as quality
from funreason_plugin.report import command as report_command
from funreason_plugin.synthesis.ledger import Ledger, cost_of
from funreason_plugin.synthesis.redact import Redactor
from funreason_plugin.synthesis.settings import MAY_DIFFER
from funreason_plugin.synthesis.teachers import served
from funreason_plugin.synthesis.teachers.endpoint import Try

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TEACHERS = ROOT / "docs" / "teachers.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").glob("*/*.md"))]
APPS = {
    "funreason_plugin.synthesize": synthesize.app,
    "funreason_plugin.check": check.app,
    "funreason_plugin.convert": convert.app,
    "funreason_plugin.evaluate": evaluate.app,
    "funreason_plugin.mix": mix.app,
    "funreason_plugin.quality": quality.app,
    "funreason_plugin.report": report_command.app,
    "funreason_plugin.synthesis.teachers.served": served.app,
}
FLAGS = {"env": ["travel"], "teacher": "openai", "model": "any", "out": Path("out")}
document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")


def blocks(language: str, path: Path = README) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", path.read_text(), re.MULTILINE | re.DOTALL)


def commands(path: Path = README) -> list[list[str]]:
    text = "\n".join(blocks("bash", path)).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [words for words in lines if words]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (code,) = (block for block in blocks("python") if "(Environment)" in block)
    (tmp_path / "library.py").write_text(code)
    return "library.py:Library"


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


@document
def test_every_command_of_ours_exists(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = 0
    for words in commands(path):
        if words[:2] == ["python", "-m"] and words[2] in APPS:
            app, rest = APPS[words[2]], words[3:]
        elif words[0] == "funreason":
            app, rest = cli.app, words[1:]
        else:
            continue
        ours += 1
        # --help after the real words: options and subcommands are parsed, nothing runs
        assert run(app, [*rest, "--help"]) == 0, words
        assert "Usage" in capsys.readouterr().out
    assert ours >= 4 or path not in (README, TEACHERS)


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [words[1] for words in commands() if words[0] == "make"]
    assert {"quickstart", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@document
def test_every_path_that_is_linked_exists(path: Path) -> None:
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)[^)]*\)", path.read_text()):
        assert (path.parent / link).exists(), link


@document
def test_every_anchor_is_a_heading(path: Path) -> None:
    text = path.read_text()
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        assert anchor in headings, anchor


def test_every_setting_that_is_shown_loads(tmp_path: Path) -> None:
    shown = blocks("yaml", TEACHERS)
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
    (shown,) = blocks("json", TEACHERS)
    path = tmp_path / "ledger.jsonl"
    path.write_text(shown)
    ledger = Ledger(path, read_only=True)
    price = load(None, {**FLAGS, "prices": yaml.safe_load(blocks("yaml", TEACHERS)[1])["prices"]}).prices
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
    (code,) = blocks("python", TEACHERS)
    (tmp_path / "my_hooks.py").write_text(code)
    redactor = Redactor.load("my_hooks.py:no_emails")
    assert redactor.text("write to ann@example.org, please") == "write to [email], please"
    assert redactor.text("[email]") == "[email]"


def test_the_keys_that_may_change_are_those_that_are_named() -> None:
    paragraph = next(text for text in TEACHERS.read_text().split("\n\n") if text.startswith("What decides"))
    named = set(re.findall(r"`([a-z_]+)`", paragraph))
    assert len(named) > 5
    assert named <= MAY_DIFFER

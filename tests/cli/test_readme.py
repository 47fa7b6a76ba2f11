"""What the README shows is what happens: its environment is run, its commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from funreason_plugin import check, cli, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.environments.space import SimulationSpace

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
APPS = {"funreason_plugin.synthesize": synthesize.app, "funreason_plugin.check": check.app}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    text = "\n".join(blocks("bash")).replace("\\\n", " ")
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


def test_every_command_of_ours_exists(capsys: pytest.CaptureFixture[str]) -> None:
    ours = 0
    for words in commands():
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
    assert ours >= 4


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [words[1] for words in commands() if words[0] == "make"]
    assert {"quickstart", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_path_that_is_linked_exists() -> None:
    for link in re.findall(r"\]\((?!https?://|#)([^)]+)\)", README):
        assert (ROOT / link).exists(), link


def test_every_anchor_is_a_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    }
    for anchor in re.findall(r"\]\(#([^)]+)\)", README):
        assert anchor in headings, anchor

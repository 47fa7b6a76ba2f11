"""The marked blocks of the pages are run as they stand, page by page, from a copy of the repository's folders.

What a console block shows has to be printed, line by line in its order, timings aside. `documents` says how blocks are marked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from funreason_plugin.command_line import run
from tests.cli.documents import PAGES, ROOT, Block, blocks
from tests.cli.test_doc_commands import APPS

MARKED = {path.name: [block for block in blocks(path) if block.mark] for path in PAGES}
NEEDS = {"formats.md": "method.md", "checks.md": "method.md"}
"""Pages whose blocks go on with another page's folder."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples, recipes, and what an earlier page has made."""
    made = tmp_path_factory.mktemp("pages")
    for name in ("examples", "recipes"):
        shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("FUNREASON_CACHE", str(folder / "cache"))
    return folder


def printed_by(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command of a page; ours in this process."""
    if words[:2] == ["python", "-m"]:
        run(APPS[words[2]], words[3:])
        return capsys.readouterr().out
    command = [sys.executable, *words[1:]] if words[0] == "python" else words
    assert words[0] in ("python", "cp"), words
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def play(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    """Do what the mark of a block says."""
    if block.mark.startswith("file: "):
        Path(block.mark.removeprefix("file: ")).write_text(block.text)
        return
    printed = ""
    if block.language == "python":
        exec(compile(block.text, f"{block.path.name}:{block.line}", "exec"), {"__name__": "page"})
    for words in block.commands:
        printed += printed_by(words, capsys)
    lines = iter(line.rstrip() for line in printed.splitlines())
    for shown in block.printed if block.mark == "run, compare" else ():
        assert any(line == shown for line in lines), f"{block.path.name}: not printed (here): {shown}"


def test_the_pages_have_marked_blocks_that_are_known() -> None:
    marks = [block.mark for found in MARKED.values() for block in found]
    assert marks.count("run, compare") >= 6
    assert all(re.fullmatch(r"run(, compare)?|file: [\w.]+", mark) for mark in marks)


@pytest.mark.slow
def test_method(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in MARKED["method.md"]:
        play(block, capsys)


def test_formats_and_checks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not (here / "out/two_cities").exists():
        play(MARKED["method.md"][0], capsys)
    for block in (*MARKED["formats.md"], *MARKED["checks.md"]):
        play(block, capsys)


@pytest.mark.slow
def test_quickstart(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in MARKED["quickstart.md"]:
        play(block, capsys)

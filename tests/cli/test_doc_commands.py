"""Every command in README, pages and examples exists: ours are parsed by their command lines, the others are known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from funreason_plugin import check, cli, convert, evaluate, mix, synthesize
from funreason_plugin.command_line import run
from funreason_plugin.quality import __main__ as quality
from funreason_plugin.report import command as report_command
from funreason_plugin.rl import show_run
from funreason_plugin.rl.cpu import serve
from funreason_plugin.sft import show_result, tiny_model
from funreason_plugin.synthesis.teachers import served
from tests.cli.documents import DOCUMENTS, ROOT, blocks, commands

APPS = {
    "funreason_plugin.synthesize": synthesize.app,
    "funreason_plugin.check": check.app,
    "funreason_plugin.convert": convert.app,
    "funreason_plugin.evaluate": evaluate.app,
    "funreason_plugin.mix": mix.app,
    "funreason_plugin.quality": quality.app,
    "funreason_plugin.report": report_command.app,
    "funreason_plugin.rl.cpu.serve": serve.app,
    "funreason_plugin.rl.show_run": show_run.app,
    "funreason_plugin.sft.show_result": show_result.app,
    "funreason_plugin.sft.tiny_model": tiny_model.app,
    "funreason_plugin.synthesis.teachers.served": served.app,
}
VERL = {"verl.trainer.main_ppo", "verl.model_merger"}
"""tests/rl/test_documents.py composes their configurations."""
OTHERS = {"cp", "curl", "export", "for", "mkdir", "pip", "ray", "source", "uvicorn", "vllm"}
WRITTEN = {"change.py"}
"""Programs that a page has its reader write."""
document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")


@document
def test_every_command_exists(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(path):
        if words[0] == "funreason":
            app, rest = cli.app, words[1:]
        elif words[:2] == ["python", "-m"] and words[2] not in VERL:
            app, rest = APPS[words[2]], words[3:]
        else:
            assert words[0] in {"python", "make", "llamafactory-cli"} | OTHERS, words
            continue
        # --help after the real words: options and subcommands are parsed, nothing runs
        assert run(app, [*rest, "--help"]) == 0, words
        assert "Usage" in capsys.readouterr().out


@document
def test_every_file_that_a_command_runs_or_trains_exists(path: Path) -> None:
    for words in commands(path):
        if words[0] == "python" and words[1] != "-m":
            assert words[1] in WRITTEN or (ROOT / words[1]).is_file(), words
        if words[:2] == ["llamafactory-cli", "train"]:
            assert (ROOT / words[2]).is_file(), words
            assert all("=" in word for word in words[3:]), words
        for word in words:
            if re.match(r"recipes/.+\.yaml$", word):
                assert (ROOT / word).is_file(), words


@document
def test_every_make_target_exists(path: Path) -> None:
    for words in commands(path):
        if words[0] == "make":
            folder, rest = (words[2], words[3:]) if words[1] == "-C" else (".", words[1:])
            makefile = (ROOT / folder / "Makefile").read_text()
            for target in (word for word in rest[:1] if "=" not in word and not word.startswith("-")):
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), words


def test_the_important_documents_show_commands() -> None:
    for name in ("README.md", "docs/teachers.md", "docs/quickstart.md", "docs/rl.md", "docs/sft.md"):
        assert len(commands(ROOT / name)) >= 4, name
    assert {"quickstart", "test"} <= {words[1] for words in commands(DOCUMENTS[0]) if words[0] == "make"}


@document
def test_every_block_has_a_language(path: Path) -> None:
    assert [block.line for block in blocks(path) if not block.language] == []


MAY_DIFFER = ("--estimate", "--num", "--workers", "--executor", "--verl-rows", "--out")


@document
def test_a_document_can_be_run_from_its_beginning_to_its_end(path: Path) -> None:
    """What makes data names who plays, and a folder is not begun with other settings by a later command."""
    inline = re.findall(r"^`(python -m funreason_plugin.synthesize .+)`$", path.read_text(), re.MULTILINE)
    begun: dict[str, set[str]] = {}
    for words in [*map(str.split, inline), *commands(path)]:
        if words[:3] != ["python", "-m", "funreason_plugin.synthesize"] or not words[3].startswith("--"):
            continue  # show, trace, explain, graph
        if "--dry-run" in words:
            continue
        assert "--teacher" in words or "--config" in words, words
        settings = " ".join(words[3:]).replace("--env travel --env files", "--env travel files")
        options = set(re.findall(r"--[a-z-]+(?: (?!--)\S+)*", settings))
        decisive = {option for option in options if option.split()[0] not in MAY_DIFFER}
        out = words[words.index("--out") + 1].rstrip("/")
        assert begun.setdefault(out, decisive) == decisive, words


@document
def test_no_conversion_of_a_document_is_refused_because_its_folder_is_there(path: Path) -> None:
    written = [
        words[words.index("--out") + 1].rstrip("/")
        for words in commands(path)
        if words[2:3] in (["funreason_plugin.convert"], ["funreason_plugin.mix"])
    ]
    assert len(set(written)) == len(written)

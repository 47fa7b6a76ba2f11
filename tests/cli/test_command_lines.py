"""The command lines: fast help, one red line for bad input, several names after one option."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from funreason_plugin import check, cli, evaluate, synthesize
from funreason_plugin.command_line import run, spread
from funreason_plugin.config import SynthesisConfig
from funreason_plugin.quality import __main__ as quality
from funreason_plugin.rl.cpu import serve
from funreason_plugin.synthesis.teachers import served

ROOT = Path(__file__).parents[2]
TO_A_RUN = ["--env", "travel", "--teacher", "scripted", "--out", "nowhere"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["synthesize", "--help"],
        ["synthesize", "graph", "--help"],
        ["synthesize", "explain", "--help"],
        ["synthesize", "trace", "--help"],
        ["synthesize", "show", "--help"],
        ["check", "--help"],
        ["check", "env", "--help"],
        ["check", "data", "--help"],
        ["convert", "--help"],
        ["recipes", "--help"],
    ],
)
def test_help_is_printed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(cli.app, words, "funreason")
    printed = capsys.readouterr()
    assert "Usage: funreason" in printed.out + printed.err


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from funreason_plugin import cli; from funreason_plugin.command_line import run; "
        "run(cli.app, ['synthesize', '--help']); "
        "print([m for m in ('torch', 'matplotlib', 'pyarrow', 'networkx', 'jinja2', 'openai', 'ray') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


IN_FILES = {
    "agents",  # as --agent
    "api",
    "currency",
    "engine",
    "extra_body",
    "give_up_after",
    "max_new_tokens",
    "prices",
    "structured_output",
    "temperature",
    "top_p",
}
"""What one sets once, and in a file."""


def test_the_defaults_in_the_help_are_those_of_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    run(synthesize.app, ["--help"])
    text = re.sub(r"[│\s]+", " ", capsys.readouterr().out)
    model = SynthesisConfig(env=["travel"], teacher="openai", model="any", out=Path("out")).agent("reasoning")
    for key, field in SynthesisConfig.model_fields.items():
        flag = " --variant " if key == "variants" else f" --{key.replace('_', '-')} "
        assert (flag in text) == (key not in IN_FILES), key
        if key in IN_FILES or field.is_required():
            continue
        default = field.get_default()
        if default is None and key != "model":
            default = getattr(model, key, None)
        if isinstance(default, tuple):
            default = "-".join(map(str, default))
        if default not in ([], {}, None, "", False):
            described = text.split(flag, 1)[1].split(" --", 1)[0]
            shown = f"{default:g}" if isinstance(default, float) else default
            assert f"(default: {shown})" in described, key


OF_OTHERS = {
    "pip": {"--no-deps"},
    "vllm": {"--max-model-len"},
    "ray": {"--address", "--head"},
    "verl": {"--config-dir", "--config-name"},
}  # fmt: skip


def test_every_flag_that_a_message_names_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for app, words in ((synthesize.app, []), (check.app, ["env"]), (check.app, ["data"]), (check.app, ["sft"]),
                       (check.app, ["rl"]), (check.app, ["record"]), (evaluate.app, ["pass-rate"]), (evaluate.app, ["env"]),
                       (evaluate.app, ["bfcl"]), (evaluate.app, ["compare"]), (quality.app, []), (served.app, []),
                       (cli.app, []), (cli.app, ["recipes"]), (cli.app, ["convert"]), (synthesize.app, ["show"]),
                       (synthesize.app, ["trace"]), (synthesize.app, ["graph"]), (cli.app, ["report"]), (serve.app, [])):  # fmt: skip
        run(app, [*words, "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)).union(*OF_OTHERS.values())
    unknown = {}
    for path in Path(synthesize.__file__).parent.rglob("*.py"):
        if "sft" not in path.parts:
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*", path.read_text()):
                if flag not in known:
                    unknown[flag] = path.name
    assert not unknown


def test_the_options_stand_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    run(synthesize.app, ["--help"])
    text = capsys.readouterr().out
    groups = re.findall(r"╭─ (.+?) ─+╮", text)
    assert groups == ["Options", "What is made", "Who plays the agents", "Prompts", "Limits and cost",
                      "Where it runs", "This call", "Commands"]  # fmt: skip
    assert re.search(r"╭─ Limits and cost ─+╮[^╰]*--budget", text)


ERRORS = {
    "unknown environment": (
        ["--env", "travl", *TO_A_RUN[2:]],
        1,
        "environment 'travl' is not known; did you mean",
    ),
    "no teacher": (["--env", "travel", "--out", "x"], 1, "--teacher is missing: it has no default"),
    "unknown teacher": ([*TO_A_RUN, "--teacher", "gpt"], 1, "--teacher: 'gpt' is not one of scripted"),
    "no model": ([*TO_A_RUN, "--teacher", "openai"], 1, "--teacher openai needs --model, e.g. --model Qwen/"),
    "no such agent": ([*TO_A_RUN, "--agent", "qerying=openai"], 1, "did you mean 'querying'?"),
    "an agent without a teacher": ([*TO_A_RUN, "--agent", "querying"], 1, "expected AGENT=TEACHER or"),
    "an agent's unknown teacher": (
        [*TO_A_RUN, "--agent", "querying=opnai:Qwen"],
        1,
        "--agent querying: 'opnai' is not one of scripted, openai, vllm; did you mean 'openai'?",
    ),
    "a model for nobody": ([*TO_A_RUN, "--model", "Qwen"], 1, "--model: no agent is played by a model"),
    "a negative budget": ([*TO_A_RUN, "--budget", "-1"], 1, "--budget: -1.0 is out of range"),
    "an estimate that sends nothing": (
        [*TO_A_RUN, "--estimate", "20"],
        1,
        "--dry-run sends nothing and --est",
    ),
    "wrong range": ([*TO_A_RUN, "--turns", "5-3"], 1, "--turns: '5-3' is not valid: ends before it starts"),
    "not a number": ([*TO_A_RUN, "--num", "ten"], 2, "Invalid value for '--num'"),
    "unknown option": ([*TO_A_RUN, "--sead", "1"], 2, "No such option: --sead"),
    "unknown command": (["grph"], 2, "No such command 'grph'"),
    "missing config": ([*TO_A_RUN, "--config", "none.yaml"], 1, "none.yaml: No such file"),
    "held-out tool": ([*TO_A_RUN, "--holdout-tools", "search_flight"], 1, "did you mean 'search_flights'?"),
    "no such module": (["--env", "no_such_module:Env", *TO_A_RUN[2:]], 1, "no module 'no_such_module'"),
    "no such file": (["--env", "none.py:Env", *TO_A_RUN[2:]], 1, "none.py: no such file"),
    "no folder": (["explain", "no_such_folder"], 1, "no_such_folder"),
    "no trajectory": (["show", "no_such_folder"], 1, "no_such_folder"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_one_line(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words, status, message = ERRORS[name]
    assert run(synthesize.app, [*words, *(["--dry-run"] if words[0] == "--env" else [])]) == status
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert not list(tmp_path.iterdir())


def test_a_process_leaves_with_the_status_and_no_traceback() -> None:
    command = [sys.executable, "-m", "funreason_plugin.synthesize", "--env", "travl", *TO_A_RUN[2:]]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: environment 'travl' is not known")


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "funreason_plugin.synthesize", *TO_A_RUN, "--dry-run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_several_names_may_follow_one_option() -> None:
    assert spread(["--env", "a", "b", "--num", "3"]) == ["--env", "a", "--env", "b", "--num", "3"]
    assert spread(["--holdout-tools", "a", "b"]) == ["--holdout-tools", "a", "--holdout-tools", "b"]
    assert spread(["--env", "a", "graph", "b"], ["graph"]) == ["--env", "a", "graph", "b"]
    assert spread(["--env=a", "b"]) == ["--env=a", "b"]
    assert spread(["--agent", "a=x", "b=y"]) == ["--agent", "a=x", "--agent", "b=y"]


def test_dry_run_shows_settings_and_tools_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = [
        "--env",
        "travel",
        "shop",
        "--teacher",
        "scripted",
        "--out",
        str(out),
        "--num",
        "40",
        "--dry-run",
    ]
    assert run(synthesize.app, [*words, "--holdout-env", "shop"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"num +40 ", text)
    assert re.search(r"travel +1 +20 ", text)
    assert "40 trajectories (38 train, 2 val)" in text
    assert "funreason_scripted" in text
    assert not out.exists()


@pytest.mark.parametrize(
    "count, message", [("1", "in fewer than 2; try 20"), ("200", "--num 200 is not more than that")]
)
def test_an_estimate_needs_a_sample_that_is_one(
    count: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*TO_A_RUN[:-1], str(tmp_path / "out"), "--estimate", count]
    assert run(synthesize.app, words) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_recipes_are_copied_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "mine"
    assert run(cli.app, ["recipes", str(target)]) == 0
    original = Path(__file__).parents[2] / "recipes" / "synthesis.yaml"
    assert (target / "synthesis.yaml").read_text() == original.read_text()
    assert (target / "deepspeed" / "zero3.json").is_file()
    (target / "synthesis.yaml").write_text("num: 3\n")
    assert run(cli.app, ["recipes", str(target)]) == 1
    assert re.search(r"\.(json|yaml): exists", capsys.readouterr().err)
    assert (target / "synthesis.yaml").read_text() == "num: 3\n"
    assert run(cli.app, ["recipes", str(target), "--force"]) == 0
    assert (target / "synthesis.yaml").read_text() == original.read_text()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from funreason_plugin import __version__

    assert run(cli.app, ["--version"]) == 0
    assert capsys.readouterr().out == f"funreason_plugin {__version__}\n"


def test_a_file_without_a_class_names_its_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "desk.py"
    file.write_text("from funreason_plugin import Environment\nclass Desk(Environment): ...\n")
    assert run(cli.app, ["check", "env", str(file)], "funreason") == 1
    assert f"{file}:Desk" in re.sub(r"\s+", "", capsys.readouterr().err)


def test_a_folder_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(synthesize.app, ["trace", str(tmp_path), "--index", "3"]) == 1
    assert "has no run.yaml" in re.sub(r"\s+", " ", capsys.readouterr().err)


def started(*words: str | bytes, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A dry run as a shell starts it."""
    basic = [sys.executable, "-m", "funreason_plugin.synthesize", "--env", "travel", "--teacher", "scripted"]
    return subprocess.run(
        [*basic, "--dry-run", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )


def test_a_path_that_no_file_can_name_is_one_line(tmp_path: Path) -> None:
    done = started("--out", b"bad\xff", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "error: bad\\udcff: not UTF-8; paths are written to files\n")


def test_a_terminal_without_utf_8_gets_question_marks(tmp_path: Path) -> None:
    done = started("--out", "Überblick", cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "?berblick" in done.stdout


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    words = f"cd gone && rmdir ../gone && {sys.executable} -m funreason_plugin.synthesize --dry-run"
    done = subprocess.run(
        ["sh", "-c", words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: the current folder is gone; change to one that exists"


@pytest.mark.parametrize("words", [("--num", "1" + 20 * "0"), ("--seed", "-1" + 20 * "0")])
def test_numbers_that_no_reader_of_json_keeps_whole_are_refused(
    words: tuple[str, str], tmp_path: Path
) -> None:
    done = started(*words, "--out", "o", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"^error: --(num|seed): .* is out of range; expected at (most|least)", done.stderr)

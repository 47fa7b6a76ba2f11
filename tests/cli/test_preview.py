"""--dry-run: who plays, where, for how much; what a run would refuse is refused; nothing is sent, nothing written."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from funreason_plugin import synthesize
from funreason_plugin.command_line import run
from funreason_plugin.config import load
from funreason_plugin.environments.space import SimulationSpace
from funreason_plugin.synthesis.settings import settings_of

SECRET = "sk-proj-7h1s1sN0tAR3alK3y9"


@pytest.fixture
def server() -> Iterator[tuple[str, list[object]]]:
    """A server that notes who connects."""
    seen: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            try:
                while True:
                    connection, address = listening.accept()
                    seen.append(address)
                    connection.close()
            except OSError:
                return  # closed at the end of the test

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1", seen
        listening.shutdown(socket.SHUT_RDWR)


def words(out: Path, *more: str) -> list[str]:
    return ["--env", "travel", "--teacher", "openai", "--model", "big", "--out", str(out), "--dry-run", *more]


def test_it_shows_who_plays_where_and_sends_nothing(
    server: tuple[str, list[object]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, seen = server
    monkeypatch.setenv("MY_KEY", SECRET)
    file = tmp_path / "mine.yaml"
    file.write_text("prices: {big: {input: 0.1, cached_input: 0.05, output: 0.3}}\ntop_p: 0.9\n")
    cache = tmp_path / "replies"
    more = f"--config {file} --base-url {url} --api-key-env MY_KEY --budget 5 --concurrency 7".split()
    more += ["--agent", "critiquing=scripted", "--cache", str(cache)]
    assert run(synthesize.app, words(tmp_path / "out", *more)) == 0
    text = capsys.readouterr().out
    host = url.removeprefix("http://")
    assert "A_R reasoning   openai: big\n" in "\n".join(line.rstrip() for line in text.splitlines())
    assert f"at {host}, key in $MY_KEY (set)" in text
    assert "temperature 0.7, top_p 0.9, up to 8192 tokens" in text
    assert "USD 0.1 in (0.05 cached), 0.3 out per million tokens" in text
    assert "A_C critiquing  scripted" in text
    assert f"Requests at once: 7 at {host}; each up to 300 s and 8 retries" in text
    assert "The run stops after 5 USD" in text
    assert f"Replies are cached in {cache}, up to 10 GB" in " ".join(text.split())
    assert "by the openai and scripted teachers" in text
    assert "ledger.jsonl" in text
    assert "funreason_scripted" in text  # one agent is enough
    assert SECRET not in text
    assert seen == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml"]


def test_data_of_models_alone_has_the_plain_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert run(synthesize.app, words(tmp_path / "out", "--no-cache")) == 0
    text = capsys.readouterr().out
    assert "llamafactory/ (funreason)" in text
    assert "at api.openai.com/v1, key in $OPENAI_API_KEY" in text
    assert "no price" in text
    assert "Replies are not cached" in text
    monkeypatch.setenv(
        "OPENAI_BASE_URL", f"http://me:{SECRET}@localhost:8000/v1"
    )  # the client's own variable
    assert run(synthesize.app, words(tmp_path / "out")) == 0
    text = capsys.readouterr().out
    assert "at localhost:8000/v1, key in" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    "more, message",
    [
        (["--budget", "5"], "--budget: model 'big' has no price"),
        (["--prompts", "nowhere"], "--prompts nowhere: does not exist"),
        (["--query-examples", "nowhere.txt"], "nowhere.txt: No such file"),
        (["--redact", "nowhere.py:clean"], "nowhere.py: no such file"),
    ],
)
def test_it_refuses_what_a_run_would(
    more: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(synthesize.app, words(tmp_path / "out", *more)) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_it_refuses_a_folder_that_another_model_began(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    config = load(None, {"env": ["travel"], "teacher": "openai", "model": "big", "out": out})
    (out / "run.yaml").write_text(yaml.safe_dump(settings_of(config, SimulationSpace.from_names(["travel"]))))
    (out / "trajectories.jsonl").write_text("{}")
    assert run(synthesize.app, words(out, "--concurrency", "3")) == 0
    assert "Would go on in" in capsys.readouterr().out
    assert run(synthesize.app, words(out, "--agent", "querying=openai:small")) == 1
    assert "was made with model='big' for querying, this run has 'small'" in capsys.readouterr().err

"""The served scripted teacher in a process of its own, and runs of the command line against it.

with serving("--latency", "0.01") as server:
    done = synthesize(tmp_path / "out", server, num=4)
    server.stats()["outcomes"]["ok"]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml

ROOT = Path(__file__).parents[2]
KEY = "sk-test-3f9aXc71Qz0pWm5e8RtY"
"""The key that servers of these tests let in; it must not be found in anything that is written."""
KEY_ENV = "FUNREASON_TEST_KEY"


@dataclass(frozen=True)
class Server:
    """A running server. ``url`` is what --base-url takes."""

    url: str
    process: subprocess.Popen[str]
    log: Path | None = None

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url.removesuffix('/v1')}/stats", timeout=10) as reply:
            found: dict[str, Any] = orjson.loads(reply.read())
        return found

    def outcomes(self) -> dict[str, int]:
        """Requests by what became of them."""
        return {outcome: row["requests"] for outcome, row in self.stats()["outcomes"].items()}

    def tokens(self, *outcomes: str) -> tuple[int, int, int]:
        """Input, cached and output tokens of replies with these outcomes; of all without."""
        rows = [row for name, row in self.stats()["outcomes"].items() if not outcomes or name in outcomes]
        names = ("input_tokens", "cached_tokens", "output_tokens")
        first, second, third = (sum(row[name] for row in rows) for name in names)
        return first, second, third


@contextmanager
def serving(
    *flags: str, env: tuple[str, ...] = ("travel", "files"), with_key: bool = True, log: Path | None = None
) -> Iterator[Server]:
    """Start a server on a free port; it ends with the block."""
    words = [flag for name in env for flag in ("--env", name)]
    words += ["--key-env", KEY_ENV] if with_key else []
    words += ["--log", str(log)] if log is not None else []
    process = subprocess.Popen(
        [sys.executable, "-m", "funreason_plugin.synthesis.teachers.served", *words, "--port", "0", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=os.environ | {KEY_ENV: KEY, "COLUMNS": "200"},
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+/v1", said)
        assert found, said + process.stdout.read()
        yield Server(found[0], process, log)
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()


# -- runs -------------------------------------------------------------------------------------------------


def settings(server: Server, cache: Path | None = None, **more: Any) -> dict[str, Any]:
    """The configuration of a run against a server. ``more`` replaces or adds keys."""
    found: dict[str, Any] = {
        "env": ["travel", "files"],
        "teacher": "openai",
        "model": "scripted",
        "base_url": server.url,
        "api_key_env": KEY_ENV,
        "turns": "2-3",
        "seed": 0,
    }
    found |= {"cache": str(cache)} if cache is not None else {"no_cache": True}
    return found | more


def command(config: Path, out: Path, *flags: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "funreason_plugin.synthesize",
        "--config",
        str(config),
        "--out",
        str(out),
        *flags,
    ]


def written(out: Path, config: Mapping[str, Any]) -> Path:
    """The configuration as a file beside the run's folder."""
    path = out.parent / f"{out.name}.yaml"
    path.write_text(yaml.safe_dump(dict(config)))
    return path


def environment(key: str = KEY) -> dict[str, str]:
    return os.environ | {KEY_ENV: key, "COLUMNS": "200"}


def synthesize(
    out: Path, config: Mapping[str, Any], *flags: str, key: str = KEY, timeout: float = 900
) -> subprocess.CompletedProcess[str]:
    """Run to the end."""
    return subprocess.run(
        command(written(out, config), out, *flags),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=timeout,
        env=environment(key),
    )


def check(out: Path) -> subprocess.CompletedProcess[str]:
    """``check data`` of a folder."""
    return subprocess.run(
        [sys.executable, "-m", "funreason_plugin.check", "data", str(out)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=900,
        env=os.environ | {"COLUMNS": "200"},
    )


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file; none where there is no file."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def files_with(text: str, *places: Path) -> list[Path]:
    """Files below the places that hold a text, in any encoding that keeps its bytes."""
    found = []
    for place in places:
        for path in [place, *place.rglob("*")]:
            if path.is_file() and text.encode() in path.read_bytes():
                found.append(path)
    return found

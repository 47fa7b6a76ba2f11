"""tools/with_server.py: a command while a server is up, with a real server and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "with_server.py"
SERVER = """
import http.server, os, pathlib, sys
class Models(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/v1/models" else 404)
        self.end_headers()
pathlib.Path("server.pid").write_text(str(os.getpid()))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Models).serve_forever()
"""
ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1] + '/models').status); sys.exit(7)"


def run(folder: Path, server: list[str], command: list[str]) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(TOOL), *server, "--", *command]
    env = {**os.environ, "SERVER_PATIENCE": "20"}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_command_finds_the_server_and_its_status_is_passed_on(tmp_path: Path) -> None:
    done = run(tmp_path, [sys.executable, "-c", SERVER, "{port}"], [sys.executable, "-c", ASK, "{url}"])
    assert (done.returncode, done.stdout) == (7, "200\n"), done.stderr


def test_the_server_ends_with_the_command(tmp_path: Path) -> None:
    run(tmp_path, [sys.executable, "-c", SERVER, "{port}"], [sys.executable, "-c", "pass"])
    assert not is_alive(int((tmp_path / "server.pid").read_text()))


def test_the_server_ends_where_the_tool_is_terminated(tmp_path: Path) -> None:
    words = [sys.executable, str(TOOL), sys.executable, "-c", SERVER, "{port}", "--", "sleep", "60"]
    with subprocess.Popen(words, cwd=tmp_path) as process:
        while not (tmp_path / "server.pid").exists() or not (tmp_path / "server.pid").read_text():
            time.sleep(0.05)
        process.terminate()
        assert process.wait(40) == 143
    assert not is_alive(int((tmp_path / "server.pid").read_text()))


@pytest.mark.parametrize(
    ("server", "command", "status", "said"),
    [
        (
            [sys.executable, "-c", "raise SystemExit(3)"],
            ["true"],
            1,
            "error: the server ended with status 3\n",
        ),
        ([], ["true"], 2, "expected: with_server.py SERVER… -- COMMAND…\n"),
        (["true"], [], 2, "expected: with_server.py SERVER… -- COMMAND…\n"),
    ],
)
def test_what_cannot_work_is_one_line(
    tmp_path: Path, server: list[str], command: list[str], status: int, said: str
) -> None:
    done = run(tmp_path, server, command)
    assert (done.returncode, done.stderr) == (status, said)

"""Plays the test with one model: serves it on a free port of this machine, and runs `evaluate env` against it.

python benchmarks/miniature/play.py MODEL TEST.parquet OUT --name full-1
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated

import typer

from funreason_plugin.command_line import Command, leave
from funreason_plugin.errors import UserError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PATIENCE = 120
"""Seconds until a server that does not answer has failed."""


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    """Until it answers. Raises UserError where it ends, or does not answer in time."""
    for _ in range(PATIENCE * 5):
        if server.poll() is not None:
            raise UserError(f"the model's server ended with status {server.returncode}")
        try:
            urllib.request.urlopen(f"{url}/models", timeout=5).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    raise UserError(f"the model's server did not answer within {PATIENCE} s")


@app.command(cls=Command)
def main(
    model: Annotated[Path, typer.Argument(help="Folder of the model.", metavar="MODEL")],
    rows: Annotated[Path, typer.Argument(help="verl parquet to play.", metavar="TEST")],
    out: Annotated[Path, typer.Argument(help="Folder for the results.", metavar="OUT")],
    name: Annotated[str, typer.Option(help="What the model is called.")] = "model",
    tokens: Annotated[int, typer.Option(min=1, help="Most tokens of a response.")] = 160,
) -> None:
    """Play the test with one model, greedily."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    serve = [
        sys.executable,
        "-m",
        "funreason_plugin.rl.cpu.serve",
        str(model),
        "--name",
        name,
        "--port",
        str(port),
    ]
    server = subprocess.Popen(serve, stdout=subprocess.DEVNULL)
    try:
        wait_for(server, url)
        play = [sys.executable, "-m", "funreason_plugin.evaluate", "env", str(rows), "--model", name]
        play += ["--base-url", url, "--out", str(out), "--temperature", "0", "--max-tokens", str(tokens)]
        done = subprocess.run(play, check=False)
    finally:
        server.terminate()
        server.wait()
    if done.returncode:
        raise UserError(f"evaluate ended with status {done.returncode}")


if __name__ == "__main__":
    leave(app, "python benchmarks/miniature/play.py")

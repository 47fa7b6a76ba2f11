"""Runs a command while a server is up: starts it on a free port, waits until it answers, and ends it afterwards.

    python tools/with_server.py vllm serve saves/sft --port {port} -- python -m funreason_plugin.evaluate env \\
        out/verl/val.parquet --model saves/sft --base-url {url}

``{port}`` and ``{url}`` (http://127.0.0.1:PORT/v1) are filled in, on both sides. The exit status is the command's.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

PATIENCE = float(os.environ.get("SERVER_PATIENCE", "1800"))
"""Seconds until a server that does not answer has failed: a large model loads for minutes."""


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def wait_for(server: subprocess.Popen[bytes], url: str) -> str:
    """Until it answers: "". Else why it will not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            return f"the server ended with status {server.returncode}"
        try:
            urllib.request.urlopen(f"{url}/models", timeout=5).close()
            return ""
        except urllib.error.HTTPError as error:  # it is up, and wants a key
            return "" if error.code in (401, 403) else f"the server answers {error.code} to /models"
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    return f"the server did not answer within {PATIENCE:g} s"


def main(arguments: list[str]) -> int:
    if "--" not in arguments or arguments[0] == "--" or arguments[-1] == "--":
        print("expected: with_server.py SERVER… -- COMMAND…", file=sys.stderr)
        return 2
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    filled = [text.replace("{port}", str(port)).replace("{url}", url) for text in arguments]
    middle = filled.index("--")
    # A session of its own: engines that it starts end with it.
    server = subprocess.Popen(filled[:middle], stdout=sys.stderr, start_new_session=True)
    try:
        wrong = wait_for(server, url)
        if wrong:
            print(f"error: {wrong}", file=sys.stderr)
            return 1
        return subprocess.run(filled[middle + 1 :], check=False).returncode
    finally:
        for end in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(server.pid, end)
                server.wait(30)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))

"""Services on loopback, each a process of uvicorn that is gone with the test that started it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "openapi_tools"
KEY = "k3y-S3cret-9f8e7d"


@contextmanager
def served(app: str, folder: Path, **env: str) -> Iterator[str]:
    """The address of a service: ``app`` as uvicorn has it, in a folder."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", app, "--app-dir", str(folder), "--port", str(port)]
        + ["--log-level", "warning", "--no-access-log"],
        env={**os.environ, "OMP_NUM_THREADS": "1", **env},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/openapi.json", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert process.poll() is None, "the service does not start"
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()

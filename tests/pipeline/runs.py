"""Small real runs for the tests: the command line, in a process of its own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def command(out: Path, *flags: str, num: int = 12, env: tuple[str, ...] = ("travel", "files")) -> list[str]:
    """The synthesize command as a user would type it."""
    environments = [flag for name in env for flag in ("--env", name)]
    basic = ["--num", str(num), "--turns", "2-3", "--seed", "0", "--teacher", "scripted", "--out", str(out)]
    return [sys.executable, "-m", "funreason_plugin.synthesize", *environments, *basic, *flags]


def run(
    out: Path,
    *flags: str,
    num: int = 12,
    env: tuple[str, ...] = ("travel", "files"),
    preexec_fn: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        command(out, *flags, num=num, env=env),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        env=os.environ | {"COLUMNS": "200"},
        preexec_fn=preexec_fn,
    )


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that the seed decides: all but the settings, and the summary and the report with their timings."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("run.yaml", "summary.json", "report.html", ".lock")
    }

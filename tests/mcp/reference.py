"""The reference servers with the configurations of `examples/mcp_servers`, where they are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from funreason_plugin import check
from funreason_plugin.command_line import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "mcp_servers"


def reference(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a server on the command line, configured in a copy of the example; skips where it is missing."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    (entry,) = json.loads((EXAMPLE / f"{name}.json").read_text("utf-8"))["mcpServers"].values()
    for program in (entry["command"], *(("git",) if name == "git" else ())):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on the PATH")
    kept = shutil.ignore_patterns("git", "*.jsonl") if name == "time" else shutil.ignore_patterns("git")
    shutil.copytree(EXAMPLE, folder / "servers", ignore=kept)
    if name == "git":
        subprocess.run(["bash", str(folder / "servers" / "git_repositories.sh")], check=True)
    given = f"mcp:{folder / 'servers' / name}.json"
    if name == "time":
        assert run(check.app, ["record", given, "--samples", "2"]) == 0
    return given

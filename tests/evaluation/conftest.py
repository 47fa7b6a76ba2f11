"""A folder of trajectories with rows for training and rows held out, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from funreason_plugin import command_line
from funreason_plugin.synthesize import app


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "out"
    words = "--env files --num 18 --turns 1-3 --teacher scripted --val-share 0.4 --out"
    assert command_line.run(app, [*words.split(), str(folder)]) == 0
    return folder

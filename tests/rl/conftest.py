"""Made once for all tests of `check rl` and of a run's start that a process runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rl.folders import synthesize


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rows. Not to be changed: `folder` is a copy."""
    return synthesize(tmp_path_factory.mktemp("rows") / "out", "files", 12)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tokenizer."""
    from funreason_plugin.sft.tiny_model import _tokenizer

    folder = tmp_path_factory.mktemp("model")
    _tokenizer().save_pretrained(folder)
    return folder

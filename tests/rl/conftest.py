"""Rows, a tokenizer, and verl's queue between its processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="module")
def queue() -> Iterator[Any]:
    """A TransferQueue in a Ray of its own."""
    import ray
    import transfer_queue as tq
    from omegaconf import OmegaConf

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    tq.init(OmegaConf.create({"backend": {"SimpleStorage": {"num_data_storage_units": 1}}}))
    yield tq
    tq.close()
    ray.shutdown()

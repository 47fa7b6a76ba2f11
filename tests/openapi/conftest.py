"""The example's service, and one that answers in every odd way; both real, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("openapi_spec_validator")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from tests.openapi.served import EXAMPLE, KEY, served


@pytest.fixture(scope="session")
def library_url() -> Iterator[str]:
    with served("service:app", EXAMPLE, LIBRARY_KEY=KEY) as url:
        yield url


@pytest.fixture(scope="session")
def hostile_url() -> Iterator[str]:
    with served("hostile:app", Path(__file__).parent) as url:
        yield url


@pytest.fixture
def library(library_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The example's service, with its variables set: the name of its environment."""
    monkeypatch.setenv("LIBRARY_URL", library_url)
    monkeypatch.setenv("LIBRARY_KEY", KEY)
    return f"openapi:{EXAMPLE / 'library.yaml'}"

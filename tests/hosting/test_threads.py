"""Environments on several threads of one process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture
def eager_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switches")
def test_the_precision_of_one_session_s_logarithm_is_not_another_s() -> None:
    pytest.importorskip("bfcl_eval")
    from funreason_plugin.environments.bfcl import bfcl_environment

    seen: dict[int, set[str]] = {2: set(), 12: set(), 30: set()}

    def many(precision: int) -> None:
        environment = bfcl_environment("MathAPI")()
        environment.reset({})
        for _ in range(10_000):
            arguments = {"value": 20, "base": 10, "precision": precision}
            seen[precision].add(str(environment.invoke("logarithm", arguments)))

    threads = [threading.Thread(target=many, args=(precision,)) for precision in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {precision: len(outputs) for precision, outputs in seen.items()} == {2: 1, 12: 1, 30: 1}
